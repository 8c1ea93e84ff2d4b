import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type {
  CopyDiskParameters,
  CreateVmParameters,
  MigrationObservations,
} from "../../src/domain/migration-parts.ts";
import { planMigration } from "../../src/domain/migration-plan.ts";
import { canonicalJson } from "../../src/domain/plan.ts";
import { bookOf, cloud, gib, host, observed, vmAt } from "./support/observations.ts";

const actionOf = <T>(seen: MigrationObservations, action: string): T =>
  planMigration(seen).actions.find((candidate) => candidate.action === action)?.parameters as T;
const created = (seen: MigrationObservations) => actionOf<CreateVmParameters>(seen, "create-vm");
const checkOf = (seen: MigrationObservations, check: string) =>
  planMigration(seen).checks.find((candidate) => candidate.check === check);
const choiceOf = (seen: MigrationObservations, what: string) =>
  planMigration(seen).choices.find((candidate) => candidate.what === what);
const asking = (request: Partial<MigrationObservations["request"]>, over: Partial<MigrationObservations> = {}) =>
  observed({ ...over, request: { vm: "web-1", from: "onprem-a", to: "mars", ...request } });

describe("a plan into a cloud", () => {
  test("can be carried out, says what it costs and pins the sizes to try", () => {
    const plan = planMigration(observed());
    assert.deepEqual(
      plan.checks.filter(({ result }) => result === "fail"),
      [],
    );
    assert.equal(plan.executable, true);
    assert.deepEqual(created(observed()).instanceTypes, ["c6.large", "m6.large", "m6.xlarge", "n1.large"]);
    // 730 hours, and a disk that is rounded up to a GiB.
    assert.deepEqual(plan.estimates.monthly?.total, { micros: 730 * 85_000 + 80_000, currency: "USD" });
    assert.equal(plan.estimates.monthly.complete, true);
    assert.equal(plan.estimates.egress, undefined);
    assert.match(choiceOf(observed(), "size of vda")?.why ?? "", /0\.88 GiB more than it has now, 0\.07 USD a month/);
  });

  test("gives a VM whose id is long a lineage that every cloud can take as a tag, and that stays its own", () => {
    const lineageAt = (vmId: string, tags = {}) => {
      const seen = observed();
      return created({ ...seen, vm: { ...seen.vm, vmId, tags } }).tags["novacron:lineage"];
    };
    const ocid = (end: string) => `ocid1.instance.oc1.iad.${"a".repeat(40)}${end.padStart(20, "b")}`;
    const lineage = lineageAt(ocid("c"));
    assert.ok(lineage && lineage.length <= 40, lineage);
    assert.equal(lineageAt(ocid("c")), lineage);
    assert.notEqual(lineageAt(ocid("d")), lineage);
    assert.equal(lineageAt("i-0123456789abcdef0"), "i-0123456789abcdef0");
    assert.equal(lineageAt("i-0123456789abcdef0", { "novacron:lineage": lineage }), lineage);
  });

  test("is the same for the same observations", () => {
    assert.equal(canonicalJson(planMigration(observed())), canonicalJson(planMigration(observed())));
  });

  test("warns where a price is not known, and counts it as nothing nowhere", () => {
    const seen = observed({ target: { ...cloud, prices: bookOf(), diskType: "gp9" } });
    const plan = planMigration(seen);
    assert.equal(plan.estimates.monthly?.total, undefined);
    const price = checkOf(seen, "price");
    assert.equal(price?.result, "warn");
    assert.match(
      price.detail,
      /not known: c6\.large, on-demand needs acme's price list for mars-1 .*; vda: disk gp9 needs/,
    );
    assert.equal(plan.executable, true);
  });

  test("maps networks by name, by hand, to the default, to the only one, and never by guessing", () => {
    const into = (seen: MigrationObservations) => created(seen).nics.map(({ networkId }) => networkId);
    assert.deepEqual(into(observed()), ["subnet-b"]);
    assert.deepEqual(into(asking({ networkMap: { lan: "front" } })), ["subnet-a"]);
    const [front] = cloud.networks;
    assert.ok(front);
    const only = observed({ target: { ...cloud, networks: [front] } });
    assert.match(choiceOf(only, "target network of net0")?.why ?? "", /the only network/);
    const twins = [front, { ...front, networkId: "subnet-z" }];
    const unclear = asking({ networkMap: { lan: "front" } }, { target: { ...cloud, networks: twins } });
    assert.match(checkOf(unclear, "target-network")?.detail ?? "", /2 networks at mars are called front/);
    assert.match(checkOf(unclear, "target-network")?.remedy ?? "", /subnet-a, subnet-z/);
    const none = observed({ target: { ...cloud, networks: twins } });
    assert.equal(checkOf(none, "target-network")?.result, "fail");
  });

  test("refuses networks in several zones and takes sizes of the zone only", () => {
    const nics = [
      { nicId: "net0", networkId: "front" },
      { nicId: "net1", networkId: "back" },
    ];
    assert.equal(checkOf(observed({ vm: vmAt("onprem-a", { nics }) }), "target-zone")?.result, "fail");
    const types = cloud.instanceTypes?.map((type) =>
      type.name === "c6.large" ? { ...type, zones: ["mars-1a"] } : type,
    );
    assert.equal(created(observed({ target: { ...cloud, instanceTypes: types } })).instanceTypes?.[0], "m6.large");
  });

  test("does not carry MACs where the cloud makes them, and says so", () => {
    assert.equal(checkOf(observed(), "target-network.fixed-mac")?.result, "warn");
    const keeping = { ...cloud, capabilityGaps: {} };
    assert.equal(created(observed({ target: keeping })).nics[0]?.mac, "52:54:00:12:34:56");
  });

  test("takes security groups from the request, else the configuration, by their ids in the target's network", () => {
    assert.equal(created(observed()).securityGroups, undefined);
    const configured = observed({ target: { ...cloud, configuredSecurityGroups: ["ssh"] } });
    assert.deepEqual(created(configured).securityGroups, ["sg-3"]);
    assert.deepEqual(created(asking({ securityGroups: ["web", "sg-3"] })).securityGroups, ["sg-1", "sg-3"]);
    assert.equal(checkOf(asking({ securityGroups: ["db"] }), "target-security-groups")?.result, "fail");
    const nowhere = [{ securityGroupId: "sg-9", name: "any" }];
    const unbound = asking({ securityGroups: ["any"] }, { target: { ...cloud, securityGroups: nowhere } });
    assert.deepEqual(created(unbound).securityGroups, ["sg-9"]);
    const plan = planMigration(asking({ securityGroups: ["web"] }));
    assert.ok(
      plan.observed.some(
        ({ kind, id, version }) => kind === "security-group" && id === "sg-1" && version === "present",
      ),
    );
  });

  test("shows the tags as the cloud will, and refuses more than it can hold", () => {
    const long = { owner: "x".repeat(400) };
    const packed = checkOf(observed({ vm: vmAt("onprem-a", { tags: long }) }), "target-tags");
    assert.match(packed?.detail ?? "", /^owner can't be seen by name at mars/);
    assert.equal(packed?.result, "warn");
    const many = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`key-${index}`, "v".repeat(100)]));
    const full = observed({ vm: vmAt("onprem-a", { tags: many }) });
    assert.equal(checkOf(full, "target-tags")?.result, "fail");
    assert.equal(planMigration(full).executable, false);
  });

  test("has room for what a disk was last known to hold, where its size alone is told and would not fit", () => {
    const [disk] = observed().disks;
    assert.ok(disk);
    const room = (knownBytes: number | undefined, freeBytes: number) => {
      const whole = { ...disk, allocatedBytes: 50 * gib, ...(knownBytes === undefined ? {} : { knownBytes }) };
      const seen = observed({ disks: [whole], target: { ...cloud, freeBytes } });
      const { executable, checks } = planMigration(seen);
      return [checks.find(({ check }) => check === "target-free-space")?.result, executable];
    };
    assert.deepEqual(room(undefined, 60 * gib), ["pass", true]);
    assert.deepEqual(room(undefined, 20 * gib), ["fail", false]);
    assert.deepEqual(room(10 * gib, 20 * gib), ["warn", true]);
    assert.deepEqual(room(30 * gib, 20 * gib), ["fail", false]);
    const warned = observed({
      disks: [{ ...disk, allocatedBytes: 50 * gib, knownBytes: gib }],
      target: { ...cloud, freeBytes: 2 * gib },
    });
    assert.match(
      checkOf(warned, "target-free-space")?.detail ?? "",
      /^1044\.5 MiB needed, 2048\.0 MiB free at mars, by what was last known .*; up to 52224\.0 MiB if they were full/,
    );
  });

  test("holds the site's quotas and our ceilings against what the chosen size has", () => {
    const quota = { quota: "volume-gib", title: "Storage of SSD", limit: 10, used: 10, unit: "GiB" };
    const full = observed({ target: { ...cloud, quotas: [quota] } });
    assert.match(
      checkOf(full, "quota-volume-gib")?.detail ?? "",
      /Storage of SSD \(10 of 10 GiB used\), 1 more needed/,
    );
    assert.equal(checkOf(full, "quota-volume-gib")?.result, "fail");
    const { used: _, ...unsure } = quota;
    assert.equal(checkOf(observed({ target: { ...cloud, quotas: [unsure] } }), "quota-volume-gib")?.result, "warn");
    const unread = observed({ target: { ...cloud, quotas: undefined, quotasUnread: "Could not look up quotas" } });
    assert.deepEqual([checkOf(unread, "quotas")?.result, planMigration(unread).executable], ["warn", true]);
    // The VM has one CPU, the size two.
    const ceilings = [{ name: "max_cpus", limit: 2, used: 1, unit: "CPUs" }];
    assert.equal(checkOf(observed({ target: { ...cloud, ceilings } }), "ceiling-max_cpus")?.result, "fail");
  });

  test("refuses disks that the cloud does not make", () => {
    const seen = observed();
    const disks = seen.disks.map((disk) => ({ ...disk, refused: "the largest has 64 TiB" }));
    assert.match(checkOf({ ...seen, disks }, "target-disk-size")?.detail ?? "", /the largest has 64 TiB/);
  });

  test("encrypts with the key that was asked for, else the configuration's", () => {
    const keyOf = (seen: MigrationObservations) => actionOf<CopyDiskParameters>(seen, "copy-disk").encryptionKey;
    assert.equal(keyOf(observed()), undefined);
    const configured = { target: { ...cloud, encryptionKey: "alias/ours" } };
    assert.equal(keyOf(observed(configured)), "alias/ours");
    assert.equal(keyOf(asking({ encryptionKey: "alias/mine" }, configured)), "alias/mine");
  });

  test("says when nothing fits, and what to do", () => {
    const huge = asking({ memoryBytes: 4_000 * gib });
    const check = checkOf(huge, "target-instance-type");
    assert.equal(check?.result, "fail");
    assert.match(check.detail, /none of 8 sizes will do: 8 are too small/);
    assert.match(check.remedy ?? "", /--cpus and --memory/);
  });
});

