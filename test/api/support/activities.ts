// Long because it is one place: what every order to the API does here, and what every plan looks like.
import { createHash } from "node:crypto";
import { ApplicationFailure } from "@temporalio/common";
import type { Certificate } from "../../../src/domain/certificate.ts";
import { planFinalize } from "../../../src/domain/finalize-plan.ts";
import type { MigrationState, MigrationStep } from "../../../src/domain/migration.ts";
import { isTestEnded, type TestState } from "../../../src/domain/migration-test.ts";
import type { OperateVmsRequest } from "../../../src/domain/operation.ts";
import { canonicalJson, type Plan, type PlanContent, planContent } from "../../../src/domain/plan.ts";
import { vmResource } from "../../../src/domain/resource.ts";
import type { FilesHead, FilesToSend, SentFiles } from "../../../src/domain/restored-files.ts";
import { planTest } from "../../../src/domain/test-plan.ts";
import type { Vm } from "../../../src/domain/vm.ts";
import { memberPlanId, type WaveOutline, type WaveState } from "../../../src/domain/wave.ts";
import { planWave } from "../../../src/domain/wave-plan.ts";
import type { Store } from "../../../src/store/index.ts";
import type { PlanMigrationInput } from "../../../src/workflows/plan-migration/types.ts";
import type { PlanOperationInput } from "../../../src/workflows/plan-operation/types.ts";
import type { PlanWaveInput } from "../../../src/workflows/plan-wave/types.ts";

export type RecordActivities = ReturnType<typeof recordActivities>;

/** What the stand-in workflows need of a worker: rows in the real store. */
export function recordActivities(store: Store) {
  return {
    async storePlan({ planId, request }: PlanMigrationInput): Promise<Plan> {
      const plan = samplePlan(planId, request.vm !== "full", { ...request });
      await store.plans.insert(plan);
      return plan;
    },
    async storeOperationPlan({ planId, request, create, finalize, test }: PlanOperationInput): Promise<Plan> {
      if (finalize) {
        const plan = await sampleFinalizePlan(store, planId, finalize.migrationId);
        await store.plans.insert(plan);
        return plan;
      }
      if (test) {
        const base = withVm(
          samplePlan(`${planId}-move`, true, { vm: test.vm ?? "web-1", from: "onprem-a", to: "onprem-b" }),
        );
        const migration = test.migrationId
          ? { migration: { migrationId: test.migrationId, state: "awaiting-cutover", rounds: 1 } }
          : {};
        const sides = { source: { ownWorkersOnly: false }, target: { capabilityGaps: {} } };
        const parts = planTest({ request: test, base, ...migration, ...sides });
        const { subjects, createdAt } = base;
        const hash = hashOf(parts);
        const plan = { ...parts, planId, hash, subjects, createdAt };
        await store.plans.insert(plan);
        return plan;
      }
      const vms = [{ site: create?.site ?? "onprem-a", vm: create?.name ?? "" }];
      const plan = sampleOperationPlan(planId, request ?? { action: "start", vms });
      await store.plans.insert(plan);
      return plan;
    },
    async becomeTest(testId: string, state: TestState): Promise<void> {
      const endedAt = new Date().toISOString();
      await store.tests.update(testId, { state, ...(isTestEnded(state) ? { endedAt } : {}) });
    },
    async endOperation(operationId: string): Promise<void> {
      const vm = { item: 0, site: "onprem-a", name: "db-1", vmId: "id-db-1" };
      await store.operations.addItems(operationId, [vm]);
      await store.operations.updateItem(operationId, 0, { state: "done", step: "Start db-1 at onprem-a" });
      await store.operations.end(operationId, "done", new Date().toISOString());
    },
    async storeWavePlan({ planId, outline }: PlanWaveInput): Promise<Plan> {
      const plan = sampleWavePlan(planId, outline);
      await store.plans.insert(plan);
      return plan;
    },
    async endAssessment(assessmentId: string): Promise<void> {
      const at = new Date().toISOString();
      await store.assessments.update(assessmentId, { state: "completed", startedAt: at, endedAt: at });
    },
    async becomeWave(waveId: string, state: WaveState): Promise<void> {
      const at = new Date().toISOString();
      const ended = state === "running" || state === "paused" ? {} : { endedAt: at };
      await store.waves.update(waveId, { state, ...(state === "running" ? { startedAt: at } : {}), ...ended });
      if (state === "cancelled") await store.waves.endWaiting(waveId, "it was cancelled", at);
    },
    /** Sends as many bytes as the path says, fails beforehand, or breaks off. */
    async pipeFiles({ pipeId, path }: FilesToSend): Promise<SentFiles> {
      if (path === "missing") throw ApplicationFailure.nonRetryable("Could not find it: it is not there", "NotFound");
      const mib = 2 ** 20;
      const sizeBytes = Number(/^send\/(\d+)$/.exec(path)?.[1] ?? 2 * mib);
      const where = { diskId: "vda", volume: "partition 1", takenAt: "2026-01-01T00:00:00.000Z", inUse: false };
      const head: FilesHead = { name: 'a"b\r\nü.txt', kind: "file", sizeBytes, ...where };
      await store.filePipe.put(pipeId, 0, Buffer.from(JSON.stringify(head)));
      for (let sequence = 1; sequence <= sizeBytes / mib; sequence++) {
        await store.filePipe.put(pipeId, sequence, Buffer.alloc(mib, "x"));
        if (path === "breaks") throw ApplicationFailure.nonRetryable("The disk can't be read any more", "Conflict");
      }
      await store.filePipe.end(pipeId, sizeBytes / mib + 1);
      return { bytes: sizeBytes, leftOut: 0 };
    },
    async readSite(site: string): Promise<number> {
      if (site === "onprem-b") throw new Error("onprem-b is away");
      const vms = ["web-1", "web-2", "db-1"].map((name) => sampleVm(site, name));
      await keepVms(store, site, vms);
      return vms.length;
    },
    async step(migrationId: string, step: MigrationStep): Promise<void> {
      const at = new Date().toISOString();
      await store.migrations.startStep(migrationId, step, at, "copying vda");
      await store.migrations.update(migrationId, { step, progress: 40 });
      const data = { step, state: "running", bytesCopied: 4096 };
      await store.migrations.appendEvent(migrationId, { at, type: "step", message: "copying vda", data });
    },
    async become(migrationId: string, state: MigrationState): Promise<void> {
      const at = new Date().toISOString();
      const ended = state === "awaiting-finalize" || state === "running" || state === "paused" ? {} : { endedAt: at };
      await store.migrations.update(migrationId, { state, ...ended });
      await store.migrations.appendEvent(migrationId, { at, type: "state", message: state, data: { state } });
    },
    async certify(migrationId: string): Promise<void> {
      const certificate = sampleCertificate(migrationId);
      await store.certificates.insert(certificate);
      await store.migrations.update(migrationId, { certificateId: certificate.certificateId });
    },
  };
}

