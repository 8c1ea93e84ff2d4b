import { createHash } from "node:crypto";
import { blockBuffers, blockBytes } from "../../cloud/disks/layer-reader.ts";
import type { Answer } from "../../cloud/http-front.ts";
import type { AzureCloud } from "../cloud.ts";
import type { Grants } from "../disks/grants.ts";
import { fixedFooter, footerBytes } from "../disks/vhd.ts";
import { AzureError } from "../errors.ts";
import type { Disk, DiskBytes, Grant, Vm } from "../state.ts";
import { writePages } from "./page-writes.ts";
import { type BlobRequest, type ByteRange, commonHeaders, header, pageListXml, rangeOf, xmlAnswer } from "./request.ts";

const md5AtMost = 4 * 2 ** 20;
const binary = "application/octet-stream";
/** Of the changes between two snapshots. */
const comparedBytes = 4096;
const zeros = Buffer.alloc(comparedBytes);

/**
 * The page blobs that managed disks and snapshots show under their shared access signatures: fixed VHDs
 * (https://learn.microsoft.com/azure/virtual-machines/linux/disks-upload-vhd-to-managed-disk-cli), and the serial logs
 * of VMs.
 */
export class ManagedBlobs {
  readonly #cloud: AzureCloud;
  readonly #grants: Grants;

  constructor(cloud: AzureCloud, grants: Grants) {
    this.#cloud = cloud;
    this.#grants = grants;
  }

