import type { Logger } from "pino";
import type { FlowState } from "./flow-metrics.ts";
import { LogKeeper, type Shelf } from "./log-keeper.ts";
import { createLogger } from "./logger.ts";
import type { Otlp } from "./otlp/index.ts";
import type { Scrubber } from "./scrub.ts";
import { type OtlpTarget, startOtlp } from "./start-otlp.ts";

export interface TellingSettings {
  /** The process: `api`, `worker`. */
  readonly name: string;
  readonly level: string;
  /** 0 keeps no lines. */
  readonly keepMs: number;
  readonly otlp: OtlpTarget | undefined;
  readonly scrubber: Scrubber;
}

/** Everything by which a process tells what it does. */
export interface Telling {
  readonly log: Logger;
  readonly flows: ReadonlyMap<string, { readonly state: FlowState }>;
  readonly otlp: Otlp | undefined;
  /** Lines are kept there from now on, with those that waited for it. */
  keepIn(shelf: Shelf): void;
  /** What was said last goes out within this time, or not. */
  close(withinMs: number): Promise<void>;
}

export async function startTelling(settings: TellingSettings): Promise<Telling> {
  const { name, level, keepMs, scrubber } = settings;
  const shelf = Promise.withResolvers<Shelf>();
  const keeper =
    keepMs > 0 ? new LogKeeper(name, { append: async (lines) => (await shelf.promise).append(lines) }) : undefined;
  const otlp = await startOtlp(name, settings.otlp, scrubber);
  const takers = [...(keeper ? [keeper] : []), ...(otlp ? [otlp.lines] : [])];
  return {
    log: createLogger({ name, level, scrubber, takers }),
    flows: new Map<string, { readonly state: FlowState }>([
      ...(keeper ? [["store", keeper] as const] : []),
      ...(otlp?.flows ?? []),
    ]),
    otlp,
    keepIn: shelf.resolve,
    async close(withinMs) {
      await Promise.all([keeper, otlp].map(async (each) => each?.close(withinMs)));
    },
  };
}
