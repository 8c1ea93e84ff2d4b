import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, test } from "node:test";
import pg from "pg";
import { isProviderError } from "../../src/domain/errors.ts";
import { useStore } from "../support/store.ts";

const lab = useStore();
const minute = 60_000;

async function query(text: string, values: unknown[]): Promise<void> {
  await read(text, values);
}

async function read(text: string, values: unknown[]): Promise<Record<string, unknown>> {
  const client = new pg.Client({ connectionString: lab.postgres.databaseUrl });
  await client.connect();
  const { rows } = await client.query<Record<string, unknown>>(text, values);
  await client.end();
  return rows[0] ?? {};
}

describe("a rate", () => {
  test("goes to the holders in the order in which they came, but for a floor, and on to the next when one leaves", async () => {
    const { leases } = lab.store;
    const resource = randomUUID();
    const renew = (holder: string) => leases.renew({ resource, holder, limitPerSecond: 1600, ttlMs: minute });
    assert.equal((await renew("a")).perSecond, 1600);
    // Nobody has given anything up yet.
    assert.equal((await renew("b")).perSecond, 0);
    assert.equal((await renew("a")).perSecond, 1500);
    assert.equal((await renew("b")).perSecond, 100);
    assert.equal((await renew("c")).perSecond, 0);
    assert.equal((await renew("a")).perSecond, 1400);
    assert.equal((await renew("c")).perSecond, 100);
    assert.equal((await renew("b")).perSecond, 100);
    await leases.release({ resource, holder: "a" });
    await leases.release({ resource, holder: "a" });
    assert.equal((await renew("b")).perSecond, 1500);
    // Who comes again comes last.
    assert.equal((await renew("a")).perSecond, 0);
    assert.equal((await renew("b")).perSecond, 1400);
    assert.equal((await renew("a")).perSecond, 100);
  });

  test("goes by rank before that", async () => {
    const { leases } = lab.store;
    const resource = randomUUID();
    const renew = (holder: string, rank: number) =>
      leases.renew({ resource, holder, limitPerSecond: 1600, ttlMs: minute, rank });
    await renew("large", 100);
    assert.equal((await renew("small", 10)).perSecond, 0);
    assert.equal((await renew("large", 100)).perSecond, 100);
    assert.equal((await renew("small", 5)).perSecond, 1500);
    // Nearly done, it comes first.
    assert.equal((await renew("large", 1)).perSecond, 100);
    assert.equal((await renew("small", 5)).perSecond, 100);
    assert.equal((await renew("large", 1)).perSecond, 1500);
  });

  test("leaves to the others what the first can't use", async () => {
    const { leases } = lab.store;
    const resource = randomUUID();
    const renew = (holder: string, needsPerSecond?: number) =>
      leases.renew({ resource, holder, limitPerSecond: 1600, ttlMs: minute, needsPerSecond });
    await renew("a", 400);
    await renew("b");
    assert.equal((await renew("a", 400)).perSecond, 400);
    assert.equal((await renew("b")).perSecond, 1200);
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
    assert.equal(Math.max(...given.values()), 450);
    assert.equal([...given.values()].filter((perSecond) => perSecond === 50).length, holders.length - 1);
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
    assert.equal(
      (await leases.renew({ resource, holder: "behind", limitPerSecond: 10, ttlMs: minute })).perSecond,
      9.375,
    );
    context.mock.timers.setTime(now + 24 * 60 * minute);
    assert.equal((await renewAhead()).perSecond, 0.625);
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

  test("lets nobody's call out for as long as the vendor has asked any worker to wait", async () => {
    const resource = randomUUID();
    const [asked, other] = [0, 1].map(() => lab.store.callBudget(resource, { perSecond: 50 }));
    assert.ok(asked && other);
    await asked.take(never);
    await other.take(never);
    await asked.throttled(4_000);
    // What the other had leased before may still go out.
    for (const budget of [asked, lab.store.callBudget(resource, { perSecond: 50 })]) {
      await assert.rejects(budget.take(AbortSignal.timeout(200)), { name: "TimeoutError" });
    }
    await asked.throttled(600_000);
    await assert.rejects(asked.take(never), (error) => {
      assert.ok(isProviderError(error, "RateLimited"), String(error));
      assert.ok((error.retryAfterMs ?? 0) > 500_000);
      return true;
    });
    // A clock that was set back makes no pause longer.
    await query("update call_budgets set held_until = held_until + interval '1 day' where resource = $1", [resource]);
    await asked.take(never);
  });

  test("waits longer each time that a vendor throttles again soon, and leases call by call for a while", async () => {
    const resource = randomUUID();
    const budget = lab.store.callBudget(resource, { perSecond: 50 });
    await budget.take(never);
    const heldSeconds: unknown[] = [];
    for (const _ of [1, 2, 3]) {
      await budget.throttled();
      // Others that were on their way hear the same.
      await budget.throttled();
      heldSeconds.push(
        (await read("select held_seconds from call_budgets where resource = $1", [resource])).held_seconds,
      );
      await query("update call_budgets set held_until = clock_timestamp(), tokens = 50 where resource = $1", [
        resource,
      ]);
    }
    assert.deepEqual(heldSeconds, [1, 2, 4]);
    await budget.take(never);
    const { tokens } = await read("select tokens from call_budgets where resource = $1", [resource]);
    assert.ok(Number(tokens) >= 49, `${String(tokens)} are left of 50`);
    await query("update call_budgets set held_until = clock_timestamp() - interval '1 hour' where resource = $1", [
      resource,
    ]);
    await budget.throttled();
    assert.equal((await read("select held_seconds from call_budgets where resource = $1", [resource])).held_seconds, 1);
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
