import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { isProviderError } from "../../../../src/domain/errors.ts";
import { whyNoGuests } from "../../../sandbox/aws/support.ts";
import { clouds, type SuiteTitle } from "./clouds.ts";
import { type Count, difference, type FaultSite } from "./fault-site.ts";
import { lasting, type Outcome, type Prepared, passing, type Row, usualLasting, usualPassing } from "./table.ts";

/** Every call of the table under every fault: what comes of it, and that a repeat makes no second of anything. */
export function runRows(cloud: keyof typeof clouds, title: SuiteTitle): void {
  const { name, open, rowsOf } = clouds[cloud];
  describe(`faults at ${name}: ${title}`, { skip: whyNoGuests() ?? false }, () => {
    let site: FaultSite;
    before(async () => {
      site = await open();
      if (title === "traffic") await site.makeTraffic();
      else await site.makeReady();
    });
    after(() => site?.close());

    for (const row of rowsOf(title)) {
      describe(row.call + (row.at === undefined ? "" : ` at ${row.at}`), () => {
        let made: Count;
        before(async () => {
          made = await withoutFault(site, row);
        });
        if (row.at === undefined) {
          test(`asks ${name} nothing, so that nothing there can fail it`, async () => {
            assert.equal(await strike(site, row, { down: true, made }), "ok");
          });
          return;
        }
        test("lasting faults give their codes, and a repeat makes no second", async () => {
          const seen: Record<string, Outcome> = {};
          for (const fault of lasting) {
            seen[fault] = await strike(site, row, fault === "down" ? { down: true, made } : { fault, made });
          }
          assert.deepEqual(seen, { ...usualLasting, ...row.lasting });
        });
        test("passing faults are overcome where that can do no harm, and a repeat makes no second", async () => {
          const seen: Record<string, Outcome> = {};
          for (const fault of passing) {
            seen[fault] = await strike(site, row, { fault, times: 1, made });
          }
          assert.deepEqual(seen, { ...usualPassing, ...row.passing });
        });
      });
    }
  });
}

interface Strike {
  /** Where it strikes, if not where the row says. */
  readonly at?: string;
  readonly fault?: string;
  readonly times?: number;
  readonly down?: boolean;
  /** What one call makes. */
  readonly made: Count;
}

/** Makes the call under the fault, then again without it: there has to be what one call makes, and nothing after the undoing. */
export async function strike(site: FaultSite, row: Row, options: Strike): Promise<Outcome> {
  const { fault, times, down = false, made, at = row.at ?? "" } = options;
  const empty = await site.settledCensus();
  const prepared = await row.prepare(site);
  const before = await site.settledCensus();
  // A lost answer that is waited for again and again would only take its time.
  const hasty = fault === "timeout";
  const provider = site.under({ hasty, single: hasty && times === undefined });
  try {
    if (down) site.isUp(false);
    else site.orderAt(at, fault ?? "", times);
    const outcome = await outcomeOf(prepared, provider, site);
    if (!down && !hasty) assert.ok(site.hits() > 0, `${fault} never struck: ${row.call} does not call ${at}`);
    site.calm();
    await prepared.call(site.provider, site.signal());
    const label = `${row.call} under ${down ? "down" : `${fault} at ${at}`}${times === undefined ? "" : " once"}, repeated`;
    const left = hasty && at === row.at && outcome !== "ok" ? row.orphans : undefined;
    assert.deepEqual(difference(before, await site.settledCensus()), { ...made, ...left }, label);
    await prepared.undo?.();
    assert.deepEqual(difference(empty, await site.settledCensus()), row.remains ?? {}, `${label}, undone`);
    return outcome;
  } finally {
    site.calm();
    await provider.close();
  }
}

async function outcomeOf(
  prepared: Prepared,
  provider: Parameters<Prepared["call"]>[0],
  site: FaultSite,
): Promise<Outcome> {
  try {
    const answer = await prepared.call(provider, site.signal());
    return prepared.told?.(answer) ? "told" : "ok";
  } catch (error) {
    if (isProviderError(error)) return error.code;
    throw error;
  }
}

/** What one call makes when nothing is wrong; its repeat makes nothing more. */
export async function withoutFault(site: FaultSite, row: Row): Promise<Count> {
  const empty = await site.settledCensus();
  const prepared = await row.prepare(site);
  const before = await site.settledCensus();
  const first = await prepared.call(site.provider, site.signal());
  assert.ok(!prepared.told?.(first), `${row.call} says that it failed`);
  const made = difference(before, await site.settledCensus());
  await prepared.call(site.provider, site.signal());
  assert.deepEqual(difference(before, await site.settledCensus()), made, `${row.call} repeated`);
  await prepared.undo?.();
  assert.deepEqual(difference(empty, await site.settledCensus()), row.remains ?? {}, `${row.call} undone`);
  return made;
}
