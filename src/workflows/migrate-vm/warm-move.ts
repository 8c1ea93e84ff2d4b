import { CancellationScope, isCancellation, patched } from "@temporalio/workflow";
import type { Plan } from "../../domain/plan.ts";
import type { WarmParameters } from "../../domain/warm.ts";
import { bulkCall, siteCall, undoCall } from "../lib/activity-options.ts";
import { activitiesAtSites } from "../lib/at-sites.ts";
import { describeFailure } from "../lib/failure.ts";
import type { Saga } from "../lib/saga.ts";
import { Cutover, type Replicated } from "./cutover.ts";
import type { MovedVm } from "./move.ts";
import type { PlannedMove } from "./planned-move.ts";
import type { Tracker } from "./tracker.ts";
import type { TrafficShift } from "./traffic.ts";

const site = activitiesAtSites(siteCall);
const bulk = activitiesAtSites(bulkCall);
const undo = activitiesAtSites(undoCall);

/** After this many failed cutovers the move is given up and rolled back: each costs the source a stop. */
const mostCutovers = 10;

/**
 * Replicates the running source until it is time, then cuts over. A cutover that fails costs no recopy: the source runs
 * on, the replica is kept as it is (only clones of it were booted), and the rounds go on until a person says cutover again.
 */
export async function moveWarm(
  move: PlannedMove,
  warm: WarmParameters,
  { planId, hash }: Pick<Plan, "planId" | "hash">,
  tracker: Tracker,
  saga: Saga,
  traffic: TrafficShift | undefined,
): Promise<MovedVm> {
  const { migrationId, from, to, copies, sourceVmId: vmId } = move;
  saga.add({
    resource: `${to}/replica of ${move.create.name}`,
    remove: `novacron migrations rollback ${migrationId}`,
    evidence: true,
    undo: () => undo.dropReplica({ migrationId, from, to, copies }),
  });
  // Its rounds take turns one by one, and a cutover, for which the source stands still, waits for nobody.
  await tracker.turn.release();
  const { notBefore } = traffic ?? {};
  const bounded = notBefore === undefined ? warm : { ...warm, notBefore };
  let rule = bounded;
  for (let attempt = 0; ; attempt++) {
    const replicated = await tracker.run("replicate", "copy the running source, then what changed", () =>
      replicate(rule, attempt),
    );
    await tracker.becomeRunning();
    const since = saga.mark();
    const cutover = new Cutover(move, tracker, saga, { replicated, traffic });
    try {
      if (move.group && patched("rules-at-cutover")) await takeRulesAlong();
      await cutover.stopAndMove();
      await cutover.bringUp();
    } catch (error) {
      const { code, message } = describeFailure(error);
      const final = isCancellation(error) || code === "IntegrityFailure" || attempt + 1 >= mostCutovers;
      if (final || !tracker.rollsBackOnFailure) throw error;
      await CancellationScope.nonCancellable(async () => {
        const round = cutover.asRound;
        await site.keepAsRound({ migrationId, to, round });
        // Its generations are the replica's now.
        if (round) saga.forget(({ evidence }) => evidence === true, since);
        const left = await saga.compensate({ keepEvidence: false, since });
        if (left.length > 0) throw error;
        await traffic?.becomeReady();
      });
      await tracker.noteFailedCutover(
        `The cutover failed and the source runs on; nothing has to be copied again: ${message}`,
      );
      rule = { ...bounded, cutover: "manual" };
      continue;
    }
    await tracker.noteServing();
    const moved = await cutover.complete(hash);
    // The certified points stay; what they were built up from goes.
    await site.dropReplica.executeWithOptions({ summary: "drop the rounds before the last" }, [
      { migrationId, from, to, copies },
    ]);
    return moved;
  }

  /** It may have been replicated for days. */
  async function takeRulesAlong(): Promise<void> {
    const [securityGroupId = ""] = move.create.securityGroups ?? [];
    const summary = `look at the rules at ${from} again`;
    const { changed } = await site.rereadRules.executeWithOptions({ summary }, [
      { planId, from, to, vmId, securityGroupId },
    ]);
    if (!changed) return;
    await tracker.note(
      `The rules at ${from} or of the networks at ${to} changed since the plan; now they are: ${changed.join("; ")}`,
    );
  }

  async function replicate(parameters: WarmParameters, attempt: number): Promise<Replicated> {
    const run = (how: WarmParameters) =>
      tracker.interruptible(() =>
        bulk.replicate.executeWithOptions({ summary: `replicate ${move.create.name} ${from} → ${to}` }, [
          { migrationId, from, to, vmId, copies, warm: how, deadline: move.deadline },
        ]),
      );
    return tracker.whileReplicating(parameters.cutover !== "when-ready", async () => {
      const first = await run(parameters);
      if (first.reason !== "stalled") return { newest: first.newest, cutover: attempt };
      await tracker.awaitCutover("More rounds don't shorten the downtime any further; cut over when it suits you");
      return { newest: (await run({ ...parameters, cutover: "manual" })).newest, cutover: attempt };
    });
  }
}
