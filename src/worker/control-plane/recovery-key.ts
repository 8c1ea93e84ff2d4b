import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
  randomBytes,
  scryptSync,
  sign,
  verify,
} from "node:crypto";
import type { BackupManifest } from "../../domain/control-plane.ts";
import { ProviderError } from "../../domain/errors.ts";
import { canonicalJson } from "../../domain/plan.ts";

/** The half that the control plane has: it seals and signs backups, and opens none. All in base64, DER. */
export interface SealingKey {
  readonly version: 1;
  readonly keyId: string;
  /** X25519, public. */
  readonly seal: string;
  /** Ed25519, private. */
  readonly sign: string;
}

/** The half that the owner keeps elsewhere: it opens backups, and tells ours from others. */
export interface RecoveryKey {
  readonly version: 1;
  readonly keyId: string;
  /** Ed25519, public. */
  readonly verify: string;
  /** X25519, private; in the clear, or wrapped by a passphrase. */
  readonly open: string | { readonly salt: string; readonly wrapped: string };
}

const label = "novacron-backup/1";
const ivBytes = 12;
const tagBytes = 16;
/** 128 MiB and about half a second: https://www.rfc-editor.org/rfc/rfc7914 section 2. */
const scryptCost = { N: 2 ** 17, r: 8, p: 1, maxmem: 256 * 2 ** 20 };

export function makeRecoveryKey(passphrase?: string): { sealing: SealingKey; recovery: RecoveryKey } {
  const box = generateKeyPairSync("x25519");
  const pen = generateKeyPairSync("ed25519");
  const keyId = createHash("sha256").update(publicDer(box.publicKey)).digest("hex").slice(0, 16);
  const open = privateDer(box.privateKey);
  return {
    sealing: { version: 1, keyId, seal: publicDer(box.publicKey), sign: privateDer(pen.privateKey) },
    recovery: {
      version: 1,
      keyId,
      verify: publicDer(pen.publicKey),
      open: passphrase === undefined ? open : wrap(open, passphrase),
    },
  };
}

/** @throws ProviderError InvalidInput for a passphrase that does not open it. */
export function openRecoveryKey(key: RecoveryKey, passphrase: string | undefined): KeyObject {
  const der = typeof key.open === "string" ? key.open : unwrap(key.open, passphrase);
  return createPrivateKey({ key: Buffer.from(der, "base64"), format: "der", type: "pkcs8" });
}

/** Seals a key of one backup, so that only the recovery key opens it. */
export function sealFor(key: SealingKey, secret: Uint8Array, about: string): BackupManifest["key"] {
  const ephemeral = generateKeyPairSync("x25519");
  const shared = diffieHellman({ privateKey: ephemeral.privateKey, publicKey: publicKey(key.seal) });
  const public64 = publicDer(ephemeral.publicKey);
  return { ephemeral: public64, sealed: seal(derived(shared, public64, key.seal), secret, about).toString("base64") };
}

export function openWith(key: KeyObject, { ephemeral, sealed }: BackupManifest["key"], about: string): Buffer {
  const shared = diffieHellman({ privateKey: key, publicKey: publicKey(ephemeral) });
  return unseal(derived(shared, ephemeral, publicDer(createPublicKey(key))), Buffer.from(sealed, "base64"), about);
}

/** The number, the cipher's text and its tag. */
export function seal(key: Uint8Array, plain: Uint8Array, about: string): Buffer {
  const iv = randomBytes(ivBytes);
  const cipher = createCipheriv("aes-256-gcm", key, iv).setAAD(Buffer.from(about));
  return Buffer.concat([iv, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/** @throws ProviderError IntegrityFailure for what was not sealed with the key, for this. */
export function unseal(key: Uint8Array, sealed: Uint8Array, about: string): Buffer {
  try {
    const bytes = Buffer.from(sealed);
    const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, ivBytes)).setAAD(Buffer.from(about));
    decipher.setAuthTag(bytes.subarray(-tagBytes));
    return Buffer.concat([decipher.update(bytes.subarray(ivBytes, -tagBytes)), decipher.final()]);
  } catch (cause) {
    throw new ProviderError("IntegrityFailure", {
      operation: "open a backup",
      resource: about,
      reason: "it was sealed for another key, or was changed",
      action: "Use the recovery key that it names, or another backup.",
      cause,
    });
  }
}

export function signManifest(key: SealingKey, manifest: BackupManifest): string {
  const pen = createPrivateKey({ key: Buffer.from(key.sign, "base64"), format: "der", type: "pkcs8" });
  return sign(null, signedText(manifest), pen).toString("base64");
}

export function isSignedBy(key: Pick<RecoveryKey, "verify">, manifest: BackupManifest, signature: string): boolean {
  return verify(null, signedText(manifest), publicKey(key.verify), Buffer.from(signature, "base64"));
}

function signedText(manifest: BackupManifest): Buffer {
  return Buffer.from(`${label}\n${canonicalJson(manifest)}`);
}

function derived(shared: Buffer, ephemeral: string, to: string): Uint8Array {
  return new Uint8Array(hkdfSync("sha256", shared, Buffer.from(ephemeral + to), label, 32));
}

function wrap(der: string, passphrase: string): Exclude<RecoveryKey["open"], string> {
  const salt = randomBytes(16);
  const key = scryptSync(passphrase.normalize("NFC"), salt, 32, scryptCost);
  return { salt: salt.toString("base64"), wrapped: seal(key, Buffer.from(der, "base64"), label).toString("base64") };
}

function unwrap({ salt, wrapped }: Exclude<RecoveryKey["open"], string>, passphrase: string | undefined): string {
  try {
    if (passphrase === undefined) throw new Error("no passphrase");
    const key = scryptSync(passphrase.normalize("NFC"), Buffer.from(salt, "base64"), 32, scryptCost);
    return unseal(key, Buffer.from(wrapped, "base64"), label).toString("base64");
  } catch (cause) {
    throw new ProviderError("InvalidInput", {
      operation: "open the recovery key",
      resource: "recovery key",
      reason: passphrase === undefined ? "it is wrapped by a passphrase" : "the passphrase is another one",
      action: "Give the passphrase that it was made with.",
      cause,
    });
  }
}

function publicKey(base64: string): KeyObject {
  return createPublicKey({ key: Buffer.from(base64, "base64"), format: "der", type: "spki" });
}

function publicDer(key: KeyObject): string {
  return key.export({ format: "der", type: "spki" }).toString("base64");
}

function privateDer(key: KeyObject): string {
  return key.export({ format: "der", type: "pkcs8" }).toString("base64");
}
