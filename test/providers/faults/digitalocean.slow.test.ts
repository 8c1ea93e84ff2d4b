import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type ErrorCode, isProviderError } from "../../../src/domain/errors.ts";
import type { Provider } from "../../../src/providers/provider.ts";
import type { FaultKind } from "../../../src/sandbox/cloud/faults.ts";
import { whyNoGuests } from "../../sandbox/aws/support.ts";
import { type DigitalOceanLab, startDigitalOceanLab } from "../../sandbox/digitalocean/support.ts";
import { addressOf, connectDigitalOcean } from "../support/digitalocean.ts";

const GiB = 2 ** 30;
const tags = {};
/** Without an answer for so long a call counts as lost, where one is lost. */
const lostMs = 250;

/** What a fault that strikes the deciding request each time means to the caller. */
const meanings: Readonly<Partial<Record<FaultKind, ErrorCode>>> = {
  throttled: "RateLimited",
  "5xx": "Unavailable",
  reset: "Unavailable",
  "timeout-after-act": "Timeout",
  capacity: "InsufficientCapacity",
  quota: "QuotaExceeded",
  unauthorised: "CloudPermissionDenied",
  "not-found": "NotFound",
};
const faults = Object.keys(meanings) as FaultKind[];

interface Row {
  readonly call: string;
  /** The operation that decides it. */
  readonly at: string;
  /** Where it differs from {@link meanings}; `ok` where nothing is lost by it. */
  readonly becomes?: Readonly<Partial<Record<FaultKind, ErrorCode | "ok">>>;
  /** Makes ready what is needed; what it returns makes the call, always with the same key. */
  prepare(key: string): Promise<(provider: Provider, signal: AbortSignal) => Promise<unknown>>;
  /** Removes what the call has made. */
  undo?(key: string): Promise<void>;
}

/** Of services without sizes there is only "service unavailable". */
const noCapacity = { capacity: "Unavailable" } as const;
/** What is gone is as it should be; so is what was removed though nobody heard of it. */
const goneIsFine = { ...noCapacity, "not-found": "ok" } as const;

