// Long because every activity has its row here.
import { type SiteActivity, siteActivities } from "../domain/site-work.ts";
import { alarmActivities } from "./alarms.ts";
import { alertActivities } from "./alerts.ts";
import { assessActivities } from "./assess.ts";
import { burstLeaseActivities } from "./burst-lease.ts";
import { burstPoolActivities } from "./burst-pool.ts";
import { burstRemoveActivities, burstSweepActivities } from "./burst-remove.ts";
import { certificateActivities } from "./certificate.ts";
import { type Effects, withTrail } from "./changes.ts";
import { collectCostActivities } from "./collect-costs.ts";
import { computeActivities } from "./compute.ts";
import { connectionActivities } from "./connections.ts";
import { controlPlaneActivities } from "./control-plane.ts";
import { copyActivities } from "./copy.ts";
import { costActivities } from "./costs.ts";
import { createPlanActivities } from "./create-plan.ts";
import type { ActivityDeps, SiteDeps } from "./deps.ts";
import { DiskMoves } from "./disk-moves.ts";
import { diskActivities } from "./disks.ts";
import { withFailures } from "./failures.ts";
import { fenceGroupActivities } from "./fence-group.ts";
import { finalizeActivities } from "./finalize.ts";
import { groupCopyActivities } from "./group-copy.ts";
import { groupReturnActivities } from "./group-return.ts";
import { inventoryActivities } from "./inventory.ts";
import { InventoryReader } from "./inventory-reader.ts";
import { keepLeaseActivities } from "./keep-leases.ts";
import { leaseActivities } from "./leases.ts";
import { liveActivities } from "./live.ts";
import { measureGapActivities } from "./measure-gap.ts";
import { metricActivities } from "./metrics.ts";
import { migrationTestActivities } from "./migration-tests.ts";
import { networkActivities } from "./network.ts";
import { operateActivities } from "./operate.ts";
import { operationPlanActivities } from "./operation-plan.ts";
import { planActivities } from "./plan.ts";
import { policyActivities } from "./policies.ts";
import { prepareActivities } from "./prepare.ts";
import { probeSiteActivities } from "./probe-site.ts";
import { protectionActivities } from "./protection.ts";
import { protectionPlanActivities } from "./protection-plan.ts";
import { recordActivities } from "./record.ts";
import { recordOperationActivities } from "./record-operation.ts";
import { recoverActivities } from "./recover.ts";
import { recoveryPlanActivities } from "./recovery-plan.ts";
import { recoveryTrafficActivities } from "./recovery-traffic.ts";
import { remediationActivities } from "./remediation.ts";
import { replicateActivities } from "./replicate.ts";
import { rereadRulesActivities } from "./reread-rules.ts";
import { restoreActivities } from "./restore.ts";
import { restorePlanActivities } from "./restore-plan.ts";
import { rotateActivities } from "./rotate.ts";
import { savingsActivities } from "./savings.ts";
import { sendFilesActivities } from "./send-files.ts";
import { siteHealthActivities } from "./site-health.ts";
import { answerActivities, siteWorkerActivities } from "./site-workers.ts";
import { MigrationSlots, slotActivities } from "./slots.ts";
import { takeoverActivities } from "./takeover.ts";
import { tendPlansActivities } from "./tend-plans.ts";
import { testPlanActivities } from "./test-plan.ts";
import { trafficActivities } from "./traffic.ts";
import { trafficPoolActivities } from "./traffic-pools.ts";
import { undoActivities } from "./undo.ts";
import { verifyActivities } from "./verify.ts";
import { watchActivities } from "./watch.ts";
import { waveActivities } from "./waves.ts";

/** All activities, made with what they need; workflows see only the type. */
export function createActivities(deps: ActivityDeps) {
  return withFailures(withTrail(deps, effects, allOf(deps)));
}

export type Activities = ReturnType<typeof createActivities>;

/** Those that a worker of one site does. */
export function createSiteActivities(deps: SiteDeps): Pick<Activities, SiteActivity> {
  const known = atSites(deps, new DiskMoves(deps));
  const own = Object.fromEntries(siteActivities.map((name) => [name, known[name]])) as Pick<typeof known, SiteActivity>;
  return withFailures(withTrail(deps, effects, own));
}

