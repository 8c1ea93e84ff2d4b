import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { NullEndMessage } from "./null-server.ts";

/** A cloud without a disk behind it, which counts the bytes that are written to it; see `null-server.ts`. */
export class NullEnd implements AsyncDisposable {
  readonly endpoint: string;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, endpoint: string) {
    this.#child = child;
    this.endpoint = endpoint;
  }

  static async start(program: URL): Promise<NullEnd> {
    const child = fork(fileURLToPath(program), { stdio: "inherit" });
    const ended = once(child, "exit").then((): never => {
      throw new Error(`${program.pathname} has ended before it listened.`);
    });
    ended.catch(() => undefined);
    const [message] = (await Promise.race([once(child, "message"), ended])) as [NullEndMessage];
    if (message.kind !== "listening") throw new Error(`${program.pathname} did not start.`);
    return new NullEnd(child, message.endpoint);
  }

  /** Bytes written since the last call; from now on it shows a disk of this size. */
  async reset(sizeBytes: number): Promise<number> {
    const answered = once(this.#child, "message") as Promise<[NullEndMessage]>;
    this.#child.send(sizeBytes);
    const [message] = await answered;
    return message.kind === "counted" ? message.bytes : 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.disconnect();
    this.#child.kill();
    await once(this.#child, "exit");
  }
}
