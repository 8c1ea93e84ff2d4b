import { setTimeout as sleep } from "node:timers/promises";
import { Context } from "@temporalio/activity";
import { isProviderError } from "../domain/errors.ts";
import { mib } from "../domain/format.ts";
import type { CopyDiskParameters } from "../domain/migration-parts.ts";
import { isAllowed } from "../domain/move-hours.ts";
import { increments, plannedBaselines } from "../domain/replica-base.ts";
import { tagKeys } from "../domain/vm.ts";
import {
  cutoverTime,
  judgeRounds,
  type ReplicaRound,
  type RoundDisk,
  stillConverges,
  type WarmParameters,
} from "../domain/warm.ts";
import type { SourcePoint } from "../providers/provider.ts";
import type { TransferProgress } from "../transfer/ports.ts";
import { deadlineWatch } from "./deadline.ts";
import type { ActivityDeps } from "./deps.ts";
import type { DiskMoves } from "./disk-moves.ts";
import { goneIsFine } from "./gone.ts";
import { setHeartbeatDetails } from "./heartbeat.ts";
import { ReplicaRest } from "./replica-rest.ts";
import type { MigrationSlots } from "./slots.ts";

/** How soon a person's word for the cutover is heard. */
const listenEveryMs = 500;
/** Rounds that something of may be left of: the newest proven one, the one it replaced, and the one in hand. */
const roundsKept = 3;

export interface Replication {
  /** The migration's id. */
  readonly migrationId: string;
  readonly from: string;
  readonly to: string;
  readonly vmId: string;
  /** The full copy; later rounds move the differences to the round before. */
  readonly copies: readonly CopyDiskParameters[];
  readonly warm: WarmParameters;
  /** When the first copy of it all should be there. */
  readonly deadline?: string | undefined;
}

/** `ready`: the predicted downtime is short enough. `asked`: a person wants the cutover. `time`: its time has come.
 *  `stalled`: more rounds would not shorten the downtime, and a person has to decide. */
export type CutoverReason = "ready" | "asked" | "time" | "stalled";

export interface ReplicateResult {
  readonly reason: CutoverReason;
  readonly newest: ReplicaRound;
}

