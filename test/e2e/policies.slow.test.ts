import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import type { LabApi } from "../../bench/lib/lab-api.ts";
import type { SecurityRule } from "../../src/domain/security-rule.ts";
import { type Lab, startLab } from "../support/lab.ts";
import { after, before, test } from "../support/needs-qemu.ts";
import { ended, type ShownOperation, type ShownPlan } from "./support/operations.ts";

const MiB = 2 ** 20;
const vault = "vault";
const cloud = "aws-us-east-1";
const signal = (): AbortSignal => AbortSignal.timeout(60_000);

let lab: Lab;
let api: LabApi;

before(async () => {
  lab = await startLab({ vault: true });
  [api] = await Promise.all([lab.startApi(), lab.startWorkerProcess()]);
});
after(() => lab?.close());

interface ShownFinding {
  readonly finding_id: string;
  readonly name: string;
  readonly resource_id: string;
  readonly why?: string;
}

const wish = (name: string, more: object = {}) => ({
  ...{ name, site: vault, cpus: 1, memory_bytes: 128 * MiB, disks: [{ size_bytes: 16 * MiB }] },
  ...more,
});
const failed = ({ checks }: ShownPlan) => checks.filter(({ result }) => result === "fail").map(({ check }) => check);
const execute = (plan: ShownPlan) =>
  api.post<ShownOperation>("/v1/operations", { plan_id: plan.plan_id, plan_hash: plan.hash });
const remediate = (request: object) => api.post<ShownPlan>("/v1/plans", { kind: "remediate_findings", request });

async function scan(): Promise<void> {
  const { scan_id: id } = await api.post<{ scan_id: string }>("/v1/policy-scans");
  for (;;) {
    const found = await api.get<{ state: string }>(`/v1/policy-scans/${id}`).catch(() => ({ state: "running" }));
    if (found.state !== "running") return assert.equal(found.state, "done");
    await sleep(100);
  }
}

async function findings(policy: string): Promise<ShownFinding[]> {
  const page = await api.get<{ items: ShownFinding[] }>(`/v1/policy-findings?policy=${policy}&state=open`);
  return page.items;
}

async function vmsAt(site: string) {
  const { compute } = await lab.deps.registry.provider(site);
  return { compute, vms: await Array.fromAsync(compute.listVms(signal())) };
}

test("findings are mended by a pinned plan; the one that drifted is refused, and what was done is taken back", async () => {
  for (const name of ["one", "two", "three"]) {
    assert.equal((await ended(api, await api.post<ShownOperation>("/v1/vms", wish(name)))).state, "done");
  }
  await api.post("/v1/policy-packs/required-tags/install");
  await api.post("/v1/resources/refresh", { sites: [vault] });
  await scan();
  const open = await findings("tags-owner");
  const ours = open.filter(({ name }) => ["one", "two", "three"].includes(name));
  assert.equal(ours.length, 3);
  const shown = await api.get<ShownFinding>(`/v1/policy-findings/${ours[0]?.finding_id}`);
  assert.equal(shown.why, "owner: none");
  const plan = await remediate({ policy: "tags-owner", findings: ours.map(({ finding_id: id }) => id) });
  assert.equal(plan.executable, true, JSON.stringify(plan.checks));
  // Somebody else is quicker with one of them.
  const { compute, vms } = await vmsAt(vault);
  const drifted = vms.find(({ name }) => name === "two");
  await compute.setTags(drifted?.vmId ?? "", { note: "changed" }, signal());
  const run = await ended(api, await execute(plan));
  assert.equal(run.state, "partly-done", JSON.stringify(run));
  const [refused] = run.items.filter(({ state }) => state === "failed");
  assert.equal(refused?.name, "two");
  assert.match(refused?.problem?.message ?? "", /drifted.*note/s);
  const owners = async () =>
    Object.fromEntries((await vmsAt(vault)).vms.map(({ name, tags }) => [name, tags.owner ?? "none"]));
  assert.deepEqual(await owners(), { one: "unassigned", two: "none", three: "unassigned" });
  const back = await ended(api, await execute(await remediate({ undo: run.operation_id })));
  assert.equal(back.state, "done", JSON.stringify(back));
  assert.deepEqual(await owners(), { one: "none", two: "none", three: "none" });
});

