/** Zeros shorter than a page aren't looked for: no file system keeps smaller holes. */
const pageBytes = 4096;
const none = new Int32Array(0);
const zeros = Buffer.alloc(pageBytes);

/**
 * The stretches of `bytes` that aren't zeros, page by page: pairs of begin and end. Nearly every page with data shows it in
 * its first word; only the others are compared.
 */
export function dataRuns(bytes: Uint8Array): number[] {
  const words =
    bytes.byteOffset % 4 === 0 ? new Int32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >> 2) : none;
  const runs: number[] = [];
  let start = -1;
  for (let at = 0; at < bytes.byteLength; at += pageBytes) {
    const isZero = (words[at >> 2] ?? 0) === 0 && isZeroPage(bytes, at);
    if (!isZero && start < 0) start = at;
    if (isZero && start >= 0) {
      runs.push(start, at);
      start = -1;
    }
  }
  if (start >= 0) runs.push(start, bytes.byteLength);
  return runs;
}

function isZeroPage(bytes: Uint8Array, at: number): boolean {
  const length = Math.min(pageBytes, bytes.byteLength - at);
  return zeros.compare(bytes, at, at + length, 0, length) === 0;
}
