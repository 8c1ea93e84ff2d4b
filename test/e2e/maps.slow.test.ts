import assert from "node:assert/strict";
import type { MapContent } from "../../src/domain/migration-map.ts";
import { describeRule, type SecurityRule } from "../../src/domain/security-rule.ts";
import { translateRules } from "../../src/domain/translate-rules.ts";
import { type Lab, startLab } from "../support/lab.ts";
import { after, before, describe, test } from "../support/needs-qemu.ts";
import { quickAws } from "./support/quick-aws.ts";

const MiB = 2 ** 20;
const home = "onprem-a";
const aws = "aws-us-east-1";
const azure = "azure-eastus";
const office = "203.0.113.0/24";
type Place = typeof home | typeof aws | typeof azure;
const signal = () => AbortSignal.timeout(180_000);
const unbooted = { verify: { bootProof: false }, stopGraceMs: 0 } as const;

let lab: Lab;

before(async () => {
  lab = await startLab();
  await quickAws(lab);
  await lab.startWorker();
});
after(() => lab?.close());

/** Off, with an empty disk, in the network of which only published ports are reached. */
async function machine(name: string): Promise<string> {
  const { compute, disks } = await lab.deps.registry.provider(home);
  const volume = await disks.createVolume({ sizeBytes: 16 * MiB, key: `${name}-disk`, tags: {} }, signal());
  const spec = {
    ...({ name, cpus: 1, memoryBytes: 64 * MiB, firmware: "bios", architecture: "x86_64", tags: {} } as const),
    disks: [{ volumeId: volume.volumeId, bus: "virtio-blk", boot: true } as const],
    nics: [{ networkId: "user" }],
    publishPorts: [22, 8080],
  };
  return (await compute.createVm(spec, `${name}-vm`, signal())).vmId;
}

/** What its site lets through to it and from it, all rules together. */
async function letsThrough(site: Place, vmId: string): Promise<string[]> {
  const { network } = await lab.deps.registry.provider(site);
  const [nic] = (await network.firewallOf?.(vmId, signal()))?.nics ?? [];
  assert.ok(nic);
  return translateRules(nic, {}).rules.map(describeRule).sort();
}

async function diskTypeOf(site: Place, vmId: string): Promise<string | undefined> {
  const { compute } = await lab.deps.registry.provider(site);
  return (await compute.getVm(vmId, signal())).disks[0]?.type;
}

async function groupsOf(site: Place, migrationId: string) {
  const { networkAdmin } = await lab.deps.registry.provider(site);
  assert.ok(networkAdmin);
  const groups = await Array.fromAsync(networkAdmin.listSecurityGroups(signal()));
  return groups.filter(({ tags }) => tags["novacron:migration"] === migrationId);
}

async function setMap(
  name: string,
  from: Place,
  to: Place,
  peerMap: Readonly<Record<string, string>>,
  more: MapContent = {},
): Promise<void> {
  await lab.store.maps.set({ name, from, to, rules: "translate", peerMap, ...more, createdBy: "user/test" });
}

/** All that is at a site because of us. */
async function census(site: Place): Promise<string[]> {
  const entries = await Array.fromAsync((await lab.deps.registry.provider(site)).census(signal()));
  return entries.map(({ kind, id }) => `${kind} ${id}`).sort();
}

const censuses = () => Promise.all([home, aws, azure].map((site) => census(site as Place)));

