import { constants, copyFile, type FileHandle, open, rm } from "node:fs/promises";
import type { Subject } from "../failures.ts";
import { RangeMap } from "./ranges.ts";
import { isZeros, unitBytes, type View, ViewSource, zeros } from "./view.ts";

const pieceBytes = 64 * unitBytes;
const piecesInFlight = 4;

interface Piece {
  readonly offset: number;
  readonly end: number;
  readonly fill: boolean;
}

/**
 * Writes a view's content into a new raw file, and says where that holds data. Where the file system can, the file that
 * is the disk by itself is cloned and shares its blocks; only what others hold is then written. Zeros are not written.
 */
export async function copyView(view: View, path: string, subject: Subject, signal: AbortSignal): Promise<RangeMap> {
  const base = view.files.findIndex((file) => file.whole);
  const cloned = base >= 0 && (await clone(view.files[base]?.path ?? "", path));
  const file = await open(path, cloned ? "r+" : "wx", 0o640);
  const source = new ViewSource(view, subject);
  try {
    if (cloned) await file.chmod(0o640);
    await file.truncate(view.sizeBytes);
    const data = new RangeMap();
    const pieces = piecesOf(view, cloned ? base : undefined, data);
    const lane = async (): Promise<void> => {
      const buffer = Buffer.allocUnsafe(pieceBytes);
      for (const piece of pieces) {
        signal.throwIfAborted();
        const bytes = buffer.subarray(0, piece.end - piece.offset);
        await source.read(piece.offset, bytes);
        await writeUnits(file, piece, bytes, data);
      }
    };
    await Promise.all(Array.from({ length: piecesInFlight }, lane));
    // Of a borrowed file that was cloned, not read: one look says whether it was the right one.
    if (cloned) await source.read(0, new Uint8Array(1));
    await file.sync();
    return data;
  } finally {
    await source.close();
    await file.close();
  }
}

/** Whether this file system shares blocks between files. */
export async function canClone(from: string, to: string): Promise<boolean> {
  const cloned = await clone(from, to);
  await rm(to, { force: true });
  return cloned;
}

async function clone(from: string, to: string): Promise<boolean> {
  try {
    await copyFile(from, to, constants.COPYFILE_FICLONE_FORCE | constants.COPYFILE_EXCL);
    return true;
  } catch {
    await rm(to, { force: true });
    return false;
  }
}

/** What has to be written; what a cloned file holds already goes straight to `data`. One list for all lanes. */
function* piecesOf(view: View, cloned: number | undefined, data: RangeMap): Generator<Piece> {
  const there = cloned === undefined ? undefined : view.files[cloned]?.whole;
  for (const { offset, end, value } of view.map.covering(0, view.sizeBytes, zeros)) {
    if (value === zeros) {
      for (const stale of there?.within(offset, end) ?? []) yield* cut(stale.offset, stale.end, true);
    } else if (value === cloned) data.set(offset, end, 0);
    else yield* cut(offset, end, there !== undefined);
  }
}

function* cut(from: number, to: number, fill: boolean): Generator<Piece> {
  for (let offset = from; offset < to; ) {
    const end = Math.min(to, (Math.floor(offset / pieceBytes) + 1) * pieceBytes);
    yield { offset, end, fill };
    offset = end;
  }
}

/** Leaves out units of zeros, unless something else may be in their place. */
async function writeUnits(file: FileHandle, piece: Piece, bytes: Uint8Array, data: RangeMap): Promise<void> {
  for (let from = 0; from < bytes.byteLength; ) {
    let to = from;
    const skip = isZeros(bytes.subarray(from, from + unitBytes));
    while (to < bytes.byteLength && isZeros(bytes.subarray(to, to + unitBytes)) === skip) to += unitBytes;
    to = Math.min(to, bytes.byteLength);
    if (!skip || piece.fill) {
      for (let done = from; done < to; ) {
        done += (await file.write(bytes, done, to - done, piece.offset + done)).bytesWritten;
      }
    }
    if (!skip) data.set(piece.offset + from, piece.offset + to, 0);
    from = to;
  }
}
