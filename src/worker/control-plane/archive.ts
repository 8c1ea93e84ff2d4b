import { createHash, randomBytes, randomUUID } from "node:crypto";
import { pipeline, Readable, type Transform } from "node:stream";
import { createZstdCompress, createZstdDecompress } from "node:zlib";
import {
  type BackupManifest,
  backupsPrefix,
  manifestName,
  momentOfBackup,
  newBackupId,
  partName,
} from "../../domain/control-plane.ts";
import { ProviderError } from "../../domain/errors.ts";
import { absentDocument, type DocumentsFacet } from "../../providers/documents-facet.ts";
import {
  isSignedBy,
  openWith,
  type RecoveryKey,
  type SealingKey,
  seal,
  sealFor,
  signManifest,
  unseal,
} from "./recovery-key.ts";

/** As documents, in base64 and with what is around it, below their limit of 4 MiB. */
const partBytes = 2 * 2 ** 20;
/** What an attempt that died left behind is gone after so long. */
const abandonedAfterMs = 24 * 3_600_000;

/** A manifest as it lies at a site. */
export interface SignedManifest {
  readonly manifest: BackupManifest;
  readonly signature: string;
}

export interface NewBackup {
  readonly installationId: string;
  readonly epoch: number;
  readonly key: SealingKey;
  /** One JSON text each; the first says when the store was read, the last how many rows it has. */
  readonly lines: AsyncIterable<string>;
}

/** Backups of one installation at one site: sealed parts, each a document, and a signed manifest that comes last. */
export class BackupArchive {
  readonly #documents: DocumentsFacet;
  readonly #installationId: string;

  constructor(documents: DocumentsFacet, installationId: string) {
    this.#documents = documents;
    this.#installationId = installationId;
  }

