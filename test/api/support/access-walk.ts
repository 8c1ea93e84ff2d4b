// Long because it is one table: a row for each operation.

import { completeRule } from "../../../src/domain/alert-rule.ts";
import { type BurstRequest, resolveBurst } from "../../../src/domain/burst-request.ts";
import { readPolicies } from "../../../src/domain/policy/book.ts";
import type { PolicyDraft } from "../../../src/domain/policy/policy.ts";
import { resolvePolicy } from "../../../src/domain/protection-policy.ts";
import type { Finding } from "../../../src/domain/savings/recommendation.ts";
import { defaultSavingsSettings } from "../../../src/domain/savings/settings.ts";
import { outlineWave } from "../../../src/domain/wave-outline.ts";
import { fromWire } from "../../../src/domain/wire.ts";
import { connectClient } from "../../../src/temporal/connection.ts";
import { ensureCostSchedules } from "../../../src/temporal/schedules.ts";
import { ensureSiteHealth } from "../../../src/temporal/site-health.ts";
import { sampleCertificate, sampleOperationPlan, samplePlan, sampleWavePlan } from "./activities.ts";
import type { TestApi } from "./harness.ts";

/** Things that are there for every caller to ask for. */
export interface World {
  readonly api: TestApi;
  readonly plan: { readonly planId: string; readonly hash: string };
  readonly vmPlan: { readonly planId: string; readonly hash: string };
  readonly wavePlan: { readonly planId: string; readonly hash: string };
  readonly testPlan: { readonly planId: string; readonly hash: string };
  readonly groupPlan: { readonly planId: string; readonly hash: string };
  readonly recoveryPlan: { readonly planId: string; readonly hash: string };
  readonly restorePlan: { readonly planId: string; readonly hash: string };
  readonly findingId: string;
  /** Paths of what is there, each beside one of what isn't. */
  readonly twins: readonly (readonly [string, string])[];
}

export interface WalkRow {
  /** What the request concerns. */
  readonly reach: "self" | "nobody" | "site" | "wholeSite" | "vm" | "move" | "pair" | "installation";
  /** A list, which leaves out what is not reached: a text that only what is reached brings in. */
  readonly lists?: string;
  /** Also by an admin of the whole installation. */
  readonly byAdmin?: true;
  /** Makes or gives something, or is about all there is: refused with 403, as there is nothing to hide. */
  readonly makes?: true;
  ask(world: World): Promise<Request> | Request;
}

interface Request {
  readonly path: string;
  readonly body?: object;
}

const moved = "walk-moved";
const operated = "walk-operated";
const tested = "walk-tested";
const boundToSite = { role: "viewer", scope: { site: "onprem-a" } } as const;
let made = 0;

const get = (path: string, reach: WalkRow["reach"], lists?: string): WalkRow => ({
  reach,
  ...(lists === undefined ? {} : { lists }),
  ask: () => ({ path }),
});
const order = (name: string): WalkRow => ({ reach: "move", ask: () => ({ path: `/v1/migrations/${moved}/${name}` }) });

const decideOnPoint = (decision: string): WalkRow => {
  const path = `/v1/protection-groups/walk-group/points/walk-group-p0/${decision}`;
  return { reach: "move", ask: () => ({ path, body: { reason: "walking" } }) };
};

/** A token of its own for each caller: the first that may would leave nothing to the next. */
async function tokenAtSite({ api }: World): Promise<string> {
  const tokenId = `walk-token-${(made += 1)}`;
  const hash = `${tokenId}-hash`;
  await api.store.tokens.create({
    tokenId,
    name: tokenId,
    hash,
    bindings: [boundToSite],
    createdBy: "token/bootstrap",
  });
  return tokenId;
}

async function workerAtSite({ api }: World): Promise<string> {
  const workerId = `walk-worker-${(made += 1)}`;
  await api.store.siteWorkers.add({
    workerId,
    site: "onprem-a",
    name: workerId,
    certificateHash: workerId,
    certificateEndsAt: new Date().toISOString(),
  });
  return workerId;
}

/** Shared, and somebody else's: everyone sees it, its owner and an admin change it. */
const others = (path: (id: string) => Request): WalkRow => ({
  reach: "nobody",
  byAdmin: true,
  makes: true,
  async ask({ api }) {
    const searchId = `walk-search-${(made += 1)}`;
    await api.store.searches.create({ searchId, name: searchId, query: "vms", owner: "user/walk-user", shared: true });
    return path(searchId);
  },
});

const policyDraft: Omit<PolicyDraft, "actions"> = {
  ...{ name: "walk", type: "tagging", severity: "low", description: "Somebody answers for it.", scope: "vms" },
  ...{ requirement: { require: { field: "tags.owner", operator: "exists" } }, remedy: "Tag it." },
};

/** A policy of its own for each caller: the first that may would leave nothing to the next. */
async function policyThere({ api }: World): Promise<string> {
  const policyId = `walk-policy-${(made += 1)}`;
  await api.store.policies.create({
    ...policyDraft,
    name: policyId,
    policyId,
    actions: [],
    createdBy: "user/walk-user",
  });
  return policyId;
}

const exemption = { scope: "id:none", owner: "ops", reason: "walking" } as const;

async function exemptionThere(world: World): Promise<string> {
  const policyId = await policyThere(world);
  const exemptionId = `walk-exemption-${(made += 1)}`;
  const expiresAt = new Date(Date.now() + 60_000).toISOString();
  await world.api.store.policies.exempt({
    ...exemption,
    exemptionId,
    policyId,
    expiresAt,
    createdBy: "user/walk-user",
  });
  return exemptionId;
}

const ofInstallation = (path: string, body?: object): WalkRow => ({
  reach: "installation",
  makes: true,
  ask: () => ({ path, ...(body ? { body } : {}) }),
});

const route = { from: "onprem-a", to: "onprem-b" } as const;

/** A map of its own for each caller: the first that may would leave nothing to the next. */
async function mapThere({ api }: World): Promise<string> {
  const name = `walk-map-${(made += 1)}`;
  await api.store.maps.set({ name, ...route, createdBy: "user/walk-user" });
  return name;
}

