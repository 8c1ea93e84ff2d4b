import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { approvalRule } from "../../src/domain/approval.ts";
import { isProviderError } from "../../src/domain/errors.ts";
import type { Plan } from "../../src/domain/plan.ts";
import type { MemberState, WaveRequest, WaveVm } from "../../src/domain/wave.ts";
import { readWaveCsv } from "../../src/domain/wave-csv.ts";
import { outlineWave } from "../../src/domain/wave-outline.ts";
import { planWave } from "../../src/domain/wave-plan.ts";
import { nextMoves, type ScheduledWave } from "../../src/domain/wave-schedule.ts";

const defaults = { from: "onprem-a", to: "onprem-b" };

function outline(vms: readonly WaveVm[], request: WaveRequest = {}) {
  return outlineWave({ defaults, ...request }, vms);
}

function refuses(work: () => unknown, words: RegExp): void {
  assert.throws(work, (error) => isProviderError(error, "InvalidInput") && words.test(error.message));
}

describe("the outline of a wave", () => {
  test("gives each VM what the wave says, unless it says otherwise itself", () => {
    const { members, groups, inOrder } = outline(
      [
        { vm: "a", group: "one" },
        { vm: "b", to: "vault", mode: "warm", after: ["a"] },
      ],
      { defaults: { ...defaults, mode: "cold" }, pauseSeconds: 5 },
    );
    assert.deepEqual(members, [
      { request: { ...defaults, vm: "a", mode: "cold" }, group: "one", after: [] },
      { request: { from: "onprem-a", to: "vault", vm: "b", mode: "warm" }, group: "default", after: [0] },
    ]);
    assert.deepEqual(groups, [
      { name: "one", pauseSeconds: 5 },
      { name: "default", pauseSeconds: 5 },
    ]);
    assert.equal(inOrder, true);
  });

  test("is refused where it refers to what isn't there, or waits for itself", () => {
    refuses(() => outline([]), /names no VM/);
    refuses(() => outline([{ vm: "a" }, { vm: "a" }]), /in it twice/);
    refuses(() => outlineWave({}, [{ vm: "a", to: "onprem-b" }]), /where a is is not said/);
    refuses(() => outline([{ vm: "a", after: ["b"] }]), /a comes after b, which is not in it/);
    refuses(() => outline([{ vm: "a" }], { groups: [{ name: "default", after: ["x"] }] }), /comes after x/);
    refuses(() => outline([{ vm: "a" }], { groups: [{ name: "empty" }] }), /empty has no VM/);
    refuses(
      () =>
        outline([
          { vm: "a", after: ["b"] },
          { vm: "b", after: ["a"] },
        ]),
      /waits for itself \(a, b\)/,
    );
    const circle: WaveVm[] = [
      { vm: "a", group: "one" },
      { vm: "b", group: "two" },
    ];
    refuses(() => outline(circle, { groups: [{ name: "one", after: ["two"] }] }), /waits for itself/);
    outline(circle, { groups: [{ name: "one", after: ["two"] }], inOrder: false });
    refuses(() => outline(Array.from({ length: 501 }, (_, index) => ({ vm: `v${index}` }))), /501 VMs/);
  });
});

describe("a CSV of VMs", () => {
  test("is read as spreadsheets write it", () => {
    const text =
      '\uFEFFvm;group;after;to\r\nweb-1;web;"db-1 db-2";\r\n# not this one\r\n\r\n"odd ""name"";x";;;vault\r\n';
    assert.deepEqual(readWaveCsv(text), [
      { vm: "web-1", group: "web", after: ["db-1", "db-2"] },
      { vm: 'odd "name";x', to: "vault" },
    ]);
    assert.deepEqual(readWaveCsv("VM, From\nweb-1, onprem-a"), [{ vm: "web-1", from: "onprem-a" }]);
  });

  test("is refused with the line that is wrong", () => {
    refuses(() => readWaveCsv(""), /line 1/);
    refuses(() => readWaveCsv("vm,colour\na,red"), /line 1.*colour/);
    refuses(() => readWaveCsv("from\nonprem-a"), /no column vm/);
    refuses(() => readWaveCsv("vm,from\nweb-1,a,b"), /line 2.*3 fields/);
    refuses(() => readWaveCsv("vm,from\n\n,a"), /line 3.*names no VM/);
    refuses(() => readWaveCsv('vm\n"a'), /line 2.*not closed/);
  });
});

