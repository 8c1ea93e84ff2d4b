import { damaged } from "../failures.ts";
import type { RandomAccess, Range } from "../image.ts";
import { crc32c } from "./crc32c.ts";
import { logEntrySignature } from "./structures.ts";

const logSectorBytes = 4096;
const checksumAt = 4;
/** Logs of 1 MiB are usual; reading a larger one than this only to say that it is there would be no help. */
const mostLogBytes = 64 * 1024 * 1024;

/**
 * A header that names a log has changes in it. Finds at least one whole entry of that log.
 * @throws ProviderError IntegrityFailure when there is none: the changes are lost.
 */
export async function requireWholeLog(
  file: RandomAccess,
  log: Range,
  logId: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const bytes = new Uint8Array(Math.min(log.length, mostLogBytes));
  await file.read(log.at, bytes, signal);
  const view = new DataView(bytes.buffer);
  for (let at = 0; at + logSectorBytes <= bytes.byteLength; at += logSectorBytes) {
    const length = view.getUint32(at + 8, true);
    if (Buffer.from(bytes.subarray(at, at + 4)).toString("latin1") !== logEntrySignature) continue;
    if (Buffer.from(bytes.subarray(at + 32, at + 48)).toString("hex") !== logId) continue;
    if (length === 0 || length % logSectorBytes !== 0 || length > log.length) continue;
    if (crc32c(wrapped(bytes, at, length), checksumAt) === view.getUint32(at + checksumAt, true)) return;
  }
  throw damaged(file.name, "its VHDX header names a log, and no entry of that log is whole");
}

/** The log is a ring: an entry may go on at its beginning. */
function wrapped(ring: Uint8Array, at: number, length: number): Uint8Array {
  if (at + length <= ring.byteLength) return ring.subarray(at, at + length);
  return Buffer.concat([ring.subarray(at), ring.subarray(0, at + length - ring.byteLength)]);
}
