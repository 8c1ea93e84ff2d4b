import type { Stored } from "../../cloud/contents.ts";
import type { Answer } from "../../cloud/http-front.ts";
import { badRequest, GcpError, invalid } from "../errors.ts";
import { text } from "../texts.ts";
import { readJson } from "./bodies.ts";
import { empty, json, type StorageCall, type StorageOperations, type StorageParts } from "./call.ts";
import {
  checkPreconditions,
  findBucket,
  findObject,
  newGeneration,
  type ObjectFacts,
  objectId,
  type StoredObject,
} from "./state.ts";

const pageSize = 1000;
/** https://cloud.google.com/storage/docs/composite-objects */
const componentsAtMost = 32;

/** What a request says of the object that is to be. */
export function factsOf(body: object, contentType?: string): ObjectFacts {
  const given = body as Readonly<Record<string, unknown>>;
  const kept = ["cacheControl", "contentDisposition", "contentEncoding", "contentLanguage"];
  const headers = kept.flatMap((name) => (given[name] === undefined ? [] : [[name, text(given[name])]]));
  return {
    contentType: text(given.contentType, contentType ?? "application/octet-stream"),
    metadata: (given.metadata ?? {}) as Record<string, string>,
    headers: Object.fromEntries(headers),
  };
}

export function describeObject({ cloud }: Pick<StorageParts, "cloud">, object: StoredObject): object {
  const { bucket, name, generation, metageneration, metadata, md5, componentCount } = object;
  const path = `${encodeURIComponent(bucket)}/o/${encodeURIComponent(name)}`;
  return {
    kind: "storage#object",
    id: `${bucket}/${name}/${generation}`,
    selfLink: `${cloud.endpoint}/storage/v1/b/${path}`,
    mediaLink: `${cloud.endpoint}/download/storage/v1/b/${path}?generation=${generation}&alt=media`,
    name,
    bucket,
    generation,
    metageneration: String(metageneration),
    contentType: object.contentType,
    storageClass: "STANDARD",
    size: String(object.sizeBytes),
    crc32c: object.crc32c,
    ...(md5 ? { md5Hash: md5 } : {}),
    ...(componentCount ? { componentCount } : {}),
    ...object.headers,
    etag: etagOf(object),
    timeCreated: new Date(object.createdAt).toISOString(),
    updated: new Date(object.updatedAt).toISOString(),
    ...(Object.keys(metadata).length > 0 ? { metadata } : {}),
  };
}

/** Puts an object in the place of what was there. */
export function putObject(
  { tables, contents }: StorageParts,
  bucket: string,
  name: string,
  object: ObjectFacts & Pick<StoredObject, "contents" | "sizeBytes" | "crc32c" | "md5" | "componentCount">,
): StoredObject {
  const id = objectId(bucket, name);
  const before = tables.objects.get(id);
  const now = Date.now();
  const stored = tables.objects.put({
    ...object,
    id,
    bucket,
    name,
    generation: newGeneration(before),
    metageneration: 1,
    createdAt: now,
    updatedAt: now,
  });
  if (before) contents.delete(before.contents);
  return stored;
}

/** The sums of a piece that is a whole object. */
export function sumsOf({ sums }: Stored): { crc32c: string; md5?: string } {
  const { crc32c, md5 } = sums;
  return { crc32c: crc32c?.toString("base64") ?? "", ...(md5 ? { md5: md5.toString("base64") } : {}) };
}

export function objectOperations(parts: StorageParts): StorageOperations {
  const { tables, contents } = parts;
  const found = ({ bucket, object, query }: StorageCall): StoredObject => {
    const known = findObject(tables, bucket, object);
    checkPreconditions(query, known);
    return known;
  };
  const copy = async (call: StorageCall): Promise<StoredObject> => {
    const source = found({ ...call, query: {} });
    const [, , toBucket = "", , toName = ""] = call.rest;
    findBucket(tables, toBucket);
    checkPreconditions(call.query, tables.objects.get(objectId(toBucket, toName)));
    const body = await readJson(call.request);
    const stored = await contents.write(contents.read(source.contents, 0, source.sizeBytes), ["crc32c", "md5"]);
    const facts = Object.keys(body).length > 0 ? factsOf(body, source.contentType) : source;
    const { contentType, metadata, headers } = facts;
    return putObject(parts, toBucket, toName, {
      contentType,
      metadata,
      headers,
      contents: [stored],
      sizeBytes: stored.sizeBytes,
      ...sumsOf(stored),
    });
  };

  return {
    "objects.list": ({ bucket, query }) => json(listObjects(parts, bucket, query)),
    "objects.get": (call) => {
      const object = found(call);
      return call.query.alt === "media" ? media(parts, object, call) : json(describeObject(parts, object));
    },
    "objects.patch": async (call) => {
      const object = found(call);
      const body = await readJson(call.request);
      const merged = { ...object.metadata, ...((body.metadata ?? {}) as Record<string, string | null>) };
      const metadata = Object.fromEntries(
        Object.entries(merged).filter((entry): entry is [string, string] => entry[1] !== null),
      );
      const { headers } = factsOf({ ...object.headers, ...body });
      const contentType = text(body.contentType, object.contentType);
      const changed = {
        ...object,
        metadata,
        headers,
        contentType,
        metageneration: object.metageneration + 1,
        updatedAt: Date.now(),
      };
      return json(describeObject(parts, tables.objects.put(changed)));
    },
    "objects.delete": (call) => {
      const object = found(call);
      tables.objects.delete(object.id);
      contents.delete(object.contents);
      return empty();
    },
    "objects.compose": async ({ bucket, object: name, query, request }) => {
      findBucket(tables, bucket);
      const body = (await readJson(request)) as {
        sourceObjects?: { name: string; generation?: string | number }[];
        destination?: object;
      };
      const { sourceObjects = [], destination = {} } = body;
      if (sourceObjects.length === 0 || sourceObjects.length > componentsAtMost) {
        throw badRequest(
          `The number of source components provided (${sourceObjects.length}) must be between 1 and ${componentsAtMost}.`,
        );
      }
      const sources = sourceObjects.map((source) => {
        const known = findObject(tables, bucket, source.name);
        if (source.generation !== undefined) checkPreconditions({ generation: String(source.generation) }, known);
        return known;
      });
      checkPreconditions(query, tables.objects.get(objectId(bucket, name)));
      const all = sources.flatMap((source) => source.contents);
      const sizeBytes = sources.reduce((sum, source) => sum + source.sizeBytes, 0);
      const stored = await contents.write(contents.read(all, 0, sizeBytes), ["crc32c"]);
      const componentCount = sources.reduce((sum, source) => sum + (source.componentCount ?? 1), 0);
      const facts = factsOf(destination, sources[0]?.contentType);
      return json(
        describeObject(
          parts,
          putObject(parts, bucket, name, {
            ...facts,
            contents: [stored],
            sizeBytes,
            componentCount,
            ...sumsOf(stored),
          }),
        ),
      );
    },
    "objects.rewrite": async (call) => {
      const object = await copy(call);
      const size = String(object.sizeBytes);
      const resource = describeObject(parts, object);
      return json({
        kind: "storage#rewriteResponse",
        totalBytesRewritten: size,
        objectSize: size,
        done: true,
        resource,
      });
    },
    "objects.copy": async (call) => json(describeObject(parts, await copy(call))),
  };
}

