import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import type { Payload, PayloadCodec } from "@temporalio/common";
import proto from "@temporalio/proto";
import { z } from "zod";
import { ProviderError } from "../domain/errors.ts";

/** Keys by their ids; `current` encrypts, every one of them decrypts. 32 bytes each, in base64. */
const keyRing = z.object({
  current: z.string(),
  keys: z.record(z.string(), z.base64()),
});

const encrypted = "binary/encrypted";
const cipher = "aes-256-gcm";
const keyBytes = 32;
const ivBytes = 12;
const tagBytes = 16;
/** Another key that a process doesn't know yet is looked for at once; a new current one, after this at the latest. */
const believedMs = 60_000;
const { Payload: PayloadType } = proto.temporal.api.common.v1;

interface KeyRing {
  readonly current: string;
  readonly keys: ReadonlyMap<string, Buffer>;
}

/**
 * Encrypts what enters a workflow's history with AES-256-GCM. Bare texts stay readable: summaries, current details and
 * ids, which tell an operator in Temporal's UI where a run stands; they are as public there as search attributes, which
 * nothing can encrypt. What is not encrypted is passed through on the way back, so that older histories replay.
 */
export class EncryptingCodec implements PayloadCodec {
  readonly #read: () => Promise<string>;
  #ring: { ring: KeyRing; until: number } | undefined;

  /** `read` gives the key ring as JSON: `{"current": "k1", "keys": {"k1": "…"}}`. */
  constructor(read: () => Promise<string>) {
    this.#read = read;
  }

  async encode(payloads: Payload[]): Promise<Payload[]> {
    if (payloads.every(staysReadable)) return payloads;
    const { current, keys } = await this.#keys();
    const key = keys.get(current) as Buffer;
    return payloads.map((payload) => (staysReadable(payload) ? payload : encrypt(payload, current, key)));
  }

  async decode(payloads: Payload[]): Promise<Payload[]> {
    return Promise.all(payloads.map((payload) => this.#decrypt(payload)));
  }

  async #decrypt(payload: Payload): Promise<Payload> {
    if (encodingOf(payload) !== encrypted) return payload;
    const keyId = text(payload.metadata?.["encryption-key-id"]);
    let ring = await this.#keys();
    if (!ring.keys.has(keyId)) ring = await this.#load();
    const key = ring.keys.get(keyId);
    if (!key) throw refusal(`the key ${keyId} is not among those that we have`);
    const data = Buffer.from(payload.data ?? []);
    try {
      const decipher = createDecipheriv(cipher, key, data.subarray(0, ivBytes));
      decipher.setAAD(Buffer.from(keyId));
      decipher.setAuthTag(data.subarray(data.length - tagBytes));
      const plain = [decipher.update(data.subarray(ivBytes, data.length - tagBytes)), decipher.final()];
      return PayloadType.decode(Buffer.concat(plain));
    } catch (cause) {
      throw refusal("it was changed, or encrypted with another key of the same id", cause);
    }
  }

  async #keys(): Promise<KeyRing> {
    if (this.#ring && this.#ring.until > Date.now()) return this.#ring.ring;
    return this.#load();
  }

  async #load(): Promise<KeyRing> {
    const ring = readKeyRing(await this.#read());
    this.#ring = { ring, until: Date.now() + believedMs };
    return ring;
  }
}

/** @throws ProviderError InvalidInput; never with a key in it. */
function readKeyRing(json: string): KeyRing {
  let content: unknown;
  try {
    content = JSON.parse(json);
  } catch {
    content = undefined;
  }
  const parsed = keyRing.safeParse(content);
  const keys = new Map(Object.entries(parsed.data?.keys ?? {}).map(([id, key]) => [id, Buffer.from(key, "base64")]));
  const sound = [...keys.values()].every((key) => key.length === keyBytes);
  if (parsed.success && sound && keys.has(parsed.data.current)) return { current: parsed.data.current, keys };
  throw new ProviderError("InvalidInput", {
    operation: "read the payload keys",
    resource: "temporal.payload_keys",
    reason: 'they are not of the form {"current": ID, "keys": {ID: 32 bytes in base64}}',
    action: "Correct them; docs/security.md shows how they are made and rotated.",
  });
}

function staysReadable(payload: Payload): boolean {
  const encoding = encodingOf(payload);
  if (encoding !== "json/plain") return encoding !== "binary/plain";
  const [first] = payload.data ?? [];
  return first === '"'.charCodeAt(0);
}

function encrypt(payload: Payload, keyId: string, key: Buffer): Payload {
  const iv = randomBytes(ivBytes);
  const sealing = createCipheriv(cipher, key, iv);
  sealing.setAAD(Buffer.from(keyId));
  const data = [iv, sealing.update(PayloadType.encode(payload).finish()), sealing.final(), sealing.getAuthTag()];
  const metadata = { encoding: encrypted, "encryption-cipher": "AES-256-GCM", "encryption-key-id": keyId };
  return {
    metadata: Object.fromEntries(Object.entries(metadata).map(([name, value]) => [name, Buffer.from(value)])),
    data: Buffer.concat(data),
  };
}

function encodingOf(payload: Payload): string {
  return text(payload.metadata?.encoding);
}

function text(bytes: Uint8Array | null | undefined): string {
  return Buffer.from(bytes ?? []).toString();
}

function refusal(reason: string, cause?: unknown): ProviderError {
  return new ProviderError("InvalidInput", {
    operation: "decrypt a payload",
    resource: "temporal/payload",
    reason,
    action: "Give every process the same payload keys, and keep old ones while histories need them.",
    cause,
  });
}
