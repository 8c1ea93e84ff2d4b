import assert from "node:assert/strict";
import type { FaultSite } from "./fault-site.ts";
import { strike } from "./run-rows.ts";
import { lasting, type Outcome, passing, type Row, usualLasting } from "./table.ts";

type Fault = (typeof lasting)[number] | (typeof passing)[number];

/** Every request that a call makes, as an adapter makes it that remembers nothing. */
export async function operationsOf(site: FaultSite, row: Row): Promise<readonly string[]> {
  const prepared = await row.prepare(site);
  const provider = site.under({});
  const operations = await site.recorded(() => prepared.call(provider, site.signal()));
  await provider.close();
  await prepared.undo?.();
  return [...operations];
}

/** A fault anywhere is either overcome, or told by its own code; what a call does not depend on may lack. */
function allowed(fault: Fault, also: Partial<Record<Fault, readonly Outcome[]>> = {}): readonly Outcome[] {
  if (fault === "slow") return ["ok"];
  return ["ok", "told", usualLasting[fault], ...(also[fault] ?? [])];
}

interface Place {
  readonly made: Awaited<ReturnType<FaultSite["census"]>>;
  readonly at: string;
  readonly also?: Partial<Record<Fault, readonly Outcome[]>>;
}

/** Every fault at one request of a call. */
export async function strikeWithAll(site: FaultSite, row: Row, { made, at, also }: Place): Promise<void> {
  for (const fault of lasting) {
    // That strikes all requests.
    if (fault === "down") continue;
    const outcome = await strike(site, row, { at, fault, made });
    assert.ok(allowed(fault, also).includes(outcome), `${fault} at ${at} became ${outcome}`);
  }
  for (const fault of passing) {
    const outcome = await strike(site, row, { at, fault, times: 1, made });
    assert.ok(allowed(fault, also).includes(outcome), `${fault} at ${at} once became ${outcome}`);
  }
}
