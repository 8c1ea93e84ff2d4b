import { createServer, type Server } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { hostname } from "node:os";
import type { Express } from "express";
import type { Logger } from "pino";
import { isLoopback } from "./listen-address.ts";
import { keepReloading, readTls, stampOf } from "./tls/reload.ts";
import { ensureSelfMade, type TlsFiles } from "./tls/self-made.ts";

/** Where the certificate comes from: files of the user's, or a folder in which ours is kept. */
export type TlsSource =
  | ({ readonly kind: "files" } & TlsFiles)
  | { readonly kind: "self-made"; readonly dir: string; readonly names: readonly string[] };

export interface ListenOptions {
  readonly host: string;
  readonly port: number;
  readonly tls: TlsSource | undefined;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** How often certificate files are looked at again. Default 2 s. */
  readonly reloadMs?: number;
}

/** Serves, over TLS 1.3 where there is a certificate; a newer one is taken into use without a restart. */
export async function listen(app: Express, options: ListenOptions): Promise<Server> {
  const { host, port, tls, log, signal, reloadMs: everyMs = 2_000 } = options;
  const server = tls ? await secureServer(app, tls, { log, signal, everyMs }) : createServer(app);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
  return server;
}

async function secureServer(
  app: Express,
  tls: TlsSource,
  watch: { log: Logger; signal: AbortSignal; everyMs: number },
): Promise<Server> {
  const renew = tls.kind === "self-made" ? () => ensureSelfMade(tls.dir, tls.names) : undefined;
  const files = tls.kind === "files" ? tls : await ensureSelfMade(tls.dir, tls.names);
  const seen = await stampOf(files);
  const server = createSecureServer(await readTls(files), app);
  keepReloading(server, files, { ...watch, seen, ...(renew ? { renew } : {}) });
  return server;
}

/** What a self-made certificate is for: how clients on this machine say it, and how others do. */
export function ownNames(host: string, publicUrl: string | undefined): string[] {
  const names = ["localhost", "127.0.0.1", "::1", hostname()];
  if (host !== "0.0.0.0" && host !== "::") names.push(host);
  if (publicUrl !== undefined) names.push(new URL(publicUrl).hostname.replace(/^\[|\]$/g, ""));
  return [...new Set(names)];
}

/** Browsers remember for a name, not for a port, to come over TLS only: a loopback name is others' too. */
export function wantsHsts(tls: TlsSource | undefined, publicUrl: string): boolean {
  return tls !== undefined && !isLoopback(new URL(publicUrl).hostname);
}