  /** The call's name and what it does. */
  route(request: BlobRequest): { operation: string; run: () => Promise<Answer> } {
    const comp = request.query.get("comp");
    switch (`${request.method} ${comp ?? ""}`) {
      case "HEAD ":
        return { operation: "GetBlobProperties", run: async () => this.#properties(request, this.#grant(request)) };
      case "GET ":
        return { operation: "GetBlob", run: () => this.#read(request, this.#grant(request)) };
      case "GET pagelist": {
        const operation = header(request, "x-ms-previous-snapshot-url") ? "GetPageRangesDiff" : "GetPageRanges";
        return { operation, run: () => this.#ranges(request, this.#grant(request)) };
      }
      case "PUT page": {
        const operation = header(request, "x-ms-page-write") === "clear" ? "ClearPages" : "PutPage";
        return { operation, run: () => this.#write(request, this.#grant(request)) };
      }
      default:
        return { operation: "Unknown", run: async () => Promise.reject(notSupported()) };
    }
  }

  #grant({ host, path, query }: BlobRequest): Grant {
    return this.#grants.find(`${host}${path}`, query);
  }

  #bytes(grant: Grant): DiskBytes {
    const disk = this.#cloud.tables.resources.get(grant.resourceId) as Disk | undefined;
    const bytes = disk && this.#cloud.tables.bytes.get(disk.facts.diskId);
    if (!bytes) throw new AzureError("BlobNotFound", "The specified blob does not exist.", 404);
    return bytes;
  }

  #properties(request: BlobRequest, grant: Grant): Answer {
    if (grant.access === "Log") {
      const log = this.#log(grant);
      const headers = {
        ...facts(request, grant, log.length),
        "content-length": log.length,
        "content-type": "text/plain",
      };
      return { status: 200, headers: { ...headers, "x-ms-blob-type": "AppendBlob" } };
    }
    const total = this.#bytes(grant).sizeBytes + footerBytes;
    return {
      status: 200,
      headers: { ...facts(request, grant, total), "content-length": total, "content-type": binary },
    };
  }

  async #read(request: BlobRequest, grant: Grant): Promise<Answer> {
    if (grant.access === "Log") return ranged(request, grant, this.#log(grant));
    const bytes = this.#bytes(grant);
    const total = bytes.sizeBytes + footerBytes;
    const range = rangeOf(request, total);
    const { start, end } = range ?? { start: 0, end: total };
    const pieces =
      bytes.pagesId === undefined ? this.#data(bytes, grant, start, end) : this.#pages(bytes.pagesId, start, end);
    const headers: Record<string, string | number> = {
      ...facts(request, grant, total),
      "content-length": end - start,
      "content-type": binary,
      ...(range ? { "content-range": `bytes ${start}-${end - 1}/${total}` } : {}),
    };
    const status = range ? 206 : 200;
    if (header(request, "x-ms-range-get-content-md5") !== "true") return { status, headers, body: pieces };
    if (end - start > md5AtMost)
      throw new AzureError("OutOfRangeInput", "A range with a checksum can have at most 4 MiB.");
    const whole: Buffer[] = [];
    for await (const piece of pieces) whole.push(Buffer.from(piece));
    const body = Buffer.concat(whole);
    return { status, headers: { ...headers, "content-md5": createHash("md5").update(body).digest("base64") }, body };
  }

  /** A managed disk's blob to be copied: what there is of it, and the footer. */
  whole(grant: Grant): { sizeBytes: number; pieces: () => AsyncIterable<{ at: number; piece: Buffer }> } {
    const bytes = this.#bytes(grant);
    return { sizeBytes: bytes.sizeBytes + footerBytes, pieces: () => this.#held(bytes, grant) };
  }

  async *#held(bytes: DiskBytes, grant: Grant): AsyncGenerator<{ at: number; piece: Buffer }> {
    const { sizeBytes } = bytes;
    for (const index of await this.#cloud.disks.blocks(grant.layerId ?? "")) {
      const at = index * blockBytes;
      for await (const piece of this.#data(bytes, grant, at, Math.min(at + blockBytes, sizeBytes))) yield { at, piece };
    }
    yield { at: sizeBytes, piece: fixedFooter(sizeBytes, bytes.uniqueId) };
  }

  async *#data(bytes: DiskBytes, { layerId = "" }: Grant, start: number, end: number): AsyncGenerator<Buffer> {
    const { sizeBytes, uniqueId } = bytes;
    for (let at = start; at < Math.min(end, sizeBytes); ) {
      const index = Math.floor(at / blockBytes);
      const stop = Math.min(end, sizeBytes, (index + 1) * blockBytes);
      const { data } = await this.#cloud.disks.read(layerId, index);
      // A copy: the buffer is used again while the piece may still be on its way.
      const piece = Buffer.from(data.subarray(at - index * blockBytes, stop - index * blockBytes));
      blockBuffers.give(data);
      yield piece;
      at = stop;
    }
    if (end > sizeBytes)
      yield fixedFooter(sizeBytes, uniqueId).subarray(Math.max(0, start - sizeBytes), end - sizeBytes);
  }

  async *#pages(pagesId: string, start: number, end: number): AsyncGenerator<Buffer> {
    for (let at = start; at < end; at += blockBytes)
      yield await this.#cloud.pages.read(pagesId, at, Math.min(blockBytes, end - at));
  }

