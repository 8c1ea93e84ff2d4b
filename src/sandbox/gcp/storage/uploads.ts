import { createHash, randomBytes } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { crc32c } from "../../cloud/checksums.ts";
import type { Content } from "../../cloud/contents.ts";
import { TornConnection } from "../../cloud/faults.ts";
import type { Answer } from "../../cloud/http-front.ts";
import { badRequest, GcpError, required } from "../errors.ts";
import { readJson, readMultipart } from "./bodies.ts";
import { json, type StorageCall, type StorageOperations, type StorageParts } from "./call.ts";
import { describeObject, factsOf, putObject, sumsOf } from "./objects.ts";
import { checkPreconditions, findBucket, objectId, type Upload } from "./state.ts";

/** Pieces but the last are whole multiples of it, and of a torn one whole multiples are kept:
 *  https://cloud.google.com/storage/docs/performing-resumable-uploads */
const quantum = 256 * 1024;
/** https://cloud.google.com/storage/docs/resumable-uploads#session-uris */
const sessionMs = 7 * 24 * 3_600_000;

export function uploadOperations(parts: StorageParts): StorageOperations {
  const { cloud, tables, contents } = parts;

  const simple = async (
    call: StorageCall,
    body: object,
    type: string | undefined,
    pieces: AsyncIterable<Buffer>,
  ): Promise<Answer> => {
    const { bucket, query } = call;
    const name = query.name ?? (body as { name?: string }).name;
    if (!name) throw required("name");
    checkPreconditions(query, tables.objects.get(objectId(bucket, name)));
    const stored = await contents.write(pieces, ["crc32c", "md5"]);
    try {
      checkSums(announcedIn(body), sumsOf(stored));
      // What came while these bytes were on their way counts.
      checkPreconditions(query, tables.objects.get(objectId(bucket, name)));
    } catch (error) {
      contents.delete([stored]);
      throw error;
    }
    const facts = factsOf(body, type);
    return json(
      describeObject(
        parts,
        putObject(parts, bucket, name, {
          ...facts,
          contents: [stored],
          sizeBytes: stored.sizeBytes,
          ...sumsOf(stored),
        }),
      ),
    );
  };

  const begin = async (call: StorageCall): Promise<Answer> => {
    const { bucket, query, request } = call;
    const body = await readJson(request);
    const name = query.name ?? (body.name as string | undefined);
    if (!name) throw required("name");
    checkPreconditions(query, tables.objects.get(objectId(bucket, name)));
    for (const old of tables.uploads.where(({ createdAt }) => Date.now() - createdAt > sessionMs)) drop(old);
    const upload = tables.uploads.put({
      ...factsOf(body, request.headers["x-upload-content-type"]?.toString()),
      id: randomBytes(48).toString("base64url"),
      bucket,
      name,
      createdAt: Date.now(),
      contents: [],
      receivedBytes: 0,
      crc32c: 0,
      preconditions: pick(query, ["ifGenerationMatch", "ifGenerationNotMatch", "ifMetagenerationMatch"]),
      announced: announcedIn(body),
    });
    const location = `${cloud.endpoint}/upload/storage/v1/b/${bucket}/o?uploadType=resumable&upload_id=${upload.id}`;
    return { status: 200, headers: { location, "x-guploader-uploadid": upload.id, "content-length": 0 } };
  };

  const drop = (upload: Upload): void => {
    if (upload.objectId === undefined) contents.delete(upload.contents);
    tables.uploads.delete(upload.id);
  };

  const received = (upload: Upload): Answer => ({
    status: 308,
    headers: {
      "content-length": 0,
      "x-guploader-uploadid": upload.id,
      ...(upload.receivedBytes > 0 ? { range: `bytes=0-${upload.receivedBytes - 1}` } : {}),
    },
  });

  const finish = async (upload: Upload): Promise<Answer> => {
    const { id, bucket, name, receivedBytes, contentType, metadata, headers, announced } = upload;
    checkPreconditions(upload.preconditions, tables.objects.get(objectId(bucket, name)));
    const md5 = createHash("md5");
    for await (const piece of contents.read(upload.contents, 0, receivedBytes)) md5.update(piece);
    const sums = { crc32c: crcText(upload.crc32c), md5: md5.digest("base64") };
    try {
      checkSums(announced, sums);
    } catch (error) {
      drop(upload);
      throw error;
    }
    const facts = { contentType, metadata, headers, contents: upload.contents, sizeBytes: receivedBytes };
    const object = cloud.documents.together(() => {
      const made = putObject(parts, bucket, name, { ...facts, ...sums });
      tables.uploads.change(id, { objectId: made.id });
      return made;
    });
    return json(describeObject(parts, object));
  };

  const put = async ({ query, request }: StorageCall): Promise<Answer> => {
    const upload = tables.uploads.get(query.upload_id ?? "");
    if (!upload) throw new GcpError(404, "notFound", "Not Found: the upload session is not known, or is too old.");
    const range = contentRange(request);
    if (upload.objectId !== undefined) {
      for await (const _ of request) continue;
      const object = tables.objects.get(upload.objectId);
      return object ? json(describeObject(parts, object)) : json({}, 410);
    }
    if (range.start === undefined) {
      if (range.total !== undefined && range.total === upload.receivedBytes) return finish(upload);
      return received(upload);
    }
    if (range.start > upload.receivedBytes) {
      const message = `Invalid request.  According to the Content-Range header, the upload offset is ${range.start} byte(s), which exceeds already uploaded size of ${upload.receivedBytes} byte(s).`;
      throw new GcpError(503, "backendError", message);
    }
    const more = await append(upload, request, range.start, range.total !== undefined);
    if (more.torn) throw new TornConnection();
    const now = tables.uploads.get(upload.id);
    if (!now) throw new GcpError(404, "notFound", "Not Found");
    if (range.total !== undefined && now.receivedBytes >= range.total) return finish(now);
    return received(now);
  };

  /** Keeps what comes from `start` on; what is known already is passed over. */
  const append = async (
    upload: Upload,
    request: IncomingMessage,
    start: number,
    last: boolean,
  ): Promise<{ torn: boolean }> => {
    let torn = false;
    let crc = upload.crc32c;
    let skip = upload.receivedBytes - start;
    const kept = async function* () {
      let pending: Buffer = Buffer.alloc(0);
      try {
        for await (const piece of request as AsyncIterable<Buffer>) {
          const fresh = piece.subarray(Math.min(skip, piece.length));
          skip -= piece.length - fresh.length;
          pending = pending.length === 0 ? fresh : Buffer.concat([pending, fresh]);
          const whole = pending.length - (pending.length % quantum);
          if (whole === 0) continue;
          crc = crc32c(pending.subarray(0, whole), crc);
          yield pending.subarray(0, whole);
          pending = pending.subarray(whole);
        }
      } catch {
        torn = true;
        return;
      }
      if (pending.length === 0 || !last) return;
      crc = crc32c(pending, crc);
      yield pending;
    };
    const stored = await contents.write(kept(), []);
    const piece: Content = { contentId: stored.contentId, sizeBytes: stored.sizeBytes };
    const current = tables.uploads.get(upload.id);
    if (stored.sizeBytes === 0 || current?.receivedBytes !== upload.receivedBytes) {
      // Nothing new, or another call of this session was quicker.
      contents.delete([piece]);
      return { torn };
    }
    tables.uploads.put({
      ...current,
      contents: [...current.contents, piece],
      receivedBytes: current.receivedBytes + piece.sizeBytes,
      crc32c: crc,
    });
    return { torn };
  };

  return {
    "objects.insert": async (call) => {
      findBucket(tables, call.bucket);
      const { uploadType, upload_id } = call.query;
      if (call.request.method === "PUT" || upload_id !== undefined) {
        return call.request.method === "DELETE" ? cancel(call) : put(call);
      }
      switch (uploadType) {
        case "media":
          return simple(call, {}, call.request.headers["content-type"], call.request);
        case "multipart": {
          const { facts, type, data } = await readMultipart(call.request);
          return simple(call, facts, type, pieceOf(data));
        }
        case "resumable":
          return begin(call);
        default:
          throw badRequest(`Invalid upload type: ${uploadType}`);
      }
    },
  };

  /** https://cloud.google.com/storage/docs/performing-resumable-uploads#cancel-upload: success is a 499. */
  function cancel({ query }: StorageCall): Answer {
    const upload = tables.uploads.get(query.upload_id ?? "");
    if (upload) drop(upload);
    return { status: 499, headers: { "content-length": 0 } };
  }
}