function atSites(deps: SiteDeps, moves: DiskMoves) {
  return {
    ...networkActivities(deps),
    ...computeActivities(deps),
    ...fenceGroupActivities(deps),
    ...probeSiteActivities(deps),
    ...diskActivities(deps, moves),
    ...copyActivities(deps, moves),
    ...prepareActivities(deps, moves),
    ...groupCopyActivities(deps, moves),
    ...groupReturnActivities(deps, moves),
    ...operateActivities(deps),
    ...burstRemoveActivities(deps),
    ...verifyActivities(deps),
    ...answerActivities(deps),
    ...alarmActivities(deps),
  };
}

function allOf(deps: ActivityDeps) {
  const moves = new DiskMoves(deps);
  const slots = new MigrationSlots(deps);
  const reader = new InventoryReader(deps);
  return {
    ...planActivities(deps),
    ...recordActivities(deps),
    ...atSites(deps, moves),
    ...siteWorkerActivities(deps),
    ...replicateActivities(deps, moves, slots),
    ...rereadRulesActivities(deps),
    ...liveActivities(deps),
    ...leaseActivities(deps),
    ...keepLeaseActivities(deps),
    ...siteHealthActivities(deps),
    ...slotActivities(deps, slots),
    ...waveActivities(deps),
    ...assessActivities(deps),
    ...savingsActivities(deps),
    ...undoActivities(deps),
    ...trafficActivities(deps),
    ...trafficPoolActivities(deps),
    ...measureGapActivities(),
    ...finalizeActivities(deps),
    ...testPlanActivities(deps),
    ...migrationTestActivities(deps, moves, slots),
    ...recoveryPlanActivities(deps),
    ...recoverActivities(deps),
    ...tendPlansActivities(deps),
    ...recoveryTrafficActivities(deps),
    ...certificateActivities(deps),
    ...inventoryActivities(deps, reader),
    ...watchActivities(deps, reader),
    ...metricActivities(deps),
    ...alertActivities(deps),
    ...operationPlanActivities(deps),
    ...createPlanActivities(deps),
    ...recordOperationActivities(deps),
    ...policyActivities(deps),
    ...remediationActivities(deps),
    ...rotateActivities(deps),
    ...protectionPlanActivities(deps),
    ...protectionActivities(deps),
    ...takeoverActivities(deps),
    ...controlPlaneActivities(deps),
    ...restorePlanActivities(deps),
    ...restoreActivities(deps, moves),
    ...sendFilesActivities(deps),
    ...connectionActivities(deps),
    ...burstPoolActivities(deps),
    ...burstLeaseActivities(deps),
    ...burstSweepActivities(deps),
    ...costActivities(deps),
    ...collectCostActivities(deps),
  };
}

