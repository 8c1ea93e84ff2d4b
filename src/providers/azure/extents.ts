import type { Extent } from "../../transfer/ports.ts";

/** Ranges as extents, in ascending order: neighbours of one kind joined, cut at the disk's end; with `gaps` what no range
 *  covers comes as zeros. */
export async function* toExtents(
  ranges: AsyncIterable<Extent>,
  sizeBytes: number,
  gaps: boolean,
): AsyncGenerator<Extent> {
  let open: Extent | undefined;
  let at = 0;
  for await (const { offset, length, kind } of ranges) {
    const end = Math.min(sizeBytes, offset + length);
    if (end <= offset) continue;
    if (open && open.kind === kind && open.offset + open.length === offset) {
      open = { ...open, length: end - open.offset };
      continue;
    }
    if (open) yield open;
    at = open ? open.offset + open.length : at;
    if (gaps && offset > at) yield { offset: at, length: offset - at, kind: "zero" };
    open = { offset, length: end - offset, kind };
  }
  if (open) yield open;
  at = open ? open.offset + open.length : at;
  if (gaps && at < sizeBytes) yield { offset: at, length: sizeBytes - at, kind: "zero" };
}
