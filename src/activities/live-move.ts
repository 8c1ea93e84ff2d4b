import { setTimeout as sleep } from "node:timers/promises";
import type { Context } from "@temporalio/activity";
import { isProviderError, ProviderError } from "../domain/errors.ts";
import { mib } from "../domain/format.ts";
import type { LiveOutcome, LiveParameters, LiveProgress } from "../domain/live.ts";
import { bandwidthAt } from "../domain/move-hours.ts";
import type { ActivityDeps } from "./deps.ts";
import { setHeartbeatDetails } from "./heartbeat.ts";
import { LinkShare } from "./link-share.ts";
import { type LiveEnd, type LiveEnds, LiveLook } from "./live-look.ts";

/** While bytes move: often enough for people who watch and for a share of the bandwidth that changes. */
const tickMs = 400;
/** For what has to be found out though nobody waits for this attempt any more. */
const lookWithinMs = 60_000;
/** An unknown failure of the hypervisors is tried again so often. */
const mostAttempts = 4;
/** Where the copying stands in the run's percentage. */
const span = { from: 5, to: 72 } as const;
/** Of it, what the disks are; how much memory there is to move shows only as it moves. */
const disksShare = 0.8;

export interface LiveMoveInput {
  readonly migrationId: string;
  readonly from: string;
  readonly to: string;
  readonly vmId: string;
  readonly live: LiveParameters;
  /** At the target, in the order of the disks. */
  readonly volumeIds: readonly string[];
}

/**
 * One attempt at a live move. It begins the move, or goes along with one that runs since an earlier attempt, and ends when
 * one guest runs at one end. Everything is decided by looking at both ends.
 */
export class LiveMove {
  readonly #input: LiveMoveInput;
  readonly #context: Context;
  readonly #store: ActivityDeps["store"];
  readonly #source: LiveEnd;
  readonly #target: LiveEnd;
  readonly #key: string;
  readonly #share: LinkShare;
  readonly #look: LiveLook;
  #sending: { ended: boolean; error?: unknown } | undefined;
  #publishing = false;
  readonly #over = new AbortController();
  #last: LiveProgress | undefined;
  #stillSinceMs: number | undefined;

  constructor(input: LiveMoveInput, context: Context, store: ActivityDeps["store"], ends: LiveEnds) {
    this.#input = input;
    this.#context = context;
    this.#store = store;
    this.#source = ends.source;
    this.#target = ends.target;
    this.#look = new LiveLook(ends, input.vmId);
    this.#key = receptionKey(input.migrationId);
    // Of a move that an earlier attempt began.
    this.#stillSinceMs = (context.info.heartbeatDetails as LiveProgress | undefined)?.stillSinceMs;
    const lease = { resource: `link:${input.from}/${input.to}`, holder: `${input.migrationId}/live` };
    const { bandwidthBytesPerSecond, hours = {} } = input.live;
    this.#share = new LinkShare(store.leases, lease, () => bandwidthAt(hours, bandwidthBytesPerSecond, Date.now()));
  }

  async run(): Promise<LiveOutcome> {
    try {
      for (;;) {
        const outcome = await this.#step();
        if (outcome) return outcome;
      }
    } finally {
      this.#over.abort();
      await this.#share.release();
    }
  }

