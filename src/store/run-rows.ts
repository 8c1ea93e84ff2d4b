import { type RawBuilder, sql } from "kysely";
import { toJson } from "./json.ts";

/** What changes of a run's row; members left out stay as they are. */
export interface RunPatch<State extends string, Step extends string, Report extends object> {
  readonly state?: State;
  readonly step?: Step;
  /** Its members replace those of the same name. */
  readonly report?: Report;
  readonly endedAt?: string;
}

/** The columns that a patch sets, of a row with `state`, `step`, `report` and `ended_at`. */
export function patchOf({ state, step, report, endedAt }: RunPatch<string, string, object>) {
  return {
    ...(state === undefined ? {} : { state }),
    ...(step === undefined ? {} : { step }),
    ...(report === undefined ? {} : { report: sql<never>`report || ${toJson(report)}::jsonb` }),
    ...(endedAt === undefined ? {} : { ended_at: endedAt }),
  };
}

/** Rows that were registered so long ago, and whose run has done nothing yet. */
export function notBegunFor(olderThanMs: number): RawBuilder<boolean> {
  return sql<boolean>`state = 'running' and step is null and ended_at is null
    and created_at < now() - make_interval(secs => ${olderThanMs / 1000})`;
}
