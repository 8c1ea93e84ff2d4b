import { certificateActivities } from "./certificate.ts";
import { type Effects, withTrail } from "./changes.ts";
import { computeActivities } from "./compute.ts";
import { copyActivities } from "./copy.ts";
import { createPlanActivities } from "./create-plan.ts";
import type { ActivityDeps } from "./deps.ts";
import { DiskMoves } from "./disk-moves.ts";
import { diskActivities } from "./disks.ts";
import { withFailures } from "./failures.ts";
import { finalizeActivities } from "./finalize.ts";
import { inventoryActivities } from "./inventory.ts";
import { operateActivities } from "./operate.ts";
import { operationPlanActivities } from "./operation-plan.ts";
import { planActivities } from "./plan.ts";
import { recordActivities } from "./record.ts";
import { replicateActivities } from "./replicate.ts";
import { rotateActivities } from "./rotate.ts";
import { MigrationSlots, slotActivities } from "./slots.ts";
import { undoActivities } from "./undo.ts";
import { verifyActivities } from "./verify.ts";
import { waveActivities } from "./waves.ts";

/** All activities, made with what they need; workflows see only the type. */
export function createActivities(deps: ActivityDeps) {
  return withFailures(withTrail(deps, effects, allOf(deps)));
}

export type Activities = ReturnType<typeof createActivities>;

function allOf(deps: ActivityDeps) {
  const moves = new DiskMoves(deps);
  const slots = new MigrationSlots(deps);
  return {
    ...planActivities(deps),
    ...recordActivities(deps),
    ...computeActivities(deps),
    ...diskActivities(deps, moves),
    ...copyActivities(deps, moves),
    ...replicateActivities(deps, moves, slots),
    ...slotActivities(deps, slots),
    ...waveActivities(deps),
    ...undoActivities(deps),
    ...finalizeActivities(deps),
    ...verifyActivities(deps),
    ...certificateActivities(deps),
    ...inventoryActivities(deps),
    ...operationPlanActivities(deps),
    ...createPlanActivities(deps),
    ...operateActivities(deps),
    ...rotateActivities(deps),
  };
}

/** A new activity says here what it does to the world. */
export const effects: Effects<ReturnType<typeof allOf>> = {
  makeMigrationPlan: "reads",
  openPlan: "reads",
  checkNetworks: "reads",
  makeWavePlan: "reads",
  openWavePlan: "reads",
  recordWave: "records",
  registerMember: "records",
  recordMember: "records",
  planWayHome: "records",
  recordUndo: "records",
  makeFinalizePlan: "reads",
  openFinalize: "reads",
  askForSlot: "records",
  awaitSlot: "records",
  releaseSlot: "records",
  recordStep: "records",
  recordMigration: "records",
  fenceVm: "changes",
  stopVm: "changes",
  releaseSource: "undoes",
  createVm: "changes",
  removeByKey: "undoes",
  refuseIfSuperseded: "reads",
  finalizeSource: "changes",
  takePoint: "changes",
  releasePoint: "undoes",
  releasePointByKey: "undoes",
  sealDisk: "changes",
  dropGeneration: "undoes",
  dropPoint: "changes",
  materialiseDisk: "changes",
  adoptPoint: "changes",
  forgetAdopted: "undoes",
  fileSource: "records",
  forgetSource: "undoes",
  copyDisk: "changes",
  proveDisk: "reads",
  verifyCertificateDisk: "reads",
  replicate: "changes",
  keepAsRound: "records",
  askForCutover: "records",
  dropReplica: "undoes",
  verifyVm: "changes",
  writeCertificate: "records",
  syncSite: "reads",
  refreshSites: "reads",
  refreshResources: "reads",
  dropOldRecords: "records",
  checkSite: "reads",
  listCensus: "reads",
  makeOperationPlan: "reads",
  makeCreatePlan: "reads",
  openOperation: "reads",
  openItem: "reads",
  createVolume: "changes",
  startVm: "changes",
  resizeVm: "changes",
  deleteVm: "changes",
  deleteVolume: "changes",
  deleteSnapshot: "changes",
  releaseAddress: "changes",
  secretInUse: "reads",
  exchangeSecret: "changes",
  retireKey: "changes",
  recordItems: "records",
  recordItem: "records",
  recordOperation: "records",
};
