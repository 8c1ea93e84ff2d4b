import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type LiveNext, type LiveStanding, liveStandings, nextOfLive } from "../../src/domain/live.ts";
import type { LiveObservation, MigrationObservations } from "../../src/domain/migration-parts.ts";
import { planMigration } from "../../src/domain/migration-plan.ts";
import { capabilities } from "../../src/providers/capabilities.ts";
import { cloud, host, observed, vmAt } from "./support/observations.ts";

describe("what is to be done for a guest between two hosts", () => {
  test("is one thing for each pair of standings", () => {
    const rows: Record<LiveStanding, Record<"runs" | "held" | "off" | "absent", LiveNext>> = {
      absent: { runs: "send", held: "wake-source", off: "source-ended", absent: "source-ended" },
      off: { runs: "clear-target", held: "end-source", off: "start-target", absent: "start-target" },
      runs: { runs: "both-run", held: "end-source", off: "landed", absent: "landed" },
      sending: { runs: "both-run", held: "end-source", off: "landed", absent: "landed" },
      held: { runs: "clear-target", held: "clear-target", off: "landed", absent: "landed" },
      arriving: { runs: "clear-target", held: "clear-target", off: "clear-target", absent: "clear-target" },
    };
    for (const [there, row] of Object.entries(rows) as [LiveStanding, Record<string, LiveNext>][]) {
      for (const [here, next] of Object.entries(row)) {
        assert.equal(nextOfLive(here as LiveStanding, there), next, `${here} at the source, ${there} at the target`);
      }
    }
  });

  test("is to wait as long as the hypervisors are at it", () => {
    for (const there of liveStandings) assert.equal(nextOfLive("sending", there), "wait");
  });

  test("never lets it run at a second end while it runs or was taken over at one", () => {
    const starts: readonly LiveNext[] = ["wake-source", "send"];
    for (const here of liveStandings) {
      for (const there of liveStandings.filter((standing) => standing !== "absent")) {
        assert.ok(!starts.includes(nextOfLive(here, there)), `${here} at the source, ${there} at the target`);
      }
      assert.ok(!["start-target"].includes(nextOfLive("runs", here)));
      assert.ok(!["start-target"].includes(nextOfLive("held", here)));
    }
  });
});

describe("the plan of a live move", () => {
  const hosts = { source: { ...host, kind: "libvirt" }, target: { ...host, kind: "libvirt" } };
  const request = { vm: "web-1", from: "onprem-a", to: "onprem-b", mode: "live" } as const;
  const live: LiveObservation = {
    guest: { obstacles: [], networkKinds: ["nat"], memoryBytes: 2 ** 28, dirtyBytesPerSecond: 2 ** 20 },
    checks: [{ check: "live-cpu", result: "pass", detail: "the same" }],
  };
  const plan = (over: Partial<MigrationObservations> = {}) =>
    planMigration(observed({ request, ...hosts, live, ...over }));
  const failed = (over: Partial<MigrationObservations>): string[] =>
    plan(over).checks.flatMap(({ check, result, remedy }) => (result === "fail" && remedy ? [check] : []));

  test("moves disks and memory between hosts of one kind, and stops nothing", () => {
    const { actions, executable, estimates, choices, inputs } = plan();
    assert.deepEqual(
      actions.map(({ action }) => action),
      ["move-live", "verify-vm"],
    );
    assert.equal(executable, true);
    assert.equal(estimates.bytesToMove, 42 * 2 ** 20 + 2 ** 28);
    assert.equal(inputs.mode, "live");
    assert.ok(choices.some(({ chosen }) => chosen.includes("auto-converge")));
  });

  test("is warm from and to what takes no running memory, says why, and keeps what was asked for", () => {
    const gaps = (kind: "aws" | "folder") => ({ ...host.capabilityGaps, ...capabilities[kind] });
    const toCloud = plan({ target: { ...cloud, kind: "aws", capabilityGaps: gaps("aws") } });
    assert.deepEqual(
      [toCloud.inputs.mode, toCloud.actions[0]?.action, toCloud.executable],
      ["live", "replicate", true],
    );
    const reason = (choices: typeof toCloud.choices) => choices.find(({ what }) => what === "way of moving")?.why ?? "";
    assert.match(
      reason(toCloud.choices),
      /^live was asked for, and is warm because onprem-b takes no running guest in/,
    );
    const fromCloud = plan({ source: { ...host, kind: "aws", capabilityGaps: gaps("aws") } });
    assert.match(reason(fromCloud.choices), /onprem-a gives no running guest away: EC2/);
    const other = plan({ target: { ...host, kind: "other" } });
    assert.match(reason(other.choices), /different kinds/);
    const off = plan({ defaults: { ...observed().defaults, live: false } });
    assert.match(reason(off.choices), /enable_live_migration is off/);
  });

  test("refuses what would not go well, each with a remedy", () => {
    assert.deepEqual(failed({ vm: vmAt("onprem-a", { state: "stopped" }), live: undefined }), ["live-needs-running"]);
    assert.deepEqual(failed({ request: { ...request, cpus: 4 } }), ["live-size"]);
    assert.deepEqual(failed({ request: { ...request, point: "freeze" } }), ["live-point"]);
    const passthrough = { what: "passthrough", why: "a device of the host", remedy: "Detach it." };
    assert.deepEqual(failed({ live: { ...live, guest: { ...live.guest, obstacles: [passthrough] } } }), [
      "live-passthrough",
    ]);
    const cpu = { check: "live-cpu", result: "fail", detail: "it lacks avx", remedy: "Name a model." } as const;
    assert.deepEqual(failed({ live: { ...live, checks: [cpu] } }), ["live-cpu"]);
    const networks = [{ networkId: "lan", name: "lan", active: true, kind: "bridge" }];
    assert.deepEqual(failed({ target: { ...hosts.target, networks } }), ["live-network"]);
  });

  test("warns of memory that changes faster than it may be moved", () => {
    const slow = plan({ request: { ...request, bandwidthBytesPerSecond: 2 ** 19 } });
    const check = slow.checks.find(({ check }) => check === "live-converges");
    assert.deepEqual([check?.result, slow.executable], ["warn", true]);
  });
});