/** A range of its own for each caller. */
async function rangeThere(store: TestApi["store"]): Promise<string> {
  const wanted = { pool: "walk-there", site: "onprem-a", name: "walking", createdBy: "", prefixLength: 28 };
  return (await store.addresses.allocate({ ...wanted, allocationId: `walk-range-${(made += 1)}` }, [])).allocationId;
}

async function alertRuleThere({ api }: Pick<World, "api">, ruleId = `walk-rule-${(made += 1)}`): Promise<string> {
  const at = new Date().toISOString();
  const request = { name: ruleId, metric: "walk.depth", threshold: 1, comparison: "gt", site: "onprem-a" } as const;
  const by = { createdBy: "user/walk-user", createdAt: at, updatedAt: at };
  await api.store.alertRules.set(completeRule(request, { ruleId, ...by }));
  return ruleId;
}

async function silenceThere({ api }: Pick<World, "api">, silenceId = `walk-silence-${(made += 1)}`): Promise<string> {
  const [from, until] = [new Date().toISOString(), "2100-01-01T00:00:00.000Z"];
  const by = { reason: "walking", createdBy: "user/walk-user" };
  await api.store.alertRules.silence({ silenceId, site: "onprem-a", from, until, ...by });
  return silenceId;
}

/** One request for each operation, by its id; a route that is new needs its row. */
export const requests: Readonly<Record<string, WalkRow>> = {
  getSession: get("/v1/auth/session", "self"),
  signOut: get("/v1/auth/sign-out", "self"),
  listProviders: get("/v1/providers", "site", "onprem-a"),
  listSites: get("/v1/sites", "site", "onprem-a"),
  getSite: get("/v1/sites/onprem-a", "site"),
  takeCensus: get("/v1/sites/onprem-a/census", "wholeSite"),
  checkSite: get("/v1/sites/onprem-a/check", "wholeSite"),
  listSiteWorkers: {
    reach: "wholeSite",
    lists: "walk-worker",
    ask: async (world) => (await workerAtSite(world), { path: "/v1/site-workers" }),
  },
  createJoinToken: {
    reach: "wholeSite",
    ask: () => ({ path: "/v1/sites/onprem-a/join-tokens", body: {} }),
  },
  drainSiteWorker: {
    reach: "wholeSite",
    ask: async (world) => ({ path: `/v1/site-workers/${await workerAtSite(world)}/drain` }),
  },
  removeSiteWorker: {
    reach: "wholeSite",
    ask: async (world) => ({ path: `/v1/site-workers/${await workerAtSite(world)}` }),
  },
  listVms: get("/v1/vms", "vm", "db-1"),
  getVm: get("/v1/vms/onprem-a/id-db-1", "vm"),
  searchResources: get("/v1/resources?q=vms", "vm", "db-1"),
  listResourceChanges: get("/v1/resources/changes?from=1d", "vm", "db-1"),
  getResource: get("/v1/resources/onprem-a/vm/id-db-1", "vm"),
  refreshInventory: { reach: "site", ask: () => ({ path: "/v1/resources/refresh", body: { sites: ["onprem-a"] } }) },
  getUnifiedView: get("/v1/unified-view?q=db-1", "vm", '"total_vms":1'),
  listSearches: get("/v1/searches?limit=200", "self", "walk-shared"),
  getSearch: get("/v1/searches/walk-shared", "self"),
  saveSearch: {
    reach: "self",
    ask: () => ({ path: "/v1/searches", body: { name: `Walk ${(made += 1)}`, query: "" } }),
  },
  changeSearch: others((id) => ({ path: `/v1/searches/${id}`, body: { shared: false } })),
  removeSearch: others((id) => ({ path: `/v1/searches/${id}` })),
  listPrices: get("/v1/prices", "self"),
  sumCosts: get("/v1/costs", "self"),
  forecastCosts: get("/v1/costs/forecast?days=7", "self"),
  listCostSources: get("/v1/costs/sources", "wholeSite", "walk-costs"),
  listCostImports: get("/v1/costs/imports?source=walk-costs&limit=200", "wholeSite", "walk-costs"),
  getCostImport: get("/v1/costs/imports/walk-cost-import", "wholeSite"),
  uploadCosts: {
    reach: "wholeSite",
    makes: true,
    ask: () => ({ path: "/v1/costs/uploads?source=walk&provider=libvirt&site=onprem-a&file_name=a.csv" }),
  },
  importCosts: {
    reach: "wholeSite",
    makes: true,
    ask: () => ({
      path: "/v1/costs/imports",
      body: {
        ...{ source: "walk", provider: "libvirt", site: "onprem-a" },
        objects: { site: "onprem-a", bucket: "b", prefix: "" },
      },
    }),
  },
  listExchangeRates: get("/v1/costs/exchange-rates", "self"),
  setExchangeRate: {
    reach: "installation",
    makes: true,
    ask: () => ({
      path: "/v1/costs/exchange-rates",
      body: { from: "EUR", to: "USD", month: "2026-10", rate: 1.1, source: "walk" },
    }),
  },
  stateCosts: {
    reach: "installation",
    makes: true,
    ask: () => ({
      path: "/v1/costs/statements",
      body: { source: "walk", month: "2020-01", amount: { micros: 1, currency: "USD" }, said_by: "walk" },
    }),
  },
  reconcileCosts: {
    reach: "installation",
    makes: true,
    ask: () => ({ path: "/v1/costs/reconciliation?month=2020-01" }),
  },
  listBudgets: { reach: "installation", makes: true, ask: () => ({ path: "/v1/budgets" }) },
  setBudget: {
    reach: "installation",
    makes: true,
    ask: () => ({ path: "/v1/budgets", body: { name: "walk", amount: { micros: 1, currency: "USD" } } }),
  },
  removeBudget: {
    reach: "installation",
    async ask({ api }) {
      const budgetId = `walk-budget-${(made += 1)}`;
      await api.store.budgets.set({
        ...{ budgetId, name: budgetId, where: "", amount: { micros: 1, currency: "USD" }, period: "month" },
        ...{ cost: "effective", warnAt: [], createdBy: "token/bootstrap" },
      });
      return { path: `/v1/budgets/${budgetId}` };
    },
  },
  listSplitRules: get("/v1/costs/split-rules", "self"),
  setSplitRule: {
    reach: "installation",
    makes: true,
    ask: () => ({ path: "/v1/costs/split-rules", body: { name: "walk", where: "account=shared", method: "even" } }),
  },
  removeSplitRule: {
    reach: "installation",
    async ask({ api }) {
      const ruleId = `walk-rule-${(made += 1)}`;
      const rule = { ruleId, name: ruleId, where: "account=nobody", method: "even" } as const;
      await api.store.budgets.setRule(rule, "token/bootstrap");
      return { path: `/v1/costs/split-rules/${ruleId}` };
    },
  },
  chargeBackCosts: { reach: "installation", makes: true, ask: () => ({ path: "/v1/costs/chargeback" }) },
  priceElsewhere: get("/v1/costs/what-if?q=name:db-1", "vm", '"vms":1'),
  listSchedules: { reach: "installation", makes: true, ask: () => ({ path: "/v1/schedules" }) },
  triggerSchedule: {
    reach: "installation",
    makes: true,
    ask: () => ({ path: "/v1/schedules/costs-of-walk/trigger" }),
  },
  listPolicies: get("/v1/policies", "self", "walk-there"),
  getPolicy: get("/v1/policies/walk-there", "self"),
  createPolicy: {
    reach: "installation",
    makes: true,
    ask: () => ({ path: "/v1/policies", body: { ...policyDraft, name: `walk-made-${(made += 1)}` } }),
  },
  changePolicy: ofInstallation("/v1/policies/walk-there", { enabled: true }),
  removePolicy: {
    reach: "installation",
    makes: true,
    ask: async (world) => ({ path: `/v1/policies/${await policyThere(world)}` }),
  },
  listPolicyPacks: get("/v1/policy-packs", "self", "no-public-ssh"),
  installPolicyPack: ofInstallation("/v1/policy-packs/audit/install"),
  listExemptions: get("/v1/policy-exemptions", "self"),
  exemptFromPolicy: {
    reach: "installation",
    makes: true,
    ask: () => ({
      path: "/v1/policy-exemptions",
      body: { ...exemption, policy: "walk-there", expires_at: new Date(Date.now() + 60_000).toISOString() },
    }),
  },
  revokeExemption: {
    reach: "installation",
    makes: true,
    ask: async (world) => ({ path: `/v1/policy-exemptions/${await exemptionThere(world)}` }),
  },
  listStandingApprovals: get("/v1/policy-approvals", "self"),
  approveRemediations: ofInstallation("/v1/policy-approvals", {
    ...{ policy: "walk-there", most: 1, reason: "walking", expires_at: new Date(Date.now() + 60_000).toISOString() },
  }),
  revokeStandingApproval: {
    reach: "installation",
    makes: true,
    async ask(world) {
      const policyId = await policyThere(world);
      const approvalId = `walk-approval-${(made += 1)}`;
      const expiresAt = new Date(Date.now() + 60_000).toISOString();
      const approval = { approvalId, policyId, most: 1, reason: "walking", expiresAt, approvedBy: "user/walk-user" };
      await world.api.store.policies.approve(approval);
      return { path: `/v1/policy-approvals/${approvalId}` };
    },
  },
  getComplianceReport: ofInstallation("/v1/compliance-reports/soc2"),
  listFindings: get("/v1/policy-findings", "vm", "db-1"),
  getFinding: { reach: "vm", ask: ({ findingId }) => ({ path: `/v1/policy-findings/${findingId}` }) },
  startPolicyScan: ofInstallation("/v1/policy-scans"),
  listPolicyScans: ofInstallation("/v1/policy-scans"),
  getPolicyScan: ofInstallation("/v1/policy-scans/walk-scan"),
  tryPolicy: ofInstallation("/v1/policy-dry-runs", { policy: "walk-there" }),
  createPlan: {
    reach: "move",
    ask: () => ({
      path: "/v1/plans",
      body: { kind: "migrate_vm", request: { vm: "web-1", from: "onprem-a", to: "onprem-b" } },
    }),
  },
  listMaps: get("/v1/maps?limit=200", "pair", "walk-there"),
  getMap: get("/v1/maps/walk-there", "pair"),
  setMap: { reach: "pair", makes: true, ask: () => ({ path: `/v1/maps/walk-set-${(made += 1)}`, body: { ...route } }) },
  removeMap: { reach: "pair", ask: async (world) => ({ path: `/v1/maps/${await mapThere(world)}` }) },
  getAddressPlan: get("/v1/address-plan", "self"),
  listAddressPools: get("/v1/address-pools", "self"),
  setAddressPool: {
    reach: "installation",
    makes: true,
    ask: () => ({ path: "/v1/address-pools/walk-pool", body: { cidr: "10.200.0.0/13" } }),
  },
  removeAddressPool: {
    reach: "installation",
    makes: true,
    async ask({ api }) {
      const name = `walk-pool-${(made += 1)}`;
      await api.store.addresses.setPool({ name, cidr: `10.${made % 200}.0.0/32`, excluded: [], createdBy: "" });
      return { path: `/v1/address-pools/${name}` };
    },
  },
  allocateAddresses: {
    reach: "wholeSite",
    makes: true,
    ask: () => ({
      path: "/v1/address-pools/walk-there/allocations",
      body: { site: "onprem-a", prefix_length: 28, name: "walking" },
    }),
  },
  listAddressAllocations: get("/v1/address-allocations?limit=200", "wholeSite", "walk-range"),
  releaseAddresses: {
    reach: "wholeSite",
    ask: async ({ api }) => ({ path: `/v1/address-allocations/${await rangeThere(api.store)}` }),
  },
  connectSites: {
    reach: "pair",
    makes: true,
    ask: () => ({ path: "/v1/connections", body: { near: "onprem-a", far: "onprem-b" } }),
  },
  listConnections: get("/v1/connections?limit=200", "pair", "walk-connection"),
  getConnection: get("/v1/connections/walk-connection", "pair"),
  // It is undone: no order of a caller's gets anywhere.
  rotateTunnelKeys: { reach: "pair", ask: () => ({ path: "/v1/connections/walk-connection/rotate-keys" }) },
  showDeviceConfig: { reach: "pair", ask: () => ({ path: "/v1/connections/walk-connection/device-config" }) },
  drillConnection: { reach: "pair", ask: () => ({ path: "/v1/connections/walk-connection/drill" }) },
  disconnectSites: { reach: "pair", ask: () => ({ path: "/v1/connections/walk-connection" }) },
  getPlan: { reach: "move", ask: ({ plan }) => ({ path: `/v1/plans/${plan.planId}` }) },
  startMigration: {
    reach: "move",
    ask: ({ plan }) => ({
      path: "/v1/migrations",
      body: { plan_id: plan.planId, plan_hash: plan.hash, dry_run: true },
    }),
  },
  startWave: {
    reach: "move",
    ask: ({ wavePlan }) => ({
      path: "/v1/waves",
      body: { plan_id: wavePlan.planId, plan_hash: wavePlan.hash, dry_run: true },
    }),
  },
  startAssessment: {
    reach: "move",
    ask: () => ({ path: "/v1/assessments", body: { from: "onprem-a", to: "onprem-b", query: "name:db-1" } }),
  },
  listAssessments: get("/v1/assessments", "move", "walk-assessment"),
  getAssessment: get("/v1/assessments/walk-assessment", "move"),
  listAssessedVms: get("/v1/assessments/walk-assessment/vms", "move"),
  getSavings: get("/v1/savings", "vm", "rightsize"),
  listRecommendations: get("/v1/savings/recommendations", "vm", "walk-recommended"),
  listUnchanged: get("/v1/savings/unchanged", "vm", "walk-unchanged"),
  startSavingsAnalysis: { reach: "installation", makes: true, ask: () => ({ path: "/v1/savings/analyses" }) },
  listWaves: get("/v1/waves", "move", "walk-wave"),
  getWave: get("/v1/waves/walk-wave", "move"),
  pauseWave: get("/v1/waves/walk-wave/pause", "move"),
  resumeWave: get("/v1/waves/walk-wave/resume", "move"),
  cancelWave: get("/v1/waves/walk-wave/cancel", "move"),
  protectGroup: {
    reach: "move",
    ask: ({ groupPlan }) => ({
      path: "/v1/protection-groups",
      body: { plan_id: groupPlan.planId, plan_hash: groupPlan.hash, dry_run: true },
    }),
  },
  listProtectionGroups: get("/v1/protection-groups", "move", "walk-group"),
  getProtectionGroup: get("/v1/protection-groups/walk-group", "move"),
  getProtectionStatus: get("/v1/protection-groups/walk-group/status", "move"),
  listProtectionEvents: get("/v1/protection-groups/walk-group/events", "move"),
  listGroupPoints: get("/v1/protection-groups/walk-group/points", "move"),
  getGroupPoint: get("/v1/protection-groups/walk-group/points/walk-group-p0", "move"),
  listBackups: get("/v1/backups?vm=db-1", "move", '"group_name":"walk-group"'),
  startRestore: {
    reach: "move",
    ask: ({ restorePlan }) => ({
      path: "/v1/restores",
      body: { plan_id: restorePlan.planId, plan_hash: restorePlan.hash, dry_run: true },
    }),
  },
  restoreFiles: {
    reach: "move",
    ask: () => ({ path: "/v1/restores/files", body: { group_id: "walk-group", vm: "nobody", path: "etc" } }),
  },
  listBurstPools: get("/v1/burst-pools", "vm", "walk-pool"),
  createBurstPool: { reach: "move", makes: true, ask: () => ({ path: "/v1/burst-pools", body: burstBody() }) },
  getBurstPool: get("/v1/burst-pools/walk-pool", "vm"),
  changeBurstPool: {
    reach: "vm",
    ask: () => ({ path: "/v1/burst-pools/walk-pool", body: burstBody("walked", "onprem-a") }),
  },
  deleteBurstPool: get("/v1/burst-pools/walk-pool-gone", "vm"),
  orderBurst: { reach: "vm", ask: () => ({ path: "/v1/burst-pools/walk-pool/order", body: { vms: 0 } }) },
  releaseBurst: get("/v1/burst-pools/walk-pool/release", "vm"),
  listBurstDecisions: get("/v1/burst-pools/walk-pool/decisions", "vm"),
  listBurstLeases: get("/v1/burst-pools/walk-pool/leases", "vm"),
  replayBurstPool: { reach: "vm", ask: () => ({ path: "/v1/burst-pools/walk-pool/what-if", body: {} }) },
  listRestores: get("/v1/restores", "move", "walk-restore"),
  getRestore: get("/v1/restores/walk-restore", "move"),
  cancelRestore: get("/v1/restores/walk-restore/cancel", "move"),
  holdGroupPoint: decideOnPoint("hold"),
  releaseGroupPoint: decideOnPoint("release"),
  clearGroupPoint: decideOnPoint("clear"),
  getGroupLease: get("/v1/protection-groups/walk-group/lease", "move"),
  releaseGroup: {
    reach: "move",
    ask: () => ({ path: "/v1/protection-groups/walk-group/release", body: { made_sure_of: "nothing else writes" } }),
  },
  getSiteHealth: get("/v1/sites/onprem-a/health", "site"),
  listHealthDecisions: get("/v1/sites/onprem-a/health/decisions", "wholeSite"),
  answerOutage: {
    reach: "wholeSite",
    ask: () => ({ path: "/v1/sites/onprem-a/health/decisions/walk-decision/answer", body: { failover: false } }),
  },
  pauseProtection: get("/v1/protection-groups/walk-group/pause", "move"),
  resumeProtection: get("/v1/protection-groups/walk-group/resume", "move"),
  makeGroupPoint: get("/v1/protection-groups/walk-group/points", "move"),
  reprotectGroup: { reach: "move", ask: () => ({ path: "/v1/protection-groups/walk-group/reprotect", body: {} }) },
  deleteProtectionGroup: get("/v1/protection-groups/walk-group", "move"),
  getRecoveryPlan: get("/v1/recovery-plans/walk-group", "move"),
  setRecoveryPlan: {
    reach: "move",
    ask: () => ({
      path: "/v1/recovery-plans/walk-group",
      body: { boot_groups: [{ name: "all", vms: [{ vm: "db-1" }] }] },
    }),
  },
  removeRecoveryPlan: {
    reach: "move",
    async ask({ api }) {
      // The first that may would leave nothing to the next.
      const bootGroups = [{ name: "all", vms: [{ vm: "db-1" }] }];
      await api.store.recoveryPlans.set("walk-group", { bootGroups }, "user/walk-user");
      return { path: "/v1/recovery-plans/walk-group" };
    },
  },
  startRecovery: {
    reach: "move",
    ask: ({ recoveryPlan }) => ({
      path: "/v1/recovery-runs",
      body: { plan_id: recoveryPlan.planId, plan_hash: recoveryPlan.hash, dry_run: true },
    }),
  },
  listRecoveryRuns: get("/v1/recovery-runs?group_id=walk-group", "move"),
  getRecoveryRun: get("/v1/recovery-runs/walk-recovery", "move"),
  getRecoveryEvidence: get("/v1/recovery-runs/walk-recovery/report", "move"),
  completeRecoveryStep: {
    reach: "move",
    ask: () => ({ path: "/v1/recovery-runs/walk-recovery/step-done", body: { boot_group: "all", step: "call" } }),
  },
  confirmFencing: {
    reach: "move",
    ask: () => ({ path: "/v1/recovery-runs/walk-recovery/confirm-fencing", body: { made_sure_of: "it is off" } }),
  },
  retryRecovery: get("/v1/recovery-runs/walk-recovery/retry", "move"),
  giveUpRecovery: get("/v1/recovery-runs/walk-recovery/give-up", "move"),
  listMigrations: get("/v1/migrations", "move", moved),
  getMigrationStatistics: get("/v1/migrations/statistics", "move", '"rolled-back","migrations":1'),
  getMigration: get(`/v1/migrations/${moved}`, "move"),
  getCertificate: get(`/v1/migrations/${moved}/certificate`, "move"),
  followMigration: get(`/v1/migrations/${moved}/events`, "move"),
  pauseMigration: order("pause"),
  resumeMigration: order("resume"),
  cancelMigration: order("cancel"),
  finalizeMigration: {
    reach: "move",
    ask: ({ plan }) => ({
      path: `/v1/migrations/${moved}/finalize`,
      body: { plan_id: plan.planId, plan_hash: plan.hash, confirm: ["web-1"] },
    }),
  },
  startTest: {
    reach: "move",
    ask: ({ testPlan }) => ({
      path: "/v1/migration-tests",
      body: { plan_id: testPlan.planId, plan_hash: testPlan.hash, dry_run: true },
    }),
  },
  listTests: get("/v1/migration-tests", "move", tested),
  getTest: get(`/v1/migration-tests/${tested}`, "move"),
  endTest: get(`/v1/migration-tests/${tested}/end`, "move"),
  promoteTest: get(`/v1/migration-tests/${tested}/promote`, "move"),
  cutoverMigration: order("cutover"),
  rollbackMigration: order("rollback"),
  undoMigration: order("undo"),
  createVm: {
    reach: "vm",
    makes: true,
    ask: () => ({
      path: "/v1/vms",
      body: {
        name: "new-1",
        site: "onprem-a",
        cpus: 1,
        memory_bytes: 2 ** 30,
        tags: { env: "prod", project: "web" },
        dry_run: true,
      },
    }),
  },
  startVm: { reach: "vm", ask: () => ({ path: "/v1/vms/onprem-a/id-web-1/start", body: { dry_run: true } }) },
  stopVm: { reach: "vm", ask: () => ({ path: "/v1/vms/onprem-a/id-web-1/stop", body: { dry_run: true } }) },
  resizeVm: {
    reach: "vm",
    ask: () => ({ path: "/v1/vms/onprem-a/id-web-1/resize", body: { dry_run: true, cpus: 4 } }),
  },
  deleteVm: { reach: "vm", ask: () => ({ path: "/v1/vms/onprem-a/id-web-1/delete", body: { dry_run: true } }) },
  operateVms: {
    reach: "vm",
    ask: () => ({
      path: "/v1/vms/bulk",
      body: { action: "start", vms: [{ site: "onprem-a", vm: "id-web-1" }], dry_run: true },
    }),
  },
  executePlan: {
    reach: "vm",
    ask: ({ vmPlan }) => ({ path: "/v1/operations", body: { plan_id: vmPlan.planId, plan_hash: vmPlan.hash } }),
  },
  listOperations: get("/v1/operations?limit=200", "vm", operated),
  getOperation: get(`/v1/operations/${operated}`, "vm"),
  cancelOperation: { reach: "vm", ask: () => ({ path: `/v1/operations/${operated}/cancel` }) },
  verifyCertificate: {
    reach: "move",
    async ask({ api }) {
      const { body } = await api.call("GET", `/v1/migrations/${moved}/certificate`);
      return { path: "/v1/certificates/verify", body };
    },
  },
  listUsers: get("/v1/users", "wholeSite", "walk-user"),
  getUser: get("/v1/users/walk-user", "wholeSite"),
  createUser: { reach: "installation", makes: true, ask: () => ({ path: "/v1/users", body: { name: "New" } }) },
  disableUser: get("/v1/users/walk-far-user/disable", "installation"),
  enableUser: get("/v1/users/walk-far-user/enable", "installation"),
  listRoleBindings: get("/v1/role-bindings", "wholeSite", "walk-binding"),
  createRoleBinding: {
    reach: "wholeSite",
    makes: true,
    ask: () => ({ path: "/v1/role-bindings", body: { holder: "group/walk", ...boundToSite } }),
  },
  removeRoleBinding: {
    reach: "wholeSite",
    async ask({ api }) {
      const bindingId = `walk-gone-${(made += 1)}`;
      const holder = `group/${bindingId}`;
      await api.store.bindings.add({ bindingId, holder, ...boundToSite, createdBy: "token/bootstrap" });
      return { path: `/v1/role-bindings/${bindingId}` };
    },
  },
  listTokens: {
    reach: "wholeSite",
    lists: "walk-token",
    ask: async (w) => (await tokenAtSite(w), { path: "/v1/tokens?limit=200" }),
  },
  getToken: { reach: "wholeSite", ask: async (world) => ({ path: `/v1/tokens/${await tokenAtSite(world)}` }) },
  createToken: {
    reach: "wholeSite",
    makes: true,
    ask: () => ({ path: "/v1/tokens", body: { name: `walk ${(made += 1)}`, bindings: [boundToSite] } }),
  },
  rotateToken: {
    reach: "wholeSite",
    ask: async (world) => ({ path: `/v1/tokens/${await tokenAtSite(world)}/rotate`, body: {} }),
  },
  decodePayloads: {
    reach: "installation",
    makes: true,
    ask: () => ({ path: "/v1/codec/decode", body: { payloads: [] } }),
  },
  getFreeze: get("/v1/freeze", "self"),
  freezeChanges: {
    reach: "installation",
    makes: true,
    ask: () => ({ path: "/v1/freeze", body: { reason: "walking the routes" } }),
  },
  unfreezeChanges: { reach: "installation", makes: true, ask: () => ({ path: "/v1/freeze" }) },
  listApprovals: { reach: "move", ask: ({ plan }) => ({ path: `/v1/plans/${plan.planId}/approvals` }) },
  decidePlan: {
    reach: "move",
    ask: ({ plan }) => ({
      path: `/v1/plans/${plan.planId}/approvals`,
      // Of another hash: a program can't decide, and is told so last.
      body: { plan_hash: "0".repeat(64), decision: "reject" },
    }),
  },
  sealBreakGlass: { reach: "installation", makes: true, ask: () => ({ path: "/v1/break-glass" }) },
  listLogs: get(`/v1/logs?workflow_id=migration/${moved}`, "move", "walk-line"),
  followLogs: get(`/v1/logs/events?workflow_id=migration/${moved}&until=2020-01-01T00:00:00Z`, "move"),
  listMetrics: get("/v1/metrics/names", "site", "walk.depth"),
  readMetricSamples: get("/v1/metrics/samples?site=onprem-a&metric=cpu.utilisation&resource_id=id-db-1", "vm"),
  listAlertRules: get("/v1/alert-rules", "wholeSite", "walk-rule"),
  getAlertRule: get("/v1/alert-rules/walk-rule", "wholeSite"),
  createAlertRule: {
    reach: "wholeSite",
    makes: true,
    ask: () => ({
      path: "/v1/alert-rules",
      body: {
        ...{ name: `walk-rule-${(made += 1)}`, metric: "walk.depth", threshold: 1, comparison: "gt" },
        site: "onprem-a",
      },
    }),
  },
  changeAlertRule: {
    reach: "wholeSite",
    ask: () => ({ path: "/v1/alert-rules/walk-rule", body: { threshold: 2 } }),
  },
  removeAlertRule: {
    reach: "wholeSite",
    ask: async (world) => ({ path: `/v1/alert-rules/${await alertRuleThere(world)}` }),
  },
  listAlarms: get("/v1/sites/onprem-a/alarms", "wholeSite"),
  createAlarm: {
    reach: "wholeSite",
    ask: () => ({
      path: "/v1/sites/onprem-a/alarms",
      body: { name: "busy", vm: "id-db-1", metric: "cpu.utilisation", threshold: 0.9, comparison: "gt" },
    }),
  },
  deleteAlarm: { reach: "wholeSite", ask: () => ({ path: "/v1/sites/onprem-a/alarms/busy-1" }) },
  listAlerts: get("/v1/alerts", "wholeSite", "walk-queue"),
  listAlertEvents: { reach: "wholeSite", makes: true, ask: () => ({ path: "/v1/alerts/events?site=onprem-a" }) },
  listAlertNotifications: get("/v1/alerts/notifications?rule=walk-rule", "wholeSite"),
  listSilences: get("/v1/silences", "wholeSite", "walk-silence"),
  createSilence: {
    reach: "wholeSite",
    makes: true,
    ask: () => ({ path: "/v1/silences", body: { site: "onprem-a", until: "2100-01-01T00:00:00Z", reason: "walking" } }),
  },
  endSilence: {
    reach: "wholeSite",
    ask: async (world) => ({ path: `/v1/silences/${await silenceThere(world)}` }),
  },
  pushMetricSamples: {
    reach: "wholeSite",
    makes: true,
    ask: () => ({
      path: "/v1/metrics/samples",
      body: {
        samples: [
          {
            ...{ site: "onprem-a", resource_id: "walk-queue", metric: "walk.depth" },
            ...{ at: new Date().toISOString(), value: 1 },
          },
        ],
      },
    }),
  },
  readMetrics: { reach: "installation", makes: true, ask: () => ({ path: "/v1/metrics" }) },
  readSiteWorkerMetrics: { reach: "installation", makes: true, ask: () => ({ path: "/v1/metrics/site-workers" }) },
  getControlPlane: { reach: "installation", makes: true, ask: () => ({ path: "/v1/control-plane" }) },
  backUpControlPlane: { reach: "installation", makes: true, ask: () => ({ path: "/v1/control-plane/backups" }) },
  listAudit: { reach: "installation", makes: true, ask: () => ({ path: "/v1/audit" }) },
  exportAudit: { reach: "installation", makes: true, ask: () => ({ path: "/v1/audit/export?after=1000000" }) },
  listAuditCheckpoints: { reach: "installation", makes: true, ask: () => ({ path: "/v1/audit/checkpoints" }) },
  revokeToken: { reach: "wholeSite", ask: async (world) => ({ path: `/v1/tokens/${await tokenAtSite(world)}` }) },
};

