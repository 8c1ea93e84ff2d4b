import { ProviderError } from "../domain/errors.ts";
import { type LiveNext, type LiveStanding, nextOfLive } from "../domain/live.ts";
import type { LiveFacet } from "../providers/live-facet.ts";
import type { ComputeFacet } from "../providers/provider.ts";
import type { ActivityDeps } from "./deps.ts";

export interface LiveEnd {
  readonly live: LiveFacet;
  readonly compute: ComputeFacet;
}

export interface LiveEnds {
  readonly source: LiveEnd;
  readonly target: LiveEnd;
}

/** @throws ProviderError UnsupportedCapability. */
export async function liveEnds(
  { registry }: Pick<ActivityDeps, "registry">,
  from: string,
  to: string,
): Promise<LiveEnds> {
  const [source, target] = await Promise.all([registry.provider(from), registry.provider(to)]);
  const of = ({ site, live, compute, capabilities }: typeof source): LiveEnd => {
    if (live) return { live, compute };
    throw new ProviderError("UnsupportedCapability", {
      operation: "move a running VM",
      resource: `site/${site}`,
      reason: capabilities["compute.live-migration"] ?? "it moves no running guests",
      action: "Plan it warm.",
    });
  };
  return { source: of(source), target: of(target) };
}

/** The two ends are asked one after the other, and at the switch they change in between: what is to be acted on has to be
 *  seen for this long. */
const settledMs = 1_500;
/** After the death of one side the other's daemon cleans up by itself; then we do. */
const patienceMs = 5_000;

/** Looks at both ends of a live move again and again. */
export class LiveLook {
  readonly #ends: LiveEnds;
  readonly #vmId: string;
  #seen: { readonly pair: string; readonly since: number } = { pair: "", since: 0 };

  constructor(ends: LiveEnds, vmId: string) {
    this.#ends = ends;
    this.#vmId = vmId;
  }

  /** `wait` as long as it is not certain. */
  async next(signal: AbortSignal): Promise<LiveNext> {
    const { source, target } = this.#ends;
    const [here, there] = await Promise.all([
      source.live.standing(this.#vmId, signal),
      target.live.standing(this.#vmId, signal),
    ]);
    const pair = `${here}/${there}`;
    if (pair !== this.#seen.pair) this.#seen = { pair, since: Date.now() };
    const next = nextOfLive(here, there);
    return Date.now() - this.#seen.since < neededMs(next, there) ? "wait" : next;
  }
}

function neededMs(next: LiveNext, there: LiveStanding): number {
  if (next === "wait" || next === "send" || (next === "landed" && there === "runs")) return 0;
  return there === "arriving" ? patienceMs : settledMs;
}
