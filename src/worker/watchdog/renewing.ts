import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { isProviderError } from "../../domain/errors.ts";
import type { LeaseTerms } from "../../domain/lease.ts";
import { renewEveryMs, startedWatchdog, watchdogRenewed } from "../../domain/watchdog.ts";
import type { Say } from "../../telemetry/say.ts";
import { bootId, machineMs } from "./clock.ts";
import type { WatchdogRecords, WatchedGroup } from "./records.ts";

/** What a group's watchdog is to do, as the control plane knows the group. */
export type WatchdogOrder =
  | ({
      readonly groupId: string;
      readonly epoch: number;
      readonly vmIds: readonly string[];
      readonly do: "renew";
    } & LeaseTerms)
  /** Another site may write, or a failover decides that: nothing is renewed. */
  | { readonly groupId: string; readonly do: "wait" }
  | { readonly groupId: string; readonly do: "cut-off" }
  /** Nobody is to stand behind it any more. */
  | { readonly groupId: string; readonly do: "forget" };

/** The way to leases, which lie at other sites. */
export interface LeaseKeeping {
  /** About the site's groups, and about each that is named. */
  orders(groupIds: readonly string[], signal: AbortSignal): Promise<readonly WatchdogOrder[]>;
  /** @throws ProviderError Conflict when another site holds it. */
  renew(
    input: { readonly groupId: string; readonly epoch: number; readonly watched: boolean; readonly askId: string },
    signal: AbortSignal,
  ): Promise<LeaseTerms>;
}

export interface Renewing {
  readonly records: WatchdogRecords;
  readonly leases: LeaseKeeping;
  readonly log: Say;
}

const askEveryMs = 2_000;
const askWithinMs = 5_000;
/** Who has not been heard of for this part of a lease can't be counted on at its end. */
const guardianPart = 1 / 4;

/** Renews the leases of the site's groups until the signal ends it. */
export class Renewer {
  readonly #parts: Renewing;
  readonly #boot = bootId();
  readonly #renewedAt = new Map<string, number>();
  #said = "";

  constructor(parts: Renewing) {
    this.#parts = parts;
  }

  async run(signal: AbortSignal): Promise<void> {
    let asked = Number.NEGATIVE_INFINITY;
    let orders: readonly WatchdogOrder[] = [];
    while (!signal.aborted) {
      try {
        if (machineMs() - asked >= askEveryMs) {
          asked = machineMs();
          orders = await this.#orders();
        }
        for (const order of orders) await this.#follow(order);
        this.#said = "";
      } catch (error) {
        this.#say(String(error));
      }
      await sleep(100, undefined, { signal }).catch(() => undefined);
    }
  }

  /** One try for each group, as a machine starts: whose lease is still theirs are not cut off. */
  async once(): Promise<void> {
    try {
      for (const order of await this.#orders()) await this.#follow(order, true);
    } catch (error) {
      this.#say(String(error));
    }
  }

  async #orders(): Promise<readonly WatchdogOrder[]> {
    const { records, leases } = this.#parts;
    const known = (await records.list()).map(({ groupId }) => groupId);
    return leases.orders(known, AbortSignal.timeout(askWithinMs));
  }

  async #follow(order: WatchdogOrder, starting = false): Promise<void> {
    const { records, leases, log } = this.#parts;
    const known = (await records.list()).find(({ groupId }) => groupId === order.groupId);
    switch (order.do) {
      case "wait":
        return;
      case "cut-off":
        if (known) await this.#give(known);
        return;
      case "forget":
        if (!known) return;
        // Who waits for the lease must not take its age for a proof any more. Of a group that is no more there is none.
        await leases
          .renew(
            { groupId: known.groupId, epoch: known.epoch, watched: false, askId: randomUUID() },
            AbortSignal.timeout(askWithinMs),
          )
          .catch((error: unknown) => {
            if (!isProviderError(error, "Conflict")) throw error;
          });
        await records.forget(known.groupId);
        return;
      case "renew": {
        const last = this.#renewedAt.get(order.groupId) ?? Number.NEGATIVE_INFINITY;
        if (machineMs() - last < renewEveryMs(order)) return;
        if (!starting && !(await this.#isGuarded(order))) return;
        const askedMs = machineMs();
        const ask = { groupId: order.groupId, epoch: order.epoch, watched: true, askId: randomUUID() };
        const { groupId, epoch, vmIds, durationMs, marginMs } = order;
        const noted = startedWatchdog(known?.state, this.#boot, askedMs);
        // Before the lease says that a watchdog stands behind it.
        if (!known) {
          const state = { bootId: this.#boot, deadlineMs: askedMs + durationMs, cutOff: false };
          await records.write({ groupId, epoch, vmIds, durationMs, marginMs, state });
        }
        try {
          const terms = await leases.renew(ask, AbortSignal.timeout(Math.min(askWithinMs, order.durationMs / 2)));
          const state = watchdogRenewed(noted, terms, askedMs);
          await records.write({ groupId, epoch, vmIds, ...terms, state });
          this.#renewedAt.set(groupId, askedMs);
        } catch (error) {
          if (!isProviderError(error, "Conflict")) throw error;
          log("warn", "another site holds the group's lease", { groupId, epoch, reason: error.message });
          const state = { bootId: this.#boot, deadlineMs: askedMs, cutOff: false };
          await records.write({ groupId, epoch, vmIds, durationMs, marginMs, state });
        }
      }
    }
  }

  /** The group's time is over now. */
  async #give(group: WatchedGroup): Promise<void> {
    const { state } = group;
    if (state.bootId === this.#boot && state.deadlineMs <= machineMs()) return;
    const over = { bootId: this.#boot, deadlineMs: machineMs(), cutOff: false };
    await this.#parts.records.write({ ...group, state: over });
  }

  async #isGuarded({ durationMs }: LeaseTerms): Promise<boolean> {
    const beat = await this.#parts.records.lastBeat();
    const isThere = beat !== undefined && machineMs() - beat.atMs < durationMs * guardianPart;
    if (!isThere) this.#say("the guardian does not answer: nothing is renewed");
    return isThere;
  }

  #say(reason: string): void {
    if (reason !== this.#said) this.#parts.log("warn", "leases are not renewed; it is tried again", { reason });
    this.#said = reason;
  }
}
