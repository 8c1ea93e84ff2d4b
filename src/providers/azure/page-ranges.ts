import type { Extent } from "../../transfer/ports.ts";
import { unavailable } from "../failures.ts";

const GiB = 2 ** 30;
const MiB = 2 ** 20;
/** "Get Page Ranges": a list has so many ranges at most. One that is full, or goes on elsewhere, has lost some: it is asked for
 *  in halves. */
const mostRanges = 10_000;
const window = 256 * GiB;
const smallestWindow = 4 * MiB;

/** As the SDK gives them: `count` is the last byte less the first one, one short of the length. */
interface Ranges {
  readonly pageRange?: readonly { readonly offset: number; readonly count?: number }[];
  readonly clearRange?: readonly { readonly offset: number; readonly count?: number }[];
  /** Where the list goes on: the SDK takes none of these back for a difference of managed disks. */
  readonly continuationToken?: string;
}
type Ask = (offset: number, count: number) => Promise<Ranges>;

/** All that was ever written and not cleared since. */
export async function* writtenRanges(sizeBytes: number, ask: Ask): AsyncGenerator<Extent> {
  for await (const { pageRange = [] } of windows(sizeBytes, ask)) yield* data(pageRange);
}

/** What was written or cleared since; cleared ranges read as zeros. */
export async function* changedRanges(sizeBytes: number, ask: Ask): AsyncGenerator<Extent> {
  for await (const { pageRange = [], clearRange = [] } of windows(sizeBytes, ask)) {
    const cleared = clearRange.map(({ offset, count = -1 }): Extent => ({ offset, length: count + 1, kind: "zero" }));
    yield* [...data(pageRange), ...cleared].toSorted((a, b) => a.offset - b.offset);
  }
}

async function* windows(sizeBytes: number, ask: Ask): AsyncGenerator<Ranges> {
  let size = window;
  for (let offset = 0; offset < sizeBytes; ) {
    const count = Math.min(size, sizeBytes - offset);
    const found = await ask(offset, count);
    const full = (found.pageRange?.length ?? 0) + (found.clearRange?.length ?? 0) >= mostRanges;
    const goesOn = (found.continuationToken ?? "") !== "";
    // A window of 4 MiB has 8,192 pages: never more ranges than a list holds.
    if ((full || goesOn) && count > smallestWindow) {
      size = Math.max(smallestWindow, Math.floor(count / 2 / smallestWindow) * smallestWindow);
      continue;
    }
    if (goesOn) {
      const subject = { operation: "list page ranges", resource: `[${offset}, ${offset + count})` };
      throw unavailable(subject, "Azure's list of them breaks off");
    }
    yield found;
    offset += count;
    size = Math.min(window, size * 2);
  }
}

function data(ranges: NonNullable<Ranges["pageRange"]>): Extent[] {
  return ranges.map(({ offset, count = -1 }) => ({ offset, length: count + 1, kind: "data" }));
}
