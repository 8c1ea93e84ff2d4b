import { setTimeout as sleep } from "node:timers/promises";
import { Context } from "@temporalio/activity";
import { ProviderError } from "../domain/errors.ts";
import type { LiveDisk, LiveDiskProof, LiveOutcome } from "../domain/live.ts";
import { tagKeys } from "../domain/vm.ts";
import type { ActivityDeps } from "./deps.ts";
import { setHeartbeatDetails } from "./heartbeat.ts";
import { LiveLook, liveEnds } from "./live-look.ts";
import { LiveMove, type LiveMoveInput, receptionKey } from "./live-move.ts";
import { LiveProof } from "./live-proof.ts";

const pollMs = 100;

export function liveActivities(deps: ActivityDeps) {
  return {
    /** Moves a running guest, and returns when it runs at the target; a cancellation before the switch leaves it at the
     *  source, one that comes later is too late and is passed over. */
    async moveLive(input: LiveMoveInput): Promise<LiveOutcome> {
      const ends = await liveEnds(deps, input.from, input.to);
      return new LiveMove(input, Context.current(), deps.store, ends).run();
    },

    /** Undoes a live move that did not come to its switch: the guest runs at the source, unfenced, and nothing of it is at
     *  the target. One that did is brought to its end instead, and told as `taken-over`. @throws ProviderError Conflict when
     *  it runs at both ends, or at the target by no doing of this move. */
    async undoLive(input: {
      migrationId: string;
      from: string;
      to: string;
      vmId: string;
    }): Promise<"undone" | "taken-over"> {
      const { migrationId, from, to, vmId } = input;
      const signal = Context.current().cancellationSignal;
      const { source, target } = await liveEnds(deps, from, to);
      const key = receptionKey(migrationId);
      const vm = await source.compute.getVm(vmId, signal);
      const holder = vm.tags[tagKeys.fencedBy];
      if (holder !== undefined && holder !== migrationId) return "undone";
      const look = new LiveLook({ source, target }, vmId);
      for (; ; await sleep(pollMs, undefined, { signal })) {
        const next = await look.next(signal);
        if (next === "wait") await source.live.abandon(vmId, signal);
        else if (next === "clear-target") await target.live.clearArrival(vmId, signal);
        else if (next === "wake-source") await source.live.wake(vmId, signal);
        else if (next === "send" || next === "source-ended") {
          await target.live.clearArrival(vmId, signal);
          if (next === "send") await source.live.untrack(vmId, key, signal);
          await source.compute.setTags(vmId, { [tagKeys.fencedBy]: undefined }, signal);
          await source.compute.startVm(vmId, signal);
          return "undone";
        } else if (holder === undefined || next === "both-run") throw refused(input, next === "both-run");
        else if (next === "end-source") await source.live.endHeld(vmId, signal);
        else if (next === "start-target") await target.compute.startVm(vmId, signal);
        else return "taken-over";
      }
    },

    /** Hashes a disk as the switch left it at the source, and holds the target's against it. */
    async proveLive(input: {
      migrationId: string;
      from: string;
      to: string;
      sourcePointId: string;
      manifestId: string;
      disk: LiveDisk;
      /** A point of the running guest, and what its disks were tracked by since before the switch. */
      target?: { readonly sourcePointId: string; readonly trackId: string };
    }): Promise<LiveDiskProof> {
      const signal = Context.current().cancellationSignal;
      return new LiveProof(deps, signal, setHeartbeatDetails).run(input);
    },
  };
}

function refused({ to, vmId }: { to: string; vmId: string }, runsTwice: boolean): ProviderError {
  return new ProviderError("Conflict", {
    operation: "undo the live move",
    resource: `${to}/vm/${vmId}`,
    reason: runsTwice ? "it runs at both ends" : "it is at the target, and was never fenced for this move",
    action: "Nothing is touched: find out which one serves, and end the other.",
  });
}
