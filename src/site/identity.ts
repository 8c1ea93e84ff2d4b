import { generateKeyPairSync, X509Certificate } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join as joinPath } from "node:path";
import { connect } from "node:tls";
import * as z from "zod";
import { ProviderError } from "../domain/errors.ts";
import { SiteClient } from "./client.ts";
import { readJoinToken } from "./join-token.ts";
import { certificateHash } from "./names.ts";

const content = z.strictObject({
  url: z.url(),
  workerId: z.string(),
  site: z.string(),
  key: z.string(),
  certificate: z.string(),
  authority: z.string(),
});
type Content = z.output<typeof content>;

const reachWithinMs = 10_000;

/** Who a worker of a site is, kept in one file of its own. The key never leaves the machine. */
export class SiteIdentity {
  readonly #file: string;
  #content: Content;

  private constructor(file: string, known: Content) {
    this.#file = file;
    this.#content = known;
  }

  /** Who this machine is already; undefined where it never joined. */
  static async read(dir: string): Promise<SiteIdentity | undefined> {
    const file = joinPath(dir, "identity.json");
    try {
      return new SiteIdentity(file, content.parse(JSON.parse(await readFile(file, "utf8"))));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
  }

  /** Makes this machine a worker of the token's site. The other side has to show the authority that the token names before
   *  anything is said to it. */
  static async join(dir: string, tokenText: string): Promise<SiteIdentity> {
    const { url, authority: fingerprint, secret } = readJoinToken(tokenText);
    await mkdir(dir, { recursive: true, mode: 0o700 });
    const authority = await authorityAt(url, fingerprint);
    const { publicKey, privateKey: key } = newKeys();
    const client = new SiteClient({ url, authority });
    try {
      const joined = await client.call("join", { token: secret, name: hostname(), publicKey });
      const { workerId, site, certificate } = joined;
      const identity = new SiteIdentity(joinPath(dir, "identity.json"), {
        url,
        workerId,
        site,
        key,
        certificate,
        authority,
      });
      await identity.#write(identity.#content);
      return identity;
    } finally {
      client.close();
    }
  }

  get url(): string {
    return this.#content.url;
  }

  get site(): string {
    return this.#content.site;
  }

  get workerId(): string {
    return this.#content.workerId;
  }

  /** In PEM: what is shown, and whom we trust. */
  get tls(): { readonly key: string; readonly cert: string; readonly ca: string } {
    const { key, certificate: cert, authority: ca } = this.#content;
    return { key, cert, ca };
  }

  get #validity(): { readonly from: number; readonly to: number } {
    const { validFrom, validTo } = new X509Certificate(this.#content.certificate);
    return { from: Date.parse(validFrom), to: Date.parse(validTo) };
  }

  /** Half of its time is over. */
  get isDue(): boolean {
    const { from, to } = this.#validity;
    return Date.now() > (from + to) / 2;
  }

  /** Another key and another certificate. */
  async renew(client: SiteClient): Promise<void> {
    const { publicKey, privateKey: key } = newKeys();
    const { certificate } = await client.call("renewCertificate", { publicKey });
    const renewed = { ...this.#content, key, certificate };
    await this.#write(renewed);
    this.#content = renewed;
  }

  /** As a whole: a key without its certificate would be of no use. */
  async #write(known: Content): Promise<void> {
    const partial = `${this.#file}.${process.pid}`;
    await writeFile(partial, JSON.stringify(known), { mode: 0o600 });
    await rename(partial, this.#file);
  }
}

function newKeys(): { publicKey: string; privateKey: string } {
  return generateKeyPairSync("ec", {
    namedCurve: "P-256",
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
}

/** The certificate of the authority at the end of the chain that is shown there, if it is the one that is expected. */
function authorityAt(url: string, fingerprint: string): Promise<string> {
  const { hostname: host, port } = new URL(url);
  const resource = `${host}:${port}`;
  const refused = (code: "Unavailable" | "PolicyBlocked", reason: string, action: string) =>
    new ProviderError(code, { operation: "join a site", resource, reason, action });
  return new Promise((resolve, reject) => {
    const socket = connect({
      host: host.replace(/^\[|\]$/g, ""),
      port: Number(port || 443),
      rejectUnauthorized: false,
    });
    socket.setTimeout(reachWithinMs, () => socket.destroy(new Error("no answer in time")));
    socket.once("error", (error) =>
      reject(refused("Unavailable", error.message, "See that this machine reaches the address; nothing was sent.")),
    );
    socket.once("secureConnect", () => {
      const issuer = socket.getPeerCertificate(true).issuerCertificate;
      socket.end();
      const raw = issuer?.raw;
      if (raw && certificateHash(raw) === fingerprint) resolve(new X509Certificate(raw).toString());
      else
        reject(
          refused(
            "PolicyBlocked",
            "what answers there is not what the token is from",
            "Nothing was sent to it. Look into who answers at that address.",
          ),
        );
    });
  });
}
