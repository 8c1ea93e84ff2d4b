import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { LoopRequest } from "./bare-loop.ts";
import type { PumpReply, PumpRequest } from "./pump-child.ts";

type Reply = { readonly ok: true } | { readonly ok: false; readonly error: string };

/** A process that does one thing at a time, so that its memory and its processor are that thing's own. */
class WorkProcess<Request extends object, Answer extends Reply> implements AsyncDisposable {
  readonly #child;

  constructor(module: string) {
    this.#child = fork(fileURLToPath(new URL(module, import.meta.url)), { stdio: "inherit" });
  }

  async call(request: Request): Promise<Extract<Answer, { ok: true }>> {
    this.#child.send(request);
    const reply = await this.reply();
    if (reply.ok) return reply as Extract<Answer, { ok: true }>;
    throw new Error(reply.error);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null) return;
    this.#child.disconnect();
    await once(this.#child, "exit");
  }

  async reply(): Promise<Answer> {
    const ended = new AbortController();
    const gone = once(this.#child, "exit", { signal: ended.signal }).then((): never => {
      throw new Error("The process that works has ended.");
    });
    gone.catch(() => undefined);
    try {
      const answer = once(this.#child, "message", { signal: ended.signal }).then(([reply]) => reply as Answer);
      answer.catch(() => undefined);
      return await Promise.race([answer, gone]);
    } finally {
      ended.abort();
    }
  }
}

/** Does nothing but pump. */
export class PumpProcess extends WorkProcess<PumpRequest, PumpReply> {
  static async start(): Promise<PumpProcess> {
    const pumping = new PumpProcess("./pump-child.ts");
    await pumping.reply();
    return pumping;
  }
}

/** Does nothing but call a cloud with its own client. */
export class LoopProcess extends WorkProcess<LoopRequest, Reply> {
  static async start(): Promise<LoopProcess> {
    const looping = new LoopProcess("./bare-loop.ts");
    await looping.reply();
    return looping;
  }
}
