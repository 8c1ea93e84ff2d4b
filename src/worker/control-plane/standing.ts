import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { type ControlPlaneClaim, claimName, standingOf } from "../../domain/control-plane.ts";
import { isProviderError } from "../../domain/errors.ts";
import { absentDocument } from "../../providers/documents-facet.ts";
import type { Provider } from "../../providers/provider.ts";
import type { Store } from "../../store/index.ts";
import type { Say } from "../../telemetry/say.ts";
import { documentsOf } from "./backups.ts";

/** A worker that begins so soon after the claim was seen takes work at once: a restart, or another version. */
const freshMs = 10 * 60_000;
const lookEveryMs = 15_000;
const retryMs = 1_000;
const answerWithinMs = 20_000;

export interface StandingParts {
  readonly store: Pick<Store, "controlPlane">;
  readonly provider: (site: string) => Promise<Provider>;
  /** Those that backups go to. */
  readonly sites: readonly string[];
  readonly log: Say;
  /** For tests. */
  readonly times?: { readonly lookEveryMs: number };
}

/**
 * Whether this control plane may act: it may not once a later one has put its claim at any of the sites. One that was off for a
 * while takes no work before it has seen the claim at one of them.
 */
export class Standing {
  readonly #parts: StandingParts;

  constructor(parts: StandingParts) {
    this.#parts = parts;
  }

  /** Resolves to whether it may begin; waits for as long as none of the sites answers. */
  async mayBegin(signal: AbortSignal): Promise<boolean> {
    const { store, sites, log } = this.#parts;
    for (let told = false; !signal.aborted; told = true) {
      const seen = await this.look(signal);
      if ((await store.controlPlane.get()).supersededBy) return false;
      if (sites.length === 0 || seen || (await store.controlPlane.seenWithin(freshMs))) return true;
      if (!told) log("warn", "waiting: none of the sites answers that say which control plane may act", { sites });
      await sleep(retryMs, undefined, { signal }).catch(() => undefined);
    }
    return false;
  }

  /** Looks now and then until the signal ends it, or another control plane has taken over. */
  async keep(signal: AbortSignal, onSuperseded: () => void): Promise<void> {
    while (!signal.aborted) {
      await sleep(this.#parts.times?.lookEveryMs ?? lookEveryMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      try {
        await this.look(signal);
        if ((await this.#parts.store.controlPlane.get()).supersededBy) return onSuperseded();
      } catch (error) {
        // The store is away: nothing is done then anyway.
        this.#parts.log("warn", "could not see which control plane may act", { reason: reasonOf(error) });
      }
    }
  }

  /** Whether the own claim was seen at one of the sites. What says otherwise is on record afterwards. */
  async look(signal: AbortSignal): Promise<boolean> {
    const seen = await Promise.all(this.#parts.sites.map((site) => this.#lookAt(site, signal)));
    if (!seen.includes(true)) return false;
    await this.#parts.store.controlPlane.seen();
    return true;
  }

  async #lookAt(site: string, signal: AbortSignal): Promise<boolean> {
    const { store, provider, log } = this.#parts;
    const within = AbortSignal.any([signal, AbortSignal.timeout(answerWithinMs)]);
    const own = await store.controlPlane.get();
    try {
      const documents = await documentsOf(provider, site);
      const name = claimName(own.installationId);
      const found = await documents.get(name, within);
      const claim = found?.value as ControlPlaneClaim | undefined;
      const standing = standingOf(own, claim);
      if (standing === "superseded" && claim) {
        if (!own.supersededBy)
          log("error", "another control plane has taken over: this one changes nothing any more", { site, claim });
        await store.controlPlane.supersede(claim);
        return false;
      }
      if (standing !== "ours") {
        const value = claimOf(own);
        await documents.put({ name, value, version: found?.version ?? absentDocument, key: randomUUID() }, within);
      }
      return true;
    } catch (error) {
      if (!signal.aborted) log("debug", "could not see which control plane may act", { site, reason: reasonOf(error) });
      return false;
    }
  }
}

export function claimOf(
  own: Pick<ControlPlaneClaim, "installationId" | "epoch" | "holderId">,
  reason?: string,
): ControlPlaneClaim {
  const { installationId, epoch, holderId } = own;
  const claim = { installationId, epoch, holderId, host: hostname(), takenAt: new Date().toISOString() };
  return reason === undefined ? claim : { ...claim, reason };
}

function reasonOf(error: unknown): string {
  return isProviderError(error) ? `${error.code}: ${error.details.reason}` : String(error);
}
