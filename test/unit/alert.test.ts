import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { type Alert, advance, advanceMissing, endAlert } from "../../src/domain/alert.ts";
import { type AlertRule, actionProblem, completeRule, isBreach, parseAction } from "../../src/domain/alert-rule.ts";
import { isSilenced, type Silence } from "../../src/domain/alert-silence.ts";
import { isMetricName, vmMetricNames } from "../../src/domain/metric.ts";
import { groupKeyOf, notificationOf, subjectOf, textOf } from "../../src/domain/notification.ts";
import { ownMetrics } from "../../src/domain/own-metric.ts";

const at = (second: number) => new Date(Date.UTC(2026, 0, 1) + second * 1_000).toISOString();
const made = { ruleId: "r", createdBy: "user/x", createdAt: at(0), updatedAt: at(0) };
const rule = completeRule(
  {
    ...{ name: "busy", metric: "cpu.utilisation", threshold: 0.9, comparison: "gt", durationSeconds: 120 },
    ...{ resolveAfterSeconds: 120, missingAfterSeconds: 300 },
  },
  made,
);
const place = { ruleId: "r", site: "s", resourceId: "vm" };

/** One sample a minute; undefined is one that is missing. */
function run(values: readonly (number | undefined)[], given: Partial<AlertRule> = {}, known?: Alert) {
  const from = known ? (Date.parse(known.lastAt) - Date.UTC(2026, 0, 1)) / 60_000 + 1 : 0;
  const readings = values.flatMap((value, index) =>
    value === undefined ? [] : [{ at: at((from + index) * 60), value }],
  );
  return advance({ ...rule, ...given }, place, known, readings);
}

describe("an alert", () => {
  test("is pending until it has held for the rule's time, then fires once, and is resolved once", () => {
    assert.deepEqual(run([0.5, 0.6]), { alert: undefined, changes: [] });
    const pending = run([0.5, 0.95, 0.96]);
    assert.equal(pending.alert?.state, "pending");
    assert.equal(pending.alert?.since, at(60));
    const firing = run([0.97, 0.98], {}, pending.alert);
    assert.deepEqual(firing.changes, [{ to: "firing", at: at(180), occurrence: 1, value: 0.97 }]);
    const clearing = run([0.1, 0.1], {}, firing.alert);
    assert.deepEqual([clearing.alert?.state, clearing.changes.length], ["firing", 0]);
    const resolved = run([0.1], {}, clearing.alert);
    assert.deepEqual(resolved.changes, [{ to: "resolved", at: at(420), occurrence: 1, value: 0.1 }]);
    assert.equal(resolved.alert?.since, at(300));
    assert.deepEqual(run([0.1, 0.2], {}, resolved.alert).changes, []);
  });

  test("comes to the same end however often it is looked at, and takes no sample twice", () => {
    const values = [0.95, 0.95, 0.95, 0.2, 0.95, 0.2, 0.2, 0.2, 0.95, 0.95, 0.95];
    const once = run(values);
    let alert: Alert | undefined;
    const changes: unknown[] = [];
    for (let count = 1; count <= values.length; count++) {
      const next = run(values.slice(0, count));
      const step = advance(
        rule,
        place,
        alert,
        values.slice(0, count).map((value, index) => ({ at: at(index * 60), value })),
      );
      changes.push(...step.changes);
      ({ alert } = step);
      assert.deepEqual(alert, next.alert);
    }
    assert.deepEqual(changes, once.changes);
    assert.deepEqual(
      once.changes.map(({ to, occurrence }) => `${to} ${occurrence}`),
      ["firing 1", "resolved 1", "firing 2"],
    );
  });

  test("does not flap: what crosses the threshold back and forth fires never, or stays firing", () => {
    assert.deepEqual(run([0.95, 0.5, 0.95, 0.5, 0.95, 0.5]).changes, []);
    const firing = run([0.95, 0.95, 0.95]);
    assert.deepEqual(run([0.5, 0.95, 0.5, 0.95], {}, firing.alert).changes, []);
  });

  test("concludes nothing of what is missing: neither that it held, nor that it stopped", () => {
    // Six minutes without a sample begin the time anew.
    const gap = run([0.95, ...Array.from({ length: 6 }, () => undefined), 0.95]);
    assert.equal(gap.alert?.state, "pending");
    assert.equal(gap.alert?.since, at(420));
    const firing = run([0.95, 0.95, 0.95]);
    const back = run([...Array.from({ length: 60 }, () => undefined), 0.1], {}, firing.alert);
    assert.deepEqual([back.alert?.state, back.changes.length], ["firing", 0]);
    assert.equal(advanceMissing(rule, place, undefined, { lastAt: at(0), now: at(900) }).alert, undefined);
    const silent = { ...rule, missing: "fire" } as const;
    const fired = advanceMissing(silent, place, undefined, { lastAt: at(0), now: at(900) });
    assert.deepEqual(fired.changes, [
      { to: "firing", at: at(900), occurrence: 1, note: `nothing was measured since ${at(0)}` },
    ]);
    assert.deepEqual(advanceMissing(silent, place, fired.alert, { lastAt: at(0), now: at(960) }).changes, []);
  });

  test("fires at the first sample without a duration, and ends with its rule or resource", () => {
    const firing = run([0.95], { durationSeconds: 0 });
    assert.equal(firing.alert?.state, "firing");
    const ended = endAlert(firing.alert, at(600), "the rule was removed");
    assert.deepEqual(ended.changes, [{ to: "resolved", at: at(600), occurrence: 1, note: "the rule was removed" }]);
    const pending = run([0.95]).alert as Alert;
    assert.deepEqual(endAlert(pending, at(600), "gone"), { alert: undefined, changes: [] });
  });
});

