import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { LeaseTerms } from "../../domain/lease.ts";
import type { WatchdogState } from "../../domain/watchdog.ts";
import { readJson, readNames, writeJson } from "../../providers/record-files.ts";

/** A group that this site's watchdog stands behind, as both its processes know it. */
export interface WatchedGroup extends LeaseTerms {
  readonly groupId: string;
  readonly epoch: number;
  readonly vmIds: readonly string[];
  readonly state: WatchdogState;
}

/** That the group's VMs were cut off, by whichever process came first. */
interface CutOff {
  readonly bootId: string;
  readonly deadlineMs: number;
}

const ending = ".json";
const cutEnding = ".cut";
const beatName = "guardian.beat";

/**
 * The files that a site's watchdog keeps. Each has one process that writes it (the worker a group's, whoever cut it off the note
 * of that, the guardian its beat), so that no process that was stopped for a while can undo what the other one did.
 */
export class WatchdogRecords {
  readonly #dir: string;

  constructor(dir: string) {
    this.#dir = dir;
  }

  async list(): Promise<readonly WatchedGroup[]> {
    const names = (await readNames(this.#dir)).filter((name) => name.endsWith(ending));
    const found = await Promise.all(names.map((name) => this.#read(name.slice(0, -ending.length))));
    return found.flatMap((group) => group ?? []);
  }

  async write(group: WatchedGroup): Promise<void> {
    await mkdir(this.#dir, { recursive: true, mode: 0o700 });
    await writeJson(this.#path(group.groupId, ending), group);
  }

  async forget(groupId: string): Promise<void> {
    for (const each of [ending, cutEnding]) await rm(this.#path(groupId, each), { force: true });
  }

  async noteCutOff({ groupId, state: { bootId, deadlineMs } }: WatchedGroup): Promise<void> {
    await writeJson(this.#path(groupId, cutEnding), { bootId, deadlineMs } satisfies CutOff);
  }

  async beat(atMs: number): Promise<void> {
    await writeJson(join(this.#dir, beatName), { atMs, pid: process.pid });
  }

  /** When the guardian was last there; undefined where none ever was. */
  async lastBeat(): Promise<{ atMs: number; pid: number } | undefined> {
    return readJson<{ atMs: number; pid: number }>(join(this.#dir, beatName));
  }

  async #read(groupId: string): Promise<WatchedGroup | undefined> {
    const group = await readJson<WatchedGroup>(this.#path(groupId, ending));
    const cut = await readJson<CutOff>(this.#path(groupId, cutEnding));
    const cutOff = cut !== undefined && cut.bootId === group?.state.bootId && cut.deadlineMs >= group.state.deadlineMs;
    return group && { ...group, state: { ...group.state, cutOff } };
  }

  #path(groupId: string, end: string): string {
    return join(this.#dir, encodeURIComponent(groupId) + end);
  }
}
