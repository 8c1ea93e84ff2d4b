import type { Content } from "../../cloud/contents.ts";
import type { Document, Documents } from "../../cloud/documents.ts";
import type { Tags } from "../state.ts";

export interface Container extends Document {
  readonly createdAt: number;
  readonly modifiedAt: number;
  readonly etag: string;
  readonly metadata: Tags;
}

export interface Lease {
  readonly id: string;
  readonly state: "leased" | "broken";
  /** Undefined: for ever. */
  readonly expiresAt?: number | undefined;
}

export interface Copy {
  readonly id: string;
  readonly source: string;
  readonly status: "pending" | "success" | "failed";
  readonly endedAt?: number;
  readonly totalBytes: number;
  readonly copiedBytes: number;
}

/** A blob or a snapshot of one. Its id is {@link blobId}. */
export interface Blob extends Document {
  readonly container: string;
  readonly name: string;
  /** When it was taken, as Azure writes it: it is the snapshot's name. */
  readonly snapshot?: string;
  readonly type: "PageBlob" | "BlockBlob";
  readonly sizeBytes: number;
  readonly etag: string;
  readonly createdAt: number;
  readonly modifiedAt: number;
  readonly metadata: Tags;
  readonly tags: Tags;
  /** Content-Type and the others that an upload sets. */
  readonly headers: Readonly<Record<string, string>>;
  readonly contentMd5?: string;
  /** A page blob's layer; of a live one the top that is written. */
  readonly pagesId?: string;
  /** A block blob's bytes; its committed blocks by name, where it has some. */
  readonly contents?: readonly Content[];
  readonly blocks?: readonly { readonly name: string; readonly content: Content }[];
  readonly lease?: Lease;
  readonly copy?: Copy;
  readonly sequence: number;
}

/** A block that no list has committed yet. */
export interface Uncommitted extends Document {
  readonly container: string;
  readonly blob: string;
  readonly name: string;
  readonly content: Content;
  readonly at: number;
}

export function blobId(container: string, name: string, snapshot?: string): string {
  return snapshot === undefined ? `${container}/${name}` : `${container}/${name}?snapshot=${snapshot}`;
}

export function blobTables(documents: Documents) {
  return {
    containers: documents.table<Container>("container"),
    blobs: documents.table<Blob>("blob"),
    uncommitted: documents.table<Uncommitted>("block"),
  };
}
export type BlobTables = ReturnType<typeof blobTables>;