/** A policy that db-1 breaks. */
async function findingThere(store: World["api"]["store"]): Promise<string> {
  const policyId = "walk-there";
  await store.policies.create({ ...policyDraft, name: policyId, policyId, actions: [], createdBy: "user/walk-user" });
  const kept = await store.policies.get(policyId);
  const [compiled] = readPolicies(kept ? [{ ...kept, scope: "vms name:db-1" }] : [], [], Date.now());
  if (compiled) await store.findings.scan(compiled, { now: Date.now(), residency: {} });
  await store.findings.beginScan({
    ...{ scanId: "walk-scan", workflowId: "policy-scan/walk-scan", askedBy: "user/walk-user" },
    startedAt: new Date().toISOString(),
  });
  return (await store.findings.list({ limit: 1 })).items[0]?.findingId ?? "";
}

export async function walked(api: TestApi): Promise<World> {
  const { store } = api;
  await api.call("GET", "/v1/vms?refresh=true");
  const plan = samplePlan("walk-plan", true, { vm: "db-1", from: "onprem-a", to: "onprem-b" });
  await store.plans.insert(plan);
  const vms = [{ vm: "db-1", from: "onprem-a", to: "onprem-b" }];
  const wavePlan = sampleWavePlan("walk-wave-plan", outlineWave({}, vms));
  await store.plans.insert(wavePlan);
  const member = {
    group: "default",
    migrationId: "walk-wave-1",
    vmName: "db-1",
    sourceVmId: "id-db-1",
    bytesToMove: 1,
  };
  await store.waves.create({
    waveId: "walk-wave",
    name: "walk",
    planId: wavePlan.planId,
    workflowId: "wave/walk-wave",
    groups: [{ name: "default" }],
    members: [{ ...member, from: "onprem-a", to: "onprem-b", tags: { env: "prod", project: "web" } }],
  });
  const now = new Date().toISOString();
  await store.savings.begin("walk-analysis", defaultSavingsSettings, now);
  const subject = { site: "onprem-a", resourceKind: "vm", tags: { env: "prod", project: "web" } };
  const usd = (micros: number) => ({ micros, currency: "USD" });
  const recommended: Finding = {
    ...{ ...subject, findingId: "walk-1", resourceId: "id-db-1", name: "walk-recommended", recommended: true },
    ...{ type: "rightsize", currentCost: usd(2e6), optimizedCost: usd(1e6), potentialSavings: usd(1e6) },
    ...{
      savingsPercent: 50,
      action: "Resize it.",
      confidence: 0.99,
      risk: "low",
      evidence: [],
      reversal: "Resize it.",
    },
  };
  const unchanged = { ...subject, findingId: "walk-2", resourceId: "id-db-2", name: "walk-unchanged" };
  const totals = { resources: 2, recommendations: 1, expectedHarm: 0 };
  const findings: Finding[] = [recommended, { ...unchanged, recommended: false, reason: "no smaller size holds it" }];
  await store.savings.complete("walk-analysis", findings, totals);
  await store.assessments.create({
    assessmentId: "walk-assessment",
    workflowId: "assessment/walk-assessment",
    request: { from: "onprem-a", to: "onprem-b" },
    requester: "token/bootstrap",
    vms: [{ vmId: "id-db-1", name: "db-1", tags: { env: "prod", project: "web" } }],
  });
  await store.assessments.update("walk-assessment", { state: "completed", startedAt: new Date().toISOString() });
  const groupPlan = { ...plan, planId: "walk-group-plan", kind: "protect-group" };
  await store.plans.insert(groupPlan);
  const recoveryPlan = { ...plan, planId: "walk-recovery-plan", kind: "recover-group" };
  await store.plans.insert(recoveryPlan);
  await addCosts(store);
  await addGroup(store);
  const client = await connectClient({ address: api.temporalAddress, namespace: "default" });
  await ensureSiteHealth(client, "onprem-a");
  await ensureCostSchedules(client, ["walk"]);
  await client.connection.close();
  const restorePlan = { ...plan, planId: "walk-restore-plan", kind: "restore-vm" };
  await store.plans.insert(restorePlan);
  await store.restores.create({
    ...{ restoreId: "walk-restore", planId: restorePlan.planId, workflowId: "restore/walk-restore" },
    ...{ groupId: "walk-group", pointId: "walk-group-p0", vmName: "db-1", from: "onprem-a", to: "onprem-b" },
    tags: { env: "prod", project: "web" },
    createdBy: "token/bootstrap",
  });
  await store.restores.update("walk-restore", { state: "done", endedAt: "2026-01-01T00:00:00.000Z" });
  for (const poolId of ["walk-pool", "walk-pool-gone"]) {
    const settings = resolveBurst(fromWire<BurstRequest>(burstBody(poolId)), "token/bootstrap");
    await store.burstPools.create({ poolId, settings, createdBy: "token/bootstrap" });
  }
  const testPlan = { ...plan, planId: "walk-test-plan", kind: "test-migration" };
  await store.plans.insert(testPlan);
  await store.tests.create({
    testId: tested,
    planId: testPlan.planId,
    workflowId: `test-migration/${tested}`,
    migrationId: moved,
    vm: { name: "db-1", sourceVmId: "id-db-1" },
    from: "onprem-a",
    to: "onprem-b",
    tags: { env: "prod", project: "web" },
    expiresAt: "2030-01-01T00:00:00.000Z",
    createdBy: "token/bootstrap",
  });
  await store.tests.update(tested, { state: "passed", endedAt: "2026-01-01T00:00:00.000Z" });
  const at = new Date().toISOString();
  await store.waves.update("walk-wave", { state: "completed", startedAt: at, endedAt: at });
  await store.migrations.create({
    migrationId: moved,
    planId: plan.planId,
    workflowId: `migration/${moved}`,
    vm: { name: "db-1", sourceVmId: "id-db-1" },
    from: "onprem-a",
    to: "onprem-b",
    state: "rolled-back",
    tags: { env: "prod", project: "web" },
  });
  const vmPlan = sampleOperationPlan("walk-vm-plan", {
    action: "start",
    vms: [{ site: "onprem-a", vm: "id-db-1" }],
  });
  await store.plans.insert(vmPlan);
  const { planId, kind, subjects = [] } = vmPlan;
  const workflowId = `operation/${operated}`;
  await store.operations.create({
    operationId: operated,
    planId,
    workflowId,
    kind,
    total: 1,
    subjects,
    createdBy: "token/bootstrap",
  });
  await store.operations.end(operated, "done", new Date().toISOString());
  await store.logs.append([
    { at, level: "info", process: "worker", message: "walk-line", workflowId: `migration/${moved}`, facts: {} },
  ]);
  const figure = { site: "onprem-a", resourceId: "walk-queue", metric: "walk.depth", at, value: 1 };
  await store.metrics.write([figure]);
  const ruleId = await alertRuleThere({ api }, "walk-rule");
  await silenceThere({ api }, "walk-silence");
  const rule = await store.alertRules.get(ruleId);
  const held = { ruleId, site: "onprem-a", resourceId: "walk-queue" };
  if (rule) {
    const firing = { ...held, state: "firing", since: at, lastAt: at, value: 2, firedAt: at, occurrence: 1 } as const;
    await store.alerts.keep(rule, held, firing, [{ to: "firing", at, occurrence: 1, value: 2 }]);
  }
  await store.certificates.insert(sampleCertificate(moved));
  await store.migrations.update(moved, { certificateId: `cert-${moved}` });
  for (const userId of ["walk-user", "walk-far-user"]) await store.users.create({ userId, name: userId });
  await store.maps.set({ name: "walk-there", ...route, createdBy: "user/walk-user" });
  await store.addresses.setPool({ name: "walk-there", cidr: "10.208.0.0/12", excluded: [], createdBy: "" });
  await rangeThere(store);
  await store.connections.create({ connectionId: "walk-connection", near: "onprem-a", far: "onprem-b", createdBy: "" });
  await store.connections.update("walk-connection", { state: "failed", endedAt: at });
  for (const name of ["shared", "private"]) {
    const own = { searchId: `walk-${name}`, name, query: "vms", owner: "user/walk-user", shared: name === "shared" };
    await store.searches.create(own);
  }
  const createdBy = "token/bootstrap";
  await store.bindings.add({ bindingId: "walk-binding", holder: "user/walk-user", ...boundToSite, createdBy });
  const findingId = await findingThere(store);
  return {
    api,
    plan,
    vmPlan,
    wavePlan,
    testPlan,
    groupPlan,
    recoveryPlan,
    restorePlan,
    findingId,
    twins: [
      ["/v1/recovery-runs/walk-recovery", "/v1/recovery-runs/walk-recover9"],
      ["/v1/protection-groups/walk-group", "/v1/protection-groups/walk-grou9"],
      ["/v1/restores/walk-restore", "/v1/restores/walk-restor9"],
      ["/v1/burst-pools/walk-pool", "/v1/burst-pools/walk-poo9"],
      [`/v1/migration-tests/${tested}`, "/v1/migration-tests/walk-teste9"],
      [`/v1/operations/${operated}`, "/v1/operations/walk-operate9"],
      ["/v1/vms/onprem-a/id-db-1", "/v1/vms/onprem-a/id-db-9"],
      ["/v1/resources/onprem-a/vm/id-db-1", "/v1/resources/onprem-a/vm/id-db-9"],
      ["/v1/searches/walk-private", "/v1/searches/walk-privat9"],
      ["/v1/connections/walk-connection", "/v1/connections/walk-connectio9"],
      ["/v1/maps/walk-there", "/v1/maps/walk-ther9"],
      ["/v1/plans/walk-plan", "/v1/plans/walk-pla9"],
      [`/v1/migrations/${moved}`, "/v1/migrations/walk-move9"],
      ["/v1/waves/walk-wave", "/v1/waves/walk-wav9"],
    ],
  };
}