/** https://cloud.google.com/storage/docs/json_api/v1/objects/list: in the order of names; never behind. */
function listObjects(parts: StorageParts, bucket: string, query: Readonly<Record<string, string>>): object {
  const { tables } = parts;
  findBucket(tables, bucket);
  const { prefix = "", delimiter, pageToken, startOffset = "", endOffset, maxResults } = query;
  const size = Math.min(Number(maxResults ?? pageSize), pageSize);
  if (!Number.isInteger(size) || size < 0) throw invalid("maxResults", maxResults, "Must be a number.");
  const after = pageToken === undefined ? undefined : Buffer.from(pageToken, "base64url").toString("utf8");
  const names = tables.objects
    .where((object) => object.bucket === bucket && object.name.startsWith(prefix) && object.name >= startOffset)
    .filter(({ name }) => endOffset === undefined || name < endOffset)
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const items: StoredObject[] = [];
  const prefixes = new Set<string>();
  let last = "";
  let more = false;
  for (const object of names) {
    const cut = delimiter ? object.name.indexOf(delimiter, prefix.length) : -1;
    const key = cut < 0 ? object.name : object.name.slice(0, cut + (delimiter ?? "").length);
    if ((after !== undefined && key <= after) || prefixes.has(key)) continue;
    if (items.length + prefixes.size >= (size || pageSize)) {
      more = true;
      break;
    }
    last = key;
    if (cut < 0) items.push(object);
    else prefixes.add(key);
  }
  return {
    kind: "storage#objects",
    ...(items.length > 0 ? { items: items.map((object) => describeObject(parts, object)) } : {}),
    ...(prefixes.size > 0 ? { prefixes: [...prefixes] } : {}),
    ...(more ? { nextPageToken: Buffer.from(last).toString("base64url") } : {}),
  };
}

function media({ contents }: StorageParts, object: StoredObject, { request }: StorageCall): Answer {
  const { sizeBytes, generation, metageneration, crc32c, md5 } = object;
  const range = rangeOf(request.headers.range, sizeBytes);
  const { start, end } = range ?? { start: 0, end: sizeBytes };
  return {
    status: range ? 206 : 200,
    headers: {
      "content-type": object.contentType,
      "content-length": end - start,
      "accept-ranges": "bytes",
      etag: etagOf(object),
      ...(range ? { "content-range": `bytes ${start}-${end - 1}/${sizeBytes}` } : {}),
      "x-goog-generation": generation,
      "x-goog-metageneration": metageneration,
      "x-goog-stored-content-length": sizeBytes,
      "x-goog-stored-content-encoding": object.headers.contentEncoding ?? "identity",
      "x-goog-hash": `crc32c=${crc32c}${md5 ? `,md5=${md5}` : ""}`,
      ...(object.headers.contentEncoding ? { "content-encoding": object.headers.contentEncoding } : {}),
    },
    body: contents.read(object.contents, start, end),
  };
}

function rangeOf(header: string | undefined, size: number): { start: number; end: number } | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? "");
  if (!match || (match[1] === "" && match[2] === "")) return undefined;
  const start = match[1] === "" ? Math.max(0, size - Number(match[2])) : Number(match[1]);
  const end = match[1] === "" || match[2] === "" ? size : Math.min(size, Number(match[2]) + 1);
  if (start >= end) throw new GcpError(416, "requestedRangeNotSatisfiable", "Request range not satisfiable");
  return { start, end };
}

function etagOf({ generation, metageneration }: StoredObject): string {
  return Buffer.from(`${generation}/${metageneration}`).toString("base64");
}
