import assert from "node:assert/strict";
import { Resolver } from "node:dns/promises";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type ProcessIdentity, signalProcess } from "../../src/host/process-identity.ts";
import { startFailover } from "../../src/temporal/start-failover.ts";
import { startBind } from "../integrations/support/bind.ts";
import { type Lab, startLab } from "../support/lab.ts";
import { after, before, describe, test } from "../support/needs-qemu.ts";
import { protectedGroup, recover, unprotect, until, untilProtected, untilSettled } from "./support/protected-groups.ts";
import { quickAws } from "./support/quick-aws.ts";

const MiB = 2 ** 20;
const [home, cloud, dns] = ["onprem-a", "aws-us-east-1", "vault"] as const;
const signal = () => AbortSignal.timeout(60_000);
const device = "/machine/peripheral/virtio-disk0/virtio-backend";

const bind = await startBind();
let lab: Lab;

before(async () => {
  lab = await startLab(typeof bind === "string" ? {} : { vault: true, nameServer: bind });
  await lab.startWorker();
  await quickAws(lab);
});
after(async () => {
  if (lab) signalProcess(daemon(), "SIGCONT");
  await lab?.close();
  if (typeof bind !== "string") await bind.close();
});

async function write(vmId: string, pattern: number): Promise<void> {
  const command = `qemu-io -d ${device} "write -P ${pattern} 2M 1M"`;
  assert.equal((await lab.virsh(home, "qemu-monitor-command", "--hmp", vmId, command)).trim(), "");
}

/** What a VM's disk has where the test writes, if that is one value. */
async function written(site: typeof home | typeof cloud, vmId: string): Promise<number | undefined> {
  const { compute, disks } = await lab.deps.registry.provider(site);
  await compute.stopVm(vmId, { graceMs: 0 }, signal());
  const point = await disks.createSourcePoint({ vmId, mode: "stopped", key: `look-${vmId}` }, signal());
  const { sourcePointId, disks: all } = point;
  const source = await disks.openSource({ sourcePointId, diskId: all[0]?.diskId ?? "", attempt: 1 }, signal());
  const bytes = new Uint8Array(MiB);
  await source.read(2 * MiB, bytes);
  await source.close();
  await disks.releaseSourcePoint(sourcePointId, signal());
  return new Set(bytes).size === 1 ? bytes[0] : undefined;
}

/** The host's daemon, which answers for the site; its guests run on without it. */
function daemon(): ProcessIdentity {
  return JSON.parse(readFileSync(join(lab.dir, "sites", home, "libvirtd.pid"), "utf8")) as ProcessIdentity;
}

async function answered(): Promise<string[]> {
  if (typeof bind === "string") return [];
  const resolver = new Resolver();
  resolver.setServers([bind.address]);
  return resolver.resolve4(`shop.${bind.zone}`);
}

describe("a group whose site is cut off", { skip: typeof bind === "string" ? bind : false }, () => {
  let old: string;
  let groupId: string;
  const zone = typeof bind === "string" ? "" : bind.zone;

  before(async () => {
    const disks = [{ sizeBytes: 16 * MiB, dataBytes: 4 * MiB }];
    ({ vmId: old } = await lab.sandbox<{ vmId: string }>("POST", "/data-vms", { site: home, name: "shop", disks }));
    await (await lab.deps.registry.provider(home)).compute.startVm(old, signal());
    await write(old, 9);
    groupId = await protectedGroup(lab, home, cloud, [old]);
    const record = { site: dns, zoneId: zone, name: `shop.${zone}`, type: "A" as const };
    const { dns: keeper } = await lab.deps.registry.provider(dns);
    await keeper?.putRecord(
      { zoneId: zone, record: { name: record.name, type: "A", ttlSeconds: 30, values: ["192.0.2.1"] } },
      signal(),
    );
    const bootGroups = [{ name: "all", vms: [{ vm: "shop", verify: { bootProof: false } }] }];
    const records = [{ ...record, values: ["192.0.2.80"], homeValues: ["192.0.2.2"] }];
    await lab.store.recoveryPlans.set(groupId, { bootGroups, dns: records }, "user/test");
  });

  test("serves at AWS from its newest point, and the name server says so, after a person made sure of the old site", async () => {
    // Written after the point, and lost with the site.
    await write(old, 6);
    signalProcess(daemon(), "SIGSTOP");
    const decided = { groupId, epoch: 0, decisionId: "outage", reason: "the site is down", requestedBy: "user/ada" };
    const { runId, started } = await startFailover(lab.client, { ...decided, madeSureOf: "its power is off" });
    assert.ok(started);
    const { state, problem, report } = await untilSettled(lab, runId);
    assert.equal(state, "done", JSON.stringify({ problem, steps: await lab.store.recoveryRuns.steps(runId) }));
    assert.deepEqual(await answered(), ["192.0.2.80"]);
    const group = await lab.store.protection.get(groupId);
    assert.deepEqual([group?.writableSite, group?.epoch], [cloud, 1]);
    assert.ok((report?.rpoSeconds ?? 0) > 0);
    const steps = await lab.store.recoveryRuns.steps(runId);
    const order = ["fence", "freeze-point", "create", "hand-over", "shift-record"];
    const seen = steps.filter(({ step }) => order.includes(step)).map(({ step, state: ended }) => `${step} ${ended}`);
    assert.deepEqual(
      seen,
      order.map((step) => `${step} done`),
    );
  });

  test("is fenced where it ran on when that is back, followed from AWS, and comes home; nothing there is overwritten", async () => {
    const { compute } = await lab.deps.registry.provider(home);
    signalProcess(daemon(), "SIGCONT");
    await untilProtected(lab, groupId, home);
    const left = await compute.getVm(old, signal());
    assert.equal(left.state, "stopped");
    assert.ok(left.tags["novacron:fenced-by"]);
    const runId = await recover(lab, groupId, "switchover");
    const { state, problem, report } = await untilSettled(lab, runId);
    assert.equal(state, "done", JSON.stringify({ problem, steps: await lab.store.recoveryRuns.steps(runId) }));
    assert.deepEqual(await answered(), ["192.0.2.2"]);
    const group = await until("its state", async () => {
      const now = await lab.store.protection.get(groupId);
      return now?.writableSite === home ? now : undefined;
    });
    assert.equal(group.epoch, 2);
    await unprotect(lab, groupId);
    assert.equal(await written(home, report?.vms[0]?.vmId ?? ""), 9);
    assert.equal(await written(home, old), 6);
  });
});