  async #step(): Promise<LiveOutcome | undefined> {
    this.#leaveUnlessCancelled();
    const { vmId } = this.#input;
    if (this.#sending?.ended === false && !this.#cancelled && (await this.#follow())) return undefined;
    const signal = AbortSignal.timeout(lookWithinMs);
    const next = await this.#look.next(signal);
    if (this.#sending?.ended === false && next !== "landed") {
      // The hypervisors are being told, or tell each other.
      if (this.#cancelled) await this.#source.live.abandon(vmId, signal);
      await sleep(tickMs / 4);
      return undefined;
    }
    switch (next) {
      case "send":
        if (this.#cancelled) throw this.#context.cancellationSignal.reason;
        if (this.#sending) throw this.#failure(this.#sending.error);
        await this.#send();
        return undefined;
      case "wait":
        if (this.#cancelled) await this.#source.live.abandon(vmId, signal);
        else if (!(await this.#follow())) await sleep(tickMs / 4);
        return undefined;
      case "clear-target":
        await this.#target.live.clearArrival(vmId, signal);
        return undefined;
      case "wake-source":
        await this.#source.live.wake(vmId, signal);
        return undefined;
      case "end-source":
        await this.#source.live.endHeld(vmId, signal);
        return undefined;
      case "start-target":
        // Before it is done: a later attempt finds a guest that runs, and can't tell.
        await this.#store.live.noteRestart(this.#input.migrationId);
        await this.#target.compute.startVm(vmId, signal);
        return undefined;
      case "landed":
        return this.#land(signal);
      case "source-ended":
        throw this.#refusal("it ended at the source before it was taken over", "It is started there again.");
      case "both-run":
        throw this.#refusal(
          "it runs at both ends",
          "Nothing is touched: find out which one serves, and end the other.",
        );
    }
  }

  /** Begins the move. Whether it went well shows at both ends, not in the answer, which can get lost. */
  async #send(): Promise<void> {
    const { vmId, live, volumeIds } = this.#input;
    const signal = this.#context.cancellationSignal;
    const guest = await this.#source.live.describeGuest(vmId, { measure: false }, signal);
    const destination = await this.#target.live.receive(
      {
        guest,
        name: live.name,
        volumes: live.disks.map(({ diskId }, index) => ({ diskId, volumeId: volumeIds[index] ?? "" })),
        networkIds: live.networkIds,
        publishPorts: live.publishPorts,
        tags: live.tags,
        key: this.#key,
      },
      signal,
    );
    await this.#source.live.track(vmId, this.#key, signal);
    const sending: { ended: boolean; error?: unknown } = { ended: false };
    this.#sending = sending;
    this.#stillSinceMs = undefined;
    this.#publish();
    // Not ended by a cancellation: only its own end tells that nothing will begin any more.
    this.#source.live
      .send({ vmId, destination, pauseMs: live.pauseMs }, this.#over.signal)
      .catch((error: unknown) => {
        sending.error = error;
      })
      .finally(() => {
        sending.ended = true;
      });
  }

  /** So that whoever asks at the target is answered as soon as it runs. What can't be published is when it has landed. */
  #publish(): void {
    if (this.#publishing) return;
    this.#publishing = true;
    this.#target.live.publishArrival(this.#input.vmId, this.#over.signal).catch(() => undefined);
  }

  /** One look at a move that is under way; false when there is none to be seen. */
  async #follow(): Promise<boolean> {
    const { vmId } = this.#input;
    const signal = AbortSignal.timeout(lookWithinMs);
    this.#publish();
    const { diskBytesDone, memoryBytesDone } = this.#last ?? {};
    const moved = diskBytesDone === undefined ? undefined : diskBytesDone + (memoryBytesDone ?? 0);
    const rate = await this.#share.bytesPerSecond(moved);
    const bound = rate === undefined ? {} : { disks: rate, memory: rate };
    const progress = await this.#source.live.follow(vmId, bound, signal).catch(() => undefined);
    if (!progress) return false;
    this.#stillSinceMs = progress.stillSinceMs ?? this.#stillSinceMs;
    this.#last = this.#stillSinceMs === undefined ? progress : { ...progress, stillSinceMs: this.#stillSinceMs };
    await this.#note(progress);
    await sleep(tickMs);
    return true;
  }

  async #land(signal: AbortSignal): Promise<LiveOutcome> {
    const { vmId, migrationId } = this.#input;
    // It runs already; what it publishes is published where that could not be done before.
    await this.#target.compute.startVm(vmId, signal);
    const restarted = await this.#store.live.wasRestarted(migrationId);
    const trackId = restarted ? undefined : await this.#target.live.takeTracking(vmId, this.#key, signal);
    const pauseMs = await this.#source.live.lastPauseMs(vmId, { stillSinceMs: this.#stillSinceMs }, signal);
    const switchedAt = new Date().toISOString();
    const { diskBytesDone = 0, memoryBytesDone = 0 } = this.#last ?? {};
    const done = { phase: "memory", diskBytesDone, memoryBytesDone, diskBytesLeft: 0, memoryBytesLeft: 0 } as const;
    const pause = pauseMs === undefined ? {} : { pauseMs };
    const stood = pauseMs === undefined ? "" : `; it stood still for ${pauseMs} ms`;
    const message = restarted
      ? "It was taken over, ended at the target, and was started there again: its memory is lost"
      : `It runs at the target${stood}`;
    const view = { ...done, ...pause, switchedAt, ...(restarted ? { restarted } : {}) };
    await this.#store.live.note(migrationId, view, { progress: span.to, message });
    return {
      switchedAt,
      ...pause,
      ...(trackId === undefined ? {} : { trackId }),
      bytesMoved: diskBytesDone + memoryBytesDone,
      restarted,
    };
  }

  async #note(progress: LiveProgress): Promise<void> {
    const { migrationId } = this.#input;
    const { phase, diskBytesDone, diskBytesLeft, memoryBytesDone, memoryBytesLeft } = progress;
    const disks = diskBytesDone / Math.max(1, diskBytesDone + diskBytesLeft);
    const memory = memoryBytesDone / Math.max(1, memoryBytesDone + memoryBytesLeft);
    const fraction = phase === "disks" ? disksShare * disks : disksShare + (1 - disksShare) * memory;
    const percent = Math.round(span.from + fraction * (span.to - span.from));
    const rewrites = progress.dirtyBytesPerSecond;
    const message =
      phase === "disks"
        ? `disks: ${mib(diskBytesDone)} of ${mib(diskBytesDone + diskBytesLeft)} MiB`
        : `memory: ${mib(memoryBytesLeft)} MiB left${rewrites ? `, ${mib(rewrites)} MiB/s are rewritten` : ""}`;
    setHeartbeatDetails(this.#last);
    const { stillSinceMs: _, ...view } = progress;
    // For watchers: its loss changes nothing.
    await this.#store.live.note(migrationId, view, { progress: percent, message }).catch(() => undefined);
  }

  get #cancelled(): boolean {
    const { cancellationSignal, cancellationDetails } = this.#context;
    return cancellationSignal.aborted && (cancellationDetails?.cancelRequested || cancellationDetails?.paused) === true;
  }

  /** A worker that ends, or an attempt that was given up, leaves the move alone: a successor goes on with it. */
  #leaveUnlessCancelled(): void {
    const { cancellationSignal } = this.#context;
    if (cancellationSignal.aborted && !this.#cancelled) throw cancellationSignal.reason;
  }

  #failure(error: unknown): unknown {
    const lasting = isProviderError(error, "Unknown", "Unavailable") && this.#context.info.attempt >= mostAttempts;
    if (!lasting) return error ?? this.#refusal("it was not taken over", "See the log of the source's hypervisor.");
    return this.#refusal(`the hypervisors could not do it: ${error.details.reason}`, "Move it warm.");
  }

  #refusal(reason: string, action: string): ProviderError {
    const { from, vmId } = this.#input;
    return new ProviderError("Conflict", {
      operation: "move the running VM",
      resource: `${from}/vm/${vmId}`,
      reason,
      action,
    });
  }
}

export function receptionKey(migrationId: string): string {
  return `${migrationId}-live`;
}
