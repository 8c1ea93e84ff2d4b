import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assess, assessVm } from "../../src/domain/assess.ts";
import type { VmAssessment } from "../../src/domain/assessment.ts";
import { conversationsOf, readFlowRecords } from "../../src/domain/flow-records.ts";
import type { Plan, PlanCheck } from "../../src/domain/plan.ts";
import { proposeWaves } from "../../src/domain/proposed-waves.ts";

const MiB = 2 ** 20;
const warning: PlanCheck = { check: "guest-agent", result: "warn", detail: "no agent answers", remedy: "Install it." };

function vm(name: string, more: Partial<VmAssessment> = {}): VmAssessment {
  return { vmId: `id-${name}`, name, readiness: "ready", findings: [], planId: `p-${name}`, bytesToMove: MiB, ...more };
}

const named = (names: readonly string[]) =>
  names.map((name) => ({ vmId: `id-${name}`, name, addresses: [`10.0.0.${name}`] }));

describe("flow records", () => {
  test("are read with their columns in any order, and refused with the line", () => {
    const records = readFlowRecords("# seen on friday\nto,from,bytes,port\ndb,web,1000,5432\n\nweb,lb,,443\n");
    assert.deepEqual(records, [
      { from: "web", to: "db", port: 5432, bytes: 1000 },
      { from: "lb", to: "web", port: 443 },
    ]);
    const wrong: [string, RegExp][] = [
      ["", /line 1.*no head line/],
      ["from,port\na,1", /no column to/],
      ["from,to,why\n", /column why/],
      ["from,to\na\n", /line 2.*one end only/],
      ["from,to,port\na,b,70000", /line 2.*70000 is no port/],
      ["from,to\na,b,c", /line 2.*3 fields for 2 columns/],
    ];
    for (const [csv, message] of wrong) assert.throws(() => readFlowRecords(csv), message);
  });

  test("are summed up between two, whichever asked, and apart from what is none of the VMs", () => {
    const records = readFlowRecords(
      "from,to,port,bytes\nweb,id-db,5432,10\ndb,web,40000,5\nweb,web,1,9\n8.8.8.8,web,443,7\nx,y,1,1\nnobody,db,,\n",
    );
    const { inside, outside, ofVms } = conversationsOf(records, named(["web", "db"]));
    assert.deepEqual(inside, [
      { vmId: "id-db", vm: "db", peerId: "id-web", peer: "web", ports: [5432, 40000], bytes: 15 },
    ]);
    assert.deepEqual(outside, [
      { vmId: "id-web", vm: "web", peer: "8.8.8.8", ports: [443], bytes: 7 },
      { vmId: "id-db", vm: "db", peer: "nobody", ports: [] },
    ]);
    assert.equal(ofVms, 5);
    // Two of one name: only ids say which is meant.
    const twins = ["one", "two"].map((vmId) => ({ vmId, name: "web", addresses: [] }));
    const between = conversationsOf(readFlowRecords("from,to\none,two\nweb,8.8.8.8\n"), twins);
    assert.deepEqual(
      [between.inside.map(({ vmId, peerId }) => [vmId, peerId]), between.outside],
      [[["one", "two"]], []],
    );
  });
});

describe("proposed waves", () => {
  const between = (vmName: string, peer: string) => ({
    vmId: `id-${vmName}`,
    vm: vmName,
    peerId: `id-${peer}`,
    peer,
    ports: [],
  });
  const names = (waves: ReturnType<typeof proposeWaves>) => waves.map(({ members }) => members.map(({ name }) => name));

  test("keep together what talks to each other, also through others, and leave out what can't move", () => {
    const vms = [vm("a"), vm("b"), vm("c"), vm("d", { readiness: "blocking" }), vm("e")];
    const waves = proposeWaves(vms, [between("a", "b"), between("b", "c"), between("d", "e")], 2);
    assert.deepEqual(names(waves), [["e"], ["a", "b", "c"]]);
    assert.match(waves[1]?.why ?? "", /talk to each other/);
  });

  test("begin with a pilot of small ones where there are many, and end with what has warnings", () => {
    const ready = Array.from({ length: 8 }, (_, index) => vm(`v${index}`, { bytesToMove: (8 - index) * MiB }));
    const waves = proposeWaves([vm("w", { readiness: "warning", bytesToMove: 0 }), ...ready], [], 4);
    assert.deepEqual(names(waves), [["v7", "v6", "v5"], ["v4", "v3", "v2", "v1"], ["v0"], ["w"]]);
    assert.match(waves[0]?.why ?? "", /pilot/);
    assert.equal(waves[3]?.why, "with warnings");
  });
});