async function* pieceOf(data: Buffer): AsyncGenerator<Buffer> {
  if (data.length > 0) yield data;
}

/** Bytes of a total that may be unknown, or only a question how far it came; a missing header means everything. */
function contentRange(request: IncomingMessage): { start?: number; total?: number } {
  const header = request.headers["content-range"];
  if (header === undefined) return { start: 0, total: Number(request.headers["content-length"] ?? 0) };
  const match = /^bytes (?:(\d+)-(\d+|\*)|\*)\/(\d+|\*)$/.exec(header);
  if (!match) throw badRequest("Failed to parse Content-Range header.");
  return {
    ...(match[1] === undefined ? {} : { start: Number(match[1]) }),
    ...(match[3] === "*" ? {} : { total: Number(match[3]) }),
  };
}

function announcedIn(body: object): Upload["announced"] {
  const { crc32c: sum, md5Hash } = body as { crc32c?: string; md5Hash?: string };
  return { ...(sum ? { crc32c: sum } : {}), ...(md5Hash ? { md5: md5Hash } : {}) };
}

function checkSums(announced: Upload["announced"], sums: { crc32c: string; md5?: string }): void {
  const wrong = (name: string, wanted: string, got: string) =>
    new GcpError(400, "invalid", `Provided ${name} hash "${wanted}" doesn't match calculated ${name} hash "${got}".`);
  if (announced.crc32c !== undefined && announced.crc32c !== sums.crc32c)
    throw wrong("CRC32C", announced.crc32c, sums.crc32c);
  if (announced.md5 !== undefined && announced.md5 !== sums.md5) throw wrong("MD5", announced.md5, sums.md5 ?? "");
}

function crcText(value: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes.toString("base64");
}

function pick(from: Readonly<Record<string, string>>, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.flatMap((name) => (from[name] === undefined ? [] : [[name, from[name]]])));
}