  async #ranges(request: BlobRequest, grant: Grant): Promise<Answer> {
    const bytes = this.#bytes(grant);
    const total = bytes.sizeBytes + footerBytes;
    const window = rangeOf(request, total) ?? { start: 0, end: total };
    const runs =
      bytes.pagesId === undefined
        ? await this.#diskRanges(request, bytes, grant, window)
        : this.#cloud.pages.ranges(bytes.pagesId, window.start, window.end);
    return xmlAnswer(request, pageListXml(request, runs), facts(request, grant, total));
  }

  /** What is there comes in blocks of the disk store, what differs in pieces that were compared. */
  async #diskRanges(request: BlobRequest, bytes: DiskBytes, { layerId = "" }: Grant, window: ByteRange) {
    const { disks } = this.#cloud;
    const url = header(request, "x-ms-previous-snapshot-url");
    const { sizeBytes } = bytes;
    const runs: (ByteRange & { cleared: boolean })[] = [];
    const add = (start: number, end: number, cleared: boolean): void => {
      const [from, to] = [Math.max(start, window.start), Math.min(end, window.end)];
      if (to <= from) return;
      const last = runs.at(-1);
      if (last && last.end === from && last.cleared === cleared) runs[runs.length - 1] = { ...last, end: to };
      else runs.push({ start: from, end: to, cleared });
    };
    const older = url === undefined ? undefined : this.#older(bytes, url);
    const blocks = older === undefined ? await disks.blocks(layerId) : await this.#changed(layerId, older);
    for (const index of blocks) {
      const [start, end] = [index * blockBytes, Math.min((index + 1) * blockBytes, sizeBytes)];
      if (end <= window.start || start >= window.end) continue;
      if (older === undefined) {
        add(start, end, false);
        continue;
      }
      const [{ data }, { data: before }] = await Promise.all([disks.read(layerId, index), disks.read(older, index)]);
      for (let at = 0; at < end - start; at += comparedBytes) {
        const piece = data.subarray(at, at + comparedBytes);
        if (piece.equals(before.subarray(at, at + comparedBytes))) continue;
        add(start + at, start + at + comparedBytes, piece.equals(zeros));
      }
      blockBuffers.give(data);
      blockBuffers.give(before);
    }
    if (url === undefined) add(sizeBytes, sizeBytes + footerBytes, false);
    return runs;
  }

  async #changed(layerId: string, older: string): Promise<Uint32Array> {
    const changed = await this.#cloud.disks.changed(older, layerId);
    if (changed) return changed;
    throw unrelated();
  }

  /** What the URL of an earlier snapshot shows. */
  #older(bytes: DiskBytes, url: string): string {
    const grant = this.#grants.findUrl(url);
    const before = this.#bytes(grant);
    const related = before.lineage === bytes.lineage && before.sizeBytes === bytes.sizeBytes;
    if (!related || grant.layerId === undefined) throw unrelated();
    return grant.layerId;
  }

  async #write(request: BlobRequest, grant: Grant): Promise<Answer> {
    const bytes = this.#bytes(grant);
    if (grant.access !== "Write" || bytes.pagesId === undefined) {
      throw new AzureError(
        "AuthorizationPermissionMismatch",
        "This request is not authorized to perform this operation using this permission.",
        403,
      );
    }
    await writePages(this.#cloud.pages, bytes.pagesId, bytes.sizeBytes + footerBytes, request);
    return { status: 201, headers: facts(request, grant, 0) };
  }

  #log({ resourceId }: Grant): Buffer {
    const vm = this.#cloud.tables.resources.get(resourceId) as Vm | undefined;
    return vm ? this.#cloud.guests.console(vm.facts.guestId) : Buffer.alloc(0);
  }
}

function facts(request: BlobRequest, { id }: Grant, sizeBytes: number): Record<string, string> {
  return {
    ...commonHeaders(request),
    "accept-ranges": "bytes",
    etag: `"0x${createHash("sha256").update(id).digest("hex").slice(0, 15).toUpperCase()}"`,
    "last-modified": new Date().toUTCString(),
    "x-ms-blob-type": "PageBlob",
    "x-ms-blob-sequence-number": "0",
    "x-ms-blob-content-length": String(sizeBytes),
    "x-ms-lease-status": "unlocked",
    "x-ms-lease-state": "available",
    "x-ms-server-encrypted": "true",
  };
}

function ranged(request: BlobRequest, grant: Grant, whole: Buffer): Answer {
  const headers = {
    ...facts(request, grant, whole.length),
    "content-type": "text/plain",
    "x-ms-blob-type": "AppendBlob",
  };
  if (whole.length === 0) return { status: 200, headers };
  const range = rangeOf(request, whole.length);
  if (!range) return { status: 200, headers, body: whole };
  const body = whole.subarray(range.start, range.end);
  const contentRange = `bytes ${range.start}-${range.end - 1}/${whole.length}`;
  return {
    status: 206,
    headers: { ...headers, "content-length": String(body.length), "content-range": contentRange },
    body,
  };
}

function unrelated(): AzureError {
  return new AzureError("PreviousSnapshotNotFound", "The previous snapshot is not one of the same disk and size.", 409);
}

function notSupported(): AzureError {
  return new AzureError("UnsupportedHttpVerb", "A managed disk's blob takes no such request.", 405);
}
