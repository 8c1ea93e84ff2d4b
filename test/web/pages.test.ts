import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { fields } from "../../src/domain/policy/fields.ts";
import { decisionTimeline } from "../../web/src/lib/burst.ts";
import { dailySeries, daysOf, planOf } from "../../web/src/lib/costs.ts";
import { conditionText, figure } from "../../web/src/lib/figures.ts";
import { policyFields, readRuleValue, ruleText } from "../../web/src/lib/policy-rule.ts";
import { circlePlaces, connectionTone, pathText } from "../../web/src/lib/topology.ts";

const now = Date.parse("2026-11-24T12:00:00Z");

describe("rules of alerts", () => {
  test("are said with the unit of their figure", () => {
    assert.equal(figure("cpu.utilisation", 0.973), "97.3 %");
    assert.equal(figure("replication.lag", 95), "1 min 35 s");
    assert.equal(figure("queue.length", 184), "184");
    assert.equal(figure("queue.length", undefined), "–");
    const rule = { metric: "cpu.utilisation", comparison: "gte", threshold: 0.9, duration_seconds: 600 } as const;
    assert.equal(conditionText(rule), "cpu.utilisation ≥ 90 % for 10 min");
    assert.equal(conditionText({ ...rule, duration_seconds: 0 }), "cpu.utilisation ≥ 90 %");
  });
});

describe("rules of policies", () => {
  test("can speak of the fields that the domain knows, in their types", () => {
    const known = Object.entries(fields).map(([name, { type }]) => [name === "tags" ? "tags.KEY" : name, type]);
    assert.deepEqual(policyFields, Object.fromEntries(known));
  });

  test("take what is typed as the field's type wants it", () => {
    assert.equal(readRuleValue("cpus", "greater_than", "8"), 8);
    assert.equal(readRuleValue("name", "equals", "8"), "8");
    assert.equal(readRuleValue("encrypted", "equals", "true"), true);
    assert.equal(readRuleValue("owner", "not_exists", "nobody"), undefined);
    assert.deepEqual(readRuleValue("security_group.ingress.port", "in", "22, 3389,"), [22, 3389]);
  });

  test("are said in a line", () => {
    const ssh = { field: "port", operator: "equals", value: 22 };
    const open = { any: [{ field: "source", operator: "equals", value: "::/0" }, { not: ssh }] };
    assert.equal(ruleText({ all: [ssh, open] }), "port equals 22 and (source equals ::/0 or not port equals 22)");
  });
});

describe("costs", () => {
  const group = (day: string, service: string, effective: number, currency = "USD") => ({
    ...{ key: { day, service }, currency, effective: effective * 1e6, billed: 0 },
  });
  const asked = { dimension: "service", currency: "USD", measure: "effective", most: 2 } as const;

  test("of days are drawn without holes, the largest first and the small ones together", () => {
    const groups = [
      ...[group("2026-11-01", "machines", 5), group("2026-11-03", "machines", 7), group("2026-11-01", "disks", 2)],
      ...[group("2026-11-03", "traffic", 1), group("2026-11-01", "machines", 99, "EUR")],
    ];
    const { at, series } = dailySeries(groups, asked);
    assert.equal(at.length, 3);
    assert.deepEqual(series, [
      { label: "machines", values: [5, 0, 7] },
      { label: "the rest", values: [2, 0, 1] },
    ]);
    assert.deepEqual(dailySeries([], asked).at, []);
  });

  test("are asked for by days of which the last is not part", () => {
    assert.deepEqual(daysOf("this-month", now), { from: "2026-11-01", to: "2026-11-25" });
    assert.deepEqual(daysOf("last-month", now), { from: "2026-10-01", to: "2026-11-01" });
    assert.deepEqual(daysOf("30d", now), { from: "2026-10-26", to: "2026-11-25" });
  });

  test("are lowered by a plan only where one plan does it", () => {
    const found = { site: "a", resource_kind: "vm", resource_id: "v", type: "stop" };
    assert.deepEqual(planOf(found), { action: "stop", vms: [{ site: "a", vm: "v" }] });
    assert.equal(planOf({ ...found, type: "rightsize" }), undefined);
    assert.equal(planOf({ ...found, type: "rightsize", instance_type: "m6i.large" })?.action, "resize");
    assert.equal(planOf({ ...found, resource_kind: "volume" }), undefined);
    assert.equal(planOf({ ...found, type: "spot" }), undefined);
  });
});

describe("bursts", () => {
  test("are drawn from the oldest decision to the newest, each as long as it held", () => {
    const decisions = [
      { from: "2026-11-24T10:05:00Z", until: "2026-11-24T10:09:00Z", wanted: 2, have: 1 },
      { from: "2026-11-24T10:00:00Z", until: "2026-11-24T10:04:00Z", wanted: 0, have: 0 },
    ];
    const { at, wanted, have } = decisionTimeline(decisions);
    assert.deepEqual(
      at.map((seconds) => seconds - (at[0] ?? 0)),
      [0, 240, 300, 540],
    );
    assert.deepEqual(
      [wanted, have],
      [
        [0, 0, 2, 2],
        [0, 0, 1, 1],
      ],
    );
  });
});

describe("connections", () => {
  test("are as well as their tunnels carry, not as they are called", () => {
    const seen = (up: readonly boolean[], degraded?: string) => ({ state: "connected", seen: { up, degraded } });
    assert.equal(connectionTone(seen([true, true])), "good");
    assert.equal(connectionTone(seen([true, false])), "warn");
    assert.equal(connectionTone(seen([true, true], "loses 4 % of its packets")), "warn");
    assert.equal(connectionTone(seen([false, false])), "bad");
    assert.equal(connectionTone({ state: "connected" }), "idle");
    assert.equal(connectionTone({ state: "rotating" }), "busy");
    assert.equal(pathText({ loss_ratio: 0.012, round_trip_ms: 21.4, jitter_ms: 1.9 }), "21.4 ms ± 1.9, 1.2 % lost");
    assert.equal(pathText(undefined), "not measured");
  });

  test("have their sites at places of their own", () => {
    const places = [...circlePlaces(["c", "a", "b"], 100)].map(([name, { x, y }]) => `${name} ${x} ${y}`);
    assert.deepEqual(places, ["a 0 -100", "b 147 50", "c -147 50"]);
  });
});
