import { randomUUID } from "node:crypto";
import type { Answer } from "../../cloud/http-front.ts";
import type { Grants } from "../disks/grants.ts";
import { isManagedHost } from "../disks/grants.ts";
import { AzureError } from "../errors.ts";
import { newId } from "../ids.ts";
import type { Target } from "./blobs.ts";
import { tagsOf } from "./blobs.ts";
import { checkConditions, checkLease } from "./conditions.ts";
import { metadataOf, written } from "./facts.ts";
import type { ManagedBlobs } from "./managed.ts";
import { type BlobRequest, header } from "./request.ts";
import { type BlobSources, blobHost } from "./sources.ts";
import { type Blob, blobId } from "./state.ts";
import type { BlobStore } from "./store.ts";

interface Source {
  readonly type: Blob["type"];
  readonly sizeBytes: number;
  readonly metadata: Blob["metadata"];
  readonly headers: Blob["headers"];
  /** A page layer that nobody writes any more. */
  readonly pagesId?: string;
  /** Of a managed disk: what there is, by its place. */
  readonly pieces?: () => AsyncIterable<{ at: number; piece: Buffer }>;
  /** Of a block blob. */
  readonly bytes?: () => AsyncIterable<Buffer>;
}

/** Copy Blob, which goes on after its answer: https://learn.microsoft.com/rest/api/storageservices/copy-blob */
export class Copies {
  readonly #store: BlobStore;
  readonly #sources: BlobSources;
  readonly #grants: Grants;
  readonly #managed: ManagedBlobs;

  constructor(store: BlobStore, sources: BlobSources, grants: Grants, managed: ManagedBlobs) {
    this.#store = store;
    this.#sources = sources;
    this.#grants = grants;
    this.#managed = managed;
  }

  start(request: BlobRequest, { container, name }: Target): Answer {
    const url = header(request, "x-ms-copy-source") ?? "";
    const { cloud, tables } = this.#store;
    this.#store.container(container);
    const id = blobId(container, name);
    const before = tables.blobs.get(id);
    checkConditions(request, before);
    checkLease(request, before);
    const source = this.#find(url);
    const { type, sizeBytes } = source;
    const metadata = metadataOf(request);
    const copy = { id: randomUUID(), source: url.split("?")[0] ?? url, totalBytes: sizeBytes, copiedBytes: 0 };
    const pagesId = newId("pg");
    if (type === "PageBlob") cloud.pages.create(pagesId, sizeBytes, source.pagesId);
    const blob = this.#store.put({
      id,
      container,
      name,
      type,
      sizeBytes,
      createdAt: Date.now(),
      metadata: Object.keys(metadata).length > 0 ? metadata : source.metadata,
      tags: tagsOf(request),
      headers: source.headers,
      sequence: 0,
      copy: { ...copy, status: "pending" },
      ...(type === "PageBlob" ? { pagesId } : { contents: [] }),
      ...(before?.lease ? { lease: before.lease } : {}),
    });
    cloud.inBackground("copy a blob", () => this.#carryOut(blob, source));
    const facts = { "x-ms-copy-id": copy.id, "x-ms-copy-status": "pending" };
    return { status: 202, headers: { ...written(request, blob), ...facts } };
  }

  /** What a killed process had begun has failed. */
  reconcile(): void {
    for (const blob of this.#store.tables.blobs.where(({ copy }) => copy?.status === "pending"))
      this.#end(blob.id, "failed", {});
  }

  async #carryOut({ id, pagesId, copy }: Blob, source: Source): Promise<void> {
    const { cloud, contents, tables } = this.#store;
    await new Promise((resolve) => setTimeout(resolve, cloud.settings.operationMs));
    const still = () => tables.blobs.get(id)?.copy?.id === copy?.id;
    try {
      if (source.type === "BlockBlob") {
        const { contentId, sizeBytes } = await contents.write(source.bytes?.() ?? nothing(), []);
        if (still()) this.#end(id, "success", { contents: [{ contentId, sizeBytes }] });
        else contents.delete([{ contentId, sizeBytes }]);
        return;
      }
      if (source.pagesId === undefined && pagesId !== undefined) {
        for await (const { at, piece } of source.pieces?.() ?? nothing()) await cloud.pages.write(pagesId, at, piece);
      }
      if (still()) this.#end(id, "success", {});
    } catch (error) {
      if (still()) this.#end(id, "failed", {});
      throw error;
    }
  }

  #end(id: string, status: "success" | "failed", fields: Partial<Blob>): void {
    const now = this.#store.tables.blobs.get(id);
    if (!now?.copy) return;
    const copiedBytes = status === "success" ? now.copy.totalBytes : now.copy.copiedBytes;
    this.#store.put({ ...now, ...fields, copy: { ...now.copy, status, copiedBytes, endedAt: Date.now() } });
  }

  /** A blob of the account, or a managed disk's under its signature. */
  #find(url: string): Source {
    if (!URL.canParse(url)) throw new AzureError("InvalidHeaderValue", `The source '${url}' is no URL.`);
    const { host } = new URL(url);
    if (isManagedHost(host)) {
      const grant = this.#grants.findUrl(url);
      return { type: "PageBlob", metadata: {}, headers: {}, ...this.#managed.whole(grant) };
    }
    if (host !== blobHost) throw new AzureError("CannotVerifyCopySource", `The sandbox reaches no ${host}.`, 404);
    const blob = this.#sources.find(url);
    const { type, sizeBytes, metadata, headers, contents = [] } = blob;
    const pagesId = blob.pagesId === undefined ? {} : { pagesId: this.#store.freeze(blob) };
    return {
      type,
      sizeBytes,
      metadata,
      headers,
      ...pagesId,
      bytes: () => this.#store.contents.read(contents, 0, sizeBytes),
    };
  }
}

async function* nothing(): AsyncGenerator<never> {}
