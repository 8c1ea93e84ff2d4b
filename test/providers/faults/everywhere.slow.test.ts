import { after, before, describe, test } from "node:test";
import { whyNoGuests } from "../../sandbox/aws/support.ts";
import { AwsFaultSite } from "./support/aws-site.ts";
import { operationsOf, strikeWithAll } from "./support/everywhere.ts";
import { suites } from "./support/rows/index.ts";
import { withoutFault } from "./support/run-rows.ts";

/** EBS direct and S3 know no want of capacity; S3's HEAD tells no codes. */
const also = {
  capacity: ["Unavailable"],
  throttled: ["Unavailable"],
  quota: ["Unknown"],
  "not-found": ["Unavailable", "Conflict", "InvalidInput"],
} as const;

for (const [title, rows] of Object.entries(suites)) {
  describe(`faults at every request to AWS: ${title}`, { skip: whyNoGuests() ?? false }, () => {
    let site: AwsFaultSite;
    before(async () => {
      site = await AwsFaultSite.open();
      await site.vmIn("running");
      if (title === "traffic") await site.makeTraffic();
    });
    after(() => site?.close());

    for (const row of rows) {
      if (row.at === undefined) continue;
      test(`${row.call}: none leaves a second of anything`, async (context) => {
        const made = await withoutFault(site, row);
        for (const at of await operationsOf(site, row)) {
          if (at === row.at) continue;
          await context.test(at, { skip: row.exceptAt?.[at] ?? false }, async () => {
            await strikeWithAll(site, row, { made, at, also });
          });
        }
      });
    }
  });
}
