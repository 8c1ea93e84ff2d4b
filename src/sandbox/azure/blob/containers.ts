import type { Answer } from "../../cloud/http-front.ts";
import { escapeXml, xmlElement } from "../../cloud/xml.ts";
import { AzureError } from "../errors.ts";
import { activeLease } from "./conditions.ts";
import { copyFacts, metadataOf } from "./facts.ts";
import { type BlobRequest, commonHeaders, xmlAnswer } from "./request.ts";
import type { Blob, Container } from "./state.ts";
import { type BlobStore, newBlobEtag } from "./store.ts";

const pageAtMost = 5_000;
const namePattern = /^(?!.*--)[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/;

/** Calls on containers, and the lists: https://learn.microsoft.com/rest/api/storageservices/list-blobs */
export class Containers {
  readonly #store: BlobStore;

  constructor(store: BlobStore) {
    this.#store = store;
  }

  create(request: BlobRequest, name: string): Answer {
    if (!namePattern.test(name)) throw new AzureError("InvalidResourceName", "The specified resource name is invalid.");
    const { containers } = this.#store.tables;
    if (containers.has(name))
      throw new AzureError("ContainerAlreadyExists", "The specified container already exists.", 409);
    const now = Date.now();
    const metadata = metadataOf(request);
    const made = containers.put({ id: name, createdAt: now, modifiedAt: now, etag: newBlobEtag(), metadata });
    return { status: 201, headers: facts(request, made) };
  }

  properties(request: BlobRequest, name: string): Answer {
    const container = this.#store.container(name);
    const metadata = Object.entries(container.metadata).map(([key, value]) => [`x-ms-meta-${key}`, value]);
    const lease = { "x-ms-lease-status": "unlocked", "x-ms-lease-state": "available" };
    return { status: 200, headers: { ...facts(request, container), ...lease, ...Object.fromEntries(metadata) } };
  }

  setMetadata(request: BlobRequest, name: string): Answer {
    const container = this.#store.container(name);
    const fields = { metadata: metadataOf(request), modifiedAt: Date.now(), etag: newBlobEtag() };
    return { status: 200, headers: facts(request, this.#store.tables.containers.put({ ...container, ...fields })) };
  }

  delete(request: BlobRequest, name: string): Answer {
    this.#store.container(name);
    const { blobs, containers, uncommitted } = this.#store.tables;
    this.#store.cloud.documents.together(() => {
      for (const blob of blobs.where(({ container }) => container === name)) this.#store.delete(blob);
      for (const { id, content } of uncommitted.where(({ container }) => container === name)) {
        uncommitted.delete(id);
        this.#store.contents.delete([content]);
      }
      containers.delete(name);
    });
    return { status: 202, headers: commonHeaders(request) };
  }

  list(request: BlobRequest): Answer {
    const { prefix, most, after } = window(request);
    const all = [...this.#store.tables.containers.values()]
      .filter(({ id }) => id.startsWith(prefix) && id > after)
      .sort((a, b) => (a.id < b.id ? -1 : 1));
    const withMetadata = (request.query.get("include") ?? "").includes("metadata");
    const shown = all.slice(0, most).map(({ id, modifiedAt, etag, metadata }) => {
      const properties = `<Properties>${xmlElement("Last-Modified", new Date(modifiedAt).toUTCString())}${xmlElement("Etag", etag)}<LeaseStatus>unlocked</LeaseStatus><LeaseState>available</LeaseState></Properties>`;
      return `<Container>${xmlElement("Name", id)}${properties}${withMetadata ? metadataXml(metadata) : ""}</Container>`;
    });
    const next = all.length > most ? (all[most - 1]?.id ?? "") : "";
    return this.#page(request, "", `<Containers>${shown.join("")}</Containers>`, next);
  }

  listBlobs(request: BlobRequest, container: string): Answer {
    this.#store.container(container);
    const { prefix, most, after } = window(request);
    const include = new Set((request.query.get("include") ?? "").split(","));
    const delimiter = request.query.get("delimiter") ?? "";
    const all = this.#store.tables.blobs
      .where((one) => one.container === container && one.name.startsWith(prefix))
      .filter(({ snapshot }) => snapshot === undefined || include.has("snapshots"))
      .sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
      .filter((one) => keyOf(one) > after);
    const shown: string[] = [];
    const folders = new Set<string>();
    let last = "";
    let more = false;
    for (const blob of all) {
      const cut = delimiter === "" ? -1 : blob.name.indexOf(delimiter, prefix.length);
      const folder = cut < 0 ? undefined : blob.name.slice(0, cut + delimiter.length);
      if (folder !== undefined && (folders.has(folder) || after.startsWith(folder))) continue;
      if (shown.length >= most) {
        more = true;
        break;
      }
      last = keyOf(blob);
      if (folder === undefined) shown.push(blobXml(blob, include));
      else {
        folders.add(folder);
        shown.push(`<BlobPrefix>${xmlElement("Name", folder)}</BlobPrefix>`);
      }
    }
    return this.#page(request, ` ContainerName="${container}"`, `<Blobs>${shown.join("")}</Blobs>`, more ? last : "");
  }

  #page(request: BlobRequest, attribute: string, inside: string, next: string): Answer {
    const marker = next === "" ? "" : Buffer.from(next).toString("base64url");
    const service = `ServiceEndpoint="https://${request.host}/"${attribute}`;
    const body = `<?xml version="1.0" encoding="utf-8"?><EnumerationResults ${service}>${inside}<NextMarker>${marker}</NextMarker></EnumerationResults>`;
    return xmlAnswer(request, body);
  }
}

/** Snapshots come before the blob that they are of. */
function keyOf({ name, snapshot }: Blob): string {
  return `${name}\u0001${snapshot ?? "\u007f"}`;
}

function window({ query }: BlobRequest): { prefix: string; most: number; after: string } {
  const most = Math.min(pageAtMost, Number(query.get("maxresults") ?? pageAtMost));
  const marker = query.get("marker") ?? "";
  return { prefix: query.get("prefix") ?? "", most, after: Buffer.from(marker, "base64url").toString("utf8") };
}

function facts(request: BlobRequest, { etag, modifiedAt }: Container): Record<string, string> {
  return { ...commonHeaders(request), etag, "last-modified": new Date(modifiedAt).toUTCString() };
}

function blobXml(blob: Blob, include: ReadonlySet<string>): string {
  const copy = blob.copy && include.has("copy") ? copyFacts(blob.copy) : {};
  const copied = [
    ["CopyId", "x-ms-copy-id"],
    ["CopySource", "x-ms-copy-source"],
    ["CopyStatus", "x-ms-copy-status"],
    ["CopyProgress", "x-ms-copy-progress"],
    ["CopyCompletionTime", "x-ms-copy-completion-time"],
  ].map(([name = "", header = ""]) => (copy[header] === undefined ? "" : xmlElement(name, copy[header])));
  const properties = [
    xmlElement("Creation-Time", new Date(blob.createdAt).toUTCString()),
    xmlElement("Last-Modified", new Date(blob.modifiedAt).toUTCString()),
    xmlElement("Etag", blob.etag),
    xmlElement("Content-Length", String(blob.sizeBytes)),
    xmlElement("Content-Type", blob.headers["content-type"] ?? "application/octet-stream"),
    ...(blob.contentMd5 === undefined ? [] : [xmlElement("Content-MD5", blob.contentMd5)]),
    ...(blob.type === "PageBlob" ? [xmlElement("x-ms-blob-sequence-number", String(blob.sequence))] : []),
    xmlElement("BlobType", blob.type),
    xmlElement("LeaseStatus", activeLease(blob.lease) ? "locked" : "unlocked"),
    xmlElement("LeaseState", activeLease(blob.lease) ? "leased" : (blob.lease?.state ?? "available")),
    xmlElement("ServerEncrypted", "true"),
    ...copied,
  ];
  return [
    "<Blob>",
    xmlElement("Name", blob.name),
    blob.snapshot === undefined ? "" : xmlElement("Snapshot", blob.snapshot),
    `<Properties>${properties.join("")}</Properties>`,
    include.has("metadata") ? metadataXml(blob.metadata) : "",
    include.has("tags") ? tagsXml(blob.tags) : "",
    "</Blob>",
  ].join("");
}

function metadataXml(metadata: Blob["metadata"]): string {
  const entries = Object.entries(metadata).map(([name, value]) => `<${name}>${escapeXml(value)}</${name}>`);
  return `<Metadata>${entries.join("")}</Metadata>`;
}

function tagsXml(tags: Blob["tags"]): string {
  const entries = Object.entries(tags).map(
    ([key, value]) => `<Tag>${xmlElement("Key", key)}${xmlElement("Value", value)}</Tag>`,
  );
  return entries.length === 0 ? "" : `<Tags><TagSet>${entries.join("")}</TagSet></Tags>`;
}
