import type { Work } from "../domain/trace.ts";

/** A part of a trace that is over. */
export interface Span {
  readonly name: string;
  readonly kind: "server" | "internal" | "consumer" | "client";
  readonly work: Work;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly durationMs: number;
  /** Absent where it went well. */
  readonly failure?: string | undefined;
  readonly facts?: Readonly<Record<string, string | number | undefined>>;
}

/** Takes spans on their way; it neither throws nor waits. */
export interface SpanTaker {
  take(span: Span): void;
}
