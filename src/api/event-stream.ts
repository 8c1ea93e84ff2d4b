import type { Response } from "express";
import { ProblemError } from "./problem.ts";

/** How soon an EventSource comes back after a broken connection. */
const reconnectMs = 1_000;

export interface EventStream extends Disposable {
  /** Waits for a slow reader instead of buffering for it. */
  write(text: string, signal: AbortSignal): Promise<void>;
}

/** Begins an answer of server-sent events; ends it when disposed of. */
export function openEventStream(response: Response, heartbeatMs: number): EventStream {
  response.status(200).setHeader("Content-Type", "text/event-stream; charset=utf-8");
  response.setHeader("X-Accel-Buffering", "no");
  response.write(`retry: ${reconnectMs}\n\n`);
  const heartbeat = setInterval(() => response.write(": alive\n\n"), heartbeatMs);
  return {
    write: (text, signal) => write(response, text, signal),
    [Symbol.dispose]() {
      clearInterval(heartbeat);
      response.end();
    },
  };
}

/** 0 without the header. @throws ProblemError InvalidInput. */
export function readLastEventId(header: string | undefined): number {
  if (header === undefined || header === "") return 0;
  const sequence = Number(header);
  if (Number.isSafeInteger(sequence) && sequence >= 0) return sequence;
  throw new ProblemError("InvalidInput", {
    detail: "Last-Event-ID is not the id of an event of this stream",
    action: "Send the newest `id` that was received, or leave the header out.",
  });
}

async function write(response: Response, text: string, signal: AbortSignal): Promise<void> {
  if (response.write(text) || signal.aborted) return;
  await new Promise<void>((resolve) => {
    const done = () => {
      response.off("drain", done);
      signal.removeEventListener("abort", done);
      resolve();
    };
    response.once("drain", done);
    signal.addEventListener("abort", done);
  });
}