describe("an assessment", () => {
  const plan = (name: string, checks: readonly PlanCheck[] = [], executable = true): Plan => ({
    planId: `p-${name}`,
    kind: "migrate-vm",
    hash: "h",
    createdAt: "2026-01-01T00:00:00.000Z",
    inputs: { vm: `id-${name}`, vmName: name, from: "home", to: "away" },
    observed: [],
    choices: [],
    actions: [
      {
        action: "create-vm",
        resource: { site: "away", kind: "vm", id: name },
        detail: "",
        parameters: { name, cpus: 1, memoryBytes: 2 ** 30, disks: [], nics: [] },
      },
    ],
    checks,
    estimates: {
      bytesToMove: 600 * MiB,
      bytesNominal: 1024 * MiB,
      seconds: 60,
      downtimeSeconds: name === "a" ? 30 : 20,
      basis: "",
      ...(name === "c"
        ? {}
        : {
            monthly: {
              total: { micros: 5_000_000, currency: "USD" },
              complete: true,
              items: [{ what: "m1", quantity: 730, unit: "hour", amount: { micros: 5_000_000, currency: "USD" } }],
            },
          }),
    },
    executable,
  });
  const seen = (name: string) => ({ position: 0, vmId: `id-${name}`, name, tags: {} });

  test("says of each VM whether it can move, and why not, with the remedy", () => {
    assert.equal(assessVm(seen("a"), { plan: plan("a") }).readiness, "ready");
    const warned = assessVm(seen("a"), { plan: plan("a", [warning]) });
    assert.deepEqual([warned.readiness, warned.findings], ["warning", [warning]]);
    const failed: PlanCheck = { check: "firmware", result: "fail", detail: "no UEFI there", remedy: "Use BIOS." };
    assert.equal(assessVm(seen("a"), { plan: plan("a", [failed], false) }).readiness, "blocking");
    const refused = assessVm(seen("a"), { refused: { reason: "it has no disk", remedy: "Give it one." } });
    assert.deepEqual(refused.findings, [
      { check: "plan", result: "fail", detail: "it has no disk", remedy: "Give it one." },
    ]);
  });

  test("adds up what moves, and tells where all of a wave is too much, or what it leaves behind", () => {
    const plans = new Map(["a", "b", "c"].map((name) => [`p-${name}`, plan(name)]));
    const blocked = vm("d", { readiness: "blocking" });
    const vms = [...["a", "b", "c"].map((name) => assessVm(seen(name), { plan: plan(name) })), blocked];
    const conversations = conversationsOf([{ from: "a", to: "d" }], named(["a", "b", "c", "d"]));
    const { totals, waves, flowRecords } = assess(
      {
        request: { from: "home", to: "away" },
        vms,
        conversations,
        flowRecords: 1,
        plans,
        target: { freeBytes: 1000 * MiB, ceilings: [] },
        parallelMigrations: 2,
      },
      10,
    );
    const { monthly, ...counts } = totals;
    assert.deepEqual(counts, {
      vms: 4,
      ready: 3,
      warning: 0,
      blocking: 1,
      bytesToMove: 1800 * MiB,
      // Three of a minute each, two at a time.
      seconds: 120,
      longestDowntimeSeconds: 30,
      withoutPrice: 1,
    });
    assert.deepEqual(monthly?.total, { micros: 10_000_000, currency: "USD" });
    assert.equal(monthly?.items.length, 1);
    const [wave] = waves;
    assert.deepEqual(
      wave?.findings.map(({ check, result }) => [check, result]),
      [
        ["wave-free-space", "fail"],
        ["wave-conversation", "warn"],
      ],
    );
    assert.deepEqual(flowRecords, { read: 1, ofVms: 1 });
  });
});
