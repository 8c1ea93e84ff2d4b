import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { Client, Connection, type TLSConfig } from "@temporalio/client";
import type { PayloadCodec } from "@temporalio/common";
import { ProviderError } from "../domain/errors.ts";
import { traceCalls } from "./trace-calls.ts";

export const taskQueue = "novacron";
/** Of the activities that listen to sites; `listenCall` of the workflows names it. */
export const listenQueue = "novacron-listen";
const apiKeyEveryMs = 60_000;

export interface TemporalAddress {
  readonly address: string;
  readonly namespace: string;
  readonly tls?: TemporalTls | undefined;
  /** Asked for again now and then, as it may be rotated. */
  readonly apiKey?: (() => Promise<string>) | undefined;
  /** What encrypts payloads; without it they are readable for whoever reads Temporal's database. */
  readonly codec?: PayloadCodec | undefined;
}

/** Files in PEM. */
export interface TemporalTls {
  /** Whom we trust; absent: the machine's own authorities. */
  readonly caFile?: string | undefined;
  /** What we show, for mutual TLS. */
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
  readonly serverName?: string | undefined;
}

interface WithApiKey {
  setApiKey(key: string): unknown;
}

/** A client whose connection heals by itself: gRPC reconnects, and the first connect waits up to `waitMs` for a server
 *  that is still starting. @throws ProviderError Unavailable. */
export async function connectClient(to: TemporalAddress, waitMs = 30_000): Promise<Client> {
  const deadline = Date.now() + waitMs;
  for (;;) {
    try {
      const options = await connectionOptions(to);
      const connection = await Connection.connect({ ...options, connectTimeout: "2 seconds" });
      keepApiKey(connection, to, options.apiKey);
      return new Client({
        connection,
        namespace: to.namespace,
        dataConverter: dataConverterOf(to),
        interceptors: { workflow: [traceCalls] },
      });
    } catch (error) {
      if (Date.now() > deadline) {
        throw new ProviderError("Unavailable", {
          operation: "connect to Temporal",
          resource: to.address,
          reason: `no answer within ${waitMs / 1000} s`,
          action: "Start the stack with `novacron up`, or check TEMPORAL_ADDRESS and temporal.tls.",
          cause: error,
        });
      }
      await sleep(200);
    }
  }
}

/** For a connection of the client's or the worker's. */
export async function connectionOptions({ address, tls, apiKey }: TemporalAddress): Promise<{
  address: string;
  tls?: TLSConfig;
  apiKey?: string;
}> {
  return {
    address,
    ...(tls ? { tls: await readTls(tls) } : {}),
    ...(apiKey ? { apiKey: await apiKey() } : {}),
  };
}

export function dataConverterOf({ codec }: TemporalAddress): { payloadCodecs: PayloadCodec[] } {
  return { payloadCodecs: codec ? [codec] : [] };
}

/** Gives the connection a key that was rotated, without a restart. */
export function keepApiKey(connection: WithApiKey, { apiKey }: TemporalAddress, first: string | undefined): void {
  if (!apiKey) return;
  let known = first;
  const look = async (): Promise<void> => {
    // A store of secrets that is away is asked again next time; the key that is known goes on being used.
    const now = await apiKey().catch(() => known);
    if (now === known || now === undefined) return;
    known = now;
    connection.setApiKey(now);
  };
  setInterval(() => void look(), apiKeyEveryMs).unref();
}

async function readTls({ caFile, certFile, keyFile, serverName }: TemporalTls): Promise<TLSConfig> {
  const read = (file: string | undefined) => (file === undefined ? undefined : readFile(file));
  const [ca, crt, key] = await Promise.all([read(caFile), read(certFile), read(keyFile)]);
  return {
    ...(ca ? { serverRootCACertificate: ca } : {}),
    ...(crt && key ? { clientCertPair: { crt, key } } : {}),
    ...(serverName ? { serverNameOverride: serverName } : {}),
  };
}