describe("a map whose rules are translated", () => {
  test("takes a VM's rules along to AWS and on to Azure, no more and no less, and its groups go with it", async () => {
    const vm = await machine("web");
    const before = await censuses();
    await setMap("to-aws", home, aws, { host: office }, { diskTypeMap: { qcow2: "gp2" } });
    await setMap("to-azure", aws, azure, {}, { diskTypes: "match", addresses: "keep" });

    const plan = await lab.plan({ vm, from: home, to: aws, map: "to-aws", ...unbooted });
    assert.deepEqual(
      plan.checks.filter(({ result }) => result === "fail"),
      [],
    );
    assert.deepEqual([plan.inputs.map, plan.inputs.mapVersion], ["to-aws", 1]);
    const first = await lab.execute(plan);
    const there = (await lab.until(first, "awaiting-finalize")).vm.targetVmId ?? "";
    const wanted = [`in tcp 22 from ${office}`, `in tcp 8080 from ${office}`, "out all to 0.0.0.0/0"];
    assert.deepEqual(await letsThrough(aws, there), wanted);
    assert.equal(await diskTypeOf(aws, there), "gp2");
    const [group] = await groupsOf(aws, first);
    assert.equal(group?.name, "web-rules");

    // What a person changed there since goes along, too.
    const ssh: SecurityRule = { direction: "ingress", protocol: "tcp", fromPort: 22, toPort: 22, peer: "10.1.0.0/16" };
    const dns: SecurityRule = { direction: "egress", protocol: "udp", fromPort: 53, toPort: 53, peer: "10.0.0.0/8" };
    const { networkAdmin } = await lab.deps.registry.provider(aws);
    const move = { vm: there, from: aws, to: azure, map: "to-azure", ...unbooted } as const;
    const stale = await lab.plan(move);
    const address = stale.checks.find(({ check }) => check === "target-address");
    assert.match(address?.detail ?? "", /gets another address at azure-eastus: 172\.31\.\S+ is not in the range/);
    await networkAdmin?.setSecurityRules(group?.securityGroupId ?? "", [ssh, dns], signal());
    const refused = await lab.until(await lab.execute(stale), "rolled-back");
    assert.match(refused.problem?.message ?? "", /it has drifted: .*vm-firewall.*in allow tcp 22 from 10\.1\.0\.0\/16/);
    const second = await lab.migrate(move);
    const arrived = (await lab.until(second, "awaiting-finalize")).vm.targetVmId ?? "";
    assert.equal(await diskTypeOf(azure, arrived), "Premium_LRS");
    assert.deepEqual(await letsThrough(azure, arrived), ["in tcp 22 from 10.1.0.0/16", "out udp 53 to 10.0.0.0/8"]);

    const groupGoes = async () =>
      (await lab.planFinalize(second)).actions.some(
        ({ action, resource }) => action === "delete-security-group" && resource.id === group?.securityGroupId,
      );
    assert.ok(await groupGoes());
    await (await lab.deps.registry.provider(aws)).compute.deleteVm(there, signal());
    assert.ok(await groupGoes(), "of a VM that was deleted by hand it is forgotten");
    await lab.finalize(second);
    assert.deepEqual(await groupsOf(aws, first), []);
    await lab.finalize(first);
    const { compute, disks } = await lab.deps.registry.provider(azure);
    const volumes = (await compute.getVm(arrived, signal())).disks.map(({ volumeId }) => volumeId);
    await compute.deleteVm(arrived, signal());
    for (const volumeId of volumes) await disks.deleteVolume(volumeId, signal());
    const admin = (await lab.deps.registry.provider(azure)).networkAdmin;
    for (const { securityGroupId } of await groupsOf(azure, second)) {
      await admin?.deleteSecurityGroup(securityGroupId, signal());
    }
    assert.deepEqual((await censuses()).slice(1), before.slice(1));
  });

  test("leaves no group behind when it is rolled back", async () => {
    const vm = await machine("back");
    const before = await censuses();
    await setMap("to-aws", home, aws, { host: office });
    const id = await lab.migrate({ vm, from: home, to: aws, map: "to-aws", ...unbooted });
    await lab.until(id, "awaiting-finalize");
    assert.equal((await groupsOf(aws, id)).length, 1);
    await lab.client.workflow.getHandle(`migration/${id}`).executeUpdate("rollback");
    await lab.until(id, "rolled-back");
    assert.deepEqual(await groupsOf(aws, id), []);
    assert.deepEqual(await censuses(), before);
  });

  test("has drifted when it changed, and is refused under a name that is gone", async () => {
    const vm = await machine("drift");
    const before = await censuses();
    await setMap("drifting", home, aws, { host: office });
    const request = { vm, from: home, to: aws, map: "drifting", ...unbooted };
    const plan = await lab.plan(request);
    await setMap("drifting", home, aws, { host: "198.51.100.0/24" });
    const refused = await lab.until(await lab.execute(plan), "rolled-back");
    assert.match(refused.problem?.message ?? "", /map\/drifting: 1 → 2/);

    const tags = (await (await lab.deps.registry.provider(home)).compute.getVm(vm, signal())).tags;
    assert.equal(tags["novacron:fenced-by"], undefined);
    assert.deepEqual(await censuses(), before);
    await lab.store.maps.remove("drifting", "user/test");
    await assert.rejects(lab.plan(request), (error: Error) =>
      /no map of that name/.test(JSON.stringify(error.cause ?? error)),
    );
  });
});