  /** Resolves when all of it has been read back from the site, opened, and compared. */
  async write(backup: NewBackup, signal: AbortSignal): Promise<SignedManifest> {
    const { installationId, epoch, key } = backup;
    const backupId = newBackupId(new Date(), randomBytes(4).toString("hex"));
    const secret = randomBytes(32);
    const told = { takenAt: "", schema: 0, rows: 0, bytes: 0, hash: createHash("sha256") };
    const parts: { bytes: number; sha256: string }[] = [];
    for await (const part of inParts(packed(watched(backup.lines, told)), partBytes)) {
      signal.throwIfAborted();
      const sealed = seal(secret, part, aboutPart(backupId, parts.length));
      await this.#put(partName(installationId, backupId, parts.length), sealed.toString("base64"), signal);
      parts.push({ bytes: sealed.byteLength, sha256: sha256(sealed) });
    }
    const { takenAt, schema, rows, bytes } = told;
    const unproven: BackupManifest = {
      version: 1,
      ...{ backupId, installationId, epoch, takenAt, provenAt: "", schema, rows, bytes, parts },
      sha256: told.hash.digest("hex"),
      key: sealFor(key, secret, backupId),
      keyId: key.keyId,
    };
    for await (const _ of this.#lines(unproven, secret, signal));
    const manifest = { ...unproven, provenAt: new Date().toISOString() };
    const signed = { manifest, signature: signManifest(key, manifest) };
    await this.#put(manifestName(installationId, backupId), signed, signal);
    return signed;
  }

  /** Those that are whole, the newest first. */
  async list(signal: AbortSignal): Promise<string[]> {
    const found: string[] = [];
    const prefix = backupsPrefix(this.#installationId);
    for await (const name of this.#documents.list(prefix, signal)) {
      const [backupId, rest] = name.slice(prefix.length).split("/");
      if (backupId !== undefined && rest === "manifest" && momentOfBackup(backupId) !== undefined) found.push(backupId);
    }
    return found.sort().reverse();
  }

  /** @throws ProviderError NotFound, IntegrityFailure for one that the key did not sign. */
  async manifest(backupId: string, key: Pick<RecoveryKey, "verify">, signal: AbortSignal): Promise<BackupManifest> {
    const found = await this.#documents.get(manifestName(this.#installationId, backupId), signal);
    if (!found) throw noBackup(backupId);
    const { manifest, signature } = found.value as SignedManifest;
    const ours = manifest?.backupId === backupId && manifest.installationId === this.#installationId;
    if (ours && isSignedBy(key, manifest, signature)) return manifest;
    throw differs(backupId, "its manifest was not signed by the control plane that the recovery key belongs to");
  }

  /** The lines that it was written from; all of it has been proven when they end. @throws ProviderError IntegrityFailure. */
  async *read(
    manifest: BackupManifest,
    key: Parameters<typeof openWith>[0],
    signal: AbortSignal,
  ): AsyncGenerator<string> {
    yield* this.#lines(manifest, openWith(key, manifest.key, manifest.backupId), signal);
  }

  /** One that is gone is fine. The manifest goes first, so that what is left of it is never offered. */
  async remove(backupId: string, signal: AbortSignal): Promise<void> {
    await this.#documents.remove(manifestName(this.#installationId, backupId), signal);
    const names: string[] = [];
    for await (const name of this.#documents.list(`${backupsPrefix(this.#installationId)}${backupId}/`, signal))
      names.push(name);
    for (const name of names) await this.#documents.remove(name, signal);
  }

  /** Removes parts that no manifest came to. */
  async removeAbandoned(now: number, signal: AbortSignal): Promise<void> {
    const whole = new Set(await this.list(signal));
    const prefix = backupsPrefix(this.#installationId);
    const left = new Set<string>();
    for await (const name of this.#documents.list(prefix, signal)) {
      const backupId = name.slice(prefix.length).split("/")[0] ?? "";
      const at = momentOfBackup(backupId);
      if (at !== undefined && !whole.has(backupId) && now - at > abandonedAfterMs) left.add(backupId);
    }
    for (const backupId of left) await this.remove(backupId, signal);
  }

  async *#lines(manifest: BackupManifest, secret: Uint8Array, signal: AbortSignal): AsyncGenerator<string> {
    const hash = createHash("sha256");
    let rest = "";
    const decoder = new TextDecoder();
    for await (const chunk of unpacked(this.#parts(manifest, secret, signal))) {
      hash.update(chunk);
      const texts = (rest + decoder.decode(chunk, { stream: true })).split("\n");
      rest = texts.pop() ?? "";
      yield* texts;
    }
    if (rest !== "" || hash.digest("hex") !== manifest.sha256) {
      throw differs(manifest.backupId, "what was read is not what was written");
    }
  }

  async *#parts(manifest: BackupManifest, secret: Uint8Array, signal: AbortSignal): AsyncGenerator<Buffer> {
    const { backupId, installationId } = manifest;
    for (const [index, part] of manifest.parts.entries()) {
      signal.throwIfAborted();
      const name = partName(installationId, backupId, index);
      const found = await this.#documents.get(name, signal);
      if (typeof found?.value !== "string") throw differs(backupId, `its part ${index} is missing`);
      const sealed = Buffer.from(found.value, "base64");
      if (sha256(sealed) !== part.sha256) throw differs(backupId, `its part ${index} is another one`);
      yield unseal(secret, sealed, aboutPart(backupId, index));
    }
  }

  async #put(name: string, value: unknown, signal: AbortSignal): Promise<void> {
    await this.#documents.put({ name, value, version: absentDocument, key: randomUUID() }, signal);
  }
}

/** Notes what goes by, and ends each line. */
async function* watched(
  lines: AsyncIterable<string>,
  told: { takenAt: string; schema: number; rows: number; bytes: number; hash: ReturnType<typeof createHash> },
): AsyncGenerator<Buffer> {
  for await (const line of lines) {
    if (line.startsWith('{"kind":"store"')) Object.assign(told, pick(line, "takenAt", "schema"));
    if (line.startsWith('{"kind":"end"')) Object.assign(told, pick(line, "rows"));
    const bytes = Buffer.from(`${line}\n`);
    told.bytes += bytes.byteLength;
    told.hash.update(bytes);
    yield bytes;
  }
}

function pick(line: string, ...names: readonly string[]): object {
  const read = JSON.parse(line) as Record<string, unknown>;
  return Object.fromEntries(names.map((name) => [name, read[name]]));
}

function packed(chunks: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
  return through(chunks, createZstdCompress());
}

function unpacked(chunks: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
  return through(chunks, createZstdDecompress());
}

/** What fails on the way in is thrown where it is read. */
function through(chunks: AsyncIterable<Buffer>, packing: Transform): AsyncIterable<Buffer> {
  return pipeline(Readable.from(chunks, { objectMode: false }), packing, () => undefined);
}

async function* inParts(chunks: AsyncIterable<Buffer>, size: number): AsyncGenerator<Buffer> {
  let waiting: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    waiting.push(chunk);
    bytes += chunk.byteLength;
    while (bytes >= size) {
      const all = Buffer.concat(waiting);
      yield all.subarray(0, size);
      waiting = [all.subarray(size)];
      bytes -= size;
    }
  }
  if (bytes > 0) yield Buffer.concat(waiting);
}

function aboutPart(backupId: string, index: number): string {
  return `${backupId}/${index}`;
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function noBackup(backupId: string): ProviderError {
  return new ProviderError("NotFound", {
    operation: "read a backup of the control plane",
    resource: `backup/${backupId}`,
    reason: "there is none of that name that is whole",
    action: "novacron recover --list shows those that there are.",
  });
}

function differs(backupId: string, reason: string): ProviderError {
  return new ProviderError("IntegrityFailure", {
    operation: "read a backup of the control plane",
    resource: `backup/${backupId}`,
    reason,
    action: "Choose another one (--backup); keep this one, as it shows what happened to it.",
  });
}