/** A new activity says here what it does to the world. */
export const effects: Effects<ReturnType<typeof allOf>> = {
  makeMigrationPlan: "reads",
  openPlan: "reads",
  nextAllowedStart: "reads",
  checkNetworks: "reads",
  createSecurityGroup: "changes",
  deleteSecurityGroup: "changes",
  rereadRules: "changes",
  standingOfSites: "reads",
  answerForSite: "reads",
  makeWavePlan: "reads",
  assessVms: "reads",
  concludeAssessment: "records",
  recordAssessment: "records",
  beginSavingsAnalysis: "records",
  analyseSavings: "records",
  failSavingsAnalysis: "records",
  openWavePlan: "reads",
  recordWave: "records",
  registerMember: "records",
  recordMember: "records",
  recordTraffic: "records",
  trafficAddresses: "reads",
  lowerTtl: "changes",
  shiftRecord: "changes",
  restoreRecord: "undoes",
  holdTraffic: "changes",
  directTraffic: "changes",
  heldTraffic: "reads",
  releaseTraffic: "undoes",
  shiftPool: "changes",
  leavePool: "undoes",
  restorePool: "undoes",
  measureGap: "reads",
  planWayHome: "records",
  recordUndo: "records",
  makeRecoveryPlan: "reads",
  openRecovery: "reads",
  plansToTend: "records",
  beginDrill: "records",
  registerRecovery: "records",
  recordRecovery: "records",
  recordRecoveryStep: "records",
  callRecoveryWebhook: "changes",
  awaitAnswer: "reads",
  costOfDrill: "reads",
  countLeftOver: "reads",
  recoveryRecord: "reads",
  setRecoveryRecord: "changes",
  joinRecoveryPool: "changes",
  makeFinalizePlan: "reads",
  openFinalize: "reads",
  makeTestPlan: "reads",
  openTestPlan: "reads",
  copyForTest: "changes",
  cloneForTest: "changes",
  isolateTest: "changes",
  createTestVm: "changes",
  removeTest: "undoes",
  recordTest: "records",
  sweepTests: "undoes",
  askForSlot: "records",
  awaitSlot: "records",
  releaseSlot: "records",
  recordStep: "records",
  recordMigration: "records",
  fenceVm: "changes",
  fenceGroup: "changes",
  releaseGroupFence: "changes",
  holdLease: "records",
  lookAtLease: "reads",
  handOverLease: "changes",
  takeLease: "changes",
  takeExpiredLease: "changes",
  outwaitLease: "changes",
  keepLeases: "records",
  probeSite: "reads",
  planLookout: "reads",
  judgeSite: "records",
  actOnOutage: "records",
  answerOutage: "records",
  closeQuestion: "records",
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
  prepareDisk: "changes",
  verifyCertificateDisk: "reads",
  replicate: "changes",
  keepAsRound: "records",
  moveLive: "changes",
  undoLive: "undoes",
  proveLive: "reads",
  askForCutover: "records",
  dropReplica: "undoes",
  verifyVm: "changes",
  writeCertificate: "records",
  syncSite: "reads",
  watchSite: "reads",
  readMetrics: "records",
  listAlarms: "reads",
  createAlarm: "changes",
  deleteAlarm: "changes",
  watchAlerts: "records",
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
  setVmTags: "changes",
  setSecurityRules: "changes",
  createSnapshot: "changes",
  secretInUse: "reads",
  exchangeSecret: "changes",
  retireKey: "changes",
  recordItems: "records",
  recordItem: "records",
  recordOperation: "records",
  makeProtectionPlan: "reads",
  planMembers: "records",
  freezeGroup: "follows",
  copyGroupDisks: "follows",
  settleGroupDisks: "follows",
  releaseGroup: "follows",
  dropGenerations: "follows",
  beginProtection: "records",
  becomeGroup: "records",
  resumeGroup: "records",
  noteProtection: "records",
  memberParts: "reads",
  openPoint: "records",
  noteFrozen: "records",
  completePoint: "records",
  endPoint: "records",
  judgeGroup: "records",
  pointToVerify: "reads",
  pointVerified: "records",
  applyRetention: "records",
  expireAll: "records",
  fenceReturned: "changes",
  fingerprintDisk: "follows",
  leftAt: "reads",
  pointsLeft: "reads",
  nextToClean: "reads",
  pointCleaned: "records",
  groupNow: "reads",
  pauseReplication: "records",
  latestPoint: "reads",
  closeWritable: "records",
  finishFailover: "records",
  abandonFailover: "records",
  holdPoint: "records",
  backUpTo: "follows",
  makeRestorePlan: "reads",
  openRestore: "reads",
  copyPoint: "changes",
  recordRestore: "records",
  sendFiles: "reads",
  planConnection: "reads",
  openConnection: "reads",
  putTunnelEnd: "changes",
  bringUpTunnel: "changes",
  removeTunnelEnd: "undoes",
  proveConnection: "reads",
  claimDrill: "records",
  recordConnection: "records",
  lookAtConnections: "records",
  watchPool: "records",
  beginLease: "records",
  noteLease: "records",
  noteOffer: "records",
  joinBurst: "changes",
  leaveBurst: "undoes",
  watchLease: "reads",
  removeBurst: "undoes",
  sweepBursts: "undoes",
  takeCosts: "records",
  monthsToCollect: "reads",
  collectSiteCosts: "records",
  endCostImport: "records",
  beginScan: "records",
  judgePolicy: "records",
  endScan: "records",
  tryPolicy: "reads",
  makeRemediationPlan: "reads",
  remediateByApproval: "records",
};
