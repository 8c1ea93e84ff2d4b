import assert from "node:assert/strict";
import { test } from "node:test";
import { asyncLocalStorage, type Context } from "@temporalio/activity";
import type { ActivityDeps } from "../../src/activities/deps.ts";
import type { DiskMoves } from "../../src/activities/disk-moves.ts";
import { type Replication, replicateActivities } from "../../src/activities/replicate.ts";
import type { MigrationSlots } from "../../src/activities/slots.ts";

const at = (ms: number): string => new Date(Date.now() + ms).toISOString();

/** Two rounds are proven, and the cutover's time has come; another round is told of by an error. */
function replicate(notBefore: string) {
  const rounds = [0, 1].map((round) => ({ round, takenAt: at(-9_000), provenAt: at(-8_000), disks: [] }));
  const store = {
    rounds: { proven: async () => rounds },
    warm: { noteWarm: async () => undefined, cutoverAsked: async () => false },
  };
  const slots = { take: () => Promise.reject(new Error("a round begins")) };
  const { replicate: run } = replicateActivities(
    { store } as unknown as ActivityDeps,
    {} as DiskMoves,
    slots as unknown as MigrationSlots,
  );
  const rule = { cutover: "at-time", cutoverAt: at(-1_000), notBefore } as const;
  const warm = { ...rule, targetDowntimeSeconds: 30, roundPauseSeconds: 0.01, fixedSeconds: 0 };
  const input: Replication = { migrationId: "m", from: "a", to: "b", vmId: "vm", copies: [], warm };
  const context = { cancellationSignal: new AbortController().signal } as unknown as Context;
  return asyncLocalStorage.run(context, () => run(input));
}

test("rounds go on past the cutover's time for as long as resolvers keep a record", async () => {
  await assert.rejects(replicate(at(10_000)), /a round begins/);
});

test("a cutover comes at its time once resolvers have let go", async () => {
  assert.equal((await replicate(at(-500))).reason, "time");
});
