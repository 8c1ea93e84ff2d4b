import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { NullServerMessage } from "./ebs-null-server.ts";

/** A byte-counting EBS direct; see `ebs-null-server.ts`. */
export class NullEbs implements AsyncDisposable {
  readonly endpoint: string;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, endpoint: string) {
    this.#child = child;
    this.endpoint = endpoint;
  }

  static async start(): Promise<NullEbs> {
    const child = fork(fileURLToPath(new URL("./ebs-null-server.ts", import.meta.url)), { stdio: "inherit" });
    const [message] = (await once(child, "message")) as [NullServerMessage];
    if (message.kind !== "listening") throw new Error("The byte-counting server did not start.");
    return new NullEbs(child, message.endpoint);
  }

  /** Bytes written since the last call; from now on its snapshots hold so many blocks. */
  async reset(blocks: number): Promise<number> {
    const answered = once(this.#child, "message") as Promise<[NullServerMessage]>;
    this.#child.send(blocks);
    const [message] = await answered;
    return message.kind === "counted" ? message.bytes : 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.disconnect();
    this.#child.kill();
    await once(this.#child, "exit");
  }
}