describe("the schedule of a wave", () => {
  const member = (vm: string, group: string, after: number[] = []) => ({ vm, group, after });
  const wave: ScheduledWave = {
    groups: [{ name: "db" }, { name: "web", after: ["db"] }, { name: "rest" }],
    members: [member("db-1", "db"), member("db-2", "db"), member("web-1", "web"), member("x", "rest", [0])],
    inOrder: true,
    parallel: 1,
  };
  const moves = (states: MemberState[], ...opened: string[]) => nextMoves(wave, { states, opened: new Set(opened) });

  test("opens a group when the one before has ended, and starts so many at a time", () => {
    const first = moves(["waiting", "waiting", "waiting", "waiting"]);
    assert.deepEqual(
      first.open.map(({ name }) => name),
      ["db"],
    );
    assert.deepEqual(first.start, []);
    assert.deepEqual(moves(["waiting", "waiting", "waiting", "waiting"], "db").start, [0]);
    assert.deepEqual(moves(["running", "waiting", "waiting", "waiting"], "db").start, []);
    assert.deepEqual(moves(["moved", "moved", "waiting", "waiting"], "db").open[0]?.name, "web");
    assert.deepEqual(moves(["moved", "moved", "waiting", "waiting"], "db", "web").start, [2]);
  });

  test("keeps the next ones ready, whose turn comes when a VM serves, and touches no more at once than it may", () => {
    const four = { ...wave, members: ["a", "b", "c", "d"].map((vm) => member(vm, "db")), parallel: 2 };
    const opened = new Set(["db"]);
    const begun = nextMoves(four, { states: ["running", "running", "waiting", "waiting"], opened }, 1);
    assert.deepEqual([begun.start, begun.ahead], [[], [2]]);
    const states: MemberState[] = ["running", "running", "running", "waiting"];
    const kept = nextMoves(four, { states, opened, held: new Set([2]) }, 1);
    assert.deepEqual([kept.start, kept.ahead], [[], []]);
    const serves = nextMoves(four, { states, opened, held: new Set([2]), serving: new Set([0]) }, 1);
    assert.deepEqual([serves.start, serves.ahead], [[2], [3]]);
    const both = nextMoves(four, { states, opened, held: new Set([2]), serving: new Set([0, 1]) }, 1);
    assert.deepEqual([both.start, both.ahead], [[2, 3], []]);
    const later = { ...four, members: [...four.members.slice(0, 2), member("c", "db", [0]), member("d", "web")] };
    const depends = nextMoves(later, { states: ["running", "running", "waiting", "waiting"], opened }, 2);
    assert.deepEqual([depends.start, depends.ahead], [[], []]);
  });

  test("skips who depends on what was not moved, and nobody else", () => {
    const { skip, open } = moves(["moved", "failed", "waiting", "waiting"], "db");
    assert.deepEqual(skip, [{ position: 2, reason: "db-2, which it comes after, was not moved" }]);
    assert.deepEqual(
      open.map(({ name }) => name),
      ["web"],
    );
    const next = moves(["moved", "failed", "skipped", "waiting"], "db", "web");
    assert.deepEqual([next.skip, next.open.map(({ name }) => name)], [[], ["rest"]]);
    assert.deepEqual(moves(["moved", "failed", "skipped", "waiting"], "db", "web", "rest").start, [3]);
  });

  test("without an order lets groups that depend on nothing begin at once", () => {
    const free = { ...wave, inOrder: false };
    const { open } = nextMoves(free, { states: ["waiting", "waiting", "waiting", "waiting"], opened: new Set() });
    assert.deepEqual(
      open.map(({ name }) => name),
      ["db", "rest"],
    );
  });
});

function planOf(vm: string, bytesToMove: number, seconds: number): Plan {
  const create = { name: vm, cpus: 2, memoryBytes: 2 ** 30, disks: [], nics: [] };
  const copy = { targetSizeBytes: 2 ** 31, allocatedBytes: bytesToMove, bandwidthBytesPerSecond: 2 ** 20 };
  const resource = { site: "onprem-a", kind: "vm", id: vm };
  return {
    planId: `plan-${vm}`,
    hash: `hash-${vm}`,
    kind: "migrate-vm",
    inputs: { ...defaults, vm: `id-${vm}`, vmName: vm },
    observed: [{ ...resource, version: "1" }],
    choices: [],
    actions: [
      { action: "copy-disk", resource, detail: "", parameters: copy },
      { action: "create-vm", resource, detail: "", parameters: create },
    ],
    createdAt: "2026-01-01T00:00:00.000Z",
    checks: [{ check: "boot-proof", result: "warn", detail: "no console", remedy: "Add a probe." }],
    estimates: { bytesToMove, bytesNominal: 2 ** 31, seconds, downtimeSeconds: seconds / 2, basis: "" },
    executable: true,
  };
}

