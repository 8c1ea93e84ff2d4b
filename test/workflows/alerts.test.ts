import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type AlertRule, type AlertRuleRequest, completeRule } from "../../src/domain/alert-rule.ts";
import { beat } from "../../src/integrations/notify/heartbeat.ts";
import { Notifier } from "../../src/integrations/notify/index.ts";
import { ensureAlertsWatched } from "../../src/temporal/alerts.ts";
import { registryOf, smallDeps, startServers, startSmallListener, startSmallWorker } from "../support/small-worker.ts";
import { startMailbox, startReceiver } from "../support/told.ts";

const { store, client, temporalAddress } = await startServers();
const mailbox = await startMailbox();
let status = 202;
const receiver = await startReceiver(() => ({ status }));
const notifier = new Notifier({
  smtp: { url: mailbox.url, from: "novacron@example.com" },
  channels: [
    { name: "oncall", type: "pagerduty", key: async () => "a key", url: async () => `${receiver.url}/v2/enqueue` },
  ],
});
const deps = smallDeps({
  ...{ registry: registryOf(), store, intervals: { metricsMs: 100, alertsMs: 100, heartbeatMs: 100 } },
  notify: {
    findings: [],
    send: (action, told, signal) => notifier.send(action, told, signal),
    beat: (signal) => beat(`${receiver.url}/ping`, signal),
  },
});
let endListener: () => Promise<void>;
const endWorker = await startSmallWorker(temporalAddress, deps);
after(async () => {
  await client.connection.close();
  await store.close();
  await Promise.all([mailbox.close(), receiver.close()]);
});

const actions = ["email:ops@example.com", "pagerduty:oncall"];
async function make(name: string, given: Partial<AlertRuleRequest> = {}): Promise<AlertRule> {
  const at = new Date().toISOString();
  const request = {
    name,
    metric: `${name}.depth`,
    threshold: 10,
    comparison: "gt",
    durationSeconds: 0,
    actions,
  } as const;
  const rule = completeRule(
    { ...request, resolveAfterSeconds: 0, ...given },
    { ruleId: name, createdBy: "user/x", createdAt: at, updatedAt: at },
  );
  await store.alertRules.set(rule);
  return rule;
}
const push = (name: string, value: number, resourceId = "a-queue") =>
  store.metrics.write([{ site: "onprem-a", resourceId, metric: `${name}.depth`, at: new Date().toISOString(), value }]);
const mailsOf = (name: string) =>
  mailbox.mails.flatMap(({ text }) => (text.includes(`] ${name}: `) ? [/^Subject: (.*)\r$/m.exec(text)?.[1]] : []));
const eventsOf = (name: string) =>
  receiver.received.flatMap(({ path, body }) => {
    const event =
      path === "/v2/enqueue" ? (JSON.parse(body) as { event_action: string; dedup_key: string }) : undefined;
    return event?.dedup_key.startsWith(`novacron/${name}/`) ? [event.event_action] : [];
  });
async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!(await holds()) && Date.now() < deadline) await sleep(50);
  assert.ok(await holds());
}
const stateOf = async (name: string) => (await store.alerts.ofRule(name))[0]?.state;

