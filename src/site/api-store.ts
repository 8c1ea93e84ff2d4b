import type { SiteStore } from "../activities/deps.ts";
import { isProviderError } from "../domain/errors.ts";
import type { CallBudget, CallRate } from "../providers/provider.ts";
import type { CheckpointStore, ManifestChunk, RateLeases } from "../transfer/ports.ts";
import type { SiteClient } from "./client.ts";

/** The store's ports over the API, for a worker that has no database. Everything is decided there: which attempt is
 *  current, how a rate is divided, what belongs to this worker's site. */
export function apiStore(client: SiteClient): SiteStore {
  return {
    checkpoints: checkpointsOf(client),
    leases: leasesOf(client),
    points: {
      record: async (point) => void (await client.call("recordPoint", point)),
      delete: async (_site, pointId) => void (await client.call("deletePoint", { pointId })),
      findByRootHash: async (_site, rootHash, kinds) =>
        (await client.call("findPoints", { rootHash, kinds: [...kinds] })).points,
    },
    migrations: {
      noteProgress: async (migrationId, seen) => void (await client.call("noteProgress", { migrationId, ...seen })),
      appendEvent: async (migrationId, { type: _note, data, ...event }) => {
        const told = { migrationId, ...event, type: "note" as const, data: { ...data } };
        return (await client.call("appendEvent", told)).sequence;
      },
    },
    health: {
      // Who looked, and from where, the API knows by the certificate.
      note: async ({ site, sees, probes }) =>
        void (await client.call("noteHealth", { site, sees, probes: [...probes] })),
    },
    guard: { admit: async (runId) => (await client.call("admitRun", { runId })).admitted },
    audit: {
      // The API says itself who it is that acts.
      append: async ({ actor: _actor, actorName: _name, address: _address, before: _before, ...entry }) =>
        void (await client.call("appendAudit", entry)),
    },
  };
}

function checkpointsOf(client: SiteClient): CheckpointStore {
  return {
    beginAttempt: (input) => client.call("beginAttempt", input),
    async *chunks(manifestId) {
      for (let after = -1; ; ) {
        const { chunks, more } = await client.call("chunks", { manifestId, after });
        yield* chunks.map(decoded);
        after = chunks.at(-1)?.index ?? after;
        if (!more) return;
      }
    },
    async commit({ generationId, attempt, chunks, progress }) {
      await client.call("commit", { generationId, attempt, chunks: chunks.map(encoded), progress });
    },
    noteSent: async (input) => void (await client.call("noteSent", input)),
    seal: async (input) => void (await client.call("sealManifest", input)),
    state: async (generationId) => (await client.call("generation", { generationId })).state,
  };
}

function leasesOf(client: SiteClient): RateLeases {
  return {
    async renew(input) {
      const { perSecond, expiresAt } = await client.call("renewLease", input);
      return { perSecond, expiresAt: new Date(expiresAt) };
    },
    release: async (input) => void (await client.call("releaseLease", input)),
  };
}

/** Calls of an account that all workers share: fetched a few at a time, and not kept for later. */
const batchLifeMs = 1_000;

export function apiCallBudget(client: SiteClient, name: string, { perSecond, burst }: CallRate): CallBudget {
  const calls = Math.min(1_000, Math.max(1, Math.floor(perSecond / 5)));
  let left = 0;
  let until = 0;
  let queue: Promise<void> = Promise.resolve();
  const takeOne = async (signal: AbortSignal): Promise<void> => {
    signal.throwIfAborted();
    if (left < 1 || performance.now() > until) {
      await client.call("callBudget", { name, perSecond, calls, ...(burst === undefined ? {} : { burst }) }, signal);
      left = calls;
      until = performance.now() + batchLifeMs;
    }
    left -= 1;
  };
  return {
    take(signal) {
      const turn = queue.then(() => takeOne(signal));
      queue = turn.catch(() => undefined);
      return turn;
    },
    async throttled(retryAfterMs) {
      left = 0;
      const told = { name, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
      await client.call("callsThrottled", told).catch((error: unknown) => {
        // An API of an earlier version does not know the operation.
        if (!isProviderError(error, "Unavailable", "Timeout", "NotFound")) throw error;
      });
    },
  };
}

function encoded({ index, leaves, done }: ManifestChunk): { index: number; leaves: string; done: string } {
  return { index, leaves: base64(leaves), done: base64(done) };
}

function decoded({ index, leaves, done }: { index: number; leaves: string; done: string }): ManifestChunk {
  return { index, leaves: Buffer.from(leaves, "base64"), done: Buffer.from(done, "base64") };
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}
