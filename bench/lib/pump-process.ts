import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { PumpReply, PumpRequest } from "./pump-child.ts";

/** A process that does nothing but pump, so that its memory is the pump's own. */
export class PumpProcess implements AsyncDisposable {
  readonly #child = fork(fileURLToPath(new URL("./pump-child.ts", import.meta.url)), { stdio: "inherit" });

  static async start(): Promise<PumpProcess> {
    const pumping = new PumpProcess();
    await pumping.#reply();
    return pumping;
  }

  async call(request: PumpRequest): Promise<Extract<PumpReply, { ok: true }>> {
    this.#child.send(request);
    const reply = await this.#reply();
    if (reply.ok) return reply;
    throw new Error(reply.error);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null) return;
    this.#child.disconnect();
    await once(this.#child, "exit");
  }

  async #reply(): Promise<PumpReply> {
    const ended = new AbortController();
    const gone = once(this.#child, "exit", { signal: ended.signal }).then((): PumpReply => {
      return { ok: false, error: "The process that pumps has ended." };
    });
    gone.catch(() => undefined);
    try {
      const answer = once(this.#child, "message", { signal: ended.signal }).then(([reply]) => reply as PumpReply);
      answer.catch(() => undefined);
      return await Promise.race([answer, gone]);
    } finally {
      ended.abort();
    }
  }
}
