import { createHash } from "node:crypto";

/** One line of the guest application's journal: number, seconds since 1970, link to the line before. */
export interface JournalEntry {
  readonly number: number;
  readonly at: number;
  readonly link: string;
}

/** Reads a journal and follows its chain from the first line to the last.
 *  @throws Error naming the first line whose link does not follow. */
export function readJournal(text: string): JournalEntry[] {
  const entries: JournalEntry[] = [];
  let previous = "";
  for (const line of text.split("\n").filter((candidate) => candidate.trim() !== "")) {
    const [number, at, link] = line.trim().split(" ");
    const expected = createHash("sha256").update(`${number} ${at} ${previous}\n`).digest("hex").slice(0, 16);
    if (!number || !at || link !== expected || Number(number) !== entries.length + 1) {
      throw new Error(`The journal's chain breaks at line ${entries.length + 1}: ${line}`);
    }
    entries.push({ number: Number(number), at: Number(at), link });
    previous = link;
  }
  return entries;
}

/** True when `later` is `earlier` with lines appended: nothing lost, nothing rewritten. */
export function continues(earlier: readonly JournalEntry[], later: readonly JournalEntry[]): boolean {
  return later.length >= earlier.length && earlier.every((entry, index) => later[index]?.link === entry.link);
}
