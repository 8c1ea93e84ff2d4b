import { X509Certificate } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import type { Server } from "node:https";
import { createSecureContext } from "node:tls";
import type { Logger } from "pino";
import { ProviderError } from "../../domain/errors.ts";
import type { TlsFiles } from "./self-made.ts";

export interface TlsMaterial {
  readonly cert: string;
  readonly key: string;
  readonly minVersion: "TLSv1.3";
}

/** @throws ProviderError InvalidInput when the files can't be read, don't belong together, or the certificate is over. */
export async function readTls({ certFile, keyFile }: TlsFiles, now = Date.now()): Promise<TlsMaterial> {
  try {
    const [cert, key] = await Promise.all([certFile, keyFile].map((file) => readFile(file, "utf8")));
    // Somebody may be writing it just now; to TLS a certificate without a key is nothing wrong.
    if (!cert || !key) throw new Error(`${cert ? keyFile : certFile} is empty`);
    const material: TlsMaterial = { cert, key, minVersion: "TLSv1.3" };
    // Refuses a key that is not the certificate's.
    createSecureContext(material);
    const { validTo } = new X509Certificate(material.cert);
    if (Date.parse(validTo) <= now) throw new Error(`it ended on ${validTo}`);
    return material;
  } catch (cause) {
    throw new ProviderError("InvalidInput", {
      operation: "read the TLS certificate",
      resource: certFile,
      reason: cause instanceof Error ? cause.message : String(cause),
      action: "Put a certificate that is valid now (PEM, the server's own first) and its key into the two files.",
      cause,
    });
  }
}

/** Takes other files into use as they come, for new connections; what isn't whole is left until it is. Ends with the
 *  signal. */
export function keepReloading(
  server: Pick<Server, "setSecureContext">,
  files: TlsFiles,
  {
    log,
    signal,
    everyMs,
    seen,
    renew,
  }: {
    log: Logger;
    signal: AbortSignal;
    everyMs: number;
    /** What {@link stampOf} told before the files in use were read: a change since then counts. */
    seen: string;
    /** Before each look: makes them anew where they are ours. */
    renew?: () => Promise<unknown>;
  },
): void {
  let known = seen;
  const look = async () => {
    try {
      await renew?.();
      const stamp = await stampOf(files);
      if (stamp !== known) {
        server.setSecureContext(await readTls(files));
        known = stamp;
        log.info({ certFile: files.certFile }, "another TLS certificate is in use");
      }
    } catch (error) {
      log.error({ err: error }, "the new TLS certificate can't be used; the one before stays");
    }
    if (!signal.aborted) timer = setTimeout(() => void look(), everyMs);
  };
  let timer = setTimeout(() => void look(), 0);
  signal.addEventListener("abort", () => clearTimeout(timer));
}

/** Tells one state of the files from another. */
export async function stampOf({ certFile, keyFile }: TlsFiles): Promise<string> {
  const seen = await Promise.all([certFile, keyFile].map((file) => stat(file)));
  return seen.map(({ ino, size, mtimeMs }) => `${ino} ${size} ${mtimeMs}`).join("; ");
}
