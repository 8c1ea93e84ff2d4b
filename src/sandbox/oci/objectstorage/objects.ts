import type * as storage from "oci-objectstorage";
import { invalid, OciError } from "../errors.ts";
import { type Call, type Operation, operations, type Reply } from "../operation.ts";
import type { Wire } from "../wire.ts";
import { keptHeaders, receive } from "./receive.ts";
import { type Bucket, type ObjectStore, objectId, type StoredObject } from "./store.ts";

const itemsAtMost = 1000;

/** `if-match` and `if-none-match`, against what is there now. */
export function checkConditions({ headers }: Call, known: { readonly etag: string } | undefined): void {
  const { "if-match": match, "if-none-match": noneMatch } = headers;
  const is = (wanted: string) => known !== undefined && (wanted === "*" || wanted === known.etag);
  if (match !== undefined && !is(match)) throw new OciError(412, "IfMatchFailed", "The If-Match header does not hold.");
  if (noneMatch !== undefined && is(noneMatch))
    throw new OciError(412, "IfNoneMatchFailed", "The object already exists, and the request said it must not.");
}

export function objectOperations(store: ObjectStore): Operation[] {
  const operation = operations("objectstorage");
  const bucketPath = "/n/{namespaceName}/b/{bucketName}";
  const path = `${bucketPath}/o/{objectName}`;
  const bucketOf = ({ params }: Call): Bucket => store.bucket(params.namespaceName, params.bucketName);
  const nameOf = ({ params }: Call): string => params.objectName ?? "";

  const facts = (object: StoredObject): Reply["headers"] => ({
    "accept-ranges": "bytes",
    etag: object.etag,
    "last-modified": new Date(object.modifiedAt).toUTCString(),
    [object.multipart ? "opc-multipart-md5" : "content-md5"]: object.md5,
    "storage-tier": "Standard",
    ...object.headers,
  });
  const read = (call: Call): Reply => {
    const object = store.object(bucketOf(call), nameOf(call));
    checkConditions(call, object);
    const range = rangeOf(call.headers.range, object.sizeBytes);
    const { start, end } = range ?? { start: 0, end: object.sizeBytes };
    return {
      status: range ? 206 : 200,
      headers: {
        "content-type": "application/octet-stream",
        ...facts(object),
        "content-length": end - start,
        ...(range && { "content-range": `bytes ${start}-${end - 1}/${object.sizeBytes}` }),
      },
      raw: store.contents.read(object.contents, start, end),
    };
  };

  return [
    operation("PutObject", `PUT ${path}`, { streams: true }, async (call) => {
      const bucket = bucketOf(call);
      const name = nameOf(call);
      if (Buffer.byteLength(name) > 1024)
        throw new OciError(400, "InvalidObjectName", "The object's name is too long.");
      checkConditions(call, store.objects.get(objectId(bucket.id, name)));
      const { stored, md5, headers } = await receive(store.contents, call.request);
      const { contentId, sizeBytes } = stored;
      try {
        // What came while these bytes were on their way counts.
        checkConditions(call, store.objects.get(objectId(bucket.id, name)));
      } catch (error) {
        store.contents.delete([stored]);
        throw error;
      }
      const object = store.put({
        bucket: bucket.id,
        name,
        contents: [{ contentId, sizeBytes }],
        sizeBytes,
        headers: keptHeaders(call.headers),
        md5,
        multipart: false,
      });
      const modified = new Date(object.modifiedAt).toUTCString();
      return { status: 200, headers: { ...headers, etag: object.etag, "last-modified": modified } };
    }),
    operation("GetObject", `GET ${path}`, {}, read),
    operation("HeadObject", `HEAD ${path}`, {}, (call) => {
      const object = store.object(bucketOf(call), nameOf(call));
      checkConditions(call, object);
      return { status: 200, headers: { ...facts(object), "content-length": object.sizeBytes } };
    }),
    operation("DeleteObject", `DELETE ${path}`, {}, (call) => {
      const object = store.object(bucketOf(call), nameOf(call));
      checkConditions(call, object);
      store.delete(object);
      return { headers: { "last-modified": new Date().toUTCString() } };
    }),
    operation("ListObjects", `GET ${bucketPath}/o`, { answers: "ListObjects" }, (call) => {
      const bucket = bucketOf(call);
      const { query } = call;
      const [prefix, start, end] = [query.get("prefix") ?? "", query.get("start"), query.get("end")];
      const [delimiter, startAfter] = [query.get("delimiter"), query.get("startAfter")];
      const limit = Number(query.get("limit") ?? itemsAtMost);
      if (!Number.isInteger(limit) || limit < 1 || limit > itemsAtMost) throw invalid("limit", "must be 1 to 1000");
      if (delimiter !== null && delimiter !== "/") throw invalid("delimiter", "must be /");
      const fields = new Set(["name", ...(query.get("fields") ?? "name").toLowerCase().split(",")]);
      const all = store.objects
        .where(({ bucket: of, name }) => of === bucket.id && name.startsWith(prefix))
        .filter(({ name }) => (start === null || name >= start) && (end === null || name < end))
        .filter(({ name }) => startAfter === null || name > startAfter)
        .sort((a, b) => (a.name < b.name ? -1 : 1));
      const objects: Wire<storage.models.ObjectSummary>[] = [];
      const prefixes: string[] = [];
      let nextStartWith: string | undefined;
      for (const object of all) {
        const cut = delimiter === null ? -1 : object.name.indexOf(delimiter, prefix.length);
        const folder = cut < 0 ? undefined : object.name.slice(0, cut + 1);
        if (folder !== undefined && prefixes.includes(folder)) continue;
        if (objects.length + prefixes.length === limit) {
          nextStartWith = object.name;
          break;
        }
        if (folder === undefined) objects.push(summary(object, fields));
        else prefixes.push(folder);
      }
      const body: Wire<storage.models.ListObjects> = {
        objects,
        ...(delimiter !== null && { prefixes }),
        ...(nextStartWith !== undefined && { nextStartWith }),
      };
      return { body };
    }),
  ];
}

/** Only what is asked for, and the name. */
function summary(object: StoredObject, fields: ReadonlySet<string>): Wire<storage.models.ObjectSummary> {
  return {
    name: object.name,
    ...(fields.has("size") && { size: object.sizeBytes }),
    ...(fields.has("md5") && { md5: object.md5 }),
    ...(fields.has("etag") && { etag: object.etag }),
    ...(fields.has("timecreated") && { timeCreated: new Date(object.createdAt) }),
    ...(fields.has("timemodified") && { timeModified: new Date(object.modifiedAt) }),
    ...(fields.has("storagetier") && { storageTier: "Standard" as const }),
  };
}

/** One range, as RFC 7233 has it. */
function rangeOf(text: string | undefined, size: number): { start: number; end: number } | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(text ?? "");
  if (!match || (match[1] === "" && match[2] === "")) return undefined;
  const [, first = "", last = ""] = match;
  const start = first === "" ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === "" || last === "" ? size : Math.min(size, Number(last) + 1);
  if (start >= size || start >= end)
    throw new OciError(416, "InvalidRange", `The range ${text} lies outside the object.`);
  return { start, end };
}
