import * as z from "zod";
import type { MigrationStatistics } from "../../domain/migration-statistics.ts";
import type { Wire } from "../../domain/wire.ts";
import { bytes, siteId } from "./common.ts";
import { migrationState } from "./migration.ts";

const count = z.int().min(0);
const seconds = z.number().min(0);
const totals = {
  total_migrations: count,
  completed_migrations: count.meta({ description: "Moved: the target serves, finalized or not yet" }),
  failed_migrations: count.meta({ description: "Rolled back because of a problem, or left as they were" }),
  bytes_copied: bytes,
  bytes_resent: bytes,
  bytes_on_wire: bytes.meta({ description: "Of copies between two workers of sites, as they travelled: compressed" }),
  copy_bytes_per_second: z.number().min(0).optional().meta({ description: "Of the copy steps of completed ones" }),
  median_seconds: seconds.optional().meta({ description: "Of completed ones, from the first step to the last" }),
  downtime: z
    .strictObject({ count, median_seconds: seconds, p95_seconds: seconds, max_seconds: seconds })
    .optional()
    .meta({ description: "Of VMs that ran before and were stopped" }),
  predictions: z
    .strictObject({
      count,
      kept: count.meta({ description: "Took what was predicted, or a fifth (or a second) more or less" }),
      median_ratio: z.number().min(0).meta({ description: "Of what they took to what was predicted" }),
    })
    .optional()
    .meta({ description: "Of completed moves that waited for no cutover, by plans that rested on earlier moves" }),
};

export const statisticsQuery = z.strictObject({
  since: z.iso.datetime().optional().meta({ description: "Created then or later" }),
  until: z.iso.datetime().optional().meta({ description: "Created before then" }),
});

export const statisticsSchema = z
  .strictObject({
    ...totals,
    states: z.array(z.strictObject({ state: migrationState, migrations: count })),
    routes: z.array(z.strictObject({ from: siteId, to: siteId, ...totals })),
  })
  .meta({ id: "MigrationStatistics" }) satisfies z.ZodType<Wire<MigrationStatistics>>;
