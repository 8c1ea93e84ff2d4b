import type { Extent } from "../ports.ts";
import type { NbdConnection, StatusRun } from "./connection.ts";
import { protocolError } from "./errors.ts";
import { maxRangeBytes, readsAsZeros } from "./protocol.ts";

export const allocationContext = "base:allocation";
export const depthContext = "qemu:allocation-depth";

/** How a baseline's changes are found: a dirty bitmap of the export, or what the top image itself holds. */
export type ChangeContext =
  | { readonly kind: "dirty-bitmap"; readonly bitmap: string }
  | { readonly kind: "overlay-allocation" };

export function contextName(change: ChangeContext): string {
  return change.kind === "dirty-bitmap" ? `qemu:dirty-bitmap:${change.bitmap}` : depthContext;
}

/** Dirty is bit 0 of a bitmap's flags; an allocation depth of 1 is the top image. Both are 1. */
const changedFlag = 1;

/** Merges neighbours of one kind, clips at `sizeBytes`, and drops what is empty. Input ascends without overlaps. */
export async function* mergeExtents(
  extents: AsyncIterable<Extent> | Iterable<Extent>,
  sizeBytes: number,
): AsyncGenerator<Extent> {
  let last: { offset: number; length: number; kind: Extent["kind"] } | undefined;
  for await (const extent of extents) {
    const length = Math.min(extent.offset + extent.length, sizeBytes) - extent.offset;
    if (length <= 0) continue;
    if (last && last.kind === extent.kind && last.offset + last.length === extent.offset) {
      last.length += length;
      continue;
    }
    if (last) yield last;
    last = { offset: extent.offset, length, kind: extent.kind };
  }
  if (last) yield last;
}

/** The overlay of allocation runs with (where given) change runs, as extents from `offset` on. Runs of either list may
 *  reach further than the other's; only what both cover comes out. */
export function overlayRuns(
  offset: number,
  allocation: readonly StatusRun[],
  changes?: readonly StatusRun[],
): Extent[] {
  const extents: Extent[] = [];
  let at = offset;
  let a = 0;
  let c = 0;
  let allocationLeft = allocation[0]?.length ?? 0;
  let changeLeft = changes ? (changes[0]?.length ?? 0) : Number.POSITIVE_INFINITY;
  while (a < allocation.length && (!changes || c < changes.length)) {
    const length = Math.min(allocationLeft, changeLeft);
    const flags = allocation[a]?.flags ?? 0;
    if (length > 0 && (!changes || changes[c]?.flags === changedFlag)) {
      extents.push({ offset: at, length, kind: flags & readsAsZeros ? "zero" : "data" });
    }
    at += length;
    allocationLeft -= length;
    changeLeft -= length;
    if (allocationLeft === 0) allocationLeft = allocation[++a]?.length ?? 0;
    if (changes && changeLeft === 0) changeLeft = changes[++c]?.length ?? 0;
  }
  return extents;
}

/** Reads the map of a connection that negotiated the contexts: as many replies as it takes, each used as far as it goes. */
export async function* readExtents(
  connection: NbdConnection,
  sizeBytes: number,
  change: ChangeContext | undefined,
  signal?: AbortSignal,
): AsyncGenerator<Extent> {
  for (let offset = 0; offset < sizeBytes; ) {
    const asked = Math.min(maxRangeBytes, sizeBytes - offset);
    const status = await connection.blockStatus(offset, asked, signal);
    const allocation = status.get(allocationContext);
    const changes = change && status.get(contextName(change));
    const covered = Math.min(total(allocation), change ? total(changes) : Number.POSITIVE_INFINITY);
    if (!allocation || covered <= 0) {
      throw protocolError("read the extent map", connection.resource, "the NBD server's extent map has no end");
    }
    yield* overlayRuns(offset, allocation, changes);
    offset += covered;
  }
}

function total(runs: readonly StatusRun[] | undefined): number {
  return runs?.reduce((sum, run) => sum + run.length, 0) ?? 0;
}
