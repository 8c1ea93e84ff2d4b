import { createHash, X509Certificate } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { isIP } from "node:net";
import { join } from "node:path";
import {
  type Authority,
  type AuthorityFiles,
  certify,
  ensureAuthority,
  makeKeys,
  namesOf,
  pemOfKey,
  readIfThere,
  replaceFile,
  usages,
} from "./authority.ts";

/** Where a certificate and its key lie. */
export interface TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

const dayMs = 86_400_000;
/** Browsers take none that lasts longer than 398 days. */
const leafDays = 90;
const renewDays = 30;

export function selfMadeFiles(dir: string): TlsFiles & AuthorityFiles {
  const at = (name: string) => join(dir, name);
  return { certFile: at("cert.pem"), keyFile: at("key.pem"), caFile: at("ca.pem"), caKeyFile: at("ca-key.pem") };
}

/**
 * An authority of the instance's own, made once, and a certificate of it for these names. The certificate is made anew when
 * it nears its end or other names are wanted; whoever trusts the authority goes on trusting it.
 */
export async function ensureSelfMade(dir: string, names: readonly string[], now = Date.now()): Promise<TlsFiles> {
  const files = selfMadeFiles(dir);
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const authority = await ensureAuthority(files, "NovaCron instance authority", leafDays, now);
  if (!(await isGood(files, authority.pem, names, now))) await makeLeaf(files, authority, names, now);
  return files;
}

/** As `openssl x509 -fingerprint -sha256` writes it. */
export function fingerprint(pem: string): string {
  const hex = createHash("sha256").update(new X509Certificate(pem).raw).digest("hex").toUpperCase();
  return hex.match(/../g)?.join(":") ?? "";
}

async function makeLeaf(
  { certFile, keyFile }: TlsFiles,
  authority: Authority,
  names: readonly string[],
  now: number,
): Promise<void> {
  const keys = await makeKeys();
  const leaf = await certify(authority, keys.publicKey, {
    commonName: names[0] ?? "localhost",
    notAfter: new Date(now + leafDays * dayMs),
    usages: [usages.server],
    names: namesOf(names),
    now,
  });
  await replaceFile(keyFile, await pemOfKey(keys.privateKey), 0o600);
  await replaceFile(certFile, `${leaf}\n${authority.pem}\n`, 0o644);
}

async function isGood(
  { certFile, keyFile }: TlsFiles,
  authority: string,
  names: readonly string[],
  now: number,
): Promise<boolean> {
  const [pem, key] = await Promise.all([certFile, keyFile].map(readIfThere));
  if (pem === undefined || key === undefined) return false;
  const leaf = new X509Certificate(pem);
  const lasts = Date.parse(leaf.validTo) - now > renewDays * dayMs;
  const named = names.every((name) => (isIP(name) === 0 ? leaf.checkHost(name) : leaf.checkIP(name)) !== undefined);
  return lasts && named && leaf.checkIssued(new X509Certificate(authority));
}
