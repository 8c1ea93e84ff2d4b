import { hostname } from "node:os";
import { type Logger, pino } from "pino";
import { snakeKey } from "../domain/wire.ts";
import type { Scrubber } from "./scrub.ts";
import { currentWork } from "./work.ts";

/** Takes finished lines on their way; it neither throws nor waits. */
export interface LineTaker {
  take(line: string): void;
}

export interface LoggerOptions {
  /** The process: `api`, `worker`, `sandbox`. */
  readonly name: string;
  readonly level: string;
  readonly scrubber?: Scrubber;
  /** Where lines go beside standard output. */
  readonly takers?: readonly LineTaker[];
  /** Instead of standard output. */
  readonly output?: LineTaker;
}

/**
 * The one shape of a line: JSON in snake_case with `level`, `time`, `name`, `pid`, `host`, `msg`, what the line itself
 * says, and of the work at hand whatever is known (`trace_id`, `span_id`, `request_id`, `workflow_id`, `run_id`,
 * `activity`, `attempt`, `site`, `vm_id`).
 */
export function createLogger({ name, level, scrubber, takers = [], output = standardOutput() }: LoggerOptions): Logger {
  const all = [output, ...takers];
  return pino(
    {
      level,
      base: { name, pid: process.pid, host: hostname() },
      timestamp: pino.stdTimeFunctions.isoTime,
      mixin: () => ({ ...currentWork() }),
      formatters: { level: (label) => ({ level: label }), log: inSnakeCase },
    },
    {
      write(line: string): void {
        const clean = scrubber ? scrubber.clean(line) : line;
        for (const taker of all) taker.take(clean);
      },
    },
  );
}

function standardOutput(): LineTaker {
  // A killed process has written what it said.
  const destination = pino.destination({ fd: 1, sync: true });
  return { take: (line) => void destination.write(line) };
}

/** What is no line's business: whether the trace is exported says nothing to who reads it. */
const leftOut = new Set(["sampled", "parentSpanId"]);

function inSnakeCase(facts: Record<string, unknown>): Record<string, unknown> {
  const line: Record<string, unknown> = {};
  for (const key in facts) {
    if (!leftOut.has(key) && facts[key] !== undefined) line[snakeKey(key)] = facts[key];
  }
  return line;
}
