import { randomUUID } from "node:crypto";
import { createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from "node:http2";
import type { AddressInfo } from "node:net";
import type { TLSSocket } from "node:tls";
import type { Logger } from "pino";
import * as z from "zod";
import { carry } from "../../domain/carried-error.ts";
import { errorMeanings, ProviderError } from "../../domain/errors.ts";
import { siteQueue } from "../../domain/site-work.ts";
import { type SiteOperation, siteContract, sitePath } from "../../site/contract.ts";
import { certificateHash } from "../../site/names.ts";
import type { ActivityGateway } from "../../temporal/activity-gateway.ts";
import { Lockout } from "../auth/lockout.ts";
import { ProblemError } from "../problem.ts";
import { keepReloading, readTls, stampOf } from "../tls/reload.ts";
import { ensureSelfMade } from "../tls/self-made.ts";
import { type Caller, join, type SitePortDeps, siteHandlers } from "./operations.ts";
import { UnderWay } from "./under-way.ts";

export interface SitePortOptions {
  readonly host: string;
  readonly port: number;
  /** The folder with the authority, and what its own certificate is for. */
  readonly dir: string;
  readonly names: readonly string[];
  readonly gateway: Pick<ActivityGateway, "serve" | "refuse">;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** A commit carries the hashes of a few GiB of disk. */
const largestBody = 24 * 1024 * 1024;
/** Of somebody who has no certificate yet. */
const largestJoin = 16 * 1024;
/** So long a worker that was removed may still be believed. */
const believedMs = 2_000;
const joinSlips = { failures: 10, withinMs: 60_000, lockMs: 60_000, mostMs: 3_600_000 };
const joining = "join";

export interface SitePort {
  readonly port: number;
  /** Refuses what comes, as somebody else may take it, and resolves when all that came before is answered, or the time is
   *  over. */
  close(withinMs: number): Promise<void>;
}

/** The port that workers of sites call: the operations of the contract, and the part of Temporal that is theirs. */
export async function openSitePort(deps: SitePortDeps, options: SitePortOptions): Promise<SitePort> {
  const { host, port, dir, names, log, signal } = options;
  const { tls } = deps.authority;
  const callers = new Callers(deps);
  const handlers = siteHandlers(deps);
  const lockout = new Lockout(joinSlips);
  const seen = await stampOf(tls);
  const server = createSecureServer({
    ...(await readTls(tls)),
    ca: deps.authority.pem,
    allowHTTP1: true,
    // Who has no certificate may join, and is refused by us with a reason otherwise.
    requestCert: true,
    rejectUnauthorized: false,
  });
  keepReloading(server, tls, { log, signal, everyMs: 60_000, seen, renew: () => ensureSelfMade(dir, names) });

  const serve = async (request: Http2ServerRequest): Promise<unknown> => {
    const name = (request.url ?? "").slice(sitePath.length) as SiteOperation;
    if (!(request.url ?? "").startsWith(sitePath) || !Object.hasOwn(siteContract, name) || request.method !== "POST") {
      throw new ProblemError("NotFound", { detail: "There is no such operation", action: "POST /site/v1/<name>." });
    }
    const address = socketOf(request).remoteAddress ?? "unknown";
    if (underWay.isEnding) throw ending();
    const caller = name === "join" ? undefined : await callers.require(request);
    const input = siteContract[name].input.safeParse(
      JSON.parse((await bodyOf(request, caller ? largestBody : largestJoin)) || "{}"),
    );
    if (!input.success) throw invalid(name, input.error);
    if (caller) return (handlers[name as keyof typeof handlers] as AnyHandler)(input.data, caller);
    lockout.refuseLocked(joining, address);
    try {
      return await join(deps, input.data as Parameters<typeof join>[1], address);
    } catch (error) {
      lockout.fail(joining, address);
      throw error;
    }
  };

  const underWay = new UnderWay(server);
  const admit = (request: Http2ServerRequest): Promise<Caller> => {
    if (underWay.isEnding) throw ending();
    return callers.require(request);
  };
  const serveTask = async (request: Http2ServerRequest, response: Http2ServerResponse): Promise<void> => {
    const { gateway } = options;
    try {
      const { worker } = await admit(request);
      await gateway.serve(request, response, siteQueue(worker.site), async () => admit(request));
    } catch (error) {
      gateway.refuse(response, String(error instanceof Error ? error.message : error));
    }
  };
  const serveOperation = (request: Http2ServerRequest, response: Http2ServerResponse): Promise<void> =>
    serve(request).then(
      (body) => answer(response, 200, body),
      (error: unknown) => {
        const failure = asProviderError(error);
        const status = errorMeanings[failure.code].httpStatus;
        if (status >= 500 && failure.code !== "Unavailable")
          log.error({ err: error, path: request.url }, "a worker's request failed");
        answer(response, status, carry(failure));
      },
    );
  server.on("request", (request, response) => {
    underWay.count(
      request,
      response,
      isGrpc(request) ? serveTask(request, response) : serveOperation(request, response),
    );
  });
  server.on("sessionError", () => undefined);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
  return { port: (server.address() as AddressInfo).port, close: (withinMs) => underWay.close(withinMs) };
}

type AnyHandler = (input: unknown, caller: Caller) => Promise<unknown>;

/** Workers by the certificates that connections show, believed for a moment. */
class Callers {
  readonly #deps: SitePortDeps;
  readonly #known = new Map<string, { readonly caller: Caller; readonly until: number }>();

  constructor(deps: SitePortDeps) {
    this.#deps = deps;
  }

  /** @throws ProviderError Unavailable for a certificate that is not of a worker in force: what it was at is done elsewhere. */
  async require(request: Http2ServerRequest): Promise<Caller> {
    const socket = socketOf(request);
    const certificate = socket.authorized ? socket.getPeerX509Certificate() : undefined;
    if (certificate) {
      const hash = certificateHash(certificate.raw);
      const known = this.#known.get(hash);
      if (known && known.until > Date.now()) return known.caller;
      const worker = await this.#deps.store.siteWorkers.findByCertificate(hash);
      if (worker) {
        const caller = { worker, certificateHash: hash };
        this.#known.set(hash, { caller, until: Date.now() + believedMs });
        return caller;
      }
      this.#known.delete(hash);
    }
    throw new ProviderError("Unavailable", {
      operation: "work for a site",
      resource: "worker's certificate",
      reason:
        "it is not of a worker in force: the worker was removed, never joined, or another control plane has taken over",
      action:
        "Join again (novacron sites join-token SITE makes what a machine joins with), or lead it to that control plane.",
    });
  }
}

/** HTTP/2 hides its socket's own methods behind a proxy. */
function socketOf(request: Http2ServerRequest): TLSSocket {
  return (request.stream?.session?.socket ?? request.socket) as TLSSocket;
}

function isGrpc(request: Http2ServerRequest): boolean {
  return request.httpVersionMajor === 2 && (request.headers["content-type"] ?? "").startsWith("application/grpc");
}

async function bodyOf(request: Http2ServerRequest, most: number): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.byteLength;
    if (length > most) throw invalid("request", undefined);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function answer(response: Http2ServerResponse, status: number, body: unknown): void {
  if (response.destroyed || response.writableEnded) return;
  response.writeHead(status, {
    "content-type": "application/json",
    "cache-control": "no-store",
    "x-request-id": randomUUID(),
  });
  response.end(JSON.stringify(body));
}

function invalid(name: string, error: z.ZodError | undefined): ProviderError {
  return new ProviderError("InvalidInput", {
    operation: "work for a site",
    resource: `${sitePath}${name}`,
    reason: error ? z.prettifyError(error) : "it is too large",
    action: "Let the worker run the same version as the API.",
  });
}

function ending(): ProviderError {
  return new ProviderError("Unavailable", {
    operation: "work for a site",
    resource: "API",
    reason: "this process of it is ending",
    action: "It is tried again; another one answers, or this one when it is back.",
  });
}

function asProviderError(error: unknown): ProviderError {
  if (error instanceof ProviderError) return error;
  const details = { operation: "work for a site", resource: "API", action: "See docs/site-workers.md." };
  if (error instanceof ProblemError) {
    const code = error.code === "NotFound" ? "NotFound" : "RateLimited";
    return new ProviderError(code, { ...details, reason: error.message });
  }
  if (error instanceof SyntaxError)
    return new ProviderError("InvalidInput", { ...details, reason: "the body is not JSON" });
  return new ProviderError("Unknown", { ...details, reason: "an unexpected failure", cause: error });
}