/** Rounds of a running VM, one after the other in one long activity: what a worker's death leaves is gone on with. */
export function replicateActivities(
  { registry, store, signalReplicated }: ActivityDeps,
  moves: DiskMoves,
  slots: MigrationSlots,
) {
  return {
    /** Replicates until it is time to cut over. At least one round is proven when it returns. */
    async replicate(input: Replication): Promise<ReplicateResult> {
      const context = Context.current();
      const signal = context.cancellationSignal;
      const { migrationId, warm } = input;
      for (;;) {
        const rounds = await store.rounds.proven(migrationId);
        const newest = rounds.at(-1);
        const rest = new ReplicaRest({ store, slots }, input, signal);
        const view = judgeRounds(rounds, warm.fixedSeconds);
        if (newest && view) {
          await store.warm.noteWarm(migrationId, view);
          if (rounds.length === 1) await tellRun(context);
          const due = await reasonToCutOver(input, rounds, view.predictedDowntimeSeconds);
          if (due) return { reason: due, newest };
          if (await pauseUnlessAsked(input, rounds.length === 1 ? 0 : warm.roundPauseSeconds * 1000, signal)) continue;
        }
        if (await rest.waitForHours(input.copies[0]?.hours)) continue;
        await using turn = new AsyncDisposableStack();
        turn.defer(await slots.take(signal));
        rest.atWork = true;
        await oneRound(input, newest, rest, signal);
      }
    },

    /** Files what a cutover that failed had already moved and proven, so that rounds go on from there. */
    async keepAsRound(input: {
      migrationId: string;
      to: string;
      /** Absent when it had not got that far. */
      round?: Pick<ReplicaRound, "sourcePointId" | "takenAt" | "consistency" | "disks">;
    }): Promise<void> {
      const { migrationId, to, round } = input;
      await store.warm.takeCutover(migrationId);
      if (!round) return;
      const newest = (await store.rounds.proven(migrationId)).at(-1);
      if (newest?.sourcePointId === round.sourcePointId) return;
      const { round: number } = await store.rounds.open(migrationId);
      await store.rounds.finish(migrationId, { ...round, round: number, provenAt: new Date().toISOString() });
      const signal = Context.current().cancellationSignal;
      for (const { generationId } of newest?.disks ?? []) await dropPoint(to, generationId, signal);
    },

    async askForCutover(input: { migrationId: string }): Promise<void> {
      await store.warm.askForCutover(input.migrationId);
    },

    /** Undoes all rounds: their points at the source, their generations at the target. */
    async dropReplica(input: Omit<Replication, "warm" | "vmId">): Promise<void> {
      const signal = Context.current().cancellationSignal;
      const begun = await store.rounds.begun(input.migrationId);
      // Earlier ones went when their successor was proven.
      for (let round = Math.max(0, begun - roundsKept); round < begun; round++) await dropRound(input, round, signal);
      for (const { disks } of (await store.rounds.proven(input.migrationId)).slice(-roundsKept)) {
        for (const { generationId } of disks) await dropPoint(input.to, generationId, signal);
      }
    },
  };

  async function reasonToCutOver(
    { migrationId, copies, warm }: Replication,
    rounds: readonly ReplicaRound[],
    predictedSeconds: number,
  ): Promise<CutoverReason | undefined> {
    if (isTooEarly(warm)) return undefined;
    if (await store.warm.cutoverAsked(migrationId)) return "asked";
    if (warm.cutover === "at-time") return Date.parse(warm.cutoverAt ?? "") <= Date.now() ? "time" : undefined;
    // Nobody may be there to see it.
    const hours = copies[0]?.hours;
    if (hours && !isAllowed(hours, Date.now())) return undefined;
    // The full copy says little of how long an increment takes.
    if (warm.cutover !== "when-ready" || rounds.length < 2) return undefined;
    if (predictedSeconds <= warm.targetDowntimeSeconds) return "ready";
    return stillConverges(rounds) ? undefined : "stalled";
  }

  /** True when something may have become due meanwhile. */
  async function pauseUnlessAsked({ migrationId, warm }: Replication, pauseMs: number, signal: AbortSignal) {
    const until = cutoverTime(warm) ?? Number.POSITIVE_INFINITY;
    for (const end = Date.now() + pauseMs; Date.now() < end; ) {
      await sleep(Math.min(listenEveryMs, end - Date.now()), undefined, { signal });
      if (Date.now() >= until || (!isTooEarly(warm) && (await store.warm.cutoverAsked(migrationId)))) return true;
    }
    return false;
  }

  async function oneRound(
    input: Replication,
    newest: ReplicaRound | undefined,
    rest: ReplicaRest,
    signal: AbortSignal,
  ): Promise<void> {
    const { migrationId, from, to } = input;
    const { round } = await store.rounds.open(migrationId);
    const point = await takePoint(input, round, newest ? {} : plannedBaselines(input.copies), signal);
    const copies = increments(input.copies, newest, point);
    const copied = [];
    let bytesAfter = copies.reduce((sum, { allocatedBytes }) => sum + allocatedBytes, 0);
    try {
      for (const copy of copies) {
        const generationId = generationOf(migrationId, copy.diskId, round);
        const { sourcePointId } = point;
        const move = { migrationId, from, to, sourcePointId, generationId, copy };
        bytesAfter -= copy.allocatedBytes;
        const watch = deadlineWatch({ store }, migrationId, input.deadline, bytesAfter);
        const onProgress = (progress: TransferProgress): void => {
          setHeartbeatDetails({ round, diskId: copy.diskId, ...progress });
          noteCopied(migrationId, round, copy, progress);
          watch(progress);
        };
        const result = await moves.copy(move, signal, onProgress, rest);
        copied.push({ copy, generationId, ...result });
      }
    } catch (error) {
      // The guest's process has ended, and its point with it: what was copied of it is of no use.
      if (!isProviderError(error, "NotFound") || signal.aborted) throw error;
      await store.rounds.giveUp(migrationId, round);
      await dropRound(input, round, signal);
      return;
    }
    // Held no longer than needed: it costs the guest's writes, and only one can be had at a time. Some sites can compare
    // the next round with a point that is kept only.
    const { disks: sourceDisks, capabilities } = await registry.provider(from);
    const holds = capabilities["disks.changes-after-release"] !== undefined;
    if (!holds) await sourceDisks.releaseSourcePoint(point.sourcePointId, signal);
    const disks: RoundDisk[] = [];
    for (const { copy, generationId, attempt, bytesCopied } of copied) {
      const { diskId, replicaId, tracking } = copy;
      const lineage = replicaId;
      await moves.seal({ site: to, replicaId, generationId, attempt, lineage, diskId, migrationId }, signal);
      const only = newest ? ("written" as const) : undefined;
      const proof = { site: to, pointId: generationId, manifestId: generationId, only };
      const { bytesReread } = await moves.prove(proof, signal, setHeartbeatDetails);
      disks.push({ diskId, generationId, tracking, bytesCopied, bytesReread });
    }
    const { sourcePointId, takenAt, consistency } = point;
    await store.rounds.finish(migrationId, {
      round,
      sourcePointId,
      takenAt,
      ...(consistency ? { consistency } : {}),
      provenAt: new Date().toISOString(),
      disks,
    });
    // What the new round is built on stays as long as that needs it; as a point of its own it is of no more use.
    for (const { generationId } of newest?.disks ?? []) await dropPoint(to, generationId, signal);
    if (holds && newest) await goneIsFine(sourceDisks.releaseSourcePoint(newest.sourcePointId, signal));
  }

  async function takePoint(
    { migrationId, from, vmId }: Replication,
    round: number,
    since: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ) {
    const { compute, disks } = await registry.provider(from);
    const { state } = await compute.getVm(vmId, signal);
    const mode: SourcePoint["mode"] = state === "stopped" ? "stopped" : "frozen";
    return disks.createSourcePoint({ vmId, mode, key: pointKey(migrationId, round), since }, signal);
  }

  async function dropRound(
    { migrationId, from, to, copies }: Pick<Replication, "migrationId" | "from" | "to" | "copies">,
    round: number,
    signal: AbortSignal,
  ): Promise<void> {
    const source = await registry.provider(from);
    for await (const entry of source.census(signal)) {
      if (entry.kind !== "source-point" || entry.tags[tagKeys.key] !== pointKey(migrationId, round)) continue;
      await goneIsFine(source.disks.releaseSourcePoint(entry.id, signal));
    }
    const target = await registry.provider(to);
    for (const { diskId, replicaId } of copies) {
      const generationId = generationOf(migrationId, diskId, round);
      await dropPoint(to, generationId, signal);
      await goneIsFine(target.disks.discardGeneration({ replicaId, generationId }, signal));
    }
  }

  async function dropPoint(site: string, pointId: string, signal: AbortSignal): Promise<void> {
    const { disks } = await registry.provider(site);
    await goneIsFine(disks.deletePoint(pointId, signal));
    await store.points.delete(site, pointId);
  }

  function noteCopied(
    migrationId: string,
    round: number,
    copy: CopyDiskParameters,
    progress: { bytesCopied: number; bytesToMove: number },
  ): void {
    const message = `round ${round}, ${copy.diskId}: ${mib(progress.bytesCopied)} of ${mib(progress.bytesToMove)} MiB`;
    // For watchers: never waited for, and its loss changes nothing.
    store.warm.noteRound(migrationId, { round, diskId: copy.diskId, ...progress }, message).catch(() => undefined);
  }

  async function tellRun(context: Context): Promise<void> {
    const workflowId = context.info.workflowExecution?.workflowId;
    if (workflowId) await signalReplicated(workflowId);
  }
}

function pointKey(migrationId: string, round: number): string {
  return `${migrationId}-round-${round}`;
}

function generationOf(migrationId: string, diskId: string, round: number): string {
  return `${migrationId}-${diskId}-r${round}`;
}

function isTooEarly({ notBefore }: WarmParameters): boolean {
  return notBefore !== undefined && Date.parse(notBefore) > Date.now();
}
