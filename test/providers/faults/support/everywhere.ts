import assert from "node:assert/strict";
import type { Provider } from "../../../../src/providers/provider.ts";
import type { FaultSite } from "./fault-site.ts";
import { strike } from "./run-rows.ts";
import { lasting, type Outcome, passing, type Row, usualLasting } from "./table.ts";

type Fault = (typeof lasting)[number] | (typeof passing)[number];
export type Outcomes = Partial<Record<Fault, readonly Outcome[]>>;

/** Requests that change nothing. */
const reading = /(^|[.:])(get|list|head|read|describe|wait|aggregatedlist|testiampermissions|token|discovery|summar)/i;

/** Object stores have at once what was written, and whoever began an operation can look at it: there what is not found is gone. */
const steady = /^(s3|blob|storage|objectstorage):|operations\.(get|wait)$/i;

/** Every request that a call makes, as an adapter makes it that remembers nothing. */
export async function operationsOf(site: FaultSite, row: Row): Promise<readonly string[]> {
  const prepared = await row.prepare(site);
  const provider = site.under({});
  const operations = await site.recorded(() => prepared.call(provider, site.signal()));
  await provider.close();
  await prepared.undo?.();
  return [...operations];
}

/** The request that decides a call: the last one that changes something, or the last one. */
export function decidingOf(operations: readonly string[]): string | undefined {
  return operations.findLast((operation) => !isReading(operation)) ?? operations.at(-1);
}

function isReading(operation: string): boolean {
  return reading.test(operation.split(":")[1] ?? "");
}

/** A fault anywhere is either overcome, or told by its own code; what a call does not depend on may lack. */
function allowed(fault: Fault, also: Outcomes): readonly Outcome[] {
  if (fault === "slow") return ["ok"];
  return ["ok", "told", usualLasting[fault], ...(also[fault] ?? [])];
}

interface Strikes {
  readonly site: FaultSite;
  readonly row: Row;
  readonly made: Awaited<ReturnType<FaultSite["census"]>>;
  /** What the cloud says of a fault in words that mean more than one thing. */
  readonly also: Outcomes;
  /** What became of a fault that should not have, in words. */
  readonly wrong: string[];
}

/** A refusal, and where it changes something one that names nothing and a lost answer, at a request that does not decide the
 *  call: what each fault means is shown where it decides one; here a call has to end as if it had not begun, or to be repeated. */
export async function strikeLightly(strikes: Strikes, at: string): Promise<void> {
  await strikeOnce(strikes, "5xx", { at });
  if (isReading(at)) return;
  if (!steady.test(at)) await strikeOnce(strikes, "not-found", { at });
  await strikeOnce(strikes, "timeout", { at, times: 1 });
}

/** Every fault at one request of a call, and the cloud away. */
export async function strikeWithAll(strikes: Strikes, at: string): Promise<void> {
  if (strikes.row.heavy) {
    for (const fault of ["5xx", "capacity", "unauthorised"] as const) await strikeOnce(strikes, fault, { at });
    await strikeOnce(strikes, "timeout", { at, times: 1 });
    return strikeOnce(strikes, "down", { down: true });
  }
  for (const fault of lasting) await strikeOnce(strikes, fault, fault === "down" ? { down: true } : { at });
  for (const fault of passing) await strikeOnce(strikes, fault, { at, times: 1 });
}

/** A call that asks the cloud for nothing can't be failed by it. */
export async function askNothing({ site, row, made }: Strikes): Promise<void> {
  assert.equal(await strike(site, row, { down: true, made }), "ok");
}

async function strikeOnce(
  { site, row, made, also, wrong }: Strikes,
  fault: Fault,
  where: { readonly at?: string; readonly times?: number; readonly down?: boolean },
): Promise<void> {
  if (row.exceptFaults?.some((except) => except === fault)) return;
  const label = `${fault} at ${where.at ?? "all"}${where.times === undefined ? "" : " once"}`;
  try {
    const outcome = await strike(site, row, { ...where, ...(where.down ? {} : { fault }), made });
    if (!allowed(fault, also).includes(outcome)) wrong.push(`${label} became ${outcome}`);
  } catch (error) {
    wrong.push(`${label}: ${(error as Error).message}`);
  }
}

/** Whether a provider has a call of the port. */
export function has(provider: Provider, call: string): boolean {
  const [facet = "", method] = call.split(".");
  if (facet === "source" || facet === "sink") return true;
  const holder: unknown = method === undefined ? provider : provider[facet as keyof Provider];
  return typeof (holder as Record<string, unknown> | undefined)?.[method ?? facet] === "function";
}
