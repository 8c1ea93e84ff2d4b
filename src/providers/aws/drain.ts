import type { Readable } from "node:stream";

/**
 * Takes an answer's body into `target`, which it must fill. Listens itself: an iterator costs a turn of the event loop a
 * chunk, and a block has eight.
 * @throws Error `TimeoutError` when nothing comes for `idleMs`, else what the connection says; the signal's reason.
 */
export function drain(body: Readable, target: Uint8Array, idleMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    let at = 0;
    const settle = (error?: Error): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
      if (error === undefined) resolve();
      else {
        body.destroy();
        reject(error);
      }
    };
    const onAbort = (): void => settle(signal.reason as Error);
    const timer = setTimeout(() => settle(failure("TimeoutError", "the answer broke off")), idleMs);
    signal.addEventListener("abort", onAbort);
    body.on("data", (chunk: Uint8Array) => {
      timer.refresh();
      if (at + chunk.byteLength <= target.byteLength) target.set(chunk, at);
      at += chunk.byteLength;
    });
    body.on("error", (error) => settle(error));
    body.on("close", () => settle(failure("ECONNRESET", "the connection was closed in the middle of an answer")));
    body.on("end", () => {
      const short = failure("ECONNRESET", `the answer had ${at} bytes instead of ${target.byteLength}`);
      settle(at === target.byteLength ? undefined : short);
    });
    if (signal.aborted) onAbort();
  });
}

function failure(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}
