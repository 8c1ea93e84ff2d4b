import type { AddressInfo, Socket } from "node:net";
import { connect, createServer, type Server, type TLSSocket } from "node:tls";
import * as z from "zod";
import { ProviderError } from "../domain/errors.ts";
import { tagKeys } from "../domain/vm.ts";
import type { Provider } from "../providers/provider.ts";
import { lost } from "../transfer/link/frames.ts";
import { type ServedEnd, serveLink } from "../transfer/link/server.ts";
import { type Grant, openGrant } from "./grant.ts";
import type { SiteIdentity } from "./identity.ts";
import { readWorkerUri, type WorkerName } from "./names.ts";

const reachWithinMs = 10_000;
const attempt = z.number().int().min(0);
const generation = z.strictObject({
  replica: z.strictObject({
    replicaId: z.string(),
    sizeBytes: z.number().int(),
    encryptionKey: z.string().optional(),
    tags: z.record(z.string(), z.string()),
  }),
  generationId: z.string(),
  parentPointId: z.string().optional(),
  attempt,
});
const source = z.strictObject({ sourcePointId: z.string(), diskId: z.string(), attempt });
const asked = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("sink"), grant: z.string(), input: generation }),
  z.strictObject({ kind: z.literal("source"), grant: z.string(), input: source }),
]);
/** What opens the far end of a copy. */
export type AskedEnd = z.input<typeof asked>;

export interface DataPortOptions {
  readonly host: string;
  readonly port: number;
  readonly identity: SiteIdentity;
  readonly compression: boolean;
  /** The site's own key of the configuration. */
  readonly encryptionKey?: string;
  provider(): Promise<Provider>;
  readonly log: (message: string, facts: object) => void;
}

/** Where workers of other sites come for the disks of this one: TLS 1.3, both sides with a certificate of the authority,
 *  and each connection with leave of the API for one generation. */
export class DataPort {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #links = new Set<Promise<void>>();

  private constructor(server: Server) {
    this.#server = server;
    // Also those of which nobody knows yet who it is.
    server.on("connection", (socket: Socket) => this.#keep(socket));
  }

  static async open(options: DataPortOptions): Promise<DataPort> {
    const { host, identity, compression, log } = options;
    const server = createServer({ ...secured(identity), requestCert: true, rejectUnauthorized: true });
    const port = new DataPort(server);
    server.on("secureConnection", (socket) => {
      socket.setNoDelay(true);
      const caller = readWorkerUri(socket.getPeerCertificate().subjectaltname);
      const name = caller ? `worker ${caller.workerId}` : "an unknown worker";
      const open = (ask: unknown, signal: AbortSignal) => openEnd(options, caller, ask, signal);
      port.#keep(socket);
      const link = serveLink(socket, { name, compression, open })
        .catch((error: unknown) => log("a link did not end as it should", { reason: String(error) }))
        .finally(() => port.#links.delete(link));
      port.#links.add(link);
    });
    server.on("tlsClientError", (error) => log("somebody was not let in", { reason: error.message }));
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(options.port, host, resolve);
    });
    return port;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** After the certificate was renewed. */
  renew(identity: SiteIdentity): void {
    this.#server.setSecureContext(secured(identity));
  }

  /** Cuts the links that are open: their copies go on elsewhere. Resolves when their disks are closed. */
  async close(): Promise<void> {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all(this.#links);
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
  }
}

/** A connection to the worker, which has proven to be that one. @throws ProviderError Unavailable. */
export async function reachWorker(
  identity: SiteIdentity,
  worker: WorkerName,
  address: string,
  signal: AbortSignal,
): Promise<TLSSocket> {
  signal.throwIfAborted();
  const { hostname, port } = new URL(`tls://${address}`);
  const name = `worker ${worker.workerId} at ${address}`;
  return new Promise((resolve, reject) => {
    const socket = connect({
      ...secured(identity),
      host: hostname.replace(/^\[|\]$/g, ""),
      port: Number(port),
      checkServerIdentity: (_host, { subjectaltname }) => {
        const shown = readWorkerUri(subjectaltname);
        const isIt = shown?.workerId === worker.workerId && shown.site === worker.site;
        return isIt ? undefined : new Error("another worker answers there");
      },
    });
    const give = (error: unknown) => {
      socket.destroy();
      reject(error);
    };
    const aborted = () => give(signal.reason);
    signal.addEventListener("abort", aborted, { once: true });
    socket.setTimeout(reachWithinMs, () => give(lost(name, "no answer in time")));
    socket.once("error", (error) => give(lost(name, error.message)));
    socket.once("secureConnect", () => {
      signal.removeEventListener("abort", aborted);
      socket.setTimeout(0);
      socket.setNoDelay(true);
      resolve(socket);
    });
  });
}

async function openEnd(
  { identity, provider, encryptionKey }: DataPortOptions,
  caller: WorkerName | undefined,
  value: unknown,
  signal: AbortSignal,
): Promise<ServedEnd> {
  const read = asked.safeParse(value);
  if (!read.success || !caller) throw refused("it asked for something that is not known here");
  const ask = read.data;
  const expected = { authority: identity.tls.ca, caller: caller.workerId, worker: identity.workerId };
  const grant = openGrant(ask.grant, expected);
  const own = await provider();
  if (ask.kind === "sink") {
    return { sink: await own.disks.openGeneration(leftTo(grant, ask.input, encryptionKey), signal) };
  }
  if (grant.callerIsSource) throw refused("its leave is for writing only");
  await requirePoint(own, ask.input.sourcePointId, grant, signal);
  return { source: await own.disks.openSource(ask.input, signal) };
}

/** What the caller may have written: the generation of its leave, as large, from the parent and by the key that the leave
 *  names, and tagged by us. */
export function leftTo(
  grant: Grant,
  { replica, generationId, parentPointId, attempt: begun }: z.output<typeof generation>,
  ownKey: string | undefined,
): z.output<typeof generation> {
  const { replicaId, sizeBytes, encryptionKey } = replica;
  if (!grant.callerIsSource || generationId !== grant.generationId) throw refused("its leave is for another copy");
  if (sizeBytes !== grant.sizeBytes) throw refused("its leave is for a disk of another size");
  const { parentPointIds } = grant;
  if (parentPointId === undefined ? parentPointIds.length > 0 : !parentPointIds.includes(parentPointId))
    throw refused("its leave is for a generation with another parent");
  if (encryptionKey !== undefined && encryptionKey !== (grant.encryptionKey ?? ownKey))
    throw refused("its leave is for another encryption key");
  const tags = { [tagKeys.managed]: "true", [tagKeys.migration]: grant.migrationId };
  return {
    replica: { replicaId, sizeBytes, encryptionKey: grant.encryptionKey, tags },
    ...{ generationId, parentPointId, attempt: begun },
  };
}

/** A point is its migration's by the key that it was taken with. */
async function requirePoint(
  provider: Provider,
  sourcePointId: string,
  { migrationId }: Grant,
  signal: AbortSignal,
): Promise<void> {
  for await (const entry of provider.census(signal)) {
    if (entry.kind !== "source-point" || entry.id !== sourcePointId) continue;
    if (entry.tags[tagKeys.key]?.startsWith(`${migrationId}-`)) return;
  }
  throw refused("the point is not one of that migration");
}

function secured(identity: SiteIdentity) {
  return { ...identity.tls, minVersion: "TLSv1.3" as const };
}

function refused(reason: string): ProviderError {
  return new ProviderError("PolicyBlocked", {
    operation: "open a disk for another site's worker",
    resource: "link",
    reason,
    action: "Both workers log it; let them run the same version.",
  });
}
