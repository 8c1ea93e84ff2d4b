// First: the library below looks for it as it is loaded.
import "reflect-metadata";
import { createHash, randomBytes, webcrypto, X509Certificate } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { isIP } from "node:net";
import { join } from "node:path";
import * as x509 from "@peculiar/x509";

/** Where a certificate and its key lie. */
export interface TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

const dayMs = 86_400_000;
const authorityDays = 3_650;
/** Browsers take none that lasts longer than 398 days. */
const leafDays = 90;
const renewDays = 30;
const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;

x509.cryptoProvider.set(webcrypto);

export function selfMadeFiles(dir: string): TlsFiles & { readonly caFile: string; readonly caKeyFile: string } {
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
  const authority = (await readAuthority(files, now)) ?? (await makeAuthority(files, now));
  if (!(await isGood(files, authority.certificate, names, now))) await makeLeaf(files, authority, names, now);
  return files;
}

/** As `openssl x509 -fingerprint -sha256` writes it. */
export function fingerprint(pem: string): string {
  const hex = createHash("sha256").update(new X509Certificate(pem).raw).digest("hex").toUpperCase();
  return hex.match(/../g)?.join(":") ?? "";
}

interface Authority {
  readonly certificate: x509.X509Certificate;
  readonly key: webcrypto.CryptoKey;
}

async function readAuthority(
  { caFile, caKeyFile }: ReturnType<typeof selfMadeFiles>,
  now: number,
): Promise<Authority | undefined> {
  const [pem, keyPem] = await Promise.all([caFile, caKeyFile].map(readIfThere));
  if (pem === undefined || keyPem === undefined) return undefined;
  const certificate = new x509.X509Certificate(pem);
  if (certificate.notAfter.getTime() - now < leafDays * dayMs) return undefined;
  const der = x509.PemConverter.decodeFirst(keyPem);
  return { certificate, key: await webcrypto.subtle.importKey("pkcs8", der, algorithm, false, ["sign"]) };
}

async function makeAuthority({ caFile, caKeyFile }: ReturnType<typeof selfMadeFiles>, now: number): Promise<Authority> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const id = randomBytes(4).toString("hex");
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serial(),
    name: `CN=NovaCron instance authority ${id}`,
    notBefore: new Date(now - dayMs),
    notAfter: new Date(now + authorityDays * dayMs),
    signingAlgorithm: algorithm,
    keys: keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    ],
  });
  // The key first: a certificate without its key would be taken for whole.
  await replaceFile(caKeyFile, await pemOfKey(keys.privateKey), 0o600);
  await replaceFile(caFile, `${certificate.toString("pem")}\n`, 0o644);
  return { certificate, key: keys.privateKey };
}

async function makeLeaf(
  { certFile, keyFile }: TlsFiles,
  authority: Authority,
  names: readonly string[],
  now: number,
): Promise<void> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const leaf = await x509.X509CertificateGenerator.create({
    serialNumber: serial(),
    subject: `CN=${names[0]}`,
    issuer: authority.certificate.subject,
    notBefore: new Date(now - dayMs),
    notAfter: new Date(now + leafDays * dayMs),
    signingAlgorithm: algorithm,
    publicKey: keys.publicKey,
    signingKey: authority.key,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(
        names.map((name) => ({ type: isIP(name) === 0 ? ("dns" as const) : ("ip" as const), value: name })),
      ),
    ],
  });
  await replaceFile(keyFile, await pemOfKey(keys.privateKey), 0o600);
  await replaceFile(certFile, `${leaf.toString("pem")}\n${authority.certificate.toString("pem")}\n`, 0o644);
}

async function isGood(
  { certFile, keyFile }: TlsFiles,
  authority: x509.X509Certificate,
  names: readonly string[],
  now: number,
): Promise<boolean> {
  const [pem, key] = await Promise.all([certFile, keyFile].map(readIfThere));
  if (pem === undefined || key === undefined) return false;
  const leaf = new X509Certificate(pem);
  const lasts = Date.parse(leaf.validTo) - now > renewDays * dayMs;
  const named = names.every((name) => (isIP(name) === 0 ? leaf.checkHost(name) : leaf.checkIP(name)) !== undefined);
  return lasts && named && leaf.checkIssued(new X509Certificate(authority.toString("pem")));
}

async function pemOfKey(key: webcrypto.CryptoKey): Promise<string> {
  const der = await webcrypto.subtle.exportKey("pkcs8", key);
  return `${x509.PemConverter.encode(der, "PRIVATE KEY")}\n`;
}

/** Positive, and never used before. */
function serial(): string {
  return `40${randomBytes(15).toString("hex")}`;
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** As a whole, so that a reader never sees half of it. */
async function replaceFile(file: string, text: string, mode: number): Promise<void> {
  const partial = `${file}.${process.pid}`;
  await writeFile(partial, text, { mode });
  await rename(partial, file);
}