describe("rules that are watched", () => {
  before(async () => {
    endListener = await startSmallListener(temporalAddress, deps);
    await ensureAlertsWatched(client, { groupWaitMs: 300 });
  });
  // Before the servers go, which were there first.
  after(async () => {
    await client.workflow.getHandle("alerts/watch").terminate();
    await endListener();
    await endWorker();
  });

  test("a breach comes to a mailbox and to PagerDuty as one message for all of a group, and so does its end", async () => {
    await make("both");
    await Promise.all([push("both", 11), push("both", 12, "b-queue")]);
    await until(() => mailsOf("both").length === 1 && eventsOf("both").length === 1);
    assert.deepEqual(mailsOf("both"), ["[warning] both: 2 resources"]);
    await Promise.all([push("both", 1), push("both", 1, "b-queue")]);
    await until(() => mailsOf("both").length === 2 && eventsOf("both").length === 2);
    assert.deepEqual(eventsOf("both"), ["trigger", "resolve"]);
    assert.deepEqual(mailsOf("both")[1], "[resolved] both: 2 resources");
    const log = await store.alertDeliveries.list({ ruleId: "both", limit: 10 });
    assert.ok(
      log.items.every(
        ({ deliveries }) => deliveries.length === 2 && deliveries.every(({ state }) => state === "delivered"),
      ),
    );
    const events = await store.alerts.events({ ruleId: "both", limit: 10 });
    assert.deepEqual(events.items.map(({ to }) => to).sort(), ["firing", "firing", "resolved", "resolved"]);
  });

  test("nobody hears of what is silenced, until the silence ends and it still fires", async () => {
    await make("quiet");
    const now = new Date().toISOString();
    const silence = { silenceId: "s", ruleId: "quiet", from: now, until: "2100-01-01T00:00:00.000Z" };
    await store.alertRules.silence({ ...silence, reason: "at work on it", createdBy: "user/x" });
    await push("quiet", 11);
    await until(async () => (await stateOf("quiet")) === "firing");
    await sleep(1_000);
    assert.deepEqual([mailsOf("quiet"), eventsOf("quiet")], [[], []]);
    await store.alertRules.endSilence("s");
    await until(() => mailsOf("quiet").length === 1 && eventsOf("quiet").length === 1);
  });

  test("a notification outlives an on-call service that is away and a worker that dies, and comes once", async () => {
    await make("lasting", { actions: ["pagerduty:oncall"] });
    status = 503;
    await push("lasting", 11);
    await until(() => eventsOf("lasting").length === 1);
    const waiting = async () =>
      (await store.alertDeliveries.list({ ruleId: "lasting", limit: 1 })).items[0]?.deliveries[0];
    await until(async () => (await waiting())?.lastError !== undefined);
    assert.match((await waiting())?.lastError ?? "", /it answered 503/);
    // The next try is ten seconds away: another worker makes it.
    await endListener();
    status = 202;
    endListener = await startSmallListener(temporalAddress, deps);
    await until(async () => (await waiting())?.state === "delivered");
    assert.deepEqual(eventsOf("lasting"), ["trigger", "trigger"]);
    await sleep(500);
    assert.equal(eventsOf("lasting").length, 2);
  });

  test("a rule that is removed resolves what fires by it, and is forgotten when people were told", async () => {
    await make("removed");
    await push("removed", 11);
    await until(() => mailsOf("removed").length === 1);
    await store.alertRules.remove("removed");
    await until(() => mailsOf("removed").length === 2);
    assert.match(mailsOf("removed")[1] ?? "", /^\[resolved\]/);
    await until(async () => (await store.alertRules.all()).every(({ ruleId }) => ruleId !== "removed"));
  });

  test("figures that end fire where the rule says so; elsewhere nothing is concluded from them", async () => {
    const long = new Date(Date.now() - 3_600_000).toISOString();
    const sample = { site: "onprem-a", resourceId: "a-queue", at: long, value: 11 };
    await store.metrics.write([
      { ...sample, metric: "ended.depth" },
      { ...sample, metric: "ignored.depth", value: 1 },
    ]);
    await make("ignored");
    await make("ended", { threshold: 100, missing: "fire" });
    await until(() => mailsOf("ended").length === 1);
    assert.match((await store.alerts.ofRule("ended"))[0]?.note ?? "", /nothing was measured since/);
    assert.deepEqual(await store.alerts.ofRule("ignored"), []);
  });

  test("our own work is measured, and rules hold for it; the dead man's switch hears that they were looked at", async () => {
    await store.audit.append({
      ...{ at: new Date().toISOString(), actor: "anyone", action: "auth.refused", resource: "/v1", requestId: "" },
      ...{ outcome: "Unauthenticated", after: { refused: 20 } },
    });
    await make("guessing", { metric: "sign_ins.failed" });
    await until(async () => (await stateOf("guessing")) === "firing");
    assert.equal((await store.alerts.ofRule("guessing"))[0]?.value, 20);
    await until(() => receiver.received.some(({ path }) => path === "/ping"));
    const standing = await store.alerts.standing();
    assert.ok(standing.rules > 0 && standing.evaluatedAt !== undefined && standing.heartbeatAt !== undefined);
  });
});
