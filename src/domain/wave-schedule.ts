import type { MemberState, WaveGroup } from "./wave.ts";

export interface ScheduledMember {
  readonly vm: string;
  readonly group: string;
  readonly after: readonly number[];
}

export interface ScheduledWave {
  readonly groups: readonly WaveGroup[];
  readonly members: readonly ScheduledMember[];
  readonly parallel?: number;
  readonly inOrder: boolean;
}

export interface WaveStanding {
  /** By position. */
  readonly states: readonly MemberState[];
  /** Names of groups whose turn it was and whose pause is over. */
  readonly opened: ReadonlySet<string>;
  /** Of those that are running: started ahead, and touching nothing until their turn has come. */
  readonly held?: ReadonlySet<number>;
  /** Of those that are running: their VM serves at the target, and only what is written of it is missing. */
  readonly serving?: ReadonlySet<number>;
}

export interface WaveMoves {
  /** Groups whose turn it is now; the pause before each is the caller's. */
  readonly open: readonly WaveGroup[];
  /** Positions whose turn it is now, in this order; those that are held among them. */
  readonly start: readonly number[];
  /** Positions to start ahead: theirs is the next turn. */
  readonly ahead: readonly number[];
  readonly skip: readonly { readonly position: number; readonly reason: string }[];
}

const ended: ReadonlySet<MemberState> = new Set(["moved", "failed", "skipped", "cancelled"]);

export function waveEnded(states: readonly MemberState[]): boolean {
  return states.every((state) => ended.has(state));
}

const none: ReadonlySet<number> = new Set();

/** What comes next in a wave: which groups' turn it is, who starts, and who won't, as what they depend on was not moved.
 *  Nobody else is touched by a failure. `mostAhead` are held at once. */
export function nextMoves(
  wave: ScheduledWave,
  { states, opened, held = none, serving = none }: WaveStanding,
  mostAhead = 0,
): WaveMoves {
  const membersOf = (group: string) =>
    wave.members.flatMap((member, position) => (member.group === group ? [position] : []));
  const hasEnded = (group: string) => membersOf(group).every((position) => ended.has(states[position] ?? "waiting"));
  const open = wave.groups.filter((group, index) => {
    if (opened.has(group.name)) return false;
    const before = wave.inOrder ? wave.groups.slice(0, index).map(({ name }) => name) : [];
    return [...before, ...(group.after ?? [])].every(hasEnded);
  });
  const start: number[] = [];
  const ahead: number[] = [];
  const skip: { position: number; reason: string }[] = [];
  const parallel = wave.parallel ?? Number.POSITIVE_INFINITY;
  const isHeld = (position: number) => states[position] === "running" && held.has(position);
  let atWork = states.filter(
    (state, position) => state === "running" && !held.has(position) && !serving.has(position),
  ).length;
  let keptAhead = 0;
  for (const [position, member] of wave.members.entries()) {
    if (!isHeld(position)) {
      if (states[position] !== "waiting") continue;
      const groups = wave.groups.find(({ name }) => name === member.group)?.after ?? [];
      const needed = [...new Set([...member.after, ...groups.flatMap(membersOf)])];
      const lacking = needed.find((other) => ["failed", "skipped", "cancelled"].includes(states[other] ?? ""));
      if (lacking !== undefined) {
        skip.push({ position, reason: `${wave.members[lacking]?.vm}, which it comes after, was not moved` });
        continue;
      }
      if (!opened.has(member.group) || !needed.every((other) => states[other] === "moved")) continue;
    }
    if (atWork < parallel) {
      atWork += 1;
      start.push(position);
    } else if (keptAhead < mostAhead) {
      keptAhead += 1;
      if (!isHeld(position)) ahead.push(position);
    }
  }
  return { open, start, ahead, skip };
}
