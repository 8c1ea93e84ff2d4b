import type { IncomingMessage } from "node:http";
import type { Stored } from "../../cloud/contents.ts";
import { TornConnection } from "../../cloud/faults.ts";
import type { Answer } from "../../cloud/http-front.ts";
import { escapeXml, xmlDocument } from "../../cloud/xml.ts";
import { AzureError } from "../errors.ts";
import type { Target } from "./blobs.ts";
import { tagsOf } from "./blobs.ts";
import { checkConditions, checkLease } from "./conditions.ts";
import { contentHeaders, metadataOf, written } from "./facts.ts";
import { type BlobRequest, bodyOf, commonHeaders, header, xmlAnswer } from "./request.ts";
import { type Blob, blobId } from "./state.ts";
import type { BlobStore } from "./store.ts";

const blocksAtMost = 50_000;
const listAtMost = 8 * 2 ** 20;

/** Put Blob, Put Block, Put Block List, Get Block List: https://learn.microsoft.com/rest/api/storageservices/put-block */
export class BlockBlobs {
  readonly #store: BlobStore;

  constructor(store: BlobStore) {
    this.#store = store;
  }

  async put(request: BlobRequest, target: Target): Promise<Answer> {
    this.#before(request, target);
    const stored = await this.#receive(request);
    const { contentId, sizeBytes, sums } = stored;
    const before = this.#afterReceiving(request, target, stored);
    const md5 = sums.md5?.toString("base64");
    const blob = this.#write(request, target, before, {
      sizeBytes,
      contents: [{ contentId, sizeBytes }],
      ...(md5 === undefined ? {} : { contentMd5: md5 }),
    });
    return {
      status: 201,
      headers: { ...written(request, blob), ...(md5 === undefined ? {} : { "content-md5": md5 }) },
    };
  }

  async putBlock(request: BlobRequest, target: Target): Promise<Answer> {
    this.#store.container(target.container);
    const name = request.query.get("blockid") ?? "";
    if (name === "" || Buffer.from(name, "base64").length > 64)
      throw new AzureError("InvalidQueryParameterValue", "A block's id is at most 64 bytes, in Base64.");
    const blob = blobId(target.container, target.name);
    const { uncommitted } = this.#store.tables;
    const other = uncommitted.find((one) => one.blob === blob);
    if (other && Buffer.from(other.name, "base64").length !== Buffer.from(name, "base64").length)
      throw new AzureError("InvalidBlobOrBlock", "The ids of a blob's blocks must be of one length.");
    const { contentId, sizeBytes, sums } = await this.#receive(request);
    const id = `${blob} ${name}`;
    const before = uncommitted.get(id);
    const { container } = target;
    uncommitted.put({ id, container, blob, name, content: { contentId, sizeBytes }, at: Date.now() });
    if (before) this.#store.contents.delete([before.content]);
    const md5 = sums.md5?.toString("base64") ?? "";
    const headers = { ...commonHeaders(request), "content-md5": md5, "x-ms-request-server-encrypted": "true" };
    return { status: 201, headers };
  }

  async putList(request: BlobRequest, target: Target): Promise<Answer> {
    const before = this.#before(request, target);
    const text = (await bodyOf(request, listAtMost)).toString("utf8");
    const wanted = [...text.matchAll(/<(Latest|Committed|Uncommitted)>([^<]*)<\/\1>/g)];
    if (wanted.length > blocksAtMost)
      throw new AzureError("BlockListTooLong", `The block list may not contain more than ${blocksAtMost} blocks.`);
    const { uncommitted } = this.#store.tables;
    const blob = blobId(target.container, target.name);
    const blocks = wanted.map(([, where, name = ""]) => {
      const fresh = uncommitted.get(`${blob} ${name}`)?.content;
      const old = before?.blocks?.find((block) => block.name === name)?.content;
      const content = where === "Committed" ? old : where === "Uncommitted" ? fresh : (fresh ?? old);
      if (!content) throw new AzureError("InvalidBlockList", "The specified block list is invalid.");
      return { name, content };
    });
    const contents = blocks.map(({ content }) => content);
    const sizeBytes = contents.reduce((sum, content) => sum + content.sizeBytes, 0);
    const made = this.#write(request, target, before, { sizeBytes, contents, blocks });
    const used = new Set(contents.map(({ contentId }) => contentId));
    for (const { id, content } of uncommitted.where((one) => one.blob === blob)) {
      uncommitted.delete(id);
      if (!used.has(content.contentId)) this.#store.contents.delete([content]);
    }
    return { status: 201, headers: written(request, made) };
  }

  list(request: BlobRequest, target: Target): Answer {
    const kind = request.query.get("blocklisttype") ?? "committed";
    const { uncommitted, blobs } = this.#store.tables;
    const id = blobId(target.container, target.name, target.snapshot);
    const blob = blobs.get(id);
    const waiting = uncommitted.where((one) => one.blob === id);
    if (!blob && waiting.length === 0) throw new AzureError("BlobNotFound", "The specified blob does not exist.", 404);
    const committed = kind === "uncommitted" ? [] : (blob?.blocks ?? []);
    const shown = kind === "committed" ? [] : waiting;
    const xml = (blocks: readonly { name: string; content: { sizeBytes: number } }[]) =>
      blocks
        .map(({ name, content }) => `<Block><Name>${escapeXml(name)}</Name><Size>${content.sizeBytes}</Size></Block>`)
        .join("");
    const inside = `<CommittedBlocks>${xml(committed)}</CommittedBlocks><UncommittedBlocks>${xml(shown)}</UncommittedBlocks>`;
    return xmlAnswer(request, xmlDocument("BlockList", undefined, inside), blob ? written(request, blob) : {});
  }

  #before(request: BlobRequest, { container, name }: Target): Blob | undefined {
    this.#store.container(container);
    const before = this.#store.tables.blobs.get(blobId(container, name));
    checkConditions(request, before);
    checkLease(request, before);
    return before;
  }

  /** What came while these bytes were on their way counts. */
  #afterReceiving(request: BlobRequest, target: Target, stored: Stored): Blob | undefined {
    try {
      return this.#before(request, target);
    } catch (error) {
      this.#store.contents.delete([stored]);
      throw error;
    }
  }

  #write(
    request: BlobRequest,
    { container, name }: Target,
    before: Blob | undefined,
    content: Pick<Blob, "sizeBytes" | "contents" | "blocks" | "contentMd5">,
  ): Blob {
    const md5 = header(request, "x-ms-blob-content-md5");
    return this.#store.put({
      id: blobId(container, name),
      container,
      name,
      type: "BlockBlob",
      createdAt: before?.createdAt ?? Date.now(),
      metadata: metadataOf(request),
      tags: tagsOf(request),
      headers: contentHeaders(request),
      ...(md5 === undefined ? {} : { contentMd5: md5 }),
      ...content,
      ...(before?.lease ? { lease: before.lease } : {}),
      sequence: 0,
    });
  }

  /** @throws AzureError Md5Mismatch; nothing is kept then. */
  async #receive(request: BlobRequest) {
    const stored = await this.#store.contents.write(piecesOf(request.request), ["md5"]);
    const md5 = header(request, "content-md5");
    if (md5 === undefined || md5 === stored.sums.md5?.toString("base64")) return stored;
    this.#store.contents.delete([stored]);
    throw new AzureError("Md5Mismatch", "The MD5 value specified in the request did not match what was computed.");
  }
}

async function* piecesOf(request: IncomingMessage): AsyncGenerator<Buffer> {
  try {
    yield* request as AsyncIterable<Buffer>;
  } catch {
    throw new TornConnection();
  }
  if (!request.complete) throw new TornConnection();
}
