import { createHash } from "node:crypto";
import { pageBytes } from "../../cloud/disks/page-map.ts";
import type { Answer } from "../../cloud/http-front.ts";
import { AzureError } from "../errors.ts";
import { newId } from "../ids.ts";
import { checkConditions, checkLease } from "./conditions.ts";
import { binary, contentHeaders, factsOf, metadataOf, written } from "./facts.ts";
import { writePages } from "./page-writes.ts";
import { type BlobRequest, header, pageListXml, rangeOf, xmlAnswer } from "./request.ts";
import { type Blob, blobId } from "./state.ts";
import { type BlobStore, snapshotTime } from "./store.ts";

const readBytes = 512 * 1024;
/** https://learn.microsoft.com/rest/api/storageservices/understanding-block-blobs--append-blobs--and-page-blobs */
const pageBlobAtMost = 8 * 2 ** 40;

/** What a call is about. */
export interface Target {
  readonly container: string;
  readonly name: string;
  readonly snapshot?: string;
}

/** Calls on blobs of both types, and on page blobs. */
export class Blobs {
  readonly #store: BlobStore;

  constructor(store: BlobStore) {
    this.#store = store;
  }

  find({ container, name, snapshot }: Target): Blob {
    return this.#store.find(container, name, snapshot);
  }

  /** One that a call may write: it is there, conditions and lease are kept. */
  writable(request: BlobRequest, target: Target): Blob {
    const blob = this.find(target);
    checkConditions(request, blob);
    checkLease(request, blob);
    return blob;
  }

