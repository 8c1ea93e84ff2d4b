// Long because it is one story: what a guarded change needs, from who asks to what the trail keeps.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { Lockout } from "../../src/api/auth/lockout.ts";
import { routeTable } from "../../src/api/documented.ts";
import { hashToken } from "../../src/api/tokens.ts";
import type { Role } from "../../src/domain/access.ts";
import { startTestApi } from "./support/harness.ts";

const alarms: { event: string; text: string }[] = [];
const webhook = createServer((request, response) => {
  let sent = "";
  request.on("data", (chunk: Buffer) => (sent += chunk.toString()));
  request.on("end", () => {
    alarms.push(JSON.parse(sent));
    response.end();
  });
});
await new Promise<void>((resolve) => webhook.listen(0, "127.0.0.1", resolve));
after(() => void webhook.close());
const api = await startTestApi(
  { after },
  {
    deps: {
      approvalRules: [{ kind: "migrate-vm", scope: { site: "onprem-b" } }],
      alarmWebhook: `http://127.0.0.1:${(webhook.address() as AddressInfo).port}/`,
    },
  },
);
await api.call("GET", "/v1/vms?refresh=true");

async function alarmed(event: string): Promise<string> {
  for (;;) {
    const found = alarms.find((alarm) => alarm.event === event);
    if (found) return found.text;
    await sleep(20);
  }
}

/** Somebody with a token of their own. */
async function person(name: string, ...held: Role[]): Promise<string> {
  const { store } = api;
  await store.users.create({ userId: name, name });
  const bindings = held.map((role) => ({ role, scope: {} }));
  for (const { role, scope } of bindings) {
    await store.bindings.add({ bindingId: `${name}-${role}`, holder: `user/${name}`, role, scope, createdBy: "test" });
  }
  const token = `token-of-${name}-0123456789abcdef`;
  await store.tokens.create({ tokenId: name, name, hash: hashToken(token), userId: name, bindings, createdBy: "test" });
  return token;
}

const move = { vm: "web-1", from: "onprem-a", to: "onprem-b" };
interface Planned {
  readonly plan_id: string;
  readonly hash: string;
}

describe("a plan that wants a second person", async () => {
  const [olga, oscar, anna] = await Promise.all([
    person("olga", "operator", "approver"),
    person("oscar", "operator"),
    person("anna", "approver"),
  ]);
  const plan = async (token: string) => {
    const body = { kind: "migrate_vm", request: move };
    return (await api.call("POST", "/v1/plans", { token, body })).body as Planned;
  };
  const start = ({ plan_id, hash }: Planned, token: string) =>
    api.call("POST", "/v1/migrations", { token, body: { plan_id, plan_hash: hash } });
  const decide = ({ plan_id, hash }: Planned, token: string, decision = "approve", planHash = hash) =>
    api.call("POST", `/v1/plans/${plan_id}/approvals`, { token, body: { plan_hash: planHash, decision } });

  test("is not started without, also not when it is planned and started at once", async () => {
    const refused = await start(await plan(oscar), oscar);
    assert.equal(refused.status, 422);
    assert.match(refused.body.action, /plans approve/);
    const direct = await api.call("POST", "/v1/migrations", { token: oscar, body: move });
    assert.equal(direct.status, 422);
    const elsewhere = await api.call("POST", "/v1/migrations", {
      token: oscar,
      body: { ...move, from: "onprem-b", to: "onprem-a" },
    });
    assert.notEqual(elsewhere.status, 202, "both ends count");
  });

  test("is not approved by who asked for it, by a program, nor with another hash", async () => {
    const mine = await plan(olga);
    assert.equal((await decide(mine, olga)).status, 422);
    assert.equal((await decide(mine, api.token)).status, 403, "the bootstrap token is nobody's");
    assert.equal((await decide(mine, oscar)).status, 403, "no approver");
    assert.equal((await decide(mine, anna, "approve", "0".repeat(64))).status, 409);
    assert.equal((await start(mine, olga)).status, 422);
  });

  test("is not started by its only approver", async () => {
    const theirs = await plan(oscar);
    assert.equal((await decide(theirs, olga)).status, 200);
    assert.equal((await start(theirs, olga)).status, 422, "olga would be both");
    assert.equal((await start(theirs, oscar)).status, 202);
  });

  test("is stopped by one rejection, which can be taken back", async () => {
    const theirs = await plan(oscar);
    assert.equal((await decide(theirs, anna)).status, 200);
    assert.equal((await decide(theirs, olga, "reject")).status, 200);
    const refused = await start(theirs, oscar);
    assert.equal(refused.status, 422);
    assert.match(refused.body.detail, /olga rejected/);
    assert.equal((await decide(theirs, olga)).status, 200);
    assert.equal((await start(theirs, oscar)).status, 202);
  });
});

