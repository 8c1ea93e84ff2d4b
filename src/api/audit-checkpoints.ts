import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { appendFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "pino";
import { type AuditCheckpoint, checkpointText } from "../domain/audit.ts";
import type { Store } from "../store/index.ts";

const everyMs = 60_000;

/**
 * Signs the end of the audit chain once a minute while it grows, and when the process ends. The signature goes into the
 * store, into a file beside the key, and into the log: whoever can write to the database can take the newest entries away,
 * but not these copies.
 */
export class AuditCheckpoints {
  readonly #store: Pick<Store, "audit">;
  readonly #log: Logger;
  readonly #key: KeyObject;
  readonly #anchors: string;
  #last = -1;

  private constructor(store: Pick<Store, "audit">, log: Logger, key: KeyObject, anchors: string) {
    this.#store = store;
    this.#log = log;
    this.#key = key;
    this.#anchors = anchors;
  }

  /** With the instance's key, which is made (0600) when it isn't there yet. */
  static async open(store: Pick<Store, "audit">, dir: string, log: Logger): Promise<AuditCheckpoints> {
    const key = await readOrMakeKey(join(dir, "audit-key.pem"));
    return new AuditCheckpoints(store, log, key, join(dir, "audit-checkpoints.jsonl"));
  }

  keep(signal: AbortSignal): void {
    const timer = setInterval(() => void this.take(), everyMs);
    signal.addEventListener("abort", () => clearInterval(timer));
  }

  /** Signs the chain's end if it has moved. A store that is away is tried again next time. */
  async take(): Promise<void> {
    try {
      const { sequence, hash } = await this.#store.audit.head();
      if (sequence === this.#last) return;
      const checkpoint = signCheckpoint(this.#key, { sequence, hash, at: new Date().toISOString() });
      await this.#store.audit.addCheckpoint(checkpoint);
      await appendFile(this.#anchors, `${JSON.stringify(checkpoint)}\n`, { mode: 0o600 });
      this.#log.info({ auditCheckpoint: checkpoint }, "the audit chain's end is signed");
      this.#last = sequence;
    } catch (error) {
      this.#log.warn({ err: error }, "the audit chain's end could not be signed; trying again later");
    }
  }
}

export function signCheckpoint(
  key: KeyObject,
  end: Pick<AuditCheckpoint, "sequence" | "hash" | "at">,
): AuditCheckpoint {
  const publicKey = createPublicKey(key).export({ type: "spki", format: "pem" }).toString();
  const keyId = createHash("sha256").update(publicKey).digest("hex");
  const signature = sign(null, Buffer.from(checkpointText(end)), key).toString("base64");
  return { ...end, keyId, publicKey, signature };
}

async function readOrMakeKey(file: string): Promise<KeyObject> {
  const pem = generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" });
  try {
    await writeFile(file, pem, { mode: 0o600, flag: "wx" });
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  }
  return createPrivateKey(await readFile(file));
}
