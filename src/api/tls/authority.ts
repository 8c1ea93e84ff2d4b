// First: the library below looks for it as it is loaded.
import "reflect-metadata";
import { randomBytes, webcrypto } from "node:crypto";
import { readFile, rename, writeFile } from "node:fs/promises";
import { isIP } from "node:net";
import * as x509 from "@peculiar/x509";

const dayMs = 86_400_000;
const authorityDays = 3_650;
const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;

x509.cryptoProvider.set(webcrypto);

/** What a certificate is shown for. */
export const usages = { server: x509.ExtendedKeyUsage.serverAuth, client: x509.ExtendedKeyUsage.clientAuth } as const;
export type CertificateName = { readonly type: "dns" | "ip" | "url"; readonly value: string };

export interface AuthorityFiles {
  readonly caFile: string;
  readonly caKeyFile: string;
}

/** What signs certificates of ours. */
export interface Authority {
  readonly certificate: x509.X509Certificate;
  readonly pem: string;
  readonly key: webcrypto.CryptoKey;
}

/** The authority that is kept there, made once, and again when it would end before a certificate of so many days. */
export async function ensureAuthority(
  files: AuthorityFiles,
  name: string,
  leafDays: number,
  now = Date.now(),
): Promise<Authority> {
  return (await readAuthority(files, leafDays, now)) ?? (await makeAuthority(files, name, now));
}

export interface Certified {
  readonly commonName: string;
  readonly notAfter: Date;
  readonly usages: readonly string[];
  readonly names: readonly CertificateName[];
  readonly now?: number;
}

/** A certificate for the key, in PEM. */
export async function certify(authority: Authority, publicKey: webcrypto.CryptoKey, about: Certified): Promise<string> {
  const { commonName, notAfter, names, now = Date.now() } = about;
  const leaf = await x509.X509CertificateGenerator.create({
    serialNumber: serial(),
    subject: `CN=${commonName}`,
    issuer: authority.certificate.subject,
    notBefore: new Date(now - dayMs),
    notAfter,
    signingAlgorithm: algorithm,
    publicKey,
    signingKey: authority.key,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([...about.usages]),
      new x509.SubjectAlternativeNameExtension([...names]),
    ],
  });
  return leaf.toString("pem");
}

export function makeKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
}

/** @throws when it is no public key of the kind that we use. */
export function readPublicKey(pem: string): Promise<webcrypto.CryptoKey> {
  return webcrypto.subtle.importKey("spki", x509.PemConverter.decodeFirst(pem), algorithm, true, ["verify"]);
}

export function namesOf(names: readonly string[]): CertificateName[] {
  return names.map((value) => ({ type: isIP(value) === 0 ? "dns" : "ip", value }));
}

async function readAuthority(
  { caFile, caKeyFile }: AuthorityFiles,
  leafDays: number,
  now: number,
): Promise<Authority | undefined> {
  const [pem, keyPem] = await Promise.all([caFile, caKeyFile].map(readIfThere));
  if (pem === undefined || keyPem === undefined) return undefined;
  const certificate = new x509.X509Certificate(pem);
  if (certificate.notAfter.getTime() - now < leafDays * dayMs) return undefined;
  const der = x509.PemConverter.decodeFirst(keyPem);
  const key = await webcrypto.subtle.importKey("pkcs8", der, algorithm, false, ["sign"]);
  return { certificate, pem: certificate.toString("pem"), key };
}

async function makeAuthority({ caFile, caKeyFile }: AuthorityFiles, name: string, now: number): Promise<Authority> {
  const keys = await makeKeys();
  const id = randomBytes(4).toString("hex");
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serial(),
    name: `CN=${name} ${id}`,
    notBefore: new Date(now - dayMs),
    notAfter: new Date(now + authorityDays * dayMs),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    ],
  });
  const pem = certificate.toString("pem");
  // The key first: a certificate without its key would be taken for whole.
  await replaceFile(caKeyFile, await pemOfKey(keys.privateKey), 0o600);
  await replaceFile(caFile, `${pem}\n`, 0o644);
  return { certificate, pem, key: keys.privateKey };
}

export async function pemOfKey(key: webcrypto.CryptoKey): Promise<string> {
  const der = await webcrypto.subtle.exportKey("pkcs8", key);
  return `${x509.PemConverter.encode(der, "PRIVATE KEY")}\n`;
}

/** Positive, and never used before. */
function serial(): string {
  return `40${randomBytes(15).toString("hex")}`;
}

export async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** As a whole, so that a reader never sees half of it. */
export async function replaceFile(file: string, text: string, mode: number): Promise<void> {
  const partial = `${file}.${process.pid}`;
  await writeFile(partial, text, { mode });
  await rename(partial, file);
}