describe("a freeze", () => {
  test("refuses every change but what stops or undoes something, and says since when and why", async () => {
    const token = await person("frieda", "operator", "admin");
    const body = { reason: "the storage array is on fire" };
    assert.equal((await api.call("POST", "/v1/freeze", { token, body })).status, 200);
    try {
      const refused = await api.call("POST", "/v1/migrations", { token, body: { ...move, to: "onprem-a" } });
      assert.equal(refused.status, 422);
      assert.match(refused.body.detail, /frozen since .* by token\/frieda: the storage array is on fire/);
      for (const { operationId, audit, duringFreeze, method, path } of routeTable()) {
        if (audit === undefined || duringFreeze) continue;
        const filled = path.replace("{site}", "onprem-a").replaceAll(/\{\w+\}/g, "none-such");
        const answer = await api.call(method.toUpperCase(), filled, { body: {} });
        assert.equal(answer.status, 422, `${operationId}: ${JSON.stringify(answer.body)}`);
      }
      assert.equal((await api.call("POST", "/v1/sites/onprem-a/check", { token })).status, 200);
      assert.match(await alarmed("system.freeze"), /storage array/);
    } finally {
      assert.equal((await api.call("DELETE", "/v1/freeze", { token })).status, 200);
    }
    const [asked, done] = await Promise.all([
      api.store.audit.list({ limit: 1, action: "system.freeze", outcome: "asked" }),
      api.store.audit.list({ limit: 1, action: "system.freeze", outcome: "done" }),
    ]);
    assert.ok(asked.items.length === 1 && /"frozen":false.*|"after"/.test(done.items[0]?.entry ?? ""));
  });

  test("refuses what was asked before it and had to wait for the trail", async () => {
    const { guard } = api.store;
    const other = new pg.Client({ connectionString: api.databaseUrl });
    await other.connect();
    try {
      await other.query("begin; select 1 from audit_head for update");
      const asked = api.call("POST", "/v1/migrations", { body: { ...move, to: "onprem-a" } });
      const waiting =
        "select 1 from pg_stat_activity where wait_event_type = 'Lock' and query like '%audit_append%' limit 1";
      // Not by the connection that holds the lock: its transaction goes on seeing what others did at its first look.
      while ((await api.sql(waiting)).length === 0) await sleep(20);
      // What it saw of a freeze is old when its turn in the trail comes.
      await sleep(300);
      await guard.freeze("test", "while it waited");
      await other.query("rollback");
      assert.match((await asked).body.detail, /frozen since .* by test: while it waited/);
    } finally {
      await other.end();
      await guard.unfreeze();
    }
  });

  test("lets only those changes through that are named here", () => {
    const allowed = routeTable().filter(({ audit, duringFreeze }) => audit !== undefined && duringFreeze);
    assert.deepEqual(allowed.map(({ operationId }) => operationId).sort(), [
      "allocateAddresses",
      "backUpControlPlane",
      "breakGlass",
      "cancelMigration",
      "cancelOperation",
      "cancelRestore",
      "cancelWave",
      "changeAlertRule",
      "changePolicy",
      "changeSearch",
      "checkSite",
      "completeRecoveryStep",
      "createAlertRule",
      "createJoinToken",
      "createPlan",
      "createPolicy",
      "createRoleBinding",
      "createSilence",
      "createToken",
      "createUser",
      "decidePlan",
      "decodePayloads",
      "deleteBurstPool",
      "disableUser",
      "drainSiteWorker",
      "enableUser",
      "endSilence",
      "endTest",
      "exemptFromPolicy",
      "freezeChanges",
      "giveUpRecovery",
      "holdGroupPoint",
      "importCosts",
      "installPolicyPack",
      "makeGroupPoint",
      "pauseMigration",
      "pauseProtection",
      "pauseWave",
      "pushMetricSamples",
      "redeemSignIn",
      "refreshInventory",
      "releaseAddresses",
      "releaseBurst",
      "removeAddressPool",
      "removeAlertRule",
      "removeBudget",
      "removeMap",
      "removeRecoveryPlan",
      "removeRoleBinding",
      "removeSearch",
      "removeSiteWorker",
      "removeSplitRule",
      "replayBurstPool",
      "restoreFiles",
      "resumeProtection",
      "revokeExemption",
      "revokeStandingApproval",
      "revokeToken",
      "rotateToken",
      "saveSearch",
      "sealBreakGlass",
      "setAddressPool",
      "setBudget",
      "setExchangeRate",
      "setMap",
      "setRecoveryPlan",
      "setSplitRule",
      "showDeviceConfig",
      "signOut",
      "startAssessment",
      "startPolicyScan",
      "startSavingsAnalysis",
      "stateCosts",
      "triggerSchedule",
      "tryPolicy",
      "unfreezeChanges",
      "uploadCosts",
      "verifyCertificate",
    ]);
  });

  test("admits no run that had made no change before, and lets the others finish", async () => {
    const { guard } = api.store;
    assert.equal(await guard.admit("run-before"), true);
    await guard.freeze("test", "testing");
    const [{ count } = { count: 0 }] = await api.sql<{ count: number }>(
      "select count(*)::int as count from admitted_runs where run_id = 'run-before'",
    );
    assert.equal(count, 1, "other workers know it, too");
    assert.equal(await guard.admit("run-before"), true);
    assert.equal(await guard.admit("run-after"), false);
    await guard.unfreeze();
    assert.equal(await guard.admit("run-after"), true);
  });
});