describe("faults at DigitalOcean", { skip: whyNoGuests() ?? false, timeout: 280_000 }, () => {
  let lab: DigitalOceanLab;
  let provider: Provider;
  let running = "";
  let volumeId = "";
  const signal = () => AbortSignal.timeout(60_000);

  before(async () => {
    lab = await startDigitalOceanLab({ shutdownMs: 0, dropletLimit: 1_000 });
    provider = connect();
    ({ volumeId } = await provider.disks.createVolume({ sizeBytes: GiB, key: "own", tags }, signal()));
    running = (await provider.compute.createVm(spec(volumeId), "own", signal())).vmId;
  });
  after(async () => {
    await provider?.close();
    await lab?.close();
    assert.deepEqual(lab?.complaints, []);
  });

  const connect = (more: object = {}) =>
    connectDigitalOcean(addressOf(lab), { pollMs: { first: 5, most: 50 }, firstRetryMs: 2, attempts: 3, ...more });
  const spec = (id: string) => ({
    ...({ name: "faults", cpus: 1, memoryBytes: 64 * 2 ** 20, firmware: "bios", architecture: "x86_64" } as const),
    ...({ disks: [{ volumeId: id, bus: "virtio-scsi", boot: true }], nics: [], publishPorts: [], tags } as const),
  });
  const census = () => {
    const all = lab.digitalocean.admin.census().filter(({ builtIn, kind }) => !builtIn && kind !== "tag");
    return Object.fromEntries([...Map.groupBy(all, ({ kind }) => kind)].map(([kind, found]) => [kind, found.length]));
  };
  const newVolume = async (key: string) =>
    (await provider.disks.createVolume({ sizeBytes: GiB, key, tags }, signal())).volumeId;
  const replica = { replicaId: "replica", sizeBytes: GiB, tags };

  const rows: readonly Row[] = [
    {
      call: "compute.listVms",
      at: "droplets_list",
      becomes: noCapacity,
      prepare: async () => (on, until) => Array.fromAsync(on.compute.listVms(until)),
    },
    {
      call: "compute.createVm",
      at: "droplets_create",
      async prepare(key) {
        const id = await newVolume(key);
        return (on, until) => on.compute.createVm(spec(id), key, until);
      },
      async undo(key) {
        const id = await newVolume(key);
        await provider.compute.deleteVm((await provider.compute.createVm(spec(id), key, signal())).vmId, signal());
        await provider.disks.deleteVolume(id, signal());
      },
    },
    {
      call: "compute.deleteVm",
      at: "droplets_destroy",
      // What is still shown and was not found to be ended is no success.
      becomes: { ...noCapacity, "not-found": "Unavailable" },
      async prepare(key) {
        const { vmId } = await provider.compute.createVm(spec(await newVolume(key)), key, signal());
        return (on, until) => on.compute.deleteVm(vmId, until);
      },
      undo: async (key) => provider.disks.deleteVolume(await newVolume(key), signal()),
    },
    {
      call: "compute.startVm",
      at: "dropletActions_post",
      async prepare() {
        await provider.compute.stopVm(running, { graceMs: 0 }, signal());
        return (on, until) => on.compute.startVm(running, until);
      },
    },
    {
      call: "compute.setTags",
      at: "tags_assign_resources",
      becomes: noCapacity,
      prepare: async (key) => (on, until) => on.compute.setTags(running, { [key]: "1" }, until),
      undo: (key) => provider.compute.setTags(running, { [key]: undefined }, signal()),
    },
    {
      call: "disks.createVolume",
      at: "volumes_create",
      becomes: noCapacity,
      prepare: async (key) => (on, until) => on.disks.createVolume({ sizeBytes: GiB, key, tags }, until),
      undo: async (key) => provider.disks.deleteVolume(await newVolume(key), signal()),
    },
    {
      call: "disks.deleteVolume",
      at: "volumes_delete",
      becomes: goneIsFine,
      async prepare(key) {
        const id = await newVolume(key);
        return (on, until) => on.disks.deleteVolume(id, until);
      },
    },
    {
      call: "snapshots.createSnapshot",
      at: "volumeSnapshots_create",
      becomes: noCapacity,
      prepare: async (key) => (on, until) => on.snapshots?.createSnapshot({ volumeId, key, tags }, until) ?? fail(),
      async undo(key) {
        const made = await provider.snapshots?.createSnapshot({ volumeId, key, tags }, signal());
        await provider.snapshots?.deleteSnapshot(made?.snapshotId ?? "", signal());
      },
    },
    {
      call: "disks.createSourcePoint",
      at: "volumeSnapshots_create",
      becomes: noCapacity,
      prepare: async (key) => (on, until) => on.disks.createSourcePoint({ vmId: running, mode: "frozen", key }, until),
      async undo(key) {
        const input = { vmId: running, mode: "frozen", key } as const;
        const { sourcePointId } = await provider.disks.createSourcePoint(input, signal());
        await provider.disks.releaseSourcePoint(sourcePointId, signal());
      },
    },
    {
      call: "disks.openGeneration",
      at: "droplets_create",
      prepare: async (generationId) => async (on, until) => {
        await (await on.disks.openGeneration({ replica, generationId, attempt: 1 }, until)).close();
      },
      undo: (generationId) => provider.disks.discardGeneration({ replicaId: "replica", generationId }, signal()),
    },
    {
      call: "disks.sealGeneration",
      at: "volumeSnapshots_create",
      becomes: noCapacity,
      async prepare(generationId) {
        await (await provider.disks.openGeneration({ replica, generationId, attempt: 1 }, signal())).close();
        const input = { replicaId: "replica", generationId, attempt: 1, leavesWritten: 0 };
        return (on, until) => on.disks.sealGeneration(input, until);
      },
      undo: (generationId) => provider.disks.deletePoint(generationId, signal()),
    },
    {
      call: "networkAdmin.createVirtualNetwork",
      at: "vpcs_create",
      becomes: noCapacity,
      prepare: async (key) => (on, until) =>
        on.networkAdmin?.createVirtualNetwork({ name: key, cidr: "10.77.0.0/24", internet: true, key, tags }, until) ??
        fail(),
      async undo(key) {
        const input = { name: key, cidr: "10.77.0.0/24", internet: true, key, tags };
        const made = await provider.networkAdmin?.createVirtualNetwork(input, signal());
        await provider.networkAdmin?.deleteVirtualNetwork(made?.virtualNetworkId ?? "", signal());
      },
    },
    {
      call: "networkAdmin.createSecurityGroup",
      at: "firewalls_create",
      becomes: noCapacity,
      prepare: async (key) => (on, until) => on.networkAdmin?.createSecurityGroup(group(key), until) ?? fail(),
      async undo(key) {
        const made = await provider.networkAdmin?.createSecurityGroup(group(key), signal());
        await provider.networkAdmin?.deleteSecurityGroup(made?.securityGroupId ?? "", signal());
      },
    },
    {
      call: "quotas.listQuotas",
      at: "account_get",
      becomes: noCapacity,
      prepare: async () => (on, until) => Array.fromAsync(on.quotas?.listQuotas(until) ?? fail()),
    },
  ];

  for (const [index, row] of rows.entries()) {
    test(`${row.call} tells each fault by its code, and a repeat makes no second of anything`, async () => {
      const seen: Record<string, string> = {};
      const made = await onceMade(row, `plain-${index}`);
      for (const fault of faults) seen[fault] = await strike(row, fault, `${fault}-${index}`, made);
      assert.deepEqual(seen, { ...meanings, ...row.becomes });
    });
  }

  /** What one call makes when nothing is wrong. */
  async function onceMade(row: Row, key: string): Promise<object> {
    const empty = census();
    const call = await row.prepare(key);
    const prepared = census();
    await call(provider, signal());
    const made = changed(prepared, await settled());
    await row.undo?.(key);
    assert.deepEqual(changed(empty, await settled()), {}, `${row.call}, undone`);
    return made;
  }

  async function strike(row: Row, fault: FaultKind, key: string, made: object): Promise<string> {
    const empty = census();
    const call = await row.prepare(key);
    const prepared = census();
    const isLost = fault === "timeout-after-act";
    const under = connect(isLost ? { requestTimeoutMs: lostMs, attempts: 1 } : {});
    const { faults: orders } = lab.digitalocean.cloud;
    orders.add({ fault, operation: row.at, ...(isLost && { delayMs: lostMs * 4 }) });
    const outcome = await call(under, signal()).then(
      () => "ok",
      (error: unknown) => {
        if (isProviderError(error)) return error.code;
        throw error;
      },
    );
    orders.clear();
    await under.close();
    await call(provider, signal());
    assert.deepEqual(changed(prepared, await settled()), made, `${row.call} under ${fault}, repeated`);
    await row.undo?.(key);
    assert.deepEqual(changed(empty, await settled()), {}, `${row.call} under ${fault}, undone`);
    return outcome;
  }

  /** Once what goes on behind the calls has ended. */
  async function settled() {
    await lab.digitalocean.cloud.settled();
    return census();
  }
});

function group(key: string) {
  return { name: key, description: "for a test", virtualNetworkId: "none", rules: [], key, tags };
}

function fail(): never {
  throw new Error("the facet is missing");
}

function changed(before: Readonly<Record<string, number>>, after: Readonly<Record<string, number>>): object {
  const kinds = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  const differences = kinds.map((kind) => [kind, (after[kind] ?? 0) - (before[kind] ?? 0)] as const);
  return Object.fromEntries(differences.filter(([, more]) => more !== 0));
}
