import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { whyNoGuests } from "../../../sandbox/aws/support.ts";
import { clouds, type SuiteTitle, titles } from "./clouds.ts";
import {
  askNothing,
  decidingOf,
  has,
  type Outcomes,
  operationsOf,
  strikeLightly,
  strikeWithAll,
} from "./everywhere.ts";
import type { FaultSite } from "./fault-site.ts";
import { GiB } from "./make.ts";
import { suites } from "./rows/index.ts";
import { withoutFault } from "./run-rows.ts";

/** What a cloud's services say of a fault in words that mean more than one thing. */
const also: Readonly<Record<keyof typeof clouds, Outcomes>> = {
  aws: { "not-found": ["Unavailable", "Conflict", "InvalidInput"] },
  azure: {
    // The storage services know no want of capacity and no quota: there is only "server busy".
    capacity: ["RateLimited"],
    quota: ["RateLimited", "Conflict"],
    "not-found": ["Conflict", "InvalidInput", "Unavailable", "UnsupportedCapability"],
  },
  // Its client for Cloud Storage tells no time that ran out from a connection that ended.
  gcp: {
    capacity: ["Unavailable"],
    timeout: ["Unavailable"],
    "not-found": ["Conflict", "InvalidInput", "Unavailable"],
  },
  oci: { unauthorised: ["NotFound"], "not-found": ["Conflict", "InvalidInput", "Unavailable"] },
};

/** Every call of the port that a cloud has: each fault at the request that decides it, unless the table has a row of the cloud's
 *  own for that, and some at all others. None leaves a second of anything, and each is told by its own code. */
export function runEverywhere(cloud: keyof typeof clouds, chosen: readonly SuiteTitle[] = titles): void {
  const { name, open, idle, inWords, elsewhere, decided, signIn } = clouds[cloud];
  const signedIn = new Set<string>();
  const provider = idle();
  after(() => provider.close());
  for (const title of chosen) {
    describe(`faults at every call to ${name}: ${title}`, { skip: whyNoGuests() ?? false }, () => {
      let site: FaultSite;
      before(async () => {
        site = await open();
        if (title === "traffic") await site.makeTraffic();
        else await site.makeReady();
      });
      after(() => site?.close());

      for (const row of suites[title].map(inWords)) {
        if (!has(provider, row.call)) continue;
        test(row.call, { skip: elsewhere[row.call] ?? false }, async () => {
          const made = await withoutFault(site, row);
          const operations = await operationsOf(site, row);
          const deciding = row.at ?? decidingOf(operations);
          const strikes = { site, row, made, also: also[cloud], wrong: [] as string[] };
          if (deciding === undefined) await askNothing(strikes);
          else if (!decided.includes(title)) await strikeWithAll(strikes, deciding);
          for (const at of operations) {
            if (row.heavy || at === deciding || row.exceptAt?.[at] !== undefined || signedIn.has(at)) continue;
            if (at === signIn) signedIn.add(at);
            await strikeLightly(strikes, at);
          }
          assert.deepEqual(strikes.wrong, []);
        });
      }

      if (title === "disks" && elsewhere["source.read"] !== undefined) {
        test("bytes go on while the cloud is away", () => bytesWithoutTheCloud(site));
      }
    });
  }
}

/** What is open is read and written by helper instances, which the cloud's own calls have no part in. */
async function bytesWithoutTheCloud(site: FaultSite): Promise<void> {
  const { disks } = site.provider;
  const generationId = site.key("generation");
  const replica = { replicaId: "replica", sizeBytes: GiB, tags: {} };
  const source = await disks.openPoint(await site.point(), site.signal());
  const sink = await disks.openGeneration({ replica, generationId, attempt: 1 }, site.signal());
  site.isUp(false);
  const bytes = new Uint8Array(512 * 1024);
  await source.read(0, bytes, site.signal());
  assert.equal(bytes[0], 1);
  assert.ok((await Array.fromAsync(source.extents({ signal: site.signal() }))).length > 0);
  await sink.write(0, bytes, site.signal());
  await sink.writeZeroes(bytes.length, bytes.length, site.signal());
  await sink.flush(site.signal());
  site.calm();
  await Promise.all([source.close(), sink.close()]);
  await disks.discardGeneration({ replicaId: "replica", generationId }, site.signal());
}
