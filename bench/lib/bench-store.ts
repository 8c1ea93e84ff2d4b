import { chmod, mkdtemp, rm } from "node:fs/promises";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Client } from "@temporalio/client";
import type { Express } from "express";
import { pino } from "pino";
import type { ApiDeps } from "../../src/api/deps.ts";
import type { Role } from "../../src/domain/access.ts";
import { socketDirPath } from "../../src/host/paths.ts";
import { type PostgresServer, startPostgres } from "../../src/host/postgres.ts";
import { hashToken, newToken, openStore, type Store } from "../../src/store/index.ts";

/** A PostgreSQL of a bench's own, in a folder of its own. */
export interface BenchPlace {
  readonly dir: string;
  readonly postgres: PostgresServer;
  /** Runs when the bench ends, the newest first. */
  after(stop: () => Promise<void>): void;
}

export async function withPostgres<T>(work: (place: BenchPlace) => Promise<T>): Promise<T> {
  const dir = await mkdtemp(join(tmpdir(), "nvc-b-"));
  // As root, PostgreSQL runs as another account, which must get through to its own folder.
  await chmod(dir, 0o755);
  const stops = [
    () => rm(dir, { recursive: true, force: true }),
    () => rm(socketDirPath(join(dir, "postgres")), { recursive: true, force: true }),
  ];
  try {
    const postgres = await startPostgres({ dir: join(dir, "postgres") });
    stops.push(() => postgres.stop());
    return await work({ dir, postgres, after: (stop) => void stops.push(stop) });
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
}

/** The same with an open, empty store. */
export async function withStore<T>(work: (store: Store, place: BenchPlace) => Promise<T>): Promise<T> {
  return withPostgres(async (place) => {
    const store = await openStore({ databaseUrl: place.postgres.databaseUrl });
    place.after(() => store.close());
    await store.migrate();
    return work(store, place);
  });
}

/** What an API in this process needs whose requests never reach Temporal. */
export function quietApi(store: Store, sites: ApiDeps["sites"]) {
  return { store, temporal: {} as Client, sites, log: pino({ level: "silent" }), temporalUiUrl: undefined };
}

/** Serves on loopback until the bench ends; returns the address. */
export async function serveHere(app: Express, place: Pick<BenchPlace, "after">): Promise<string> {
  const server: Server = app.listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  place.after(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A token with the roles, everywhere. */
export async function benchToken(store: Store, roles: readonly Role[]): Promise<string> {
  const token = newToken();
  await store.tokens.create({
    ...{ tokenId: "bench", name: "bench", hash: hashToken(token), createdBy: "token/bench" },
    bindings: roles.map((role) => ({ role, scope: {} })),
  });
  return token;
}
