// Long because it is one list, to be read whole: what each facet has to do that not every site has.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import type { TestContext } from "node:test";
import { isProviderError } from "../../src/domain/errors.ts";
import type { Vm } from "../../src/domain/vm.ts";
import type { SecurityRule, UploadedPart } from "../../src/providers/cloud-facets.ts";
import { absentDocument } from "../../src/providers/documents-facet.ts";
import type { CapabilityName, Provider, VmSpec } from "../../src/providers/provider.ts";
import { lacks, refuses } from "./support/refuses.ts";

interface Parts {
  readonly test: (name: string, work: (context: TestContext) => Promise<void>) => void;
  readonly provider: () => Provider;
  readonly signal: AbortSignal;
  readonly fresh: (what: string) => string;
  /** A sealed recovery point's id. */
  readonly sealed: () => Promise<string>;
  /** A stopped VM, removed when `work` ends. */
  readonly withVm: (more: Partial<VmSpec>, work: (vm: Vm) => Promise<void>) => Promise<void>;
}

const MiB = 2 ** 20;

/** What not every site has. A site without a facet says why, in its capability table. */
export function facetCases({ test, provider, signal, fresh, sealed, withVm }: Parts): void {
  function having<
    F extends
      | "networkAdmin"
      | "images"
      | "snapshots"
      | "objects"
      | "documents"
      | "quotas"
      | "loadBalancers"
      | "scalingGroups"
      | "tunnels"
      | "live"
      | "alarms",
  >(
    facet: F,
    capability: CapabilityName,
    name: string,
    work: (found: NonNullable<Provider[F]>) => Promise<void>,
  ): void {
    test(name, async (context) => {
      const found = provider()[facet];
      if (found) {
        assert.equal(provider().capabilities[capability], undefined, `${facet} is there and is said not to be`);
        return work(found);
      }
      assert.ok(provider().capabilities[capability], `nothing says why there is no ${facet}`);
      context.skip(provider().capabilities[capability]);
    });
  }

  having(
    "live",
    "compute.live-migration",
    "of a guest that is not there, all orders of a live move say so",
    async (live) => {
      const vmId = "4b4e6d4e-0000-4000-8000-000000000000";
      assert.equal(await live.standing(vmId, signal), "absent");
      assert.equal(await live.follow(vmId, {}, signal), undefined);
      await live.abandon(vmId, signal);
      await live.clearArrival(vmId, signal);
      await live.endHeld(vmId, signal);
      await refuses("NotFound", live.describeGuest(vmId, { measure: true }, signal));
      await refuses("NotFound", live.wake(vmId, signal));
      await refuses("NotFound", live.track(vmId, "key", signal));
    },
  );

  having(
    "networkAdmin",
    "network.create",
    "makes a virtual network with a subnet once, and takes it away",
    async (admin) => {
      const input = {
        name: "conformance",
        cidr: "10.91.0.0/16",
        internet: true,
        key: fresh("network"),
        tags: { a: "1" },
      };
      const made = await admin.createVirtualNetwork(input, signal);
      assert.equal((await admin.createVirtualNetwork(input, signal)).virtualNetworkId, made.virtualNetworkId);
      assert.deepEqual([made.name, made.cidrs, made.isDefault, made.tags.a], ["conformance", [input.cidr], false, "1"]);
      const listed = await Array.fromAsync(admin.listVirtualNetworks(signal));
      assert.ok(listed.some(({ virtualNetworkId }) => virtualNetworkId === made.virtualNetworkId));
      const { virtualNetworkId } = made;
      const wanted = { name: "inner", virtualNetworkId, cidr: "10.91.1.0/24", key: fresh("subnet"), tags: {} };
      const undivided = provider().capabilities["network.subnets"];
      if (undivided !== undefined) {
        await lacks(undivided, admin.createSubnet(wanted, signal));
        const whole = await admin.createSubnet({ ...wanted, cidr: input.cidr }, signal);
        const there = await Array.fromAsync(provider().network.listNetworks(signal));
        const found = there.find(({ networkId }) => networkId === whole.networkId);
        assert.deepEqual([found?.cidr, found?.virtualNetworkId], [input.cidr, virtualNetworkId]);
        await admin.deleteSubnet(whole.networkId, signal);
        for (let repeat = 0; repeat < 2; repeat++) await admin.deleteVirtualNetwork(virtualNetworkId, signal);
        return;
      }
      const subnet = await admin.createSubnet(wanted, signal);
      assert.equal((await admin.createSubnet(wanted, signal)).networkId, subnet.networkId);
      const networks = await Array.fromAsync(provider().network.listNetworks(signal));
      const seen = networks.find(({ networkId }) => networkId === subnet.networkId);
      assert.deepEqual([seen?.name, seen?.cidr, seen?.virtualNetworkId], ["inner", wanted.cidr, virtualNetworkId]);
      await refuses("Conflict", admin.deleteVirtualNetwork(virtualNetworkId, signal));
      for (let repeat = 0; repeat < 2; repeat++) await admin.deleteSubnet(subnet.networkId, signal);
      for (let repeat = 0; repeat < 2; repeat++) await admin.deleteVirtualNetwork(virtualNetworkId, signal);
    },
  );

  having(
    "networkAdmin",
    "network.security-groups",
    "gives a security group exactly the rules it is to have",
    async (admin) => {
      const network = { name: "groups", cidr: "10.92.0.0/16", internet: false, key: fresh("network"), tags: {} };
      const { virtualNetworkId } = await admin.createVirtualNetwork(network, signal);
      const web: SecurityRule = {
        direction: "ingress",
        protocol: "tcp",
        fromPort: 443,
        toPort: 443,
        peer: "0.0.0.0/0",
      };
      const dns: SecurityRule = {
        direction: "egress",
        protocol: "udp",
        fromPort: 53,
        toPort: 53,
        peer: "10.92.0.0/16",
      };
      const all: SecurityRule = { direction: "ingress", protocol: "all", peer: "10.0.0.0/8" };
      const input = {
        name: "web",
        description: "for a test",
        virtualNetworkId,
        rules: [web, dns],
        key: fresh("group"),
        tags: {},
      };
      const group = await admin.createSecurityGroup(input, signal);
      const again = await admin.createSecurityGroup(input, signal);
      assert.equal(again.securityGroupId, group.securityGroupId);
      assert.deepEqual(sorted(again.rules), sorted([web, dns]));
      const changed = await admin.setSecurityRules(group.securityGroupId, [all, dns], signal);
      assert.deepEqual(sorted(changed.rules), sorted([all, dns]));
      const listed = await Array.fromAsync(admin.listSecurityGroups(signal));
      const seen = listed.find(({ securityGroupId }) => securityGroupId === group.securityGroupId);
      assert.deepEqual(sorted(seen?.rules ?? []), sorted([all, dns]));
      for (let repeat = 0; repeat < 2; repeat++) await admin.deleteSecurityGroup(group.securityGroupId, signal);
      await admin.deleteVirtualNetwork(virtualNetworkId, signal);
    },
  );

  having("networkAdmin", "network.create", "allocates an address once, and releases it", async (admin) => {
    const input = { name: "conformance", key: fresh("address"), tags: { a: "1" } };
    const gap = provider().capabilities["network.public-address"];
    if (gap !== undefined) return lacks(gap, admin.allocateAddress(input, signal));
    const made = await admin.allocateAddress(input, signal);
    assert.deepEqual(await admin.allocateAddress(input, signal), made);
    assert.match(made.address, /^\d+\.\d+\.\d+\.\d+$/);
    assert.deepEqual([made.vmId, made.tags.a], [undefined, "1"]);
    assert.equal((await admin.associateAddress(made.addressId, undefined, signal)).vmId, undefined);
    const listed = await Array.fromAsync(admin.listAddresses(signal));
    assert.ok(listed.some(({ addressId }) => addressId === made.addressId));
    for (let repeat = 0; repeat < 2; repeat++) await admin.releaseAddress(made.addressId, signal);
  });

  having(
    "images",
    "images",
    "makes an image of a point, finds it by id and name, and leaves the point",
    async (images) => {
      const pointId = await sealed();
      const architecture = "x86_64";
      const input = {
        name: "conformance image",
        pointId,
        firmware: "bios",
        architecture,
        key: fresh("image"),
        tags: {},
      } as const;
      const image = await images.createImage(input, signal);
      assert.equal((await images.createImage(input, signal)).imageId, image.imageId);
      assert.deepEqual([image.name, image.state, image.own], [input.name, "available", true]);
      assert.equal((await images.resolve(image.imageId, architecture, signal)).imageId, image.imageId);
      assert.equal((await images.resolve(input.name, architecture, signal)).imageId, image.imageId);
      await refuses("NotFound", images.resolve("no-such-image", architecture, signal));
      await refuses("Conflict", provider().disks.deletePoint(pointId, signal));
      for (let repeat = 0; repeat < 2; repeat++) await images.deleteImage(image.imageId, signal);
      assert.equal((await provider().disks.getPoint(pointId, signal)).pointId, pointId);
      await provider().disks.deletePoint(pointId, signal);
    },
  );

  test("lists volumes, with their size, their tags and that nothing uses them", async () => {
    const { disks } = provider();
    const sizeBytes = disks.volumeSize(MiB);
    const { volumeId } = await disks.createVolume({ sizeBytes, key: fresh("volume"), tags: { a: "1" } }, signal);
    const find = async () =>
      (await Array.fromAsync(disks.listVolumes(signal))).find((volume) => volume.volumeId === volumeId);
    const listed = await find();
    assert.deepEqual([listed?.sizeBytes, listed?.vmId, listed?.tags.a], [sizeBytes, undefined, "1"]);
    await disks.deleteVolume(volumeId, signal);
    assert.equal(await find(), undefined);
  });

  having("snapshots", "snapshots", "takes one snapshot of a volume for a key", async (snapshots) => {
    const sizeBytes = provider().disks.volumeSize(MiB);
    const { volumeId } = await provider().disks.createVolume({ sizeBytes, key: fresh("volume"), tags: {} }, signal);
    const input = { volumeId, key: fresh("snapshot"), tags: { a: "1" } };
    const made = await snapshots.createSnapshot(input, signal);
    assert.equal((await snapshots.createSnapshot(input, signal)).snapshotId, made.snapshotId);
    assert.deepEqual([made.state, made.volumeId, made.sizeBytes, made.tags.a], ["completed", volumeId, sizeBytes, "1"]);
    const listed = await Array.fromAsync(snapshots.listSnapshots(signal));
    assert.ok(listed.some(({ snapshotId }) => snapshotId === made.snapshotId));
    for (let repeat = 0; repeat < 2; repeat++) await snapshots.deleteSnapshot(made.snapshotId, signal);
    await provider().disks.deleteVolume(volumeId, signal);
  });

  having("objects", "objects", "makes a bucket of ours once, and deletes what is gone", async (objects) => {
    const bucket = newBucket();
    for (let repeat = 0; repeat < 2; repeat++) await objects.createBucket({ bucket, tags: {} }, signal);
    for (let repeat = 0; repeat < 2; repeat++) await objects.deleteBucket(bucket, signal);
  });

  having(
    "objects",
    "objects",
    "goes on with an upload that another process began, and reads any part of it",
    async (objects) => {
      const bucket = newBucket();
      await objects.createBucket({ bucket, tags: {} }, signal);
      const place = { bucket, objectKey: "disks/one.raw" };
      const upload = await objects.beginUpload({ ...place, sizeBytes: 17 * MiB, tags: {} }, signal);
      const bytes = Buffer.alloc(upload.partBytes + MiB);
      for (let at = 0; at < bytes.length; at += 4) bytes.writeUInt32LE(at, at);
      await objects.uploadPart(upload, 2, bytes.subarray(upload.partBytes), signal);
      await refuses("InvalidInput", objects.completeUpload(upload, signal));
      const taken = JSON.parse(JSON.stringify(upload)) as typeof upload;
      for (let repeat = 0; repeat < 2; repeat++) {
        await objects.uploadPart(taken, 1, bytes.subarray(0, upload.partBytes), signal);
      }
      const parts = await Array.fromAsync(objects.uploadedParts(taken, signal));
      assert.deepEqual(
        parts.map(({ part, sizeBytes }: UploadedPart) => [part, sizeBytes]),
        [
          [1, upload.partBytes],
          [2, MiB],
        ],
      );
      const object = await objects.completeUpload(taken, signal);
      assert.equal(object.sizeBytes, bytes.length);
      assert.equal((await objects.completeUpload(taken, signal)).etag, object.etag);
      const offset = upload.partBytes - 10;
      const read = await objects.readObject({ ...place, offset, length: 20 }, signal);
      assert.ok(bytes.subarray(offset, offset + 20).equals(read));
      const listed = await Array.fromAsync(objects.listObjects(bucket, "disks/", signal));
      assert.deepEqual(
        listed.map(({ objectKey }) => objectKey),
        [place.objectKey],
      );
      await refuses("Conflict", objects.deleteBucket(bucket, signal));
      for (let repeat = 0; repeat < 2; repeat++) await objects.deleteObject(bucket, place.objectKey, signal);
      await refuses("NotFound", objects.headObject(bucket, place.objectKey, signal));
      const ended = await objects.beginUpload({ ...place, sizeBytes: MiB, tags: {} }, signal);
      for (let repeat = 0; repeat < 2; repeat++) await objects.abortUpload(ended, signal);
      for (let repeat = 0; repeat < 2; repeat++) await objects.deleteBucket(bucket, signal);
    },
  );

  having(
    "documents",
    "documents",
    "writes a document only over the version that was read, and knows its own write again",
    async (documents) => {
      const name = `conformance/${fresh("document").toLowerCase()}`;
      assert.equal(await documents.get(name, signal), undefined);
      const first = { name, value: { holder: "a", epoch: 1 }, version: absentDocument, key: "first" };
      const made = await documents.put(first, signal);
      assert.deepEqual(await documents.get(name, signal), made);
      assert.deepEqual([made.value, made.key], [first.value, "first"]);
      assert.deepEqual(await documents.put(first, signal), made, "the same write, repeated");
      await refuses("Conflict", documents.put({ ...first, key: "other" }, signal));
      const second = { name, value: { holder: "b", epoch: 2 }, version: made.version, key: "second" };
      const changed = await documents.put(second, signal);
      assert.notEqual(changed.version, made.version);
      assert.deepEqual(await documents.put(second, signal), changed, "the same write, repeated");
      await refuses("Conflict", documents.put({ ...second, key: "late" }, signal));
      await refuses("Conflict", documents.put(first, signal));
      assert.deepEqual(await documents.get(name, signal), changed);
      for (let repeat = 0; repeat < 2; repeat++) await documents.remove(name, signal);
      assert.equal(await documents.get(name, signal), undefined);
      await refuses("Conflict", documents.put({ ...second, version: changed.version, key: "after" }, signal));
      const again = await documents.put({ ...first, key: "again" }, signal);
      assert.notEqual(again.version, made.version);
      await documents.remove(name, signal);
    },
  );
  having("documents", "documents", "lets one of several writers win", async (documents) => {
    const name = `conformance/${fresh("raced").toLowerCase()}`;
    const racers = ["a", "b", "c", "d", "e", "f"];
    let version: string = absentDocument;
    for (let round = 0; round < 3; round++) {
      const results = await Promise.allSettled(
        racers.map((key) => documents.put({ name, value: { by: key, round }, version, key: `${key}${round}` }, signal)),
      );
      const won = results.filter((result) => result.status === "fulfilled");
      const codes = results.flatMap((result) => (result.status === "rejected" ? [codeOf(result.reason)] : []));
      assert.deepEqual([won.length, [...new Set(codes)]], [1, ["Conflict"]]);
      const seen = await documents.get(name, signal);
      assert.deepEqual(seen, won[0]?.value);
      version = seen?.version ?? "";
    }
    await documents.remove(name, signal);
  });
  having("documents", "documents", "lists documents by the begin of their names", async (documents) => {
    const folder = fresh("listed").toLowerCase();
    const names = [`${folder}/one/lease`, `${folder}/one/plan`, `${folder}/two/lease`];
    for (const name of names)
      await documents.put({ name, value: { of: name }, version: absentDocument, key: name }, signal);
    const listed = async (prefix: string) => (await Array.fromAsync(documents.list(prefix, signal))).sort();
    assert.deepEqual(await listed(`${folder}/`), names);
    assert.deepEqual(await listed(`${folder}/one/`), names.slice(0, 2));
    for (const name of names) await documents.remove(name, signal);
    assert.deepEqual(await listed(`${folder}/`), []);
    await refuses("InvalidInput", documents.get("../else", signal));
    await refuses("InvalidInput", Array.fromAsync<string>(documents.list("../else", signal)));
  });

  test("lists a recovery point from its seal until it is deleted", async () => {
    const { disks, site } = provider();
    const pointId = await sealed();
    const find = async () =>
      (await Array.fromAsync(disks.listPoints(signal))).find((point) => point.pointId === pointId);
    const { tags, ...listed } = (await find()) ?? {};
    assert.deepEqual(listed, await disks.getPoint(pointId, signal));
    assert.deepEqual([listed.site, tags?.["novacron:managed"]], [site, "true"]);
    await disks.deletePoint(pointId, signal);
    assert.equal(await find(), undefined);
  });

  having("loadBalancers", "load-balancers", "lists load balancers", async (facet) => {
    for await (const { loadBalancerId, name } of facet.listLoadBalancers(signal)) assert.ok(loadBalancerId && name);
  });
  having("scalingGroups", "scaling-groups", "lists scaling groups", async (facet) => {
    for await (const { scalingGroupId, minVms, maxVms } of facet.listScalingGroups(signal)) {
      assert.ok(scalingGroupId && minVms <= maxVms);
    }
  });
  having("tunnels", "tunnels", "lists tunnels", async (facet) => {
    for await (const { tunnelId, ends } of facet.listTunnels(signal)) assert.ok(tunnelId && ends.length > 0);
  });

  having(
    "alarms",
    "alarms",
    "makes an alarm for a key once, tells of it, and refuses what the site can't",
    async (alarms) => {
      const { capabilities } = provider();
      const { needsAction, actionExample, metrics, shortestSeconds, longestSeconds } = alarms.terms;
      await withVm({}, async ({ vmId }) => {
        const actions = needsAction ? [actionExample] : [];
        const known = {
          name: "conformance: busy",
          vmId,
          comparison: "gt",
          durationSeconds: 600,
          actions,
          tags: { a: "1" },
        };
        for (const metric of metrics) {
          const threshold = metric === "cpu.utilisation" || metric === "memory.used" ? 0.57 : 1_500;
          const input = { ...known, comparison: "gt", metric, threshold, key: fresh("alarm") } as const;
          const made = await alarms.createAlarm(input, signal);
          assert.equal((await alarms.createAlarm(input, signal)).alarmId, made.alarmId);
          const listed = (await Array.fromAsync(alarms.listAlarms(signal))).find(
            ({ alarmId }) => alarmId === made.alarmId,
          );
          assert.deepEqual(
            [listed?.name, listed?.vmId, listed?.metric, listed?.threshold, listed?.comparison, listed?.tags.a],
            [input.name, vmId, metric, threshold, "gt", "1"],
          );
          assert.deepEqual([listed?.actions, listed?.enabled], [actions, true]);
          assert.ok((listed?.durationSeconds ?? 0) >= 600);
          assert.equal(listed?.state === undefined, capabilities["alarms.state"] !== undefined);
          const counted = await Array.fromAsync(provider().census(signal));
          assert.ok(counted.some(({ kind, id }) => kind === "alarm" && id === made.alarmId));
          for (let repeat = 0; repeat < 2; repeat++) await alarms.deleteAlarm(made.alarmId, signal);
        }
        const base = { ...known, metric: "cpu.utilisation", threshold: 0.5 } as const;
        const compared = [
          ["eq", "alarms.equal"] as const,
          ["gte", "alarms.or-equal"] as const,
          ["lte", "alarms.or-equal"] as const,
        ];
        for (const [comparison, capability] of compared) {
          const input = { ...base, comparison, durationSeconds: shortestSeconds, key: fresh("alarm") };
          const gap = capabilities[capability];
          if (gap !== undefined) await lacks(gap, alarms.createAlarm(input, signal));
          else {
            const made = await alarms.createAlarm(input, signal);
            assert.deepEqual([made.comparison, made.durationSeconds], [comparison, shortestSeconds]);
            await alarms.deleteAlarm(made.alarmId, signal);
          }
        }
        const tooLong = {
          ...base,
          comparison: "gt",
          durationSeconds: longestSeconds + 1,
          key: fresh("alarm"),
        } as const;
        await refuses("InvalidInput", alarms.createAlarm(tooLong, signal));
        const nobody = { ...tooLong, durationSeconds: 600, actions: ["nobody of ours"] };
        await refuses("InvalidInput", alarms.createAlarm(nobody, signal));
      });
    },
  );

  having("quotas", "quotas", "tells its quotas, what is used of them and for which instance types", async (quotas) => {
    const listed = await Array.fromAsync(quotas.listQuotas(signal));
    const vcpus = listed.find(({ quota }) => quota === "vcpus");
    const counted = vcpus ?? listed.find(({ quota }) => quota === "vms");
    assert.ok(counted, "no quota that a VM counts against");
    assert.ok((counted.used ?? 0) <= counted.limit);
    // What counts VMs counts all of them alike.
    assert.ok(!vcpus || (vcpus.instanceFamilies ?? []).length > 0);
  });
}

function newBucket(): string {
  return `conformance-${createHash("sha256").update(String(Math.random())).digest("hex").slice(0, 20)}`;
}

function sorted(rules: readonly SecurityRule[]): readonly string[] {
  return rules.map((rule) => JSON.stringify(rule, Object.keys(rule).sort())).sort();
}

function codeOf(error: unknown): string {
  return isProviderError(error) ? error.code : String(error);
}
