import type { Subject } from "../failures.ts";
import { digest } from "./names.ts";
import type { Tagging } from "./tagging.ts";

const prefix = "novacron-discarded:";
const dayMs = 24 * 3_600_000;

/**
 * That a generation was discarded, for attempts at it that come late: DigitalOcean remembers no request of ours. A tag that is on
 * nothing costs nothing and is there for all processes; it is kept until the day after.
 */
export class Tombstones {
  readonly #tagging: Tagging;

  constructor(tagging: Tagging) {
    this.#tagging = tagging;
  }

  async put(generationId: string, subject: Subject, signal: AbortSignal): Promise<void> {
    await this.#tagging.make(wordOf(generationId, Date.now()), subject, signal);
    const kept = [dayOf(Date.now()), dayOf(Date.now() - dayMs)];
    for await (const { name } of this.#tagging.list(subject, signal)) {
      if (!name.startsWith(prefix) || kept.some((day) => name.startsWith(`${prefix}${day}`))) continue;
      await this.#tagging.delete(name, subject, signal);
    }
  }

  async has(generationId: string, subject: Subject, signal: AbortSignal): Promise<boolean> {
    for (const at of [Date.now(), Date.now() - dayMs]) {
      if (await this.#tagging.find(wordOf(generationId, at), subject, signal)) return true;
    }
    return false;
  }
}

function wordOf(generationId: string, at: number): string {
  return `${prefix}${dayOf(at)}-${digest(24, generationId)}`;
}

function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10).replaceAll("-", "");
}
