import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { FirewallRule, VmFirewall } from "../../src/domain/firewall.ts";
import type { MigrationRequest } from "../../src/domain/migration.ts";
import { applyMap, type MigrationMap } from "../../src/domain/migration-map.ts";
import type {
  CreateGroupParameters,
  CreateVmParameters,
  MigrationObservations,
} from "../../src/domain/migration-parts.ts";
import { planMigration } from "../../src/domain/migration-plan.ts";
import { cloud, observed, vmAt } from "./support/observations.ts";

const request: MigrationRequest = { vm: "web-1", from: "onprem-a", to: "mars", map: "prod" };
const map: MigrationMap = {
  name: "prod",
  version: 3,
  from: "onprem-a",
  to: "mars",
  networkMap: { lan: "front", dmz: "back" },
  securityGroups: ["ssh"],
  createdBy: "user/ann",
  createdAt: "2030-01-01T00:00:00.000Z",
};

test("a map says what the request leaves out, entry by entry, and nothing else of it gets into the request", () => {
  assert.deepEqual(applyMap(request, map), {
    ...request,
    networkMap: { lan: "front", dmz: "back" },
    securityGroups: ["ssh"],
  });
  const own = applyMap({ ...request, networkMap: { lan: "back" }, securityGroups: [] }, map);
  assert.deepEqual([own.networkMap, own.securityGroups], [{ lan: "back", dmz: "back" }, []]);
});

test("a map of other sites is refused", () => {
  assert.throws(
    () => applyMap({ ...request, to: "venus" }, map),
    /maps onprem-a to mars, and this goes from onprem-a to venus/,
  );
});

test("a plan holds what its map said, and which version of it", () => {
  const plan = planMigration(observed({ request: applyMap(request, map), map }));
  assert.deepEqual(
    [plan.inputs.map, plan.inputs.mapVersion, plan.inputs.networkMap],
    ["prod", 3, { lan: "front", dmz: "back" }],
  );
  assert.ok(plan.choices.some(({ what, chosen }) => what === "map" && chosen === "prod, version 3"));
  assert.deepEqual(
    plan.observed.filter(({ kind }) => kind === "map"),
    [{ site: "mars", kind: "map", id: "prod", version: "3" }],
  );
  const create = plan.actions.find(({ action }) => action === "create-vm")?.parameters as unknown as CreateVmParameters;
  assert.deepEqual([create.nics[0]?.networkId, create.securityGroups], ["subnet-a", ["sg-3"]]);
});

const ssh: FirewallRule = {
  ruleId: "ssh",
  direction: "ingress",
  action: "allow",
  protocol: "tcp",
  fromPort: 22,
  toPort: 22,
  peers: [{ kind: "group", name: "admins" }],
};
const bad: FirewallRule = {
  ...ssh,
  ruleId: "bad",
  action: "deny",
  priority: -1,
  peers: [{ kind: "service", name: "Bad" }],
};
const otherwise = { ingress: "deny", egress: "deny" } as const;
const firewallOf = (...rules: FirewallRule[]): VmFirewall => ({
  nics: [{ nicId: "net0", layers: [{ name: "web", rules, otherwise }] }],
  unread: [],
});

function planned(asked: Partial<MigrationRequest>, over: Partial<MigrationObservations> = {}) {
  const plan = planMigration(observed({ ...over, request: { vm: "web-1", from: "onprem-a", to: "mars", ...asked } }));
  const action = <T>(name: string) => plan.actions.find((each) => each.action === name)?.parameters as T | undefined;
  return {
    plan,
    group: action<CreateGroupParameters>("create-security-group"),
    create: action<CreateVmParameters>("create-vm"),
    check: (name: string) => plan.checks.filter(({ check }) => check === name),
    choice: (what: string) => plan.choices.find((each) => each.what.startsWith(what)),
  };
}

