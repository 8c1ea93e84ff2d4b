import { AsyncLocalStorage } from "node:async_hooks";
import { randomFillSync } from "node:crypto";
import { parseTraceparent, type Work } from "../domain/trace.ts";

const storage = new AsyncLocalStorage<Work>();

/** The work that this line of code is done for; undefined outside of any. */
export function currentWork(): Work | undefined {
  return storage.getStore();
}

/** Runs `work`'s part of the program: what it starts, however much later, belongs to it. */
export function within<T>(work: Work, run: () => T): T {
  return storage.run(work, run);
}

/** Drawn in advance: every request takes two ids. */
const pool = Buffer.alloc(2_400);
let used = pool.length;

function randomHex(bytes: number): string {
  if (used + bytes > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += bytes;
  return pool.toString("hex", used - bytes, used);
}

/** 16 hex digits. */
function newSpanId(): string {
  return randomHex(8);
}

/** What a request is: part of its caller's trace, else the beginning of one. */
export function workOfRequest(traceparent: string | undefined, requestId: string): Work {
  const caller = parseTraceparent(traceparent);
  const spanId = newSpanId();
  if (!caller) return { traceId: randomHex(16), spanId, sampled: true, requestId };
  return { ...caller, spanId, parentSpanId: caller.spanId, requestId };
}

/** A part of the work at hand with a span of its own. */
export function partOf(work: Work, more: Partial<Work>): Work {
  return { ...work, ...more, spanId: newSpanId(), parentSpanId: work.spanId };
}
