// Long because it is one contract: every case uses the same site, and the census at its end is over all of them.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { after, before, describe, test as nodeTest, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { readRange, toCidrs } from "../../src/domain/address-range.ts";
import { type ErrorCode, isProviderError } from "../../src/domain/errors.ts";
import { beyond, translateRules } from "../../src/domain/translate-rules.ts";
import { type DiskBus, tagKeys, type Vm } from "../../src/domain/vm.ts";
import { absentDocument } from "../../src/providers/documents-facet.ts";
import type { CensusEntry, Provider, SourcePoint, VmSpec } from "../../src/providers/provider.ts";
import type { BlockSink, BlockSource } from "../../src/transfer/ports.ts";
import { facetCases } from "./conformance-facets.ts";
import { trafficCases } from "./conformance-traffic.ts";
import { type ConformanceHarness, type ConformanceSite, deafGuestMs } from "./harness.ts";
import { readAll } from "./support/read-all.ts";
import { lacks, refuses } from "./support/refuses.ts";

const MiB = 2 ** 20;
const leaf = MiB / 2;
const lastCase = "leaves the site as empty as it was";
const lateWriter = fileURLToPath(new URL("support/late-writer.ts", import.meta.url));

/** Holds a provider to the port's contract, at a real site. Ends with the site as empty as it was. */
export function runConformance(harness: ConformanceHarness): void {
  const skip = harness.unavailable() ?? false;
  const differences = new Map(Object.entries(harness.differences ?? {}));
  const served = harness.serves && new Set([...harness.serves, lastCase]);
  const test = (name: string, work: (context: TestContext) => Promise<void> | void): void => {
    if (served && !served.delete(name)) return;
    const difference = differences.get(name);
    differences.delete(name);
    void nodeTest(name, { skip: difference ?? false }, work);
  };
  const { timeoutMs = 300_000, runId } = harness;
  describe(`${harness.kind} keeps the provider port's contract`, { skip, timeout: timeoutMs }, () => {
    let place: ConformanceSite;
    let provider: Provider;
    /** Of most disks: a little more than 16 MiB, in the site's units. */
    let sizeBytes = 0;
    /** Writes are made of these: what the site's disks take at least. */
    let unit = 512;
    let before0: readonly string[] = [];
    const signal = AbortSignal.timeout(timeoutMs);
    let counter = 0;
    const fresh = (what: string) => `${runId === undefined ? "" : `${runId}-`}${what}-${++counter}`;

    before(async () => {
      place = await harness.open();
      provider = place.provider;
      sizeBytes = provider.disks.volumeSize(16 * MiB + 512);
      unit = place.wholeLeaves ? leaf : 512;
      // What documents lie in stays once it is there: the census before and after counts it.
      const { documents } = provider;
      if (documents && !harness.serves) {
        const name = "conformance/first";
        await documents.put({ name, value: {}, version: absentDocument, key: name }, signal);
        await documents.remove(name, signal);
      }
      before0 = await census();
    });
    after(async () => {
      await place?.close();
    });

    async function census(): Promise<readonly string[]> {
      const entries: CensusEntry[] = [];
      for await (const entry of provider.census(signal)) entries.push(entry);
      return entries.map(({ kind, id }) => `${kind} ${id}`).sort();
    }

    function specOf(volumeIds: readonly string[], more: Partial<VmSpec> = {}): VmSpec {
      return {
        name: "conformance vm",
        cpus: 1,
        memoryBytes: 64 * MiB,
        firmware: "bios",
        architecture: "x86_64",
        disks: volumeIds.map((volumeId, index) => ({ volumeId, bus: place.bus, boot: index === 0 })),
        nics: [],
        publishPorts: [],
        tags: {},
        ...more,
      };
    }

    /** Some sites start what they create. */
    async function createStopped(spec: VmSpec, key: string): Promise<Vm> {
      const vm = await provider.compute.createVm(spec, key, signal);
      if (!provider.capabilities["compute.create-stopped"]) return vm;
      assert.equal(vm.state, "running");
      await provider.compute.stopVm(vm.vmId, { graceMs: 0 }, signal);
      return provider.compute.getVm(vm.vmId, signal);
    }

    /** The site keeps what a point needs to be compared with only as long as the point is held. */
    const endsWithPoint = (): boolean => provider.capabilities["disks.changes-after-release"] !== undefined;

    /** A stopped VM with one empty disk; removed when `work` ends. */
    async function withVm(more: Partial<VmSpec>, work: (vm: Vm, diskId: string) => Promise<void>): Promise<void> {
      const volume = await provider.disks.createVolume({ sizeBytes, key: fresh("volume"), tags: {} }, signal);
      const vm = await createStopped(specOf([volume.volumeId], more), fresh("vm"));
      try {
        await work(vm, vm.disks[0]?.diskId ?? "");
      } finally {
        await provider.compute.deleteVm(vm.vmId, signal);
        await provider.disks.deleteVolume(volume.volumeId, signal);
      }
    }

    /** A sealed point with `pattern` in its second MiB, on top of a parent's content when there is one. */
    async function sealed(pattern: number, offset: number, parentPointId?: string): Promise<string> {
      const generationId = fresh("generation");
      const replica = { replicaId: "replica", sizeBytes, tags: { own: "tag" } };
      const sink = await provider.disks.openGeneration({ replica, generationId, parentPointId, attempt: 1 }, signal);
      await sink.write(offset, Buffer.alloc(MiB, pattern));
      await sink.flush();
      await sink.close();
      const point = await provider.disks.sealGeneration(
        { replicaId: "replica", generationId, attempt: 1, leavesWritten: 2 },
        signal,
      );
      assert.equal(point.pointId, generationId);
      assert.equal(point.kind, "sealed");
      return point.pointId;
    }

    /** Starts it where the site can; where it can't, the call says why, in the words of the capability table. */
    async function starts(vmId: string): Promise<boolean> {
      const gap = provider.capabilities["compute.start"];
      if (gap === undefined) {
        assert.equal((await provider.compute.startVm(vmId, signal)).state, "running");
        return true;
      }
      await lacks(gap, provider.compute.startVm(vmId, signal));
      return false;
    }

    async function readPoint(pointId: string): Promise<Buffer> {
      return readAll(await provider.disks.openPoint(pointId, signal));
    }

    test("checks itself without a failure", async () => {
      const rows = await provider.check(signal);
      assert.ok(rows.length > 0);
      for (const row of rows) {
        assert.notEqual(row.result, "fail", `${row.check}: ${row.detail}`);
        if (row.result !== "pass") assert.ok(row.remedy, `${row.check} has no remedy`);
      }
      assert.ok(((await provider.disks.freeBytes(signal)) ?? 1) > 0);
    });

    test("a create with a known key returns what the first one made", async () => {
      const input = { sizeBytes, key: fresh("volume"), tags: { a: "1" } };
      const first = await provider.disks.createVolume(input, signal);
      assert.equal((await provider.disks.createVolume(input, signal)).volumeId, first.volumeId);
      const spec = specOf([first.volumeId]);
      const key = fresh("vm");
      const vm = await provider.compute.createVm(spec, key, signal);
      assert.equal((await provider.compute.createVm(spec, key, signal)).vmId, vm.vmId);
      assert.equal(vm.tags[tagKeys.key], key);
      assert.equal(vm.tags[tagKeys.managed], "true");
      assert.equal(vm.state, provider.capabilities["compute.create-stopped"] ? "running" : "stopped");
      assert.equal(vm.disks[0]?.sizeBytes, sizeBytes);
      await refuses("Conflict", provider.disks.deleteVolume(first.volumeId, signal));
      await provider.compute.deleteVm(vm.vmId, signal);
      await provider.compute.deleteVm(vm.vmId, signal);
      await refuses("NotFound", provider.compute.getVm(vm.vmId, signal));
      await provider.disks.deleteVolume(first.volumeId, signal);
      await provider.disks.deleteVolume(first.volumeId, signal);
    });

    test("gives a VM the address that it is to have, tells which rules hold for it, and its group can go as soon as it has", async (context) => {
      const { network, networkAdmin, capabilities } = provider;
      if (!network.firewallOf) {
        assert.ok(capabilities["network.firewall"], "nothing says why it tells none");
        context.skip(capabilities["network.firewall"]);
        return;
      }
      const networks = await Array.fromAsync(network.listNetworks(signal));
      const inside = networks.find(({ isDefault }) => isDefault) ?? networks[0];
      assert.ok(inside);
      const rule = {
        direction: "ingress",
        protocol: "tcp",
        fromPort: 4242,
        toPort: 4243,
        peer: "192.0.2.0/24",
      } as const;
      const { networkId, virtualNetworkId = "" } = inside;
      const wanted = { name: "rules", description: "for a test", virtualNetworkId, rules: [rule], tags: {} };
      const group = await networkAdmin?.createSecurityGroup({ ...wanted, key: fresh("group") }, signal);
      const securityGroups = group ? { securityGroups: [group.securityGroupId] } : {};
      const range = readRange(inside.cidr ?? "");
      const fixed = capabilities["network.fixed-address"] === undefined && range;
      const address = fixed
        ? toCidrs({ ...range, first: range.first + 40n, last: range.first + 40n })[0]?.split("/")[0]
        : undefined;
      const nic = { networkId, ...(address === undefined ? {} : { address }) };
      await withVm({ nics: [nic], publishPorts: [4242, 4243], ...securityGroups }, async (vm) => {
        if (address !== undefined) assert.equal(vm.nics[0]?.address, address);
        const { nics } = (await network.firewallOf?.(vm.vmId, signal)) ?? { nics: [] };
        assert.deepEqual(
          nics.map(({ nicId }) => nicId),
          vm.nics.map(({ nicId }) => nicId),
        );
        const [rules] = nics;
        assert.ok(rules);
        const inward = translateRules(rules, { peerMap: { host: rule.peer } }).rules.filter(
          ({ direction }) => direction === "ingress",
        );
        const ofNetwork = (await network.networkRules?.(networkId, signal)) ?? [];
        // What the network itself lets in is no group's.
        const own = inward.filter((each) => beyond([each], ofNetwork).length === ofNetwork.length);
        const ports = own.map(({ fromPort, toPort, peer }) => [fromPort, toPort, peer]);
        const single = [4242, 4243].map((port) => [port, port, rule.peer]);
        assert.deepEqual(ports, group ? [[4242, 4243, rule.peer]] : single);
        if (group && networkAdmin) {
          await refuses("Conflict", networkAdmin.deleteSecurityGroup(group.securityGroupId, signal));
          const still = await Array.fromAsync(networkAdmin.listSecurityGroups(signal));
          const kept = still.find(({ securityGroupId }) => securityGroupId === group.securityGroupId);
          assert.deepEqual(kept?.rules, group.rules);
        }
      });
      for (let repeat = 0; repeat < 2 && group; repeat++) {
        await networkAdmin?.deleteSecurityGroup(group.securityGroupId, signal);
      }
      await refuses("NotFound", network.firewallOf("4b4e6d4e-0000-4000-8000-000000000000", signal));
    });

    test("two creates with one key at the same time make one thing", async () => {
      const input = { sizeBytes, key: fresh("volume"), tags: {} };
      const [first, second] = await Promise.all([
        provider.disks.createVolume(input, signal),
        provider.disks.createVolume(input, signal),
      ]);
      assert.equal(first.volumeId, second.volumeId);
      await provider.disks.deleteVolume(first.volumeId, signal);
      assert.deepEqual(await census(), before0);
    });

    test("two VMs may show the same name", async () => {
      await withVm({ name: "twin" }, async (one) => {
        await withVm({ name: "twin" }, async (other) => {
          assert.notEqual(one.vmId, other.vmId);
          assert.equal(other.name, "twin");
          const names = (await Array.fromAsync(provider.compute.listVms(signal))).map((vm) => vm.name);
          assert.equal(names.filter((name) => name === "twin").length, 2);
        });
      });
    });

    test("starts, publishes, stops and repeats all of it", async () => {
      const networks = await Array.fromAsync(provider.network.listNetworks(signal));
      const network =
        networks.find(({ active, isDefault }) => active && isDefault) ?? networks.find(({ active }) => active);
      assert.ok(network, "no active network");
      const nics = [{ networkId: network.networkId }];
      await withVm({ nics, publishPorts: [8080] }, async ({ vmId, publishPorts, endpoints }) => {
        assert.deepEqual([publishPorts, endpoints], [[8080], []]);
        const noConsole = provider.capabilities["compute.console-output"];
        if (noConsole !== undefined) await lacks(noConsole, provider.compute.consoleOutput(vmId, 1000, signal));
        if (!(await starts(vmId))) {
          assert.deepEqual(await provider.compute.stopVm(vmId, { graceMs: 0 }, signal), { forced: false });
          return;
        }
        const running = await provider.compute.getVm(vmId, signal);
        assert.equal(running.endpoints[0]?.guestPort, 8080);
        assert.deepEqual((await provider.compute.startVm(vmId, signal)).endpoints, running.endpoints);
        if (noConsole === undefined) {
          assert.equal(typeof (await provider.compute.consoleOutput(vmId, 1000, signal)), "string");
        }
        await provider.compute.stopVm(vmId, { graceMs: 0 }, signal);
        assert.deepEqual(await provider.compute.stopVm(vmId, { graceMs: 0 }, signal), { forced: false });
        assert.equal((await provider.compute.getVm(vmId, signal)).state, "stopped");
      });
    });

    test("turns a guest off that does not listen to its power button", async () => {
      await withVm({}, async ({ vmId }) => {
        if (!(await starts(vmId))) return;
        let waited = 0;
        const options = { graceMs: 300, onWaiting: () => waited++ };
        place.powerOffWithin?.(1_000);
        try {
          assert.deepEqual(await provider.compute.stopVm(vmId, options, signal), { forced: true });
        } finally {
          place.powerOffWithin?.(deafGuestMs);
        }
        assert.ok(waited > 0);
      });
    });

    test("runs VMs of either firmware, with disks on every bus it has", async () => {
      const noUefi = provider.capabilities["compute.uefi"];
      if (noUefi === undefined) {
        await withVm({ firmware: "uefi" }, async ({ vmId, firmware }) => {
          assert.equal(firmware, "uefi");
          await starts(vmId);
        });
      } else {
        const { volumeId } = await provider.disks.createVolume({ sizeBytes, key: fresh("volume"), tags: {} }, signal);
        const spec = specOf([volumeId], { firmware: "uefi" });
        await lacks(noUefi, provider.compute.createVm(spec, fresh("vm"), signal));
        await provider.disks.deleteVolume(volumeId, signal);
      }
      const disks: { volumeId: string; bus: DiskBus; boot: boolean }[] = [];
      for (const bus of ["virtio-scsi", "ide", "sata", "nvme", "virtio-blk", "xen", "hyperv"] as const) {
        const { volumeId } = await provider.disks.createVolume({ sizeBytes, key: fresh("volume"), tags: {} }, signal);
        disks.push({ volumeId, bus, boot: disks.length === 0 });
        try {
          const vm = await provider.compute.createVm({ ...specOf([]), disks }, fresh("vm"), signal);
          await starts(vm.vmId);
          const seen = (await provider.compute.getVm(vm.vmId, signal)).disks;
          assert.deepEqual(
            seen.map((disk) => ({ volumeId: disk.volumeId, bus: disk.bus, boot: disk.boot })),
            disks,
          );
          await provider.compute.deleteVm(vm.vmId, signal);
        } catch (error) {
          assert.ok(isProviderError(error, "UnsupportedCapability"), String(error));
          disks.pop();
          await provider.disks.deleteVolume(volumeId, signal);
        }
      }
      assert.ok(disks.length > 0, "it has no bus at all");
      for (const { volumeId } of disks) await provider.disks.deleteVolume(volumeId, signal);
    });

    test("gives a VM another size while it is off, and refuses while it runs", async () => {
      const { compute, capabilities } = provider;
      const gap = capabilities["compute.resize"];
      if (!compute.resizeVm) {
        assert.ok(gap, "a site that can't has its row");
        return;
      }
      assert.equal(gap, undefined);
      const types = compute.listInstanceTypes && (await Array.fromAsync(compute.listInstanceTypes(signal)));
      await withVm({}, async (vm) => {
        const other = types?.find(
          (type) =>
            type.name !== vm.instanceType &&
            type.architecture === vm.architecture &&
            type.firmwares.includes(vm.firmware) &&
            !type.bareMetal,
        );
        if (types) assert.ok(other, "another size");
        assert.equal(vm.instanceType !== undefined, types !== undefined, "what is listed by type is priced by it");
        const size = other
          ? { cpus: other.cpus, memoryBytes: other.memoryBytes, instanceType: other.name }
          : { cpus: 2, memoryBytes: 128 * MiB };
        for (let twice = 0; twice < 2; twice++) {
          const seen = await compute.resizeVm?.(vm.vmId, size, signal);
          assert.deepEqual([seen?.cpus, seen?.memoryBytes], [size.cpus, size.memoryBytes]);
        }
        const { cpus, memoryBytes, instanceType, disks, tags } = await compute.getVm(vm.vmId, signal);
        assert.deepEqual({ instanceType, cpus, memoryBytes }, { instanceType: undefined, ...size });
        assert.deepEqual([disks, tags], [vm.disks, vm.tags]);
        if (!(await starts(vm.vmId))) return;
        const small = { cpus: 1, memoryBytes: 64 * MiB };
        await refuses("Conflict", compute.resizeVm?.(vm.vmId, small, signal) ?? Promise.resolve());
      });
    });

    test("sets and removes tags, of running VMs too, and keeps every character", async () => {
      const odd = `<a & "b" 'c'> ü ; $(x)`;
      await withVm({ tags: { odd, gone: "1" } }, async ({ vmId }) => {
        await provider.compute.setTags(vmId, { gone: undefined, "with:colon": "2" }, signal);
        const running = await starts(vmId);
        await provider.compute.setTags(vmId, { live: "3" }, signal);
        if (running) await provider.compute.stopVm(vmId, { graceMs: 0 }, signal);
        const { tags } = await provider.compute.getVm(vmId, signal);
        assert.equal(tags.odd, odd);
        assert.equal(tags.gone, undefined);
        assert.deepEqual([tags["with:colon"], tags.live], ["2", "3"]);
      });
    });

    test("refuses to start a fenced VM", async () => {
      await withVm({}, async ({ vmId }) => {
        await provider.compute.setTags(vmId, { [tagKeys.fencedBy]: "m1" }, signal);
        await refuses("Conflict", provider.compute.startVm(vmId, signal));
        await provider.compute.setTags(vmId, { [tagKeys.fencedBy]: undefined }, signal);
        await starts(vmId);
      });
    });

    test("a generation holds what was flushed, seals once, and is immutable from then on", async () => {
      const generationId = fresh("generation");
      const replica = { replicaId: "replica", sizeBytes, tags: {} };
      const open = (attempt: number) => provider.disks.openGeneration({ replica, generationId, attempt }, signal);
      const sink = await open(1);
      assert.equal(sink.sizeBytes, sizeBytes);
      await sink.write(0, Buffer.alloc(MiB, 1));
      const zeros = Math.max(unit, 4096);
      await sink.writeZeroes(leaf, zeros);
      await sink.write(sizeBytes - unit, Buffer.alloc(unit, 2));
      await sink.flush();
      await sink.close();
      const seal = () =>
        provider.disks.sealGeneration({ replicaId: "replica", generationId, attempt: 1, leavesWritten: 3 }, signal);
      const point = await seal();
      assert.deepEqual(await seal(), point);
      assert.deepEqual(await provider.disks.getPoint(generationId, signal), point);
      await refuses("Conflict", open(1));
      await refuses("Conflict", open(2));
      await refuses("Conflict", provider.disks.discardGeneration({ replicaId: "replica", generationId }, signal));
      const expected = Buffer.alloc(sizeBytes);
      expected.fill(1, 0, MiB);
      expected.fill(0, leaf, leaf + zeros);
      expected.fill(2, sizeBytes - unit);
      assert.ok((await readPoint(generationId)).equals(expected));
      await provider.disks.deletePoint(generationId, signal);
      await provider.disks.deletePoint(generationId, signal);
      await refuses("NotFound", provider.disks.getPoint(generationId, signal));
    });

    test("a second generation starts as its parent, whose bytes outlive it as long as they are needed", async () => {
      const first = await sealed(1, 0);
      const second = await sealed(2, 2 * MiB, first);
      await provider.disks.deletePoint(first, signal);
      await refuses("NotFound", provider.disks.getPoint(first, signal));
      const bytes = await readPoint(second);
      assert.deepEqual([bytes[0], bytes[MiB], bytes[2 * MiB]], [1, 0, 2]);
      await provider.disks.deletePoint(second, signal);
      assert.deepEqual(await census(), before0);
    });

    test("a clone never changes its point, and knows what it changed", async () => {
      const pointId = await sealed(1, 0);
      const input = { pointId, key: fresh("clone"), tags: {} };
      const volume = await provider.disks.materialise(input, signal);
      assert.equal((await provider.disks.materialise(input, signal)).volumeId, volume.volumeId);
      const vm = await createStopped(specOf([volume.volumeId]), fresh("vm"));
      const diskId = vm.disks[0]?.diskId ?? "";
      const running = await starts(vm.vmId);
      await place.writeAsGuest(vm.vmId, diskId, 4 * MiB, MiB, 9);
      if (running) {
        await refuses("Conflict", provider.disks.openVolume(volume.volumeId, signal));
        await provider.compute.stopVm(vm.vmId, { graceMs: 0 }, signal);
      }
      assert.equal((await readAll(await provider.disks.openVolume(volume.volumeId, signal)))[4 * MiB], 9);
      assert.equal((await readPoint(pointId))[4 * MiB], 0);
      const point = await provider.disks.createSourcePoint(
        { vmId: vm.vmId, mode: "stopped", key: fresh("point") },
        signal,
      );
      await hasOnlyChanged(point, diskId, pointId, 4 * MiB, MiB);
      await provider.disks.releaseSourcePoint(point.sourcePointId, signal);
      await provider.disks.deletePoint(pointId, signal);
      await provider.compute.deleteVm(vm.vmId, signal);
      await provider.disks.deleteVolume(volume.volumeId, signal);
      assert.deepEqual(await census(), before0);
    });

    test("a generation may be larger than the point it starts from", async () => {
      const parentPointId = await sealed(1, MiB);
      const generationId = fresh("generation");
      const larger = provider.disks.volumeSize(2 * sizeBytes);
      const replica = { replicaId: "replica", sizeBytes: larger, tags: {} };
      const sink = await provider.disks.openGeneration({ replica, generationId, parentPointId, attempt: 1 }, signal);
      await sink.write(larger - MiB, Buffer.alloc(MiB, 9));
      await sink.flush();
      await sink.close();
      const seal = { replicaId: "replica", generationId, attempt: 1, leavesWritten: 2 };
      assert.equal((await provider.disks.sealGeneration(seal, signal)).sizeBytes, larger);
      const bytes = await readPoint(generationId);
      assert.deepEqual([bytes.length, bytes[MiB], bytes[2 * MiB], bytes[larger - 1]], [larger, 1, 0, 9]);
      await provider.disks.deletePoint(generationId, signal);
      await provider.disks.deletePoint(parentPointId, signal);
      assert.deepEqual(await census(), before0);
    });

    test("a deep chain of generations still gives a clone that is right", async () => {
      const points: string[] = [];
      for (let depth = 0; depth < 10; depth++) points.push(await sealed(depth + 1, depth * MiB, points.at(-1)));
      const input = { pointId: points.at(-1) ?? "", key: fresh("clone"), tags: {} };
      const { volumeId } = await provider.disks.materialise(input, signal);
      const bytes = await readAll(await provider.disks.openVolume(volumeId, signal));
      for (let depth = 0; depth < 10; depth++) assert.equal(bytes[depth * MiB], depth + 1);
      await provider.disks.deleteVolume(volumeId, signal);
      for (const pointId of points) await provider.disks.deletePoint(pointId, signal);
      assert.deepEqual(await census(), before0);
    });

    test("discarding leaves nothing, and nobody brings a discarded generation back", async () => {
      const generationId = fresh("generation");
      const replica = { replicaId: "replica", sizeBytes, tags: {} };
      const sink = await provider.disks.openGeneration({ replica, generationId, attempt: 1 }, signal);
      await sink.write(0, Buffer.alloc(MiB, 1));
      await provider.disks.discardGeneration({ replicaId: "replica", generationId }, signal);
      await provider.disks.discardGeneration({ replicaId: "replica", generationId }, signal);
      await refusesWrites(sink);
      await refuses("Conflict", provider.disks.openGeneration({ replica, generationId, attempt: 2 }, signal));
      assert.deepEqual(await census(), before0);
    });

    test("a newer attempt revokes the earlier one and goes on with what is durable", async () => {
      const generationId = fresh("generation");
      const replica = { replicaId: "replica", sizeBytes, tags: {} };
      const open = (attempt: number) => provider.disks.openGeneration({ replica, generationId, attempt }, signal);
      const first = await open(1);
      await first.write(0, Buffer.alloc(MiB, 1));
      await first.flush();
      const second = await open(2);
      if (!provider.capabilities["disks.fenced-writes"]) await refusesWrites(first);
      await refuses("Conflict", open(1));
      await first.close();
      await second.write(MiB, Buffer.alloc(MiB, 2));
      await second.flush();
      await refuses(
        "Conflict",
        provider.disks.sealGeneration({ replicaId: "replica", generationId, attempt: 1, leavesWritten: 2 }, signal),
      );
      await provider.disks.sealGeneration({ replicaId: "replica", generationId, attempt: 2, leavesWritten: 4 }, signal);
      await refusesWrites(second);
      const bytes = await readPoint(generationId);
      assert.deepEqual([bytes[0], bytes[MiB], bytes[2 * MiB]], [1, 2, 0]);
      await provider.disks.deletePoint(generationId, signal);
    });

    test("a process that was stopped in mid-write cannot write when it goes on", async (context) => {
      const gap = provider.capabilities["disks.fenced-writes"];
      if (gap) return context.skip(gap);
      const generationId = fresh("generation");
      const replica = { replicaId: "late", sizeBytes, tags: {} };
      // Where the other process writes.
      const coveredBytes = Math.min(sizeBytes, 32 * MiB);
      const args = [lateWriter, harness.module, JSON.stringify(place.descriptor), generationId, String(sizeBytes)];
      const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
      const ended = new Promise((resolve) => child.once("exit", resolve));
      try {
        const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
        assert.equal((await lines.next()).value, "writing");
        child.kill("SIGSTOP");
        const sink = await provider.disks.openGeneration({ replica, generationId, attempt: 2 }, signal);
        for (let at = 0; at < coveredBytes; at += MiB) {
          await sink.write(at, Buffer.alloc(Math.min(MiB, coveredBytes - at), 0xbb));
        }
        await sink.flush();
        child.kill("SIGCONT");
        assert.match(String((await lines.next()).value), /^refused /);
        assert.equal((await lines.next()).value, "shut-out Conflict");
        await sink.close();
      } finally {
        child.kill("SIGKILL");
        await ended;
      }
      await provider.disks.sealGeneration({ replicaId: "late", generationId, attempt: 2, leavesWritten: 33 }, signal);
      const bytes = await readPoint(generationId);
      const expected = Buffer.alloc(sizeBytes).fill(0xbb, 0, coveredBytes);
      assert.ok(bytes.equals(expected), "the stopped process changed the disk");
      await provider.disks.deletePoint(generationId, signal);
    });

    test("a point of a stopped VM is one moment, and its changes are known afterwards", async () => {
      await withVm({}, async ({ vmId }, diskId) => {
        await place.writeAsGuest(vmId, diskId, 0, MiB, 1);
        const first = await provider.disks.createSourcePoint({ vmId, mode: "stopped", key: "p1" }, signal);
        assert.deepEqual(await provider.disks.createSourcePoint({ vmId, mode: "stopped", key: "p1" }, signal), first);
        assert.equal(first.consistency?.level, "stopped");
        assert.deepEqual(first.disks[0]?.baselines, []);
        assert.equal(first.disks[0]?.allocatedBytes, place.hidesAllocation ? sizeBytes : MiB);
        assert.equal(first.disks[0]?.sizeBytes, sizeBytes);
        const source = await openSource(first, diskId, 1);
        assert.equal(source.sizeBytes, sizeBytes);
        const again = await openSource(first, diskId, 2);
        await assert.rejects(source.read(0, new Uint8Array(512)));
        assert.equal((await readAll(again))[0], 1);
        await place.writeAsGuest(vmId, diskId, 8 * MiB, 64 * 1024, 2);
        const kept = await refusedOr("Conflict", openSource(first, diskId, 3));
        if (kept) assert.equal((await readAll(kept))[8 * MiB], 0, "the point changed with the disk");
        await refuses("NotFound", openSource({ ...first, sourcePointId: "sp-none" }, diskId, 1));
        const releaseFirst = async (): Promise<void> => {
          await provider.disks.releaseSourcePoint(first.sourcePointId, signal);
          await provider.disks.releaseSourcePoint(first.sourcePointId, signal);
          await refuses("NotFound", openSource(first, diskId, 4));
        };
        if (!endsWithPoint()) await releaseFirst();
        const [seen] = await provider.disks.inspectSource(vmId, signal);
        const second = await provider.disks.createSourcePoint({ vmId, mode: "stopped", key: "p2" }, signal);
        const { allocatedBytes = 0, allocationUnknown: _hidden, ...found } = second.disks[0] ?? {};
        const { allocatedBytes: expected = 0, allocationUnknown: _unknown, ...planned } = seen ?? {};
        assert.deepEqual(found, planned);
        assert.ok(allocatedBytes <= expected, "a plan promised less than there is");
        await hasOnlyChanged(second, diskId, `${first.sourcePointId}/${diskId}`, 8 * MiB, 64 * 1024);
        if (endsWithPoint()) await releaseFirst();
        await provider.disks.releaseSourcePoint(second.sourcePointId, signal);
      });
    });

    test("points of many VMs are those of each, and say what nothing was written to since", async (context) => {
      const { disks } = provider;
      if (!disks.createSourcePoints || !disks.unchangedSince || !disks.releaseSourcePoints) {
        return context.skip("its points are taken one by one");
      }
      const { createSourcePoints, unchangedSince, releaseSourcePoints } = disks;
      await withVm({}, async (one, diskId) => {
        await withVm({}, async (other) => {
          const take = async (key: string): Promise<SourcePoint[]> => {
            const wanted = [one.vmId, other.vmId].map((vmId) => ({ vmId, mode: "stopped" as const, key }));
            const outcomes = await createSourcePoints.call(disks, wanted, signal);
            return outcomes.map((each) => (each.status === "fulfilled" ? each.value : assert.fail(each.reason)));
          };
          const firsts = await take("many-1");
          assert.deepEqual(await take("many-1"), firsts);
          const [first] = firsts;
          const alone = { vmId: one.vmId, mode: "stopped" as const, key: "many-1" };
          assert.deepEqual(await disks.createSourcePoint(alone, signal), first);
          await place.writeAsGuest(other.vmId, diskId, 0, MiB, 5);
          const seconds = await take("many-2");
          const since = seconds.map(({ sourcePointId }, index) => ({
            ...{ sourcePointId, diskId, baselineId: `${firsts[index]?.sourcePointId}/${diskId}` },
          }));
          assert.deepEqual(await unchangedSince.call(disks, since, signal), [true, false]);
          const unknown = since.map((each) => ({ ...each, baselineId: `sp-none/${diskId}` }));
          assert.deepEqual(await unchangedSince.call(disks, unknown, signal), [false, false]);
          const missing = { ...alone, vmId: "i-0123456789abcdef0", key: "many-3" };
          const frozen = { ...alone, mode: "frozen" as const, key: "many-3" };
          const refused = await createSourcePoints.call(disks, [missing, frozen], signal);
          assert.deepEqual(
            refused.map((each) => each.status === "rejected" && isProviderError(each.reason) && each.reason.code),
            ["NotFound", "Conflict"],
          );
          const all = [...firsts, ...seconds].map(({ sourcePointId }) => sourcePointId);
          await releaseSourcePoints.call(disks, all, signal);
          await releaseSourcePoints.call(disks, all, signal);
          for (const point of seconds) await refuses("NotFound", openSource(point, diskId, 1));
        });
      });
    });

    test("a running VM has no stopped point, a stopped one no frozen point", async () => {
      await withVm({}, async ({ vmId }) => {
        const frozen = provider.disks.createSourcePoint({ vmId, mode: "frozen", key: "p" }, signal);
        const gap = provider.capabilities["disks.source-frozen"];
        await (gap === undefined ? refuses("Conflict", frozen) : lacks(gap, frozen));
        if (!(await starts(vmId))) return;
        await refuses("Conflict", provider.disks.createSourcePoint({ vmId, mode: "stopped", key: "p" }, signal));
      });
    });

    test("a point of a running VM keeps its moment while the guest writes on", async (context) => {
      const gap = provider.capabilities["disks.source-frozen"] ?? provider.capabilities["compute.start"];
      if (gap) return context.skip(gap);
      await withVm({}, async ({ vmId }, diskId) => {
        await place.writeAsGuest(vmId, diskId, 0, MiB, 1);
        const held: string[] = [];
        const release = async ({ sourcePointId }: SourcePoint): Promise<void> => {
          if (endsWithPoint()) held.push(sourcePointId);
          else await provider.disks.releaseSourcePoint(sourcePointId, signal);
        };
        const stopped = await provider.disks.createSourcePoint({ vmId, mode: "stopped", key: "p0" }, signal);
        await release(stopped);
        await provider.compute.startVm(vmId, signal);
        await place.writeAsGuest(vmId, diskId, MiB, 64 * 1024, 2);
        const first = await provider.disks.createSourcePoint({ vmId, mode: "frozen", key: "p1" }, signal);
        assert.deepEqual(await provider.disks.createSourcePoint({ vmId, mode: "frozen", key: "p1" }, signal), first);
        // Nothing runs in it that could be frozen.
        assert.equal(first.consistency?.level, "crash");
        await place.writeAsGuest(vmId, diskId, 0, MiB, 3);
        const bytes = await readAll(await openSource(first, diskId, 1));
        assert.deepEqual([bytes[0], bytes[MiB], bytes[2 * MiB]], [1, 2, 0]);
        await hasOnlyChanged(first, diskId, `${stopped.sourcePointId}/${diskId}`, MiB, 64 * 1024);
        await release(first);
        const second = await provider.disks.createSourcePoint({ vmId, mode: "frozen", key: "p2" }, signal);
        await hasOnlyChanged(second, diskId, `${first.sourcePointId}/${diskId}`, 0, MiB);
        await provider.disks.releaseSourcePoint(second.sourcePointId, signal);
        await refuses("NotFound", openSource(second, diskId, 1));
        // Another target may hold an earlier state than the newest.
        const since = { [diskId]: `${first.sourcePointId}/${diskId}` };
        const third = await provider.disks.createSourcePoint({ vmId, mode: "frozen", key: "p2b", since }, signal);
        await hasOnlyChanged(third, diskId, `${first.sourcePointId}/${diskId}`, 0, MiB);
        await provider.disks.releaseSourcePoint(third.sourcePointId, signal);
        for (const sourcePointId of held) await provider.disks.releaseSourcePoint(sourcePointId, signal);
        if (endsWithPoint()) return;
        const fourth = await provider.disks.createSourcePoint({ vmId, mode: "frozen", key: "p3" }, signal);
        await provider.disks.releaseSourcePoint(fourth.sourcePointId, signal);
        const [seen] = await provider.disks.inspectSource(vmId, signal);
        const known = (seen?.baselines ?? []).map(({ baselineId }) => baselineId);
        assert.ok(!known.includes(`${first.sourcePointId}/${diskId}`), "an old baseline costs writes for ever");
        assert.ok(known.includes(`${second.sourcePointId}/${diskId}`));
      });
    });

    test("a disk can be looked at as it is, and neither hinders its VM nor is hindered by it", async (context) => {
      const { disks } = provider;
      const gap = provider.capabilities["disks.peek"];
      assert.equal(disks.peek === undefined, gap !== undefined);
      if (!disks.peek) return context.skip(gap);
      const peek = disks.peek.bind(disks);
      await withVm({}, async ({ vmId }, diskId) => {
        const byteAt = async (source: BlockSource, offset: number) => {
          const byte = Buffer.alloc(1);
          await source.read(offset, byte, signal);
          return byte[0];
        };
        await place.writeAsGuest(vmId, diskId, 0, MiB, 1);
        const before = await census();
        const volume = await disks.openVolume(
          (await provider.compute.getVm(vmId, signal)).disks[0]?.volumeId ?? "",
          signal,
        );
        const countsFor = (await census()).length - before.length;
        await volume.close();
        const stopped = await peek(vmId, diskId, signal);
        assert.equal((await census()).length, before.length + countsFor, "a look counts as any open handle");
        assert.deepEqual([await byteAt(stopped, 512), await byteAt(stopped, 2 * MiB)], [1, 0]);
        if (await starts(vmId)) {
          const running = await peek(vmId, diskId, signal);
          await place.writeAsGuest(vmId, diskId, 0, 512, 2);
          assert.deepEqual([await byteAt(stopped, 0), await byteAt(running, 0)], [2, 2]);
          await running.close();
          await provider.compute.stopVm(vmId, { graceMs: 0 }, signal);
        }
        await stopped.close();
        assert.deepEqual(await census(), before);
        await refuses("NotFound", peek(vmId, "no-such-disk", signal));
        await refuses("NotFound", peek("4b4e6d4e-0000-4000-8000-000000000000", diskId, signal));
      });
    });

    test("a fenced VM's disk serves as a recovery point until it changes, and its bytes as long as needed", async () => {
      const volume = await provider.disks.createVolume({ sizeBytes, key: fresh("volume"), tags: {} }, signal);
      const vm = await createStopped(specOf([volume.volumeId]), fresh("vm"));
      const { vmId } = vm;
      const diskId = vm.disks[0]?.diskId ?? "";
      await place.writeAsGuest(vmId, diskId, 0, MiB, 1);
      const point = await provider.disks.createSourcePoint({ vmId, mode: "stopped", key: fresh("p") }, signal);
      const input = { sourcePointId: point.sourcePointId, diskId };
      const adopted = await provider.disks.adoptPoint(input, signal);
      assert.deepEqual(await provider.disks.adoptPoint(input, signal), adopted);
      assert.equal(adopted.kind, "adopted");
      await provider.disks.releaseSourcePoint(point.sourcePointId, signal);
      // Another point of the unchanged disk is no change.
      const other = await provider.disks.createSourcePoint({ vmId, mode: "stopped", key: fresh("p") }, signal);
      await provider.disks.releaseSourcePoint(other.sourcePointId, signal);
      assert.equal((await readPoint(adopted.pointId))[0], 1);
      const child = await sealed(2, 2 * MiB, adopted.pointId);
      await provider.compute.deleteVm(vmId, signal);
      await provider.disks.deleteVolume(volume.volumeId, signal);
      await provider.disks.deletePoint(adopted.pointId, signal);
      const bytes = await readPoint(child);
      assert.deepEqual([bytes[0], bytes[2 * MiB]], [1, 2]);
      await provider.disks.deletePoint(child, signal);
      assert.deepEqual(await census(), before0);
    });

    test("an adopted disk that changed is refused as a point and as a parent, or shows what it was", async () => {
      await withVm({}, async ({ vmId }, diskId) => {
        const point = await provider.disks.createSourcePoint({ vmId, mode: "stopped", key: fresh("p") }, signal);
        const { pointId } = await provider.disks.adoptPoint({ sourcePointId: point.sourcePointId, diskId }, signal);
        await provider.disks.releaseSourcePoint(point.sourcePointId, signal);
        await place.writeAsGuest(vmId, diskId, 0, 512, 7);
        if (await refusedOr("Conflict", provider.disks.getPoint(pointId, signal))) {
          assert.equal((await readPoint(pointId))[0], 0, "the point changed with the disk");
          await provider.disks.deletePoint(pointId, signal);
          return;
        }
        const replica = { replicaId: "replica", sizeBytes, tags: {} };
        const generationId = fresh("generation");
        const open = { replica, generationId, parentPointId: pointId, attempt: 1 };
        await refuses("Conflict", provider.disks.openGeneration(open, signal));
        await provider.disks.deletePoint(pointId, signal);
      });
    });

    test("a huge sparse disk costs nothing", async () => {
      const huge = 2 * 2 ** 40;
      const replica = { replicaId: "huge", sizeBytes: huge, tags: {} };
      const generationId = fresh("generation");
      const sink = await provider.disks.openGeneration({ replica, generationId, attempt: 1 }, signal);
      await sink.writeZeroes(0, huge / 64);
      await sink.write(huge - MiB, Buffer.alloc(MiB, 5));
      await sink.flush();
      await sink.close();
      await provider.disks.sealGeneration({ replicaId: "huge", generationId, attempt: 1, leavesWritten: 2 }, signal);
      const source = await provider.disks.openPoint(generationId, signal);
      let data = 0;
      for await (const { kind, length } of source.extents({})) if (kind === "data") data += length;
      await source.close();
      assert.equal(data, MiB);
      await provider.disks.deletePoint(generationId, signal);
    });

    test("an aborted call ends, and its repeat succeeds", async () => {
      const input = { sizeBytes, key: fresh("volume"), tags: {} };
      await assert.rejects(provider.disks.createVolume(input, AbortSignal.abort()));
      const { volumeId } = await provider.disks.createVolume(input, signal);
      await provider.disks.deleteVolume(volumeId, signal);
    });

    facetCases({ test, provider: () => provider, signal, fresh, sealed: () => sealed(1, 0), withVm });
    trafficCases({ test, place: () => place, signal });

    test(lastCase, async () => {
      assert.deepEqual(await census(), before0);
    });

    // A difference that names no test hides nothing, and would hide a renamed one.
    assert.deepEqual([...differences.keys(), ...(served ?? [])], []);

    function openSource(point: SourcePoint, diskId: string, attempt: number): Promise<BlockSource> {
      return provider.disks.openSource({ sourcePointId: point.sourcePointId, diskId, attempt }, signal);
    }

    async function hasOnlyChanged(
      point: SourcePoint,
      diskId: string,
      baselineId: string,
      offset: number,
      length: number,
    ): Promise<void> {
      const baselines = point.disks.find((disk) => disk.diskId === diskId)?.baselines ?? [];
      const baseline = baselines.find((candidate) => candidate.baselineId === baselineId);
      assert.ok(baseline, `no baseline ${baselineId}`);
      const gap = provider.capabilities["disks.changed-blocks"];
      if (gap) return;
      assert.equal(baseline.tracking, place.tracking);
      if (baseline.changedBytes !== undefined) assert.ok(baseline.changedBytes >= length);
      const grain = baseline.granularityBytes;
      const from = Math.floor(offset / grain) * grain;
      const to = Math.ceil((offset + length) / grain) * grain;
      const source = await openSource(point, diskId, 1);
      const changed = await Array.fromAsync(source.extents({ sinceBaseline: baselineId }));
      await refuses("NotFound", Array.fromAsync(source.extents({ sinceBaseline: "nobody-knows" })));
      await source.close();
      assert.deepEqual(changed, [{ offset: from, length: to - from, kind: "data" }]);
    }
  });
}

/** What came back, unless it was refused with the code. */
async function refusedOr<T>(code: ErrorCode, call: Promise<T>): Promise<T | undefined> {
  return call.catch((error: unknown) => {
    if (isProviderError(error, code)) return undefined;
    throw error;
  });
}

async function refusesWrites(sink: BlockSink): Promise<void> {
  await assert.rejects(async () => {
    await sink.write(0, Buffer.alloc(leaf, 0xff));
    await sink.flush();
  });
}
