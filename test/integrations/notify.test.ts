import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, test } from "node:test";
import { isProviderError } from "../../src/domain/errors.ts";
import type { Notification } from "../../src/domain/notification.ts";
import { beat } from "../../src/integrations/notify/heartbeat.ts";
import { Notifier } from "../../src/integrations/notify/index.ts";
import { startMailbox, startReceiver } from "../support/told.ts";

let refusal: string | undefined;
let status = 202;
const mailbox = await startMailbox(() => refusal);
const receiver = await startReceiver(() => (status === 429 ? { status, headers: { "retry-after": "7" } } : { status }));
after(() => Promise.all([mailbox.close(), receiver.close()]));
const signal = AbortSignal.timeout(30_000);
const of = (path: string) => async () => `${receiver.url}${path}`;
const key = async () => "a key";
const notifier = new Notifier({
  smtp: { url: mailbox.url, from: "NovaCron <novacron@example.com>" },
  channels: [
    { name: "oncall", type: "pagerduty", key, url: of("/v2/enqueue") },
    { name: "ops", type: "slack", url: of("/services/T/B/X") },
    { name: "tickets", type: "webhook", url: of("/hook"), key },
  ],
});
const told: Notification = {
  ...{ notificationId: "n-1", groupKey: "r/s", rule: "busy <all>", condition: "cpu.utilisation > 0.9 for 60 s" },
  ...{ severity: "critical", state: "firing", at: "2026-01-01T00:05:00.000Z", resolved: [] },
  firing: [{ site: "s", resourceId: "vm-1", value: 0.95, since: "2026-01-01T00:00:00.000Z" }],
};
const over: Notification = { ...told, notificationId: "n-2", state: "resolved", firing: [], resolved: told.firing };
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => "ok",
    (error: unknown) => (isProviderError(error) ? error.code : String(error)),
  );

test("a message comes to the mailbox, and firing and resolved are one conversation", async () => {
  await notifier.send("email:ops@example.com", told, signal);
  await notifier.send("email:ops@example.com", over, signal);
  const [first, second] = mailbox.mails;
  assert.deepEqual(first?.to, ["ops@example.com"]);
  assert.match(first?.text ?? "", /^Subject: \[critical\] busy <all>: vm-1 at s\r$/m);
  assert.match(first?.text ?? "", /^Message-ID: <n-1@example\.com>\r$/m);
  assert.match(first?.text ?? "", /vm-1 at s is 0\.95, since 2026-01-01T00:00:00\.000Z/);
  assert.match(second?.text ?? "", /^Subject: \[resolved\] busy/m);
  const conversation = (text = "") => /^References: (.*)\r$/m.exec(text)?.[1];
  assert.equal(conversation(first?.text), conversation(second?.text));
});

test("a mail server's 4xx is tried again and its 5xx is final, as is one that is away and one that is not configured", async () => {
  refusal = "451 greylisted";
  assert.equal(await codeOf(notifier.send("email:ops@example.com", told, signal)), "Unavailable");
  refusal = "550 no such user";
  assert.equal(await codeOf(notifier.send("email:ops@example.com", told, signal)), "InvalidInput");
  refusal = undefined;
  const away = new Notifier({ smtp: { url: "smtp://127.0.0.1:1", from: "a@b.c" }, channels: [] });
  assert.equal(await codeOf(away.send("email:ops@example.com", told, signal)), "Unavailable");
  assert.equal(await codeOf(away.send("pagerduty:oncall", told, signal)), "InvalidInput");
  assert.equal(await codeOf(new Notifier({ channels: [] }).send("email:a@b.c", told, signal)), "InvalidInput");
});

test("PagerDuty gets one incident for the group, which its end resolves", async () => {
  receiver.received.length = 0;
  await notifier.send("pagerduty:oncall", told, signal);
  await notifier.send("pagerduty:oncall", over, signal);
  const events = receiver.received.map(({ body }) => JSON.parse(body) as Record<string, unknown>);
  assert.deepEqual(
    events.map(({ event_action: does, dedup_key: of, routing_key: by }) => [does, of, by]),
    [
      ["trigger", "novacron/r/s", "a key"],
      ["resolve", "novacron/r/s", "a key"],
    ],
  );
  const payload = events[0]?.payload as Record<string, unknown>;
  assert.deepEqual(
    [payload.summary, payload.source, payload.severity, payload.timestamp],
    ["[critical] busy <all>: vm-1 at s", "s/vm-1", "critical", "2026-01-01T00:05:00.000Z"],
  );
});

test("Slack gets text whose signs mean nothing to it, and a webhook a signed body that names the delivery", async () => {
  receiver.received.length = 0;
  await notifier.send("slack:ops", told, signal);
  await notifier.send("webhook:tickets", told, signal);
  const [slack, hook] = receiver.received;
  assert.equal(slack?.path, "/services/T/B/X");
  assert.match(slack?.body ?? "", /busy &lt;all&gt;: vm-1 at s/);
  const at = String(hook?.headers["x-novacron-timestamp"]);
  const expected = createHmac("sha256", "a key").update(`${at}.${hook?.body}`).digest("hex");
  assert.equal(hook?.headers["x-novacron-signature"], `sha256=${expected}`);
  assert.equal(hook?.headers["x-novacron-delivery"], "n-1");
  assert.equal((JSON.parse(hook?.body ?? "") as { firing: { resource_id: string }[] }).firing[0]?.resource_id, "vm-1");
});

test("answers say whether another try makes sense, and no failure shows a key or a secret URL", async () => {
  const codes: Record<number, string> = {};
  for (status of [400, 404, 408, 429, 500, 503]) codes[status] = await codeOf(notifier.send("slack:ops", told, signal));
  const passing = { 408: "Unavailable", 429: "RateLimited", 500: "Unavailable", 503: "Unavailable" };
  assert.deepEqual(codes, { 400: "InvalidInput", 404: "InvalidInput", ...passing });
  status = 429;
  await assert.rejects(notifier.send("pagerduty:oncall", told, signal), (error) => {
    assert.ok(isProviderError(error, "RateLimited"));
    assert.equal(error.retryAfterMs, 7_000);
    return !/a key|services/.test(error.message);
  });
  status = 202;
});

test("the dead man's switch is told, and one that does not answer is a failure", async () => {
  receiver.received.length = 0;
  await beat(`${receiver.url}/ping`, signal);
  assert.equal(receiver.received[0]?.path, "/ping");
  status = 500;
  assert.equal(await codeOf(beat(`${receiver.url}/ping`, signal)), "Unavailable");
  assert.equal(await codeOf(beat("http://127.0.0.1:1/", signal)), "Unavailable");
  status = 202;
});
