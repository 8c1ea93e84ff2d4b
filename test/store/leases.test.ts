import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, test } from "node:test";
import pg from "pg";
import { useStore } from "../support/store.ts";

const lab = useStore();
const minute = 60_000;

async function query(text: string, values: unknown[]): Promise<void> {
  const client = new pg.Client({ connectionString: lab.postgres.databaseUrl });
  await client.connect();
  await client.query(text, values);
  await client.end();
}

describe("a rate", () => {
  test("is divided fairly among the holders, and again when one leaves", async () => {
    const { leases } = lab.store;
    const resource = randomUUID();
    const renew = (holder: string) => leases.renew({ resource, holder, limitPerSecond: 900, ttlMs: minute });
    assert.equal((await renew("a")).perSecond, 900);
    // Nobody has given anything up yet.
    assert.equal((await renew("b")).perSecond, 0);
    assert.equal((await renew("a")).perSecond, 450);
    assert.equal((await renew("b")).perSecond, 450);
    assert.equal((await renew("c")).perSecond, 0);
    assert.equal((await renew("a")).perSecond, 300);
    assert.equal((await renew("c")).perSecond, 150);
    assert.equal((await renew("b")).perSecond, 300);
    assert.equal((await renew("c")).perSecond, 300);
    await leases.release({ resource, holder: "b" });
    await leases.release({ resource, holder: "b" });
    assert.equal((await renew("a")).perSecond, 450);
  });

  test("of holders that come at once is never more than the limit in all", async () => {
    const { leases } = lab.store;
    const resource = randomUUID();
    const holders = Array.from({ length: 8 }, (_, i) => `h${i}`);
    const renew = (holder: string) => leases.renew({ resource, holder, limitPerSecond: 800, ttlMs: minute });
    const given = new Map<string, number>();
    const round = async (): Promise<void> => {
      for (const [index, { perSecond }] of (await Promise.all(holders.map(renew))).entries()) {
        given.set(`h${index}`, perSecond);
      }
    };
    for (let again = 0; again < 3; again++) {
      await round();
      const sum = [...given.values()].reduce((total, each) => total + each, 0);
      assert.ok(sum <= 800, `${sum} of 800`);
    }
    assert.deepEqual(
      [...given.values()],
      holders.map(() => 100),
    );
  });

  test("held by the dead is given back when their leases have run out", async () => {
    const { leases } = lab.store;
    const resource = randomUUID();
    await leases.renew({ resource, holder: "dead", limitPerSecond: 10, ttlMs: minute });
    await query("update rate_leases set expires_at = clock_timestamp() where resource = $1", [resource]);
    assert.equal((await leases.renew({ resource, holder: "alive", limitPerSecond: 10, ttlMs: minute })).perSecond, 10);
  });

  test("is not moved by a holder whose clock is wrong", async (context) => {
    const { leases } = lab.store;
    const resource = randomUUID();
    const now = Date.now();
    context.mock.timers.enable({ apis: ["Date"], now: now - 24 * 60 * minute });
    const behind = await leases.renew({ resource, holder: "behind", limitPerSecond: 10, ttlMs: minute });
    assert.equal(behind.expiresAt.getTime() - Date.now(), minute);
    context.mock.timers.setTime(now + 24 * 60 * minute);
    const renewAhead = () => leases.renew({ resource, holder: "ahead", limitPerSecond: 10, ttlMs: minute });
    const ahead = await renewAhead();
    assert.equal(ahead.expiresAt.getTime() - Date.now(), minute);
    context.mock.timers.setTime(now - 24 * 60 * minute);
    assert.equal((await leases.renew({ resource, holder: "behind", limitPerSecond: 10, ttlMs: minute })).perSecond, 5);
    context.mock.timers.setTime(now + 24 * 60 * minute);
    assert.equal((await renewAhead()).perSecond, 5);
  });
});

describe("a call budget", () => {
  const never = new AbortController().signal;

  test("lets a burst of one second through and then waits for the database's clock", async () => {
    const resource = randomUUID();
    const budgets = [
      lab.store.callBudget(resource, { perSecond: 50 }),
      lab.store.callBudget(resource, { perSecond: 50 }),
    ];
    const started = performance.now();
    await Promise.all(Array.from({ length: 75 }, (_, i) => (budgets[i % 2] ?? assert.fail()).take(never)));
    const seconds = (performance.now() - started) / 1000;
    // 75 calls from a bucket of 50 refilled with 50 a second can't be quicker than half a second.
    assert.ok(seconds >= 0.45, `75 calls took ${seconds} s`);
  });

  test("that is used up makes callers wait until they give up", async () => {
    const budget = lab.store.callBudget(randomUUID(), { perSecond: 0.01 });
    await budget.take(never);
    const gaveUp = new AbortController();
    const waiting = budget.take(gaveUp.signal);
    const behind = budget.take(gaveUp.signal);
    gaveUp.abort(new Error("enough"));
    await assert.rejects(waiting, /enough/);
    await assert.rejects(behind, /enough/);
  });

  test("isn't refilled when the server's clock was set back", async () => {
    const resource = randomUUID();
    const budget = lab.store.callBudget(resource, { perSecond: 1 });
    await budget.take(never);
    await query("update call_budgets set refilled_at = clock_timestamp() + interval '1 day' where resource = $1", [
      resource,
    ]);
    const gaveUp = AbortSignal.timeout(300);
    await assert.rejects(budget.take(gaveUp));
  });
});
