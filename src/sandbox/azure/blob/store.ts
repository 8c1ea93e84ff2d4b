import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { type Content, ContentStore } from "../../cloud/contents.ts";
import type { AzureCloud } from "../cloud.ts";
import { containerName } from "../cloud.ts";
import { AzureError } from "../errors.ts";
import { newId } from "../ids.ts";
import { type Blob, type BlobTables, blobId, blobTables, type Container } from "./state.ts";

/** What the storage account holds. */
export class BlobStore {
  readonly cloud: AzureCloud;
  readonly tables: BlobTables;
  readonly contents: ContentStore;

  constructor(cloud: AzureCloud) {
    this.cloud = cloud;
    this.tables = blobTables(cloud.documents);
    const { blobs, uncommitted, containers } = this.tables;
    const used = [
      ...[...blobs.values()].flatMap(({ contents = [] }) => contents),
      ...[...uncommitted.values()].map(({ content }) => content),
    ];
    this.contents = new ContentStore(
      join(cloud.parts.dir, "blobs"),
      used.map(({ contentId }) => contentId),
    );
    cloud.usedPages = () => [...blobs.values()].flatMap(({ pagesId }) => (pagesId === undefined ? [] : [pagesId]));
    const now = Date.now();
    if (!cloud.tables.settings.has("container-made")) {
      cloud.tables.settings.put({ id: "container-made", value: true });
      containers.put({ id: containerName, createdAt: now, modifiedAt: now, etag: newBlobEtag(), metadata: {} });
    }
  }

  container(name: string): Container {
    const found = this.tables.containers.get(name);
    if (found) return found;
    throw new AzureError("ContainerNotFound", "The specified container does not exist.", 404);
  }

  find(container: string, name: string, snapshot?: string): Blob {
    this.container(container);
    const found = this.tables.blobs.get(blobId(container, name, snapshot));
    if (found) return found;
    throw new AzureError("BlobNotFound", "The specified blob does not exist.", 404);
  }

  snapshotsOf({ container, name }: Blob): Blob[] {
    return this.tables.blobs.where(
      (one) => one.snapshot !== undefined && one.container === container && one.name === name,
    );
  }

  /** Writes a blob in the place of what was there, and drops bytes that nothing shows any more. */
  put(blob: Omit<Blob, "etag" | "modifiedAt">): Blob {
    const before = this.tables.blobs.get(blob.id);
    const written = this.tables.blobs.put({ ...blob, etag: newBlobEtag(), modifiedAt: Date.now() });
    this.#drop(before, written.contents ?? []);
    return written;
  }

  delete(blob: Blob): void {
    this.tables.blobs.delete(blob.id);
    this.#drop(blob, []);
    for (const { id, content } of this.tables.uncommitted.where((one) => one.blob === blob.id)) {
      this.tables.uncommitted.delete(id);
      this.contents.delete([content]);
    }
    if (blob.pagesId !== undefined) this.cloud.inBackground("drop a blob's pages", () => this.cloud.collectDisks());
  }

  /** Freezes a page blob's bytes as they are; it goes on in a layer above them. */
  freeze(blob: Blob): string {
    const { pagesId = "" } = blob;
    if (blob.snapshot !== undefined) return pagesId;
    const above = newId("pg");
    this.cloud.pages.create(above, this.cloud.pages.sizeBytes(pagesId), pagesId);
    this.tables.blobs.change(blob.id, { pagesId: above });
    return pagesId;
  }

  /** Snapshots share the bytes of a block blob. */
  #drop(before: Blob | undefined, kept: readonly Content[]): void {
    if (!before?.contents) return;
    const others = this.tables.blobs.where(
      (one) => one.container === before.container && one.name === before.name && one.contents !== undefined,
    );
    const used = new Set(
      [...kept, ...others.flatMap(({ contents = [] }) => contents)].map(({ contentId }) => contentId),
    );
    this.contents.delete(before.contents.filter(({ contentId }) => !used.has(contentId)));
  }
}

export function newBlobEtag(): string {
  return `"0x8D${randomBytes(7).toString("hex").toUpperCase()}"`;
}

/** A snapshot's name: its time to 100 ns, later than the one before. */
export function snapshotTime(): string {
  const fraction = String(Math.floor(Math.random() * 10_000)).padStart(4, "0");
  return new Date().toISOString().replace("Z", `${fraction}Z`);
}
