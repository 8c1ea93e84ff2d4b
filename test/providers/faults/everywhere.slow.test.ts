import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { whyNoGuests } from "../../sandbox/aws/support.ts";
import { FaultSite } from "./support/fault-site.ts";
import { suites } from "./support/rows/index.ts";
import { strike, withoutFault } from "./support/run-rows.ts";
import { lasting, type Outcome, passing, type Row, usualLasting } from "./support/table.ts";

/** Every request that a call makes, not only the one that decides it. */
async function operationsOf(site: FaultSite, row: Row): Promise<string[]> {
  const prepared = await row.prepare(site);
  const { provider, operations } = site.recording();
  await prepared.call(provider, site.signal());
  await provider.close();
  await prepared.undo?.();
  return [...operations].filter((operation) => operation !== row.at).sort();
}

/** A fault anywhere is either overcome, or told by its own code; what a call does not depend on may lack. */
function allowed(fault: keyof typeof usualLasting): readonly Outcome[] {
  const usual = usualLasting[fault];
  const also: Partial<Record<typeof fault, readonly Outcome[]>> = {
    // EBS direct and S3 know no want of capacity; S3's HEAD tells no codes.
    capacity: ["Unavailable"],
    throttled: ["Unavailable"],
    quota: ["Unknown"],
    "not-found": ["Unavailable", "Conflict", "InvalidInput"],
  };
  return ["ok", "told", usual, ...(also[fault] ?? [])];
}

for (const [title, rows] of Object.entries(suites)) {
  describe(`faults at every request to AWS: ${title}`, { skip: whyNoGuests() ?? false }, () => {
    let site: FaultSite;
    before(async () => {
      site = await FaultSite.open();
      await site.vmIn("running");
      if (title === "traffic") await site.makeTraffic();
    });
    after(() => site?.close());

    for (const row of rows) {
      if (row.at === undefined) continue;
      test(`${row.call}: none leaves a second of anything`, async (context) => {
        const made = await withoutFault(site, row);
        for (const at of await operationsOf(site, row)) {
          await context.test(at, { skip: row.exceptAt?.[at] ?? false }, async () => {
            for (const fault of lasting) {
              if (fault === "down") continue;
              const outcome = await strike(site, row, { at, fault, made });
              assert.ok(allowed(fault).includes(outcome), `${fault} became ${outcome}`);
            }
            for (const fault of passing) {
              const outcome = await strike(site, row, { at, fault, times: 1, made });
              const codes = fault === "slow" ? ["ok"] : allowed(fault);
              assert.ok(codes.includes(outcome), `${fault} once became ${outcome}`);
            }
          });
        }
      });
    }
  });
}
