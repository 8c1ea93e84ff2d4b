import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { isProviderError } from "../../src/domain/errors.ts";
import {
  established,
  expiresInMs,
  firstLease,
  handedOver,
  type Lease,
  readLease,
  renewed,
  requireHolder,
  type Sighting,
  sight,
  taken,
} from "../../src/domain/lease.ts";
import { mustCutOff, startedWatchdog, watchdogRenewed } from "../../src/domain/watchdog.ts";

const groupId = "g1";
const at = "2026-11-29T03:00:00Z";
const terms = { durationMs: 10_000, marginMs: 2_000 };
const first = firstLease({ groupId, holder: "a", at, ...terms });
const watched = renewed(first, { groupId, site: "a", watched: true, at });

function code(work: () => unknown): string {
  try {
    work();
    return "ok";
  } catch (error) {
    return isProviderError(error) ? error.code : String(error);
  }
}

test("only the holder of this epoch writes and renews", () => {
  assert.equal(requireHolder(first, { groupId, site: "a", epoch: 1 }), first);
  assert.equal(
    code(() => requireHolder(first, { groupId, site: "b" })),
    "Conflict",
  );
  const passed = handedOver(first, { groupId, from: "a", to: "b", at });
  assert.deepEqual([passed.holder, passed.epoch, passed.proof, passed.watched], ["b", 2, "handed-over", false]);
  assert.equal(
    code(() => renewed(passed, { groupId, site: "a", watched: true, at })),
    "Conflict",
  );
  const back = handedOver(passed, { groupId, from: "b", to: "a", at });
  assert.equal(
    code(() => requireHolder(back, { groupId, site: "a", epoch: 1 })),
    "Conflict",
    "the holder of an earlier epoch is another one",
  );
  assert.equal(
    code(() => requireHolder(undefined, { groupId, site: "a" })),
    "Conflict",
  );
});

test("a lease that no watchdog renews is not taken by its age", () => {
  const input = { groupId, from: "a", to: "b", epoch: 1, at };
  const seen = { version: "v", sinceMs: 0 };
  const proof = { kind: "expired", seen, nowMs: 1e9 } as const;
  assert.equal(
    code(() => taken(first, { ...input, proof })),
    "PolicyBlocked",
  );
  assert.equal(
    code(() => taken(watched, { ...input, proof: { ...proof, nowMs: 11_999 } })),
    "PolicyBlocked",
  );
  assert.equal(taken(watched, { ...input, proof: { ...proof, nowMs: 12_000 } }).holder, "b");
  const confirmed = taken(first, { ...input, proof: { kind: "confirmed", by: "eve: power is off" } });
  assert.deepEqual([confirmed.proof, confirmed.confirmedBy, confirmed.epoch], ["confirmed", "eve: power is off", 2]);
  const away = handedOver(confirmed, { groupId, from: "b", to: "c", at });
  assert.equal(away.confirmedBy, undefined, "who confirmed an earlier change has not confirmed this one");
  assert.equal(
    code(() => taken(first, { ...input, epoch: 2, proof: { kind: "fenced" } })),
    "Conflict",
  );
});

test("a lease of an earlier epoch gives way where a group is protected again, and a later one does not", () => {
  const wanted = { groupId, holder: "a", epoch: 3, at, ...terms };
  const made = established(undefined, wanted);
  assert.deepEqual([made.holder, made.epoch], ["a", 3]);
  assert.equal(established(made, wanted), made);
  assert.equal(established({ ...made, holder: "b", epoch: 2 }, wanted).holder, "a");
  for (const other of [
    { ...made, holder: "b" },
    { ...made, epoch: 4 },
  ]) {
    assert.equal(
      code(() => established(other, wanted)),
      "Conflict",
    );
  }
});

test("what is no lease is refused", () => {
  assert.deepEqual(readLease(JSON.parse(JSON.stringify(watched)), groupId), watched);
  for (const value of [undefined, null, 1, {}, { ...watched, groupId: "other" }, { ...watched, marginMs: 0 }]) {
    assert.equal(
      code(() => readLease(value, groupId)),
      "InvalidInput",
    );
  }
});

test("after another start of the machine nothing that was noted counts", () => {
  const noted = { bootId: "one", deadlineMs: 5_000, cutOff: false };
  assert.deepEqual(startedWatchdog(noted, "one", 100), noted, "another process goes on with the same deadline");
  assert.ok(mustCutOff(startedWatchdog(noted, "two", 100), 100));
  assert.ok(mustCutOff(startedWatchdog(undefined, "two", 100), 100));
});

/**
 * A holder, its way to the lease, and somebody who wants it, in any order of events: the holder's clock and the other's run at
 * paces that differ by less than the margin allows. The holder is cut off before the other one may serve.
 */
test("two sites never serve at the same time, whatever is lost, late or slow", () => {
  const event = fc.record({
    afterMs: fc.integer({ min: 1, max: 6_000 }),
    kind: fc.constantFrom("renew", "renewal answered late", "renewal lost", "look"),
    takesMs: fc.integer({ min: 0, max: 4_000 }),
  });
  // A tenth of the margin is left for cutting off.
  const pace = fc.double({ min: 0.95, max: 1.05, noNaN: true });
  fc.assert(
    fc.property(fc.array(event, { maxLength: 60 }), pace, (events, otherPace) => {
      let now = 0;
      let lease: Lease = watched;
      let version = 0;
      let dog = watchdogRenewed(startedWatchdog(undefined, "boot", 0), terms, 0);
      let seen: Sighting | undefined;
      let cutOffAt: number | undefined;
      const cutOffWhenDue = (): void => {
        if (cutOffAt === undefined && mustCutOff(dog, now)) cutOffAt = dog.deadlineMs;
      };
      for (const { afterMs, kind, takesMs } of events) {
        now += afterMs;
        cutOffWhenDue();
        if (kind === "look") {
          const clock = now * otherPace;
          seen = sight(seen, String(version), clock);
          if (expiresInMs(lease, seen, clock) !== 0) continue;
          const proof = { kind: "expired", seen, nowMs: clock } as const;
          taken(lease, { groupId, from: "a", to: "b", epoch: 1, at, proof });
          assert.ok(cutOffAt !== undefined && cutOffAt <= now, `taken at ${now}, cut off at ${cutOffAt}`);
          return;
        }
        // Who has cut itself off asks for nothing more before a person looked.
        if (cutOffAt !== undefined) continue;
        const asked = now;
        if (kind === "renewal lost") continue;
        lease = renewed(lease, { groupId, site: "a", watched: true, at });
        now += takesMs;
        version++;
        cutOffWhenDue();
        if (kind === "renew" && cutOffAt === undefined) dog = watchdogRenewed(dog, terms, asked);
      }
    }),
    { numRuns: 2_000 },
  );
});
