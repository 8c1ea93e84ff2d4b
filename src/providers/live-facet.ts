import type { LiveGuest, LiveProgress, LiveRate, LiveStanding } from "../domain/live.ts";
import type { SiteCheck } from "./provider.ts";

/** What the target is told of the guest that it is to take over. */
export interface LiveReception {
  readonly guest: LiveGuest;
  readonly name: string;
  /** Of {@link DisksFacet.createVolume}, as large as the source's. */
  readonly volumes: readonly { readonly diskId: string; readonly volumeId: string }[];
  /** In the guest's order. */
  readonly networkIds: readonly string[];
  readonly publishPorts: readonly number[];
  readonly tags: Readonly<Record<string, string>>;
  /** Makes the reception's addresses its own. */
  readonly key: string;
}

/** Where a guest is sent to: plain JSON, made by the target for the source, of the same kind of hypervisor. */
export type LiveDestination = Readonly<Record<string, string>>;

/**
 * Moving a running guest with its memory to another host of the same kind, without storage that both see. Absent where
 * `compute.live-migration` is a gap. A move is driven by the source's hypervisor: it goes on when the process that began
 * it dies, and whoever comes next looks at {@link standing} of both ends and decides (`domain/live.ts`). The VM has one
 * id at both ends.
 */
export interface LiveFacet {
  // ------------------------------------------------------------ for plans; they change nothing
  /** With `measure` it takes a second or two to see how much of its memory changes.
   *  @throws NotFound; Conflict when it does not run. */
  describeGuest(vmId: string, options: { measure: boolean }, signal: AbortSignal): Promise<LiveGuest>;
  /** Whether this host can take it over: a row for each thing that could keep it from that. */
  assess(guest: LiveGuest, signal: AbortSignal): Promise<readonly SiteCheck[]>;

  // ------------------------------------------------------------ at either end
  standing(vmId: string, signal: AbortSignal): Promise<LiveStanding>;

  // ------------------------------------------------------------ at the target
  /** Makes ready; a repeat with the same key gives the same. */
  receive(input: LiveReception, signal: AbortSignal): Promise<LiveDestination>;
  /** Publishes the ports of a guest that arrives, as soon as its hypervisor lets us; returns when that is done or it is
   *  gone. Harmless to repeat. */
  publishArrival(vmId: string, signal: AbortSignal): Promise<void>;
  /** Of a guest that was taken over: what its disks are tracked by since {@link track}, under the baseline ids
   *  `<trackId>/<diskId>` as of source points. Undefined where that did not come along. */
  takeTracking(vmId: string, key: string, signal: AbortSignal): Promise<string | undefined>;
  /** Removes what arrives, or has arrived and does not run. @throws Conflict when it runs. */
  clearArrival(vmId: string, signal: AbortSignal): Promise<void>;

  // ------------------------------------------------------------ at the source
  /** Begins to track what the guest writes, before anything moves; the tracking goes with it. Repeatable. */
  track(vmId: string, key: string, signal: AbortSignal): Promise<void>;
  /** The same taken back, for a guest that runs on here. */
  untrack(vmId: string, key: string, signal: AbortSignal): Promise<void>;
  /**
   * Sends it, and returns when it was taken over. Ends with an error when the guest stays, or when this can't be told: then
   * look. An abort ends the waiting alone. It begins slowly; {@link follow} says more.
   */
  send(input: { vmId: string; destination: LiveDestination; pauseMs: number }, signal: AbortSignal): Promise<void>;
  /** Sees how far it is, and holds the bytes that are copied to a rate; what the guest writes meanwhile goes to both ends
   *  as it comes. Lets a guest whose hypervisor can't follow its writes surely stand still while its memory moves. Undefined
   *  when nothing is under way. */
  follow(vmId: string, rate: LiveRate, signal: AbortSignal): Promise<LiveProgress | undefined>;
  /** Gives the move up, so that the guest runs on here; harmless when there is none or it is too late. */
  abandon(vmId: string, signal: AbortSignal): Promise<void>;
  /** Lets a held guest run on, fenced or not: nothing of it may be at the target. */
  wake(vmId: string, signal: AbortSignal): Promise<void>;
  /** Ends a held guest, whose successor runs; its disks and its definition stay. */
  endHeld(vmId: string, signal: AbortSignal): Promise<void>;
  /** For how long the guest stood still in the move that ended last, with what {@link follow} said of it; undefined where
   *  that isn't known any more. */
  lastPauseMs(vmId: string, seen: Pick<LiveProgress, "stillSinceMs">, signal: AbortSignal): Promise<number | undefined>;
}
