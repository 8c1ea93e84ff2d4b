import type { Activities } from "../../activities/index.ts";
import type { FinalizeStep } from "../../domain/finalize.ts";
import type { CreateGroupParameters } from "../../domain/migration-parts.ts";
import type { Plan } from "../../domain/plan.ts";
import type { UndoParameters } from "../../domain/undo.ts";
import { siteCall, undoCall } from "../lib/activity-options.ts";
import { activitiesAtSites } from "../lib/at-sites.ts";
import type { Saga } from "../lib/saga.ts";
import { Cutover } from "./cutover.ts";
import { moveLive } from "./live-move.ts";
import { PlannedMove } from "./planned-move.ts";
import { plannedTraffic } from "./planned-traffic.ts";
import type { Tracker } from "./tracker.ts";
import { TrafficShift } from "./traffic.ts";
import type { MigrateVmInput } from "./types.ts";
import { moveWarm } from "./warm-move.ts";

const site = activitiesAtSites(siteCall);
const undo = activitiesAtSites(undoCall);

/** What finalize and rollback need to know of a completed move. */
export interface MovedVm {
  /** What the migration's row shows of it. */
  readonly outcome: Parameters<Activities["recordMigration"]>[0]["patch"];
  readonly sourceSite: string;
  readonly sourceVmId: string;
  /** What finalizing removes with the source; empty when the source went on running (a copy of a frozen point). */
  readonly sourceVolumeIds: readonly string[];
  readonly fenced: boolean;
  readonly targetSite: string;
  readonly targetVmId: string;
  /** Absent where it runs at the target since a switch, and what came after that failed. */
  readonly certificateId?: string;
  readonly targetPointIds: readonly string[];
  /** Whether it runs at the target. */
  readonly runs: boolean;
  /** It never stopped: nothing but moving it back brings it back. */
  readonly live?: boolean;
  readonly undo?: UndoParameters | undefined;
  /** Present where traffic was moved with it. */
  readonly traffic?: TrafficShift;
}

/** What was there when it was looked at, and when that was. */
interface Seen {
  readonly plan: Plan;
  readonly at: number;
}

/** So long what was looked at ahead is as good as looked at now: the stop that follows takes no longer. */
const freshMs = 30_000;

/** While its wave has others at work: compares the plan with what is there, which touches nothing. */
export async function lookAhead(input: MigrateVmInput, tracker: Tracker): Promise<Seen> {
  await tracker.become("queued", "As many of its wave as may be are at work; this one begins next");
  const seen = { plan: await openPlan(input), at: Date.now() };
  await tracker.awaitWave();
  return seen;
}

function openPlan(input: MigrateVmInput): Promise<Plan> {
  return site.openPlan.executeWithOptions({ summary: `open plan ${input.planId}` }, [input]);
}

/** The forward path. Every step registers what undoes it before it acts. `onSwitch` hears of a running guest, as often as
 *  more is known of it, that it is the target's: from then on a failure changes nothing of that. */
export async function moveVm(
  input: MigrateVmInput,
  tracker: Tracker,
  saga: Saga,
  onSwitch: (moved: MovedVm) => void,
  seen?: Seen,
): Promise<MovedVm> {
  const fresh = seen && Date.now() - seen.at < freshMs ? seen.plan : undefined;
  const plan = await tracker.run(
    "validate",
    "compare the plan with what is there now",
    async () => fresh ?? (await openPlan(input)),
  );
  tracker.rollsBackOnFailure = plan.inputs.rollbackOnFailure !== false;
  if (plan.actions.some(({ action }) => action === "move-live"))
    return moveLive(plan, { migrationId: input.migrationId, tracker, saga, onSwitch });
  const move = new PlannedMove(plan, input.migrationId);
  tracker.headline = move.headline;

  await tracker.run("network", "resolve the target networks", async () => {
    await site.checkNetworks.executeWithOptions({ summary: `networks at ${move.to}` }, [
      { site: move.to, networkIds: move.create.nics.map((nic) => nic.networkId) },
    ]);
    // A plan has one, or it hasn't: runs of earlier plans go on as they began.
    if (move.group) move.useSecurityGroup(await createGroup(move, move.group, saga));
  });
  // A plan has some, or it hasn't: runs of earlier plans go on as they began.
  const planned = plannedTraffic(plan);
  const { migrationId, from, to } = move;
  const place = { migrationId, from, to, homeward: input.undoOf !== undefined };
  const traffic = planned && new TrafficShift(planned, place, tracker, saga);
  await traffic?.announce();
  if (move.warm) return moveWarm(move, move.warm, plan, tracker, saga, traffic);
  const cutover = new Cutover(move, tracker, saga, { traffic });
  await cutover.stopAndMove();
  await cutover.bringUp();
  await tracker.noteServing();
  return cutover.complete(plan.hash);
}

/** Made before anything is stopped or copied: what a site refuses of it costs nothing yet. */
async function createGroup(
  { migrationId, to }: PlannedMove,
  group: CreateGroupParameters,
  saga: Saga,
): Promise<string> {
  const key = `${migrationId}-rules`;
  saga.add({
    resource: `${to}/security-group/${key}`,
    remove: `novacron migrations rollback ${migrationId}`,
    undo: () => undo.removeByKey({ site: to, kind: "security-group", key }),
  });
  return site.createSecurityGroup.executeWithOptions({ summary: `create ${group.name} at ${to}` }, [
    { site: to, key, migrationId, group },
  ]);
}

/** Removes exactly the steps of a confirmed plan: points first, as volumes may be built on them. */
export async function finalizeBySteps(
  migrationId: string,
  moved: MovedVm,
  steps: readonly FinalizeStep[],
): Promise<void> {
  for (const { action, site: at, id } of steps) {
    if (action === "delete-point") await site.dropPoint({ site: at, pointId: id });
  }
  const { sourceSite, sourceVmId, targetSite } = moved;
  const idsOf = (wanted: FinalizeStep["action"]) => steps.flatMap(({ action, id }) => (action === wanted ? [id] : []));
  const sourceVolumeIds = idsOf("delete-volume");
  if (idsOf("delete-vm").length + sourceVolumeIds.length > 0) {
    await site.finalizeSource({ migrationId, sourceSite, sourceVmId, sourceVolumeIds });
  }
  for (const { action, site: at, id } of steps) {
    if (action === "delete-security-group") await site.deleteSecurityGroup({ site: at, securityGroupId: id });
  }
  await site.refreshSites({ sites: [sourceSite, targetSite] });
}

/** As runs did that were finalized before a finalize had a plan: the source goes, with the points that were only kept for
 *  a way back. */
export async function finalizeMove({ migrationId, moved }: { migrationId: string; moved: MovedVm }): Promise<void> {
  for (const manifestId of moved.targetPointIds) {
    if (moved.fenced) await site.forgetAdopted({ site: moved.sourceSite, manifestId });
    await site.dropPoint({ site: moved.targetSite, pointId: manifestId });
  }
  const { sourceSite, sourceVmId, sourceVolumeIds } = moved;
  if (moved.fenced) await site.finalizeSource({ migrationId, sourceSite, sourceVmId, sourceVolumeIds });
  await site.refreshSites({ sites: [moved.sourceSite, moved.targetSite] });
}
