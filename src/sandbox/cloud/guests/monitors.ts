import { rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Qmp } from "./qmp.ts";

const pollMs = 25;

/** One connection to each guest's monitor, made when first needed and again when it was lost. */
export class Monitors {
  readonly #dir: string;
  readonly #connections = new Map<string, Promise<Qmp>>();

  /** `dir` must be short: unix socket paths end at 107 bytes. */
  constructor(dir: string) {
    this.#dir = dir;
  }

  socket(guestId: string): string {
    return join(this.#dir, `${guestId}.q`);
  }

  /** Tries for as long as `isAlive` says so and time is left. @throws Error of the last attempt. */
  of(guestId: string, isAlive: () => boolean, withinMs: number): Promise<Qmp> {
    const known = this.#connections.get(guestId);
    if (known) return known;
    const connecting = this.#connect(guestId, isAlive, Date.now() + withinMs);
    this.#connections.set(guestId, connecting);
    // One that is lost late must not take its successor with it: QEMU talks to one client at a time.
    const lost = () => {
      if (this.#connections.get(guestId) === connecting) this.#connections.delete(guestId);
    };
    connecting.then((qmp) => qmp.onClose(lost), lost);
    return connecting;
  }

  async #connect(guestId: string, isAlive: () => boolean, deadline: number): Promise<Qmp> {
    for (;;) {
      try {
        return await Qmp.connect(this.socket(guestId));
      } catch (error) {
        if (!isAlive() || Date.now() > deadline) throw error;
        await sleep(pollMs);
      }
    }
  }

  /** Of a guest that has ended. */
  forget(guestId: string): void {
    this.#connections
      .get(guestId)
      ?.then((qmp) => qmp.close())
      .catch(() => undefined);
    this.#connections.delete(guestId);
    rmSync(this.socket(guestId), { force: true });
  }

  close(): void {
    for (const connection of this.#connections.values()) connection.then((qmp) => qmp.close()).catch(() => undefined);
    this.#connections.clear();
  }
}