test("each comparison holds where it should, and nowhere else", () => {
  const holds = (comparison: AlertRule["comparison"]) =>
    [1, 2, 3].filter((value) => isBreach(value, { comparison, threshold: 2 }));
  assert.deepEqual((["gt", "gte", "lt", "lte", "eq"] as const).map(holds), [[3], [2, 3], [1], [1, 2], [2]]);
});

test("an action is one of four kinds, and has to be configured", () => {
  assert.deepEqual(parseAction("email:ops@example.com"), { kind: "email", to: "ops@example.com" });
  for (const strange of ["email:nobody", "email:a@b,c@d", "sms:1", "slack:", "webhook:http://x", "pagerduty"]) {
    assert.equal(parseAction(strange), undefined, strange);
  }
  const targets = [{ kind: "pagerduty", name: "oncall" }] as const;
  assert.equal(actionProblem("pagerduty:oncall", targets), undefined);
  assert.match(actionProblem("slack:oncall", targets) ?? "", /no slack channel oncall.*there are: none/);
  assert.match(actionProblem("email:a@b.c", targets) ?? "", /no mail server/);
});

test("a silence keeps what matches all it names from being told, within its time", () => {
  const silence: Silence = {
    ...{ silenceId: "x", ruleId: "r", site: "s", from: at(0), until: at(60), reason: "", createdBy: "" },
  };
  const silenced = (given: Partial<Silence>, second = 30) =>
    isSilenced(place, rule, [{ ...silence, ...given }], Date.parse(at(second)));
  assert.ok(silenced({}) && silenced({ severity: "warning" }) && silenced({ resourceId: "vm" }));
  assert.ok(!silenced({ site: "other" }) && !silenced({ severity: "critical" }) && !silenced({ resourceId: "other" }));
  assert.ok(!silenced({}, 60) && !silenced({}, -1));
});

test("a notification says what fires, where, since when, and what is over", () => {
  const alert = run([0.95, 0.95, 0.95]).alert as Alert;
  assert.deepEqual(
    (["rule", "site", "resource"] as const).map((groupBy) => groupKeyOf({ ruleId: "r", groupBy }, alert)),
    ["r", "r/s", "r/s/vm"],
  );
  const group = { notificationId: "n", groupKey: "r/s", at: at(200) };
  const told = notificationOf(rule, { ...group, firing: [alert], resolved: [{ ...alert, resourceId: "other" }] });
  assert.equal(subjectOf(told), "[warning] busy: vm at s");
  assert.match(textOf(told), /cpu\.utilisation > 0\.9 for 120 s/);
  assert.match(textOf(told), /Firing:\n- vm at s is 0\.95, since 2026-01-01T00:00:00\.000Z\n\nResolved:\n- other at s/);
  const over = notificationOf(rule, { ...group, firing: [], resolved: [alert, alert] });
  assert.deepEqual([over.state, subjectOf(over)], ["resolved", "[resolved] busy: 2 resources"]);
});

test("the pages list what is measured, as it is named", () => {
  const page = (name: string) => readFileSync(new URL(`../../docs/${name}.md`, import.meta.url), "utf8");
  const [alerts, metrics] = [page("alerts"), page("metrics")];
  for (const [name, meaning] of Object.entries(ownMetrics))
    assert.ok(alerts.includes(`| \`${name}\` | ${meaning} |`), name);
  for (const name of vmMetricNames) assert.ok(metrics.includes(`\`${name}\``), name);
  assert.ok([...Object.keys(ownMetrics), ...vmMetricNames].every(isMetricName));
  assert.ok(["Queue.depth", "queue..depth", "queue depth", ""].every((name) => !isMetricName(name)));
});