describe("break-glass access", () => {
  const open = (secret: string) =>
    api.call("POST", "/v1/auth/break-glass", {
      token: undefined,
      body: { secret, reason: "the identity provider is down" },
      headers: { "x-request-id": "break-1" },
    });

  test("opens once with the newest sealed secret, holds every role, alarms, and is on record without the secret", async () => {
    const seal = async () => ((await api.call("POST", "/v1/break-glass")).body as unknown as { secret: string }).secret;
    const older = await seal();
    const secret = await seal();
    assert.equal((await open(older)).status, 401, "replaced");
    const opened = await open(secret);
    assert.equal(opened.status, 201);
    const { token, ends_at: endsAt } = opened.body as unknown as { token: string; ends_at: string };
    assert.ok(Date.parse(endsAt) - Date.now() <= 3_600_000);
    assert.equal((await api.call("GET", "/v1/audit", { token })).status, 200);
    assert.equal((await api.call("POST", "/v1/users", { token, body: { name: "Rescuer" } })).status, 201);
    assert.equal((await open(secret)).status, 401, "spent");
    assert.match(await alarmed("auth.break-glass"), /in use from .*the identity provider is down/);
    const { items } = await api.store.audit.list({ limit: 5, action: "auth.break-glass", requestId: "break-1" });
    const trail = items.map(({ entry }) => entry).join("\n");
    assert.match(trail, /"reason":"the identity provider is down"/);
    assert.ok(!trail.includes(secret));
    const [row] = await api.sql<{ text: string }>(
      "select concat((select jsonb_agg(t)::text from break_glass t), (select jsonb_agg(t)::text from idempotency_keys t), (select jsonb_agg(t)::text from audit t)) as text",
    );
    assert.ok(row && !row.text.includes(secret) && !row.text.includes(token));
  });

  test("locks an address out after a few wrong secrets", async () => {
    const statuses: number[] = [];
    for (let i = 0; i < 6; i++) statuses.push((await open("x".repeat(47) + i)).status);
    assert.ok(statuses.includes(429), String(statuses));
    assert.match(await alarmed("auth.lock-out"), /wrong secret/);
  });
});

describe("locking out", () => {
  const rules = { failures: 3, withinMs: 1_000, lockMs: 10_000, mostMs: 40_000 };

  test("is for one account from one address, longer each time, and over when it is over", () => {
    let now = 0;
    const lockout = new Lockout(rules, () => now);
    const fail = (address: string) => [1, 2, 3].map(() => lockout.fail("a", address));
    assert.deepEqual(fail("192.0.2.1"), [false, false, true]);
    assert.equal(lockout.isLocked("a", "192.0.2.1"), true);
    assert.equal(lockout.isLocked("a", "192.0.2.2"), false, "nobody locks out somebody else's address");
    assert.equal(lockout.isLocked("b", "192.0.2.1"), false, "nor their neighbours' other accounts");
    assert.throws(() => lockout.refuseLocked("a", "192.0.2.1"), /Too many failed attempts/);
    now = 10_001;
    assert.equal(lockout.isLocked("a", "192.0.2.1"), false);
    fail("192.0.2.1");
    now += 10_001;
    assert.equal(lockout.isLocked("a", "192.0.2.1"), true, "twice as long");
  });

  test("takes the whole network of an IPv6 address as one, and slow failures as none", () => {
    let now = 0;
    const lockout = new Lockout(rules, () => now);
    for (const host of ["1", "2", "3"]) lockout.fail("a", `2001:db8:1:2::${host}`);
    assert.equal(lockout.isLocked("a", "2001:db8:1:2:ffff::9"), true);
    assert.equal(lockout.isLocked("a", "2001:db8:1:3::1"), false);
    for (let i = 0; i < 10; i++) {
      lockout.fail("slow", "192.0.2.1");
      now += 1_001;
    }
    assert.equal(lockout.isLocked("slow", "192.0.2.1"), false);
  });

  test("does not keep a valid token from the same address out", async () => {
    const limited = await startTestApi({ after }, { worker: false, limits: { failuresBeforeLockout: 3 } });
    for (let i = 0; i < 6; i++) await limited.call("GET", "/v1/sites", { token: `a-guess-of-a-token-0123456789-${i}` });
    const blocked = await limited.call("GET", "/v1/sites", { token: "a-guess-of-a-token-0123456789-7" });
    assert.equal(blocked.status, 429);
    for (;;) {
      const { status } = await limited.call("GET", "/v1/sites");
      if (status === 200) break;
      assert.equal(status, 429);
      await sleep(100);
    }
    const { items } = await limited.store.audit.list({ limit: 5, action: "auth.lock-out" });
    assert.equal(items.length, 1);
  });
});