describe("rules that are to be translated", () => {
  const peerMap = { admins: "192.0.2.0/24" };

  test("make a group of the VM's own in its network, and each rule is told", () => {
    const { plan, group, create, choice } = planned({ rules: "translate", peerMap }, { firewall: firewallOf(ssh) });
    assert.equal(plan.executable, true);
    assert.deepEqual([group?.name, group?.virtualNetworkId], ["web-1-rules", "vpc-1"]);
    const said = { direction: "ingress", protocol: "tcp", fromPort: 22, toPort: 22, peer: "192.0.2.0/24" };
    assert.deepEqual(group?.rules, [said]);
    assert.equal(create?.securityGroups, undefined);
    assert.equal(choice("rule web/ssh: in allow tcp 22 from admins (group)")?.chosen, "in tcp 22 from 192.0.2.0/24");
    const pinned = plan.observed.find(({ kind }) => kind === "vm-firewall");
    assert.match(pinned?.version ?? "", /in allow tcp 22 from admins/);
  });

  test("are not looked at where nobody asked for them", () => {
    const { plan, group } = planned({}, { firewall: firewallOf(ssh) });
    assert.equal(group, undefined);
    assert.deepEqual(
      plan.checks.filter(({ check }) => check.includes("security-rule")),
      [],
    );
  });

  test("that would let through less are a warning; what can't be refused exactly stops the plan, unless less is fine", () => {
    const lost = planned({ rules: "translate" }, { firewall: firewallOf(ssh) });
    assert.equal(lost.plan.executable, true);
    assert.match(lost.check("security-rule")[0]?.detail ?? "", /let through no more: admins \(group\)/);
    const over = { firewall: firewallOf(ssh, bad) };
    const blocked = planned({ rules: "translate", peerMap }, over);
    assert.equal(blocked.plan.executable, false);
    assert.match(blocked.check("security-rule")[0]?.detail ?? "", /web\/bad .* can't be refused exactly/);
    const narrow = planned({ rules: "translate", peerMap, untranslatableRules: "narrow" }, over);
    assert.equal(narrow.plan.executable, true);
    assert.deepEqual(narrow.group?.rules, []);
  });

  test("stop the plan where nothing is held back, where interfaces differ, and where the target's network opens more", () => {
    const open = planned({ rules: "translate" }, { firewall: { nics: [{ nicId: "net0", layers: [] }], unread: [] } });
    assert.match(open.check("target-security-rules")[0]?.detail ?? "", /holds nothing back/);
    const [one] = firewallOf(ssh).nics;
    const [two] = firewallOf().nics;
    assert.ok(one && two);
    const unlike = planned({ rules: "translate" }, { firewall: { nics: [one, two], unread: [] } });
    assert.match(unlike.check("target-security-rules")[0]?.detail ?? "", /have different rules/);
    const everybody = { kind: "cidr", cidr: "0.0.0.0/0" } as const;
    const usual = { ...ssh, ruleId: "default-ssh", peers: [everybody] };
    const target = { ...cloud, networkRules: { "subnet-b": [usual] } };
    const wider = planned({ rules: "translate", peerMap }, { firewall: firewallOf(ssh), target });
    assert.match(wider.check("target-network-rules")[0]?.detail ?? "", /back at mars lets through more .*default-ssh/);
    assert.equal(wider.plan.executable, false);
  });

  test("make a group of a name that is free, and stop the plan where one group can't hold for all interfaces", () => {
    const taken = { securityGroupId: "sg-4", name: "Web-1-rules", virtualNetworkId: "vpc-1" };
    const target = { ...cloud, securityGroups: [...(cloud.securityGroups ?? []), taken] };
    const { group } = planned({ rules: "translate", peerMap }, { firewall: firewallOf(ssh), target });
    assert.equal(group?.name, "web-1-rules-2");
    const nics = ["lan", "dmz"].map((networkId, index) => ({ nicId: `net${index}`, networkId }));
    const [front, back] = cloud.networks;
    assert.ok(front && back);
    const apart = { ...cloud, networks: [front, { ...back, virtualNetworkId: "vpc-2", zone: "mars-1a" }] };
    const networkMap = { lan: "front", dmz: "back" };
    const seen = { firewall: firewallOf(ssh), target: apart, vm: vmAt("onprem-a", { nics }) };
    const { check, plan } = planned({ rules: "translate", peerMap, networkMap }, seen);
    assert.match(check("target-security-rules")[0]?.detail ?? "", /different virtual networks \(vpc-1, vpc-2\)/);
    assert.equal(plan.executable, false);
  });

  test("and groups that are named exclude each other, but for a map's whose rules a request replaces", () => {
    const both = planned({ rules: "translate", securityGroups: ["ssh"] }, { firewall: firewallOf(ssh) });
    assert.match(both.check("target-security-rules")[0]?.remedy ?? "", /Say one of the two/);
    const asked = applyMap({ ...request, rules: "translate" }, map);
    assert.deepEqual([asked.rules, asked.securityGroups], ["translate", undefined]);
    const { securityGroups: _groups, ...rest } = map;
    const replaced = applyMap({ ...request, securityGroups: ["ssh"] }, { ...rest, rules: "translate" });
    assert.deepEqual([replaced.rules, replaced.securityGroups], [undefined, ["ssh"]]);
  });
});

describe("addresses that are to be kept", () => {
  const networks = cloud.networks.map((network) => ({
    ...network,
    cidr: "10.5.0.0/24",
    reserved: { first: 4, last: 1 },
  }));
  const keep = (address: string | undefined, taken: readonly string[] = []) => {
    const nic = { nicId: "net0", networkId: "lan", ...(address === undefined ? {} : { address }) };
    const target = { ...cloud, networks, addresses: { "subnet-b": taken } };
    const { create, check } = planned({ addresses: "keep" }, { vm: vmAt("onprem-a", { nics: [nic] }), target });
    return [create?.nics[0]?.address, check("target-address")[0]?.result, check("target-address")[0]?.detail] as const;
  };

  test("are asked for where they are in the network's range and free, and told otherwise", () => {
    assert.deepEqual(keep("10.5.0.77").slice(0, 2), ["10.5.0.77", "pass"]);
    const others: readonly [readonly unknown[], RegExp][] = [
      [keep("10.6.0.77"), /10\.6\.0\.77 is not in the range 10\.5\.0\.0\/24/],
      [keep("10.5.0.3"), /keeps to itself/],
      [keep("10.5.0.255"), /keeps to itself/],
      [keep("10.5.0.77", ["10.5.0.77"]), /10\.5\.0\.77 is taken/],
      [keep(undefined), /does not tell/],
    ];
    for (const [[address, result, detail], expected] of others) {
      assert.deepEqual([address, result], [undefined, "warn"]);
      assert.match(String(detail), expected);
    }
  });
});

describe("types of disk", () => {
  const diskTypes = [
    { type: "slow", diskClass: "magnetic", made: true },
    { type: "ssd", diskClass: "general", made: true },
    { type: "bought", diskClass: "provisioned", made: false },
  ] as const;
  const own = [
    { type: "gold", diskClass: "provisioned", made: true },
    { type: "silver", diskClass: "basic", made: true },
  ] as const;
  const vm = (type: string) =>
    vmAt("onprem-a", { disks: [{ diskId: "vda", volumeId: "v", sizeBytes: 2 ** 30, bus: "nvme", boot: true, type }] });
  const typeOf = (type: string, asked: Partial<MigrationRequest>) => {
    const { source } = observed();
    const sides = { target: { ...cloud, diskTypes }, source: { ...source, diskTypes: own } };
    const { create, choice, check } = planned(asked, { vm: vm(type), ...sides });
    return { type: create?.disks[0]?.type, why: choice("type of vda")?.why, check: check("target-disk-type")[0] };
  };

  test("match by class, else the next faster one that is made, else the next slower one", () => {
    assert.equal(typeOf("silver", { diskTypes: "match" }).type, "ssd");
    assert.equal(typeOf("gold", { diskTypes: "match" }).type, "ssd");
    assert.match(typeOf("bronze", { diskTypes: "match" }).why ?? "", /nothing says what bronze is like/);
    assert.equal(typeOf("silver", {}).type, undefined);
    const { choice } = planned({ diskTypes: "match" }, { vm: vm("silver") });
    assert.match(choice("type of vda")?.why ?? "", /mars tells no types of disk to match/);
  });

  test("are as the map says, which has to name one that is made there", () => {
    assert.equal(typeOf("gold", { diskTypes: "match", diskTypeMap: { gold: "slow" } }).type, "slow");
    const { check } = typeOf("gold", { diskTypeMap: { gold: "bought" } });
    assert.deepEqual([check?.result, check?.remedy], ["fail", "Map it to one of: slow, ssd."]);
  });
});
