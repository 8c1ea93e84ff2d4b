import assert from "node:assert/strict";
import { test } from "node:test";
import type { ActivityDeps } from "../../src/activities/deps.ts";
import { DiskMoves } from "../../src/activities/disk-moves.ts";
import { ProviderError } from "../../src/domain/errors.ts";

const refused = new ProviderError("Conflict", {
  operation: "write a generation",
  resource: "onprem-b/generation/g",
  reason: "a newer attempt has taken over",
  action: "Leave it to that attempt.",
});

/** A copy that ends in that refusal, as attempt 1, when the newest that has begun by then is `newest`. */
function copyWhileBegun(newest: number): Promise<unknown> {
  const ended = { close: async () => {} };
  const disks = { openGeneration: async () => ended, openSource: async () => ended };
  let begun = false;
  const checkpoints = {
    state: async () => (begun ? { attempt: newest } : undefined),
    async beginAttempt() {
      begun = true;
      return { attempt: 1, progress: { bytesCopied: 0, bytesResent: 0 } };
    },
  };
  const deps = {
    registry: { provider: async () => ({ disks }) },
    store: { checkpoints },
    transfer: { pump: async () => Promise.reject(refused), padSource: (source: unknown) => source },
  } as unknown as ActivityDeps;
  const copy = { diskId: "vda", replicaId: "r", targetSizeBytes: 1, tracking: "full" };
  const move = { migrationId: "m", from: "a", to: "b", sourcePointId: "p", generationId: "g", copy };
  const moves = new DiskMoves(deps);
  return moves.copy(move as unknown as Parameters<typeof moves.copy>[0], new AbortController().signal);
}

test("a copy that another attempt shut out is tried again; one that is refused for itself is not", async () => {
  await assert.rejects(copyWhileBegun(2), { code: "Unavailable", message: /another attempt began meanwhile/ });
  await assert.rejects(copyWhileBegun(1), { code: "Conflict" });
});

test("a copy that goes on is told with what it moves itself, and its end with it", async () => {
  const told: object[] = [];
  const progress = { bytesCopied: 7, bytesResent: 1 };
  const ended = { close: async () => {} };
  const deps = {
    registry: {
      provider: async () => ({ disks: { openGeneration: async () => ended, openSource: async () => ended } }),
    },
    store: {
      checkpoints: {
        state: async () => undefined,
        beginAttempt: async () => ({ attempt: 2, progress }),
        seal: async () => undefined,
      },
    },
    transfer: {
      padSource: (source: unknown) => source,
      async pump({ onProgress }: { onProgress: (now: object) => void }) {
        onProgress({ bytesCopied: 9, bytesResent: 1 });
        return { bytesCopied: 12, bytesResent: 2, rootHash: "h" };
      },
    },
    copies: {
      began({ from, to }: { from: string; to: string }, sofar: object) {
        told.push({ from, to }, sofar);
        return {
          moved: ({ bytesCopied, bytesResent }: typeof progress) => told.push({ bytesCopied, bytesResent }),
          ended: () => told.push({ ended: true }),
        };
      },
    },
  } as unknown as ActivityDeps;
  const copy = { diskId: "vda", replicaId: "r", targetSizeBytes: 1, tracking: "full" };
  const move = { migrationId: "m", from: "a", to: "b", sourcePointId: "p", generationId: "g", copy };
  const moves = new DiskMoves(deps);
  await moves.copy(move as unknown as Parameters<typeof moves.copy>[0], new AbortController().signal);
  assert.deepEqual(told, [
    { from: "a", to: "b" },
    progress,
    { bytesCopied: 9, bytesResent: 1 },
    { bytesCopied: 12, bytesResent: 2 },
    { ended: true },
  ]);
});

/** A copy that shares what is unchanged, of a disk that is so up to that byte; what was opened, and what came of it. */
async function copyOfChangedFrom(unchangedBytes: number | undefined) {
  const opened: string[] = [];
  const end = (name: string) => async () => {
    opened.push(name);
    return { sizeBytes: 8, close: async () => void opened.push(`${name} closed`) };
  };
  const checkpoints = {
    state: async (id: string) => (id === "parent" ? { sealed: true, rootHash: "root", progress: {} } : undefined),
    async beginAttempt() {
      opened.push("attempt");
      return { attempt: 1, progress: { bytesCopied: 0, bytesResent: 0 } };
    },
    seal: async () => undefined,
  };
  const disks = { openGeneration: end("generation"), openSource: end("source") };
  const deps = {
    registry: { provider: async () => ({ disks }) },
    store: { checkpoints },
    transfer: {
      padSource: (source: unknown) => source,
      unchangedUntil: async () => unchangedBytes,
      movedFrom: (source: object, from: number) => ({ ...source, from }),
      async pump({ source }: { source: { from: number } }) {
        opened.push(`moves from ${source.from}`);
        return { bytesCopied: 3, bytesResent: 0, rootHash: "other" };
      },
    },
  } as unknown as ActivityDeps;
  const base = { baselineId: "b", parentPointId: "parent", parentManifestId: "parent" };
  const copy = { diskId: "vda", replicaId: "r", targetSizeBytes: 8, tracking: "hash-compare", base };
  const move = { migrationId: "m", from: "a", to: "b", sourcePointId: "p", generationId: "g", copy };
  const moves = new DiskMoves(deps);
  const given = { ...move, sharesUnchanged: true } as unknown as Parameters<typeof moves.copy>[0];
  return { result: await moves.copy(given, new AbortController().signal), opened };
}

test("a disk that nothing changed in opens no generation; of another what follows the first change is moved", async () => {
  const same = await copyOfChangedFrom(undefined);
  assert.deepEqual(same.opened, ["source", "source closed"]);
  assert.deepEqual(same.result, { attempt: 0, rootHash: "root", bytesCopied: 0, bytesResent: 0, unchanged: true });
  const changed = await copyOfChangedFrom(4);
  const closed = ["generation closed", "source closed"];
  assert.deepEqual(changed.opened, ["source", "attempt", "generation", "moves from 4", ...closed]);
  assert.deepEqual([changed.result.rootHash, changed.result.unchanged], ["other", undefined]);
});