const sampleTags = { "novacron:managed": "true", ownTag_Of: "someBody", env: "prod", project: "web" };

/** Makes these the site's VMs, as a reading just now would. */
export async function keepVms(store: Store, site: string, vms: readonly Vm[]): Promise<void> {
  const place = { site, provider: "libvirt" };
  const resources = vms.map((vm) => vmResource(place, vm));
  await store.inventory.replace(place, "vm", resources, new Date().toISOString());
}

export function sampleVm(site: string, name: string): Vm {
  return {
    vmId: `id-${name}`,
    site,
    name,
    state: name.startsWith("db") ? "stopped" : "running",
    cpus: 2,
    memoryBytes: 2 ** 30,
    firmware: "bios",
    architecture: "x86_64",
    disks: [
      {
        diskId: "vda",
        volumeId: `${name}-vda`,
        sizeBytes: 2 ** 31,
        bus: "virtio-blk",
        boot: true,
        allocatedBytes: 2 ** 26,
      },
    ],
    nics: [{ nicId: "net0", networkId: "default", mac: "52:54:00:00:00:01" }],
    publishPorts: [8080],
    endpoints: [{ guestPort: 8080, host: "127.0.0.1", port: 18080 }],
    tags: sampleTags,
  };
}

export function samplePlan(planId: string, executable: boolean, request: Record<string, unknown>): Plan {
  const content = {
    kind: "migrate-vm",
    inputs: { ...request, vm: `id-${String(request.vm)}`, vmName: request.vm, point: "stop" },
    observed: [{ site: "onprem-a", kind: "vm", id: `id-${String(request.vm)}`, version: "1" }],
    choices: [{ what: "target network of net0", chosen: "default", why: "same name" }],
    actions: [
      {
        action: "copy-disk",
        resource: { site: "onprem-a", kind: "disk", id: "vda" },
        detail: "Copy vda",
        parameters: { diskId: "vda", sizeBytes: 2 ** 31 },
      },
    ],
  };
  return {
    ...content,
    planId,
    hash: createHash("sha256")
      .update(canonicalJson(planContent(content)))
      .digest("hex"),
    createdAt: new Date().toISOString(),
    subjects: [request.from, request.to].map((site) => ({ site: String(site), tags: sampleTags })),
    checks: executable
      ? [{ check: "target-free-space", result: "pass", detail: "enough" }]
      : [{ check: "target-free-space", result: "fail", detail: "1 MiB free", remedy: "Free some space." }],
    estimates: { bytesToMove: 2 ** 26, bytesNominal: 2 ** 31, seconds: 6, downtimeSeconds: 6, basis: "assumed" },
    executable,
  };
}