describe("the plan of a wave", () => {
  const vms = [{ vm: "a" }, { vm: "b" }, { vm: "c" }];
  const planned = [planOf("a", 2 ** 20, 10), planOf("b", 2 ** 20, 20), planOf("c", 2 ** 20, 30)].map((plan) => ({
    plan,
  }));
  const ceiling = { name: "max_vms", limit: 4, used: 1, unit: "VMs" };
  const targets = { "onprem-b": { freeBytes: 2 ** 22, ceilings: [ceiling] } };
  const seen = { outline: outline(vms), planned, targets, parallelMigrations: 2 };

  test("pins the plan of each VM by its hash, and reckons with so many at a time and the link they share", () => {
    const { actions, estimates, executable, checks } = planWave(seen);
    assert.deepEqual(
      actions.map(({ parameters }) => [parameters.planId, parameters.planHash]),
      [
        ["plan-a", "hash-a"],
        ["plan-b", "hash-b"],
        ["plan-c", "hash-c"],
      ],
    );
    // a and b together, c when a is done.
    assert.equal(estimates.seconds, 40);
    assert.equal(planWave({ ...seen, parallelMigrations: 1 }).estimates.seconds, 60);
    const slow = planned.map(({ plan }) => ({
      plan: {
        ...plan,
        actions: plan.actions.map((each) => ({
          ...each,
          parameters: { ...each.parameters, ...(each.action === "copy-disk" ? { allocatedBytes: 2 ** 25 } : {}) },
        })),
      },
    }));
    assert.equal(planWave({ ...seen, planned: slow }).estimates.seconds, 96);
    assert.equal(estimates.bytesToMove, 3 * 2 ** 20);
    assert.equal(estimates.downtimeSeconds, 15);
    assert.equal(executable, true);
    assert.match(checks.find(({ check }) => check === "boot-proof")?.detail ?? "", /^a: no console/);
  });

  test("fails where one VM can't be planned, and where all of them together don't fit", () => {
    const refused = { refused: { reason: "no VM has that id or name", remedy: "List them." } };
    const one = planWave({ ...seen, planned: [planned[0] ?? refused, refused, planned[2] ?? refused] });
    assert.equal(one.executable, false);
    assert.match(one.checks.find(({ result }) => result === "fail")?.detail ?? "", /^b: no VM has/);
    const full = planWave({ ...seen, targets: { "onprem-b": { freeBytes: 2 ** 21, ceilings: [ceiling] } } });
    assert.match(full.checks.find(({ result }) => result === "fail")?.detail ?? "", /3.0 MiB needed for 3 VMs/);
    const [first, ...others] = planned;
    assert.ok(first);
    const expecting = (expectedBytes: number) => {
      const actions = first.plan.actions.map((each) => ({
        ...each,
        parameters: { ...each.parameters, expectedBytes },
      }));
      const less = [{ plan: { ...first.plan, actions } }, ...others];
      const { checks } = planWave({
        ...seen,
        planned: less,
        targets: { "onprem-b": { freeBytes: 2 ** 21, ceilings: [] } },
      });
      return checks.find(({ check }) => check === "wave-free-space")?.result;
    };
    assert.deepEqual([expecting(0), expecting(1)], ["warn", "fail"]);
    const over = { "onprem-b": { ceilings: [{ ...ceiling, used: 2 }] } };
    assert.match(planWave({ ...seen, targets: over }).checks.at(-1)?.detail ?? "", /5 of 4 VMs/);
  });

  test("fails where two VMs would take each other's traffic", () => {
    const led = (action: string, parameters: object, ids = ["x", "x"]) => {
      const two = ["a", "b"].map((vm, index) => {
        const plan = planOf(vm, 2 ** 20, 10);
        const resource = { site: "edge", kind: "thing", id: ids[index] ?? "" };
        const shift = { action, resource, detail: "", parameters: parameters as Record<string, unknown> };
        return { plan: { ...plan, inputs: { ...plan.inputs, vmName: vm }, actions: [...plan.actions, shift] } };
      });
      const { checks } = planWave({ ...seen, outline: outline([{ vm: "a" }, { vm: "b" }]), planned: two });
      return checks.flatMap(({ check, detail }) => (check === "wave-traffic" ? [detail] : []));
    };
    assert.match(led("shift-record", {})[0] ?? "", /edge\/thing\/x would be led to a, and then to b/);
    assert.equal(led("hold-traffic", {}).length, 1);
    assert.equal(led("hold-traffic", {}, ["x", "y"]).length, 0);
    assert.equal(led("shift-pool", { replaces: { shareId: "s1" } }).length, 0);
    assert.equal(led("shift-pool", { shareId: "s1", replaces: { shareId: "s1" } }).length, 0);
    assert.equal(led("shift-pool", { shareId: "s2", replaces: { shareId: "s1" } }).length, 1);
    assert.equal(led("measure-gap", {}).length, 0);
  });

  test("wants a second person where a rule wants one for its migrations", () => {
    const subjects = [{ site: "onprem-a", tags: { env: "prod" } }];
    const rules = [{ kind: "migrate-vm", scope: { tags: { env: "prod" } } }];
    assert.ok(approvalRule(rules, { kind: "migrate-wave", subjects }));
    assert.equal(approvalRule(rules, { kind: "delete-vm", subjects }), undefined);
  });
});