describe("a plan onto a host of one's own", () => {
  const atHome = (request: Partial<MigrationObservations["request"]> = {}, over: Partial<MigrationObservations> = {}) =>
    asking(request, { target: host, ...over });

  test("refuses what only clouds have, each with its reason", () => {
    const gaps = {
      ...host.capabilityGaps,
      "compute.spot": "a host sells nothing",
      "disks.customer-key": "encrypt the file system",
      "network.security-groups": "there are none",
      "network.public-address": "they come from the network",
    };
    const target = { ...host, capabilityGaps: gaps };
    const cases: readonly [Partial<MigrationObservations["request"]>, string, RegExp][] = [
      [{ instanceType: "m6.large" }, "target-compute.instance-types", /any size will do/],
      [{ capacityType: "spot" }, "target-compute.spot", /sells nothing/],
      [{ encryptionKey: "k" }, "target-disks.customer-key", /file system/],
      [{ securityGroups: ["web"] }, "target-security-groups", /there are none/],
      [{ publicAddress: true }, "target-network.public-address", /from the network/],
    ];
    for (const [request, check, reason] of cases) {
      const found = checkOf(atHome(request, { target }), check);
      assert.equal(found?.result, "fail", check);
      assert.match(found.detail, reason);
      assert.ok(found.remedy);
    }
  });

  test("changes the size when asked to, and leaves everything else as it is", () => {
    const seen = atHome({ cpus: 4 });
    const create = created(seen);
    assert.deepEqual([create.cpus, create.memoryBytes], [4, gib / 4]);
    assert.deepEqual(create.disks, [{ diskId: "vda", bus: "virtio-blk", boot: true }]);
    assert.deepEqual(create.nics, [{ networkId: "lan", mac: "52:54:00:12:34:56" }]);
    assert.match(choiceOf(seen, "size")?.why ?? "", /asked for/);
  });

  /** The VM as a cloud shows it after the first plan. */
  const away = (over: Partial<ReturnType<typeof vmAt>> = {}) => {
    const create = created(observed());
    return vmAt("mars", {
      vmId: "i-1",
      cpus: 2,
      memoryBytes: 4 * gib,
      disks: [{ diskId: "xvda", volumeId: "vol-1", sizeBytes: gib, bus: "nvme", boot: true }],
      nics: [{ nicId: "eni-1", networkId: "subnet-b", mac: "0a:00:00:00:00:01" }],
      tags: create.tags,
      ...over,
    });
  };
  const home = (vm: ReturnType<typeof vmAt>) => atHome({ from: "mars", to: "onprem-a" }, { vm, source: cloud });

  test("gives a VM that comes back the size, the controller and the MAC that it had", () => {
    const create = created(home(away()));
    assert.deepEqual([create.cpus, create.memoryBytes], [1, gib / 4]);
    assert.deepEqual(create.disks, [{ diskId: "xvda", bus: "virtio-blk", boot: true }]);
    assert.deepEqual(create.nics, [{ networkId: "lan", mac: "52:54:00:12:34:56" }]);
    assert.equal(create.tags["novacron:former-shape"], undefined);
    assert.equal(create.tags.owner, "web team");
    assert.match(choiceOf(home(away()), "size")?.why ?? "", /made 2 CPU, 4\.00 GiB of it/);
  });

  test("gives a VM without a network none at home, though the cloud gave it one", () => {
    const lonely = created(observed({ vm: vmAt("onprem-a", { nics: [] }) }));
    assert.deepEqual(lonely.nics, []);
    assert.deepEqual(created(home(away({ tags: lonely.tags }))).nics, []);
  });

  test("keeps the size of a VM that was resized in the cloud", () => {
    const create = created(home(away({ cpus: 4, memoryBytes: 16 * gib })));
    assert.deepEqual([create.cpus, create.memoryBytes], [4, 16 * gib]);
    assert.equal(create.disks[0]?.bus, "virtio-blk");
  });

  test("gives a VM that was born in a cloud virtio disks, and says what that rests on", () => {
    const seen = home(away({ tags: {} }));
    assert.equal(created(seen).disks[0]?.bus, "virtio-blk");
    assert.match(choiceOf(seen, "disk controller")?.why ?? "", /the boot proof will/);
  });

  test("carries the first shape through a second cloud", () => {
    const second = created(observed({ vm: away(), source: cloud }));
    const back = created(home(away({ tags: second.tags })));
    assert.deepEqual([back.cpus, back.memoryBytes, back.disks[0]?.bus], [1, gib / 4, "virtio-blk"]);
  });

  test("says what the traffic out of the cloud costs", () => {
    const plan = planMigration(home(away()));
    const bytes = plan.estimates.bytesToMove;
    assert.deepEqual(plan.estimates.egress?.total, { micros: Math.round((90_000 * bytes) / gib), currency: "USD" });
    assert.equal(plan.estimates.monthly, undefined);
  });
});