export function sampleOperationPlan(planId: string, { action, vms }: OperateVmsRequest): Plan {
  const content = {
    kind: `${action}-vm`,
    inputs: { action, vms, parallel: 4 },
    observed: [],
    choices: [],
    actions: vms.map(({ site, vm }, item) => ({
      action: `${action}-vm`,
      resource: { site, kind: "vm", id: vm },
      detail: `${action} ${vm}`,
      parameters: { item, name: vm.replace(/^id-/, ""), vmId: vm },
    })),
  };
  return {
    ...content,
    planId,
    hash: createHash("sha256")
      .update(canonicalJson(planContent(content)))
      .digest("hex"),
    createdAt: new Date().toISOString(),
    subjects: vms.map(({ site }) => ({ site, tags: sampleTags })),
    checks: [],
    estimates: { bytesToMove: 0, bytesNominal: 0, basis: "no bytes are moved" },
    executable: true,
  };
}

/** With what a plan of a move says of the VM at the target. */
function withVm(plan: Plan): Plan {
  const resource = { site: "onprem-b", kind: "vm", id: "web-1" };
  const create = {
    name: "web-1",
    cpus: 1,
    memoryBytes: 2 ** 30,
    disks: [],
    nics: [],
    publishPorts: [],
    tags: sampleTags,
  };
  const verify = { start: true, bootTimeoutMs: 1, tcpPorts: [], httpProbes: [], probeTimeoutMs: 1 };
  const actions = [
    ...plan.actions,
    { action: "create-vm", resource, detail: "Create it", parameters: create },
    { action: "verify-vm", resource, detail: "Look", parameters: verify },
  ];
  return { ...plan, actions };
}

/** As the real planner makes it, of a source that was looked at before. */
async function sampleFinalizePlan(store: Store, planId: string, migrationId: string): Promise<Plan> {
  const found = await store.migrations.getScoped(migrationId);
  if (!found) throw new Error(`there is no migration ${migrationId}`);
  const { state, vm, from, to } = found.migration;
  const source = sampleVm(from, vm.name);
  const move = {
    migrationId,
    vmName: vm.name,
    sourceSite: from,
    sourceVmId: vm.sourceVmId,
    targetSite: to,
    successor: { site: to, vmId: `${vm.name}-moved` },
    leftVolumes: [],
    fenced: true,
    vm: { ...source, state: "stopped" as const, tags: { "novacron:fenced-by": migrationId } },
    movedVolumes: { vda: `${vm.name}-vda` },
    sharedVolumes: {},
    snapshots: [],
    addresses: [],
    points: [],
    prices: {},
  };
  const parts = planFinalize({ migrationId, state, moves: [move] });
  return { ...parts, planId, hash: hashOf(parts), subjects: found.subjects, createdAt: new Date().toISOString() };
}

export function sampleWavePlan(planId: string, outline: WaveOutline): Plan {
  const parts = planWave({
    outline,
    planned: outline.members.map(({ request }, position) => {
      const plan = samplePlan(memberPlanId(planId, position), request.vm !== "full", { ...request });
      const create = { name: request.vm, cpus: 1, memoryBytes: 2 ** 30, disks: [], nics: [] };
      const resource = { site: request.to, kind: "vm", id: request.vm };
      const action = { action: "create-vm", resource, detail: "Create it", parameters: create };
      return { plan: { ...plan, actions: [...plan.actions, action] } };
    }),
    targets: { "onprem-b": { ceilings: [] } },
    parallelMigrations: 3,
  });
  const subjects = outline.members.flatMap(({ request }) =>
    [request.from, request.to].map((site) => ({ site, tags: sampleTags })),
  );
  return { ...parts, planId, hash: hashOf(parts), subjects, createdAt: new Date().toISOString() };
}

export function sampleCertificate(migrationId: string): Certificate {
  return {
    format: "novacron-certificate/1",
    certificateId: `cert-${migrationId}`,
    migrationId,
    planHash: "ab".repeat(32),
    vm: "web-1",
    from: "onprem-a",
    to: "onprem-b",
    sourceVmId: "id-web-1",
    targetVmId: "id-web-1-b",
    pointTakenAt: new Date().toISOString(),
    provenAt: new Date().toISOString(),
    identical: true,
    disks: [
      {
        diskId: "vda",
        sizeBytes: 2 ** 31,
        level: "target-reread",
        method: "full",
        leafBytes: 524_288,
        rootHash: "cd".repeat(32),
        manifestId: "manifest-1",
        pointId: "point-1",
        bytesCopied: 2 ** 26,
        bytesReread: 2 ** 26,
      },
    ],
    boot: { proven: true, evidence: "login:" },
    simulated: true,
  };
}

function hashOf(parts: PlanContent): string {
  const text = canonicalJson(planContent(parts));
  return createHash("sha256").update(text).digest("hex");
}