test("a policy blocks a create and a migration with the rule and the remedy, also of a plan that was made before it", async () => {
  await api.post("/v1/policy-packs/required-tags/install");
  const blocked = await api.post<ShownPlan>("/v1/vms", { ...wish("four"), dry_run: true });
  assert.deepEqual(failed(blocked).toSorted(), ["policy-tags-environment", "policy-tags-owner"]);
  assert.match(
    blocked.checks.map(({ detail }) => detail).join("\n"),
    /four at vault would break policy tags-owner .*owner: none/,
  );
  await assert.rejects(execute(blocked), /409/);
  const tags = { owner: "ops", env: "test" };
  const plan = await api.post<ShownPlan>("/v1/vms", { ...wish("four", { tags }), dry_run: true });
  assert.deepEqual(failed(plan), []);
  const late = {
    ...{
      name: "no-small-vms",
      type: "cost",
      severity: "low",
      description: "Nothing small.",
      scope: "vms tag.owner=ops",
    },
    ...{
      requirement: { forbid: { field: "cpus", operator: "less_than", value: 2 } },
      actions: ["block"],
      remedy: "Ask for two.",
    },
  };
  await api.post("/v1/policies", late);
  const run = await ended(api, await execute(plan));
  assert.equal(run.state, "failed");
  assert.equal(run.items[0]?.problem?.code, "PolicyBlocked");
  assert.match(run.items[0]?.problem?.message ?? "", /no-small-vms/);
  await api.post("/v1/policies/no-small-vms", { enabled: false });
  const again = await api.post<ShownPlan>("/v1/vms", { ...wish("four", { tags }), dry_run: true });
  assert.equal((await ended(api, await execute(again))).state, "done");

  await api.post("/v1/policy-packs/residency/install");
  await api.post("/v1/policy-packs/encryption/install");
  const { compute, vms } = await vmsAt(vault);
  const vm = vms.find(({ name }) => name === "four")?.vmId ?? "";
  await compute.setTags(vm, { data: "personal" }, signal());
  const move = await api.post<ShownPlan>("/v1/plans", {
    kind: "migrate_vm",
    request: { vm, from: vault, to: "onprem-b" },
  });
  const why = failed(move).filter((check) => check.startsWith("policy-"));
  assert.deepEqual(why, ["policy-encryption-volumes", "policy-residency-personal-data"]);
});

test("a rule that lets everybody in is closed under a standing approval, alone, and can be opened again", async () => {
  const { networkAdmin } = await lab.deps.registry.provider(cloud);
  assert.ok(networkAdmin);
  const [network] = await Array.fromAsync(networkAdmin.listVirtualNetworks(signal()));
  const letIn = (port: number, peer: string): SecurityRule => ({
    ...{ direction: "ingress", protocol: "tcp", fromPort: port, toPort: port, peer },
  });
  const kept = [letIn(443, "0.0.0.0/0"), letIn(22, "10.0.0.0/8")];
  const made = { name: "admin", description: "admin", key: "policies-test", tags: {} };
  const { securityGroupId } = await networkAdmin.createSecurityGroup(
    { ...made, virtualNetworkId: network?.virtualNetworkId ?? "", rules: [letIn(22, "0.0.0.0/0"), ...kept] },
    signal(),
  );
  const rules = async () => {
    const groups = await Array.fromAsync(networkAdmin.listSecurityGroups(signal()));
    const found = groups.find((group) => group.securityGroupId === securityGroupId);
    const ingress = (found?.rules ?? []).filter(({ direction }) => direction === "ingress");
    return ingress.map(({ fromPort, peer }) => `${fromPort} ${peer}`).toSorted();
  };
  await api.post("/v1/policy-packs/no-public-ssh/install");
  const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
  const approval = { policy: "network-no-public-ssh", most: 5, reason: "always", expires_at: expiresAt };
  await lab.store.policies.approve({
    ...{
      approvalId: "standing-1",
      most: approval.most,
      reason: approval.reason,
      expiresAt,
      approvedBy: "user/approver",
    },
    policyId: (await lab.store.policies.get(approval.policy))?.policyId ?? "",
  });
  await api.post("/v1/resources/refresh", { sites: [cloud] });
  await scan();
  // The scan is over when it has judged; what an approval allows begins after that.
  const begun = async () => {
    const { items } = await api.get<{ items: (ShownOperation & { created_by: string })[] }>("/v1/operations?limit=50");
    return items.find(({ created_by: by }) => by.startsWith("standing-approval/"));
  };
  let run = await begun();
  for (const until = Date.now() + 30_000; !run && Date.now() < until; run = await begun()) await sleep(200);
  assert.ok(run);
  assert.equal((await ended(api, run)).state, "done");
  assert.deepEqual(await rules(), ["22 10.0.0.0/8", "443 0.0.0.0/0"]);
  await lab.store.policies.revokeApproval("standing-1");
  const back = await ended(api, await execute(await remediate({ undo: run.operation_id })));
  assert.equal(back.state, "done", JSON.stringify(back));
  assert.deepEqual(await rules(), ["22 0.0.0.0/0", "22 10.0.0.0/8", "443 0.0.0.0/0"]);
  await networkAdmin.deleteSecurityGroup(securityGroupId, signal());
});
