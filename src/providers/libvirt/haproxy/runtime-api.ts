import { connect, type Socket } from "node:net";
import { invalid, type Subject } from "../../failures.ts";
import type { CallBudget } from "../../provider.ts";
import { connectionFailure } from "./failures.ts";

/** A HAProxy answers within milliseconds, unless its machine is in trouble. */
const answerWithinMs = 10_000;

/**
 * A HAProxy's runtime API ("Unix Socket commands" of its management guide): one line a connection, whose answer ends with it.
 * `address` is a unix socket's path, or `host:port` where the socket listens at TCP.
 */
export class RuntimeApi {
  readonly address: string;
  readonly #budget: CallBudget;

  constructor(address: string, budget: CallBudget) {
    this.address = address;
    this.#budget = budget;
  }

  /** The answer's text without its last line breaks. Words may hold nothing that would end one. @throws ProviderError. */
  async ask(words: readonly string[], subject: Subject, signal: AbortSignal): Promise<string> {
    const wrong = words.find((word) => !/^[A-Za-z0-9_.:%#[\]/-]+$/.test(word));
    if (wrong !== undefined) throw invalid(subject, `${wrong} is no name of HAProxy's`, "Correct the name.");
    signal.throwIfAborted();
    await this.#budget.take(signal);
    try {
      return await exchange(this.address, `${words.join(" ")}\n`, signal);
    } catch (error) {
      signal.throwIfAborted();
      throw connectionFailure(error, this.address, subject);
    }
  }
}

function exchange(address: string, line: string, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = open(address);
    const chunks: Buffer[] = [];
    const onAbort = () => socket.destroy(signal.reason as Error);
    signal.addEventListener("abort", onAbort);
    socket.setTimeout(answerWithinMs, () =>
      socket.destroy(Object.assign(new Error("no answer in time"), { code: "ETIMEDOUT" })),
    );
    socket.once("connect", () => socket.write(line));
    socket.on("data", (chunk: Buffer) => chunks.push(chunk));
    socket.once("error", reject);
    socket.once("end", () => resolve(Buffer.concat(chunks).toString("utf8").replace(/\n+$/, "")));
    socket.once("close", () => {
      signal.removeEventListener("abort", onAbort);
      reject(Object.assign(new Error("the connection was closed in the middle of an answer"), { code: "ECONNRESET" }));
    });
  });
}

function open(address: string): Socket {
  if (address.startsWith("/")) return connect({ path: address });
  const at = address.lastIndexOf(":");
  return connect({ host: address.slice(0, at).replace(/^\[|\]$/g, ""), port: Number(address.slice(at + 1)) });
}
