/** Why a search can't be read, and where. */
export interface SearchProblem {
  /** From 1, in characters of the text that was given. */
  readonly column: number;
  readonly length: number;
  readonly message: string;
  /** What to write instead. */
  readonly hint: string;
}

/** Thrown inside the parser only; what leaves it is the problem. */
export class SearchError extends Error {
  readonly problem: SearchProblem;

  constructor(at: { start: number; end: number }, message: string, hint: string) {
    super(message);
    this.problem = { column: at.start + 1, length: Math.max(1, at.end - at.start), message, hint };
  }
}

/** The search with a mark under what is wrong, for a person with a fixed-width font. */
export function pointAt(text: string, { column, length }: SearchProblem): string {
  const line = text.replaceAll(/\s/g, " ");
  return `${line}\n${" ".repeat(column - 1)}${"^".repeat(Math.max(1, Math.min(length, line.length - column + 1)))}`;
}

/** The candidate that was probably meant: one or two letters off. */
export function closest(wanted: string, candidates: readonly string[]): string | undefined {
  const near = candidates
    .map((candidate) => ({ candidate, distance: distance(wanted, candidate) }))
    .filter((each) => each.distance <= (wanted.length > 3 ? 2 : 1))
    .sort((a, b) => a.distance - b.distance);
  return near[0]?.candidate;
}

function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
