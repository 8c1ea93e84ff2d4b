import type { ErrorCode } from "../../../../src/domain/errors.ts";
import type { Provider } from "../../../../src/providers/provider.ts";
import type { Count, FaultSite } from "./fault-site.ts";

/** What becomes of a call: it succeeds (by its own repeats, or as the fault is none to it), it says in its answer what it
 *  could not do, or it fails with a code. */
export type Outcome = "ok" | "told" | ErrorCode;

/** Faults that strike as often as the call is made; `timeout` is a call whose answer is lost after the cloud has acted. */
export const lasting = [
  "throttled",
  "5xx",
  "reset",
  "timeout",
  "capacity",
  "quota",
  "unauthorised",
  "not-found",
  "down",
] as const;
/** Faults that strike once; the adapter repeats by itself what it may repeat. */
export const passing = ["throttled", "5xx", "reset", "timeout", "not-found", "slow"] as const;

export type Lasting = Readonly<Record<(typeof lasting)[number], Outcome>>;
export type Passing = Readonly<Record<(typeof passing)[number], Outcome>>;

/** What a fault means, whichever call it strikes: the code tells its caller whether to try again, elsewhere or not at all. */
export const usualLasting: Lasting = {
  throttled: "RateLimited",
  "5xx": "Unavailable",
  reset: "Unavailable",
  timeout: "Timeout",
  capacity: "InsufficientCapacity",
  quota: "QuotaExceeded",
  unauthorised: "CloudPermissionDenied",
  "not-found": "NotFound",
  down: "Unavailable",
};
export const usualPassing: Passing = {
  throttled: "ok",
  "5xx": "ok",
  reset: "ok",
  timeout: "ok",
  "not-found": "NotFound",
  slow: "ok",
};
/** A create without a client token is not repeated blindly: whoever asked looks it up by its key first. */
export const notRepeated: Partial<Passing> = { "5xx": "Unavailable", reset: "Unavailable", timeout: "Timeout" };
/** A removal that does not find what is still shown is asked for again, and is no success as long as it is shown. */
export const shownAndUnknown = {
  lasting: { "not-found": "Unavailable" },
  passing: { "not-found": "ok" },
} as const satisfies Pick<Row, "lasting" | "passing">;
/** EBS direct and the services beside EC2 know no want of capacity: there is only "unable to handle the request" (503,
 *  "Common errors"), which passes. */
export const noCapacity: Partial<Lasting> = { capacity: "Unavailable" };

/** A call that is ready to be made; made again it uses the same key. */
export interface Prepared {
  call(provider: Provider, signal: AbortSignal): Promise<unknown>;
  /** Whether a call that came back says that it could not do what it was asked for. */
  told?(answer: unknown): boolean;
  /** Removes what the preparation and the call have made. */
  undo?(): Promise<void>;
}

/** What a call is at one cloud: the request that decides it, which faults strike, and what becomes of it. */
export interface Words {
  /** `service:Operation`; undefined for a call that asks the cloud nothing. */
  readonly at?: string;
  /** Where it differs from {@link usualLasting} and {@link usualPassing}. */
  readonly lasting?: Partial<Lasting>;
  readonly passing?: Partial<Passing>;
  /** Requests that are another row's affair: which, and why. */
  readonly exceptAt?: Readonly<Record<string, string>>;
  /** Faults that make no sense for it: an order to stop needs no room. */
  readonly exceptFaults?: readonly (keyof Lasting)[];
  /** It takes a machine that starts: only some faults strike it, as the request's others are shown by `compute.createVm`. */
  readonly heavy?: true;
  /** What stays on purpose when everything is undone: a word at the cloud that it was ended. */
  readonly remains?: Count;
  /** What a lost answer leaves behind that no repeat can find, as the call has no key. */
  readonly orphans?: Count;
}

/** One call of the provider port, with AWS's words for it. */
export interface Row extends Words {
  /** As in the port: `disks.createVolume`; what a source or sink of it does is `source.read`. */
  readonly call: string;
  prepare(site: FaultSite): Promise<Prepared>;
}

/** A cloud's words for calls of the port, and what most of its calls have in common. */
export interface CloudWords {
  readonly lasting?: Partial<Lasting>;
  readonly passing?: Partial<Passing>;
  readonly calls: Readonly<Record<string, Words>>;
}

/** A row in a cloud's words, as far as it has any for the call. */
export function rowIn({ calls }: CloudWords, { call, prepare }: Row): Row {
  return { ...calls[call], call, prepare };
}

/** The rows whose calls a cloud has, in its words. */
export function rowsIn({ lasting, passing, calls }: CloudWords, rows: readonly Row[]): readonly Row[] {
  return rows.flatMap(({ call, prepare }) => {
    const words = calls[call];
    if (!words) return [];
    return {
      ...words,
      lasting: { ...lasting, ...words.lasting },
      passing: { ...passing, ...words.passing },
      call,
      prepare,
    };
  });
}
