import { activeLease } from "./conditions.ts";
import { type BlobRequest, commonHeaders, header } from "./request.ts";
import type { Blob, Copy, Lease } from "./state.ts";

const settable = ["content-type", "content-encoding", "content-language", "content-disposition", "cache-control"];
export const binary = "application/octet-stream";

/** What an upload says of its content: `x-ms-blob-content-type` and its like. */
export function contentHeaders(request: BlobRequest): Record<string, string> {
  return Object.fromEntries(
    settable.flatMap((name) => {
      const value = header(request, `x-ms-blob-${name}`);
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

export function metadataOf(request: BlobRequest): Record<string, string> {
  const prefix = "x-ms-meta-";
  return Object.fromEntries(
    Object.entries(request.request.headers)
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, value]) => [name.slice(prefix.length), String(value)]),
  );
}

/** Headers of an answer to a write. */
export function written(request: BlobRequest, { etag, modifiedAt, sequence, type }: Blob): Record<string, string> {
  return {
    ...commonHeaders(request),
    etag,
    "last-modified": new Date(modifiedAt).toUTCString(),
    "x-ms-request-server-encrypted": "true",
    ...(type === "PageBlob" ? { "x-ms-blob-sequence-number": String(sequence) } : {}),
  };
}

/** Headers that say what a blob is. */
export function factsOf(request: BlobRequest, blob: Blob): Record<string, string> {
  const metadata = Object.entries(blob.metadata).map(([name, value]) => [`x-ms-meta-${name}`, value]);
  return {
    ...commonHeaders(request),
    "content-type": binary,
    ...blob.headers,
    ...Object.fromEntries(metadata),
    ...(blob.contentMd5 === undefined ? {} : { "content-md5": blob.contentMd5 }),
    "accept-ranges": "bytes",
    etag: blob.etag,
    "last-modified": new Date(blob.modifiedAt).toUTCString(),
    "x-ms-creation-time": new Date(blob.createdAt).toUTCString(),
    "x-ms-blob-type": blob.type,
    "x-ms-server-encrypted": "true",
    ...(blob.type === "PageBlob" ? { "x-ms-blob-sequence-number": String(blob.sequence) } : {}),
    ...(Object.keys(blob.tags).length > 0 ? { "x-ms-tag-count": String(Object.keys(blob.tags).length) } : {}),
    ...leaseFacts(blob.lease),
    ...(blob.copy ? copyFacts(blob.copy) : {}),
  };
}

export function leaseFacts(lease: Lease | undefined): Record<string, string> {
  const active = activeLease(lease);
  if (active) {
    const duration = active.expiresAt === undefined ? "infinite" : "fixed";
    return { "x-ms-lease-status": "locked", "x-ms-lease-state": "leased", "x-ms-lease-duration": duration };
  }
  const state = lease?.state === "broken" ? "broken" : lease ? "expired" : "available";
  return { "x-ms-lease-status": "unlocked", "x-ms-lease-state": state };
}

export function copyFacts(copy: Copy): Record<string, string> {
  return {
    "x-ms-copy-id": copy.id,
    "x-ms-copy-source": copy.source,
    "x-ms-copy-status": copy.status,
    "x-ms-copy-progress": `${copy.copiedBytes}/${copy.totalBytes}`,
    ...(copy.endedAt === undefined ? {} : { "x-ms-copy-completion-time": new Date(copy.endedAt).toUTCString() }),
  };
}