  createPageBlob(request: BlobRequest, { container, name }: Target): Answer {
    const sizeBytes = Number(header(request, "x-ms-blob-content-length") ?? Number.NaN);
    if (!Number.isInteger(sizeBytes) || sizeBytes < 0 || sizeBytes % pageBytes !== 0 || sizeBytes > pageBlobAtMost)
      throw new AzureError("InvalidHeaderValue", "A page blob's size must be a multiple of 512, at most 8 TiB.");
    this.#store.container(container);
    const id = blobId(container, name);
    const before = this.#store.tables.blobs.get(id);
    checkConditions(request, before);
    checkLease(request, before);
    const pagesId = newId("pg");
    this.#store.cloud.pages.create(pagesId, sizeBytes);
    const blob = this.#store.put({
      id,
      container,
      name,
      type: "PageBlob",
      sizeBytes,
      createdAt: Date.now(),
      metadata: metadataOf(request),
      tags: tagsOf(request),
      headers: contentHeaders(request),
      pagesId,
      sequence: Number(header(request, "x-ms-blob-sequence-number") ?? 0),
      ...(before?.lease ? { lease: before.lease } : {}),
    });
    return { status: 201, headers: written(request, blob) };
  }

  async putPages(request: BlobRequest, target: Target): Promise<Answer> {
    const { pagesId, sizeBytes } = this.#pageBlob(this.writable(request, target));
    await writePages(this.#store.cloud.pages, pagesId, sizeBytes, request);
    // Its lease may have been broken while the body came.
    return { status: 201, headers: written(request, this.#touch(this.writable(request, target))) };
  }

  pageRanges(request: BlobRequest, target: Target): Answer {
    const blob = this.find(target);
    checkConditions(request, blob);
    const { pagesId, sizeBytes } = this.#pageBlob(blob);
    const range = sizeBytes === 0 ? undefined : rangeOf(request, sizeBytes);
    const { start, end } = range ?? { start: 0, end: sizeBytes };
    const { pages } = this.#store.cloud;
    const before = request.query.get("prevsnapshot");
    const runs =
      before === null
        ? pages.ranges(pagesId, start, end)
        : pages.changes(pagesId, this.#pageBlob(this.#earlier(target, before)).pagesId, start, end);
    if (!runs)
      throw new AzureError(
        "BlobOverwritten",
        "The blob has been recreated since the previous snapshot was taken.",
        409,
      );
    return xmlAnswer(request, pageListXml(request, runs), {
      etag: blob.etag,
      "last-modified": new Date(blob.modifiedAt).toUTCString(),
      "x-ms-blob-content-length": String(sizeBytes),
    });
  }

  snapshot(request: BlobRequest, target: Target): Answer {
    const blob = this.find(target);
    checkConditions(request, blob);
    if (header(request, "x-ms-lease-id") !== undefined) checkLease(request, blob);
    const pagesId = blob.pagesId === undefined ? {} : { pagesId: this.#store.freeze(blob) };
    const snapshot = snapshotTime();
    const { lease: _, copy: _copy, ...rest } = blob;
    const metadata = metadataOf(request);
    this.#store.tables.blobs.put({
      ...rest,
      ...pagesId,
      id: blobId(blob.container, blob.name, snapshot),
      snapshot,
      metadata: Object.keys(metadata).length > 0 ? metadata : blob.metadata,
    });
    return { status: 201, headers: { ...written(request, blob), "x-ms-snapshot": snapshot } };
  }

  properties(request: BlobRequest, target: Target): Answer {
    const blob = this.find(target);
    checkConditions(request, blob);
    return { status: 200, headers: { ...factsOf(request, blob), "content-length": blob.sizeBytes } };
  }

  async read(request: BlobRequest, target: Target): Promise<Answer> {
    const blob = this.find(target);
    checkConditions(request, blob);
    const range = rangeOf(request, blob.sizeBytes);
    const { start, end } = range ?? { start: 0, end: blob.sizeBytes };
    const { "content-md5": md5, ...facts } = factsOf(request, blob);
    const headers = {
      "content-type": binary,
      ...facts,
      "content-length": end - start,
      ...(range ? { "content-range": `bytes ${start}-${end - 1}/${blob.sizeBytes}` } : {}),
      ...(md5 === undefined ? {} : { [range ? "x-ms-blob-content-md5" : "content-md5"]: md5 }),
    };
    const status = range ? 206 : 200;
    if (header(request, "x-ms-range-get-content-md5") !== "true")
      return { status, headers, body: this.bytes(blob, start, end) };
    const whole: Buffer[] = [];
    for await (const piece of this.bytes(blob, start, end)) whole.push(piece);
    const body = Buffer.concat(whole);
    return { status, headers: { ...headers, "content-md5": createHash("md5").update(body).digest("base64") }, body };
  }

  /** A blob's bytes from `start` to `end`. */
  async *bytes({ pagesId, contents = [] }: Blob, start: number, end: number): AsyncGenerator<Buffer> {
    if (pagesId === undefined) {
      yield* this.#store.contents.read(contents, start, end);
      return;
    }
    for (let at = start; at < end; at += readBytes)
      yield await this.#store.cloud.pages.read(pagesId, at, Math.min(readBytes, end - at));
  }

  setMetadata(request: BlobRequest, target: Target): Answer {
    const blob = this.writable(request, target);
    return { status: 200, headers: written(request, this.#touch({ ...blob, metadata: metadataOf(request) })) };
  }

  /** Set Blob Properties, with which a page blob is resized too. */
  async setProperties(request: BlobRequest, target: Target): Promise<Answer> {
    const blob = this.writable(request, target);
    const length = header(request, "x-ms-blob-content-length");
    if (length === undefined)
      return { status: 200, headers: written(request, this.#touch({ ...blob, headers: contentHeaders(request) })) };
    const sizeBytes = Number(length);
    if (!Number.isInteger(sizeBytes) || sizeBytes % pageBytes !== 0)
      throw new AzureError("InvalidHeaderValue", "A page blob's size must be a multiple of 512.");
    await this.#store.cloud.pages.resize(this.#pageBlob(blob).pagesId, sizeBytes);
    return { status: 200, headers: written(request, this.#touch({ ...blob, sizeBytes })) };
  }

  /** https://learn.microsoft.com/rest/api/storageservices/delete-blob */
  delete(request: BlobRequest, target: Target): Answer {
    const blob = this.find(target);
    checkConditions(request, blob);
    if (blob.snapshot === undefined) checkLease(request, blob);
    const include = header(request, "x-ms-delete-snapshots");
    const snapshots = blob.snapshot === undefined ? this.#store.snapshotsOf(blob) : [];
    if (snapshots.length > 0 && include === undefined) {
      throw new AzureError("SnapshotsPresent", "This operation is not permitted while the blob has snapshots.", 409);
    }
    this.#store.cloud.documents.together(() => {
      for (const one of snapshots) this.#store.delete(one);
      if (include !== "only") this.#store.delete(blob);
    });
    return { status: 202, headers: { ...written(request, blob), "x-ms-delete-type-permanent": "true" } };
  }

  #touch(blob: Blob): Blob {
    return this.#store.put(blob);
  }

  #earlier({ container, name }: Target, snapshot: string): Blob {
    const found = this.#store.tables.blobs.get(blobId(container, name, snapshot));
    if (found) return found;
    throw new AzureError("PreviousSnapshotNotFound", "The previous snapshot is not found.", 409);
  }

  #pageBlob(blob: Blob): { pagesId: string; sizeBytes: number } {
    const { pagesId, sizeBytes } = blob;
    if (pagesId !== undefined) return { pagesId, sizeBytes };
    throw new AzureError("InvalidBlobType", "The blob type is invalid for this operation.", 409);
  }
}

/** `x-ms-tags`, as a query string. */
export function tagsOf(request: BlobRequest): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(header(request, "x-ms-tags") ?? ""));
}