function burstBody(name = `walk-${(made += 1)}`, at = "onprem-b") {
  return {
    ...{ name, site: "onprem-a", sites: [at], own_vms: 1, tags: { env: "prod", project: "web" } },
    template: { cpus: 1, memory_bytes: 2 ** 30, image: "walk" },
  };
}

/** Held by a failover, so that no order of a caller's gets anywhere. */
async function addCosts(store: TestApi["store"]): Promise<void> {
  const source = { sourceId: "walk-costs", provider: "libvirt", site: "onprem-a" } as const;
  await store.costs.addImport({ importId: "walk-cost-import", ...source, part: "", createdBy: "token/bootstrap" });
  await store.costs.replace(source, []);
}

async function addGroup(store: TestApi["store"]): Promise<void> {
  const policy = resolvePolicy({ primarySite: "onprem-a", recoverySite: "onprem-b" }, {});
  if (!policy) return;
  const groupId = "walk-group";
  const members = [{ position: 0, name: "db-1", vmId: "id-db-1", tags: { env: "prod", project: "web" } }];
  const workflowId = `protection/${groupId}`;
  await store.protection.create({ groupId, name: groupId, workflowId, policy, members, createdBy: "token/bootstrap" });
  await store.protection.markStarted(groupId);
  const opened = { kind: "manual", epoch: 0, from: "onprem-a", to: "onprem-b" } as const;
  const { pointId } = await store.groupPoints.open(groupId, opened);
  const takenAt = "2026-01-01T00:00:00.000Z";
  const vm = {
    position: 0,
    name: "db-1",
    vmId: "id-db-1",
    planId: "walk-plan",
    sourcePointId: "s",
    takenAt,
    disks: [],
  };
  await store.groupPoints.noteFrozen(pointId, { takenAt, spreadMs: 0, together: true, vms: [vm] });
  await store.groupPoints.complete(pointId, { vms: [vm], bytesCopied: 0 });
  await store.health.decide({
    ...{ decisionId: "walk-decision", site: "onprem-a", groupId, epoch: 0, verdict: "down", action: "asked" },
    ...{ reasons: ["walking"], samples: [], makeSureOf: ["it is off"] },
    deadline: new Date(Date.now() + 3_600_000).toISOString(),
  });
  await store.takeovers.claim({ groupId, failoverId: "walk-failover", epoch: 0, message: "walking" });
  await store.recoveryRuns.create({
    ...{ runId: "walk-recovery", groupId, workflowId: `failover/${groupId}`, planId: "walk-recovery-plan" },
    ...{ mode: "failover", reason: "walking", from: "onprem-a", to: "onprem-b", createdBy: "token/bootstrap" },
  });
  // Ended: no order of a caller's gets anywhere.
  await store.recoveryRuns.update("walk-recovery", { state: "done", endedAt: new Date().toISOString() });
}
