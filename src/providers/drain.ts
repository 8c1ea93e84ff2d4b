import type { Readable } from "node:stream";

/**
 * Takes an answer's body into `target`, which it must fill. Listens itself: an iterator costs a turn of the event loop a
 * chunk, and a block of a disk has many.
 * @throws Error `TimeoutError` when nothing comes for `idleMs`, else what the connection says; the signal's reason.
 */
export function drain(body: Readable, target: Uint8Array, idleMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    let at = 0;
    let settled = false;
    const settle = (): boolean => {
      if (settled) return false;
      settled = true;
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
      return true;
    };
    const fail = (error: Error): void => {
      if (!settle()) return;
      body.destroy();
      reject(error);
    };
    const onAbort = (): void => fail(signal.reason as Error);
    const timer = setTimeout(() => fail(failure("TimeoutError", "the answer broke off")), idleMs);
    signal.addEventListener("abort", onAbort);
    body.on("data", (chunk: Uint8Array) => {
      timer.refresh();
      if (at + chunk.byteLength <= target.byteLength) target.set(chunk, at);
      at += chunk.byteLength;
    });
    body.on("error", fail);
    // An answer that ended well closes too; an error's stack is not made for each block.
    body.on("close", () => {
      if (!settled) fail(failure("ECONNRESET", "the connection was closed in the middle of an answer"));
    });
    body.on("end", () => {
      if (at !== target.byteLength) {
        fail(failure("ECONNRESET", `the answer had ${at} bytes instead of ${target.byteLength}`));
      } else if (settle()) resolve();
    });
    if (signal.aborted) onAbort();
  });
}

function failure(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}
