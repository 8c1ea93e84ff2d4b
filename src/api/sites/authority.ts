import { createHash, createHmac, createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { ProviderError } from "../../domain/errors.ts";
import { type Grant, sealGrant } from "../../site/grant.ts";
import { certificateHash, type WorkerName, workerUri } from "../../site/names.ts";
import { type Authority, certify, ensureAuthority, readPublicKey, usages } from "../tls/authority.ts";
import { ensureSelfMade, selfMadeFiles, type TlsFiles } from "../tls/self-made.ts";

const dayMs = 86_400_000;
/** A worker asks for the next one after half of it; one that is silent for longer joins anew. */
const workerDays = 14;
const grantMs = 60_000;

export interface IssuedCertificate {
  readonly certificate: string;
  readonly hash: string;
  readonly endsAt: string;
}

/** What makes machines workers of a site: certificates for them, and leave for two of them to meet. */
export class SiteAuthority {
  /** In PEM. */
  readonly pem: string;
  /** The SHA-256 of its certificate in hex: what a join token carries. */
  readonly fingerprint: string;
  /** Of the port that workers call. */
  readonly tls: TlsFiles;
  readonly #authority: Authority;
  readonly #key: KeyObject;

  private constructor(authority: Authority, key: KeyObject, tls: TlsFiles) {
    this.#authority = authority;
    this.#key = key;
    this.tls = tls;
    this.pem = authority.pem;
    this.fingerprint = createHash("sha256").update(new X509Certificate(authority.pem).raw).digest("hex");
  }

  /** Kept in the folder, and made there the first time; several API hosts share it. */
  static async open(dir: string, names: readonly string[]): Promise<SiteAuthority> {
    const tls = await ensureSelfMade(dir, names);
    const files = selfMadeFiles(dir);
    const authority = await ensureAuthority(files, "NovaCron instance authority", workerDays);
    return new SiteAuthority(authority, createPrivateKey(await readFile(files.caKeyFile, "utf8")), tls);
  }

  /** @throws when the key is no P-256 key in PEM. */
  async issue(publicKeyPem: string, worker: WorkerName): Promise<IssuedCertificate> {
    const notAfter = new Date(Date.now() + workerDays * dayMs);
    const certificate = await certify(this.#authority, await readPublicKey(publicKeyPem), {
      commonName: worker.workerId,
      notAfter,
      usages: [usages.client, usages.server],
      names: [{ type: "url", value: workerUri(worker) }],
    });
    return { certificate, hash: certificateHash(new X509Certificate(certificate).raw), endsAt: notAfter.toISOString() };
  }

  /** @throws ProviderError InvalidInput for what {@link issue} can't certify. */
  async requireKey(publicKeyPem: string): Promise<void> {
    try {
      await readPublicKey(publicKeyPem);
    } catch (cause) {
      throw new ProviderError("InvalidInput", {
        operation: "certify a worker's key",
        resource: "public key",
        reason: "it is no P-256 key in PEM",
        action: "Let the worker run the same version as the API.",
        cause,
      });
    }
  }

  grant(claims: Omit<Grant, "endsAt">): string {
    return sealGrant({ ...claims, endsAt: Date.now() + grantMs }, this.#key);
  }

  /** The same for every process that has this authority. */
  get taskKey(): Buffer {
    const secret = this.#key.export({ type: "pkcs8", format: "der" });
    return createHmac("sha256", secret).update("activity tasks").digest();
  }
}
