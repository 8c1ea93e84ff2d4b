import { createHash, randomUUID } from "node:crypto";
import type * as storage from "oci-objectstorage";
import { invalid, OciError } from "../errors.ts";
import { type Call, type Operation, operations } from "../operation.ts";
import type { Registry } from "../registry.ts";
import type { Wire } from "../wire.ts";
import { checkConditions } from "./objects.ts";
import { receive } from "./receive.ts";
import { type ObjectStore, objectId, type Part, type Upload } from "./store.ts";

/** https://docs.oracle.com/en-us/iaas/Content/Object/Tasks/usingmultipartuploads.htm */
const partNumberMost = 10_000;

export function multipartOperations(registry: Registry, store: ObjectStore): Operation[] {
  const operation = operations("objectstorage");
  const { namespace } = registry.cloud.tenancy;
  const uploadsPath = "/n/{namespaceName}/b/{bucketName}/u";
  const path = `${uploadsPath}/{objectName}`;

  const find = ({ params, query }: Call): Upload => {
    const bucket = store.bucket(params.namespaceName, params.bucketName);
    const upload = store.uploads.get(query.get("uploadId") ?? "");
    if (upload && upload.bucket === bucket.id && upload.object === params.objectName) return upload;
    throw new OciError(404, "NoSuchUpload", `There is no upload ${query.get("uploadId")} of '${params.objectName}'.`);
  };
  const describe = (upload: Upload): Wire<storage.models.MultipartUpload> => ({
    namespace,
    bucket: upload.bucket,
    object: upload.object,
    uploadId: upload.id,
    timeCreated: new Date(upload.createdAt),
    storageTier: "Standard",
  });

  return [
    operation(
      "CreateMultipartUpload",
      `POST ${uploadsPath}`,
      { takes: "CreateMultipartUploadDetails", answers: "MultipartUpload" },
      (call) => {
        const bucket = store.bucket(call.params.namespaceName, call.params.bucketName);
        const details = call.json<Wire<storage.models.CreateMultipartUploadDetails>>();
        checkConditions(call, store.objects.get(objectId(bucket.id, details.object)));
        const { contentType, contentLanguage, contentEncoding, contentDisposition, cacheControl, metadata } = details;
        const headers = {
          "content-type": contentType,
          "content-language": contentLanguage,
          "content-encoding": contentEncoding,
          "content-disposition": contentDisposition,
          "cache-control": cacheControl,
          ...metadata,
        };
        const upload = store.uploads.put({
          id: randomUUID(),
          bucket: bucket.id,
          object: details.object,
          headers: Object.fromEntries(
            Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
          ),
          createdAt: Date.now(),
          parts: [],
        });
        return { body: describe(upload) };
      },
    ),
    operation("ListMultipartUploads", `GET ${uploadsPath}`, { answers: "MultipartUpload[]" }, (call) => {
      const bucket = store.bucket(call.params.namespaceName, call.params.bucketName);
      const own = store.uploads.where((upload) => upload.bucket === bucket.id);
      const { items, headers } = registry.page(call, own, ({ id }) => id);
      return { body: items.map(describe), headers };
    }),
    operation("UploadPart", `PUT ${path}`, { streams: true }, async (call) => {
      const { id } = find(call);
      const number = Number(call.query.get("uploadPartNum"));
      if (!Number.isInteger(number) || number < 1 || number > partNumberMost)
        throw invalid("uploadPartNum", `must be between 1 and ${partNumberMost}`);
      const { stored, md5, headers } = await receive(store.contents, call.request);
      const now = store.uploads.get(id);
      // Committed or aborted while the bytes came in.
      if (!now) {
        store.contents.delete([stored]);
        find(call);
        return {};
      }
      const { contentId, sizeBytes } = stored;
      const part: Part = { number, etag: randomUUID(), md5, contentId, sizeBytes };
      const old = now.parts.filter((other) => other.number === number);
      const others = now.parts.filter((other) => other.number !== number);
      store.uploads.put({ ...now, parts: [...others, part].sort((a, b) => a.number - b.number) });
      store.contents.delete(old);
      return { status: 200, headers: { ...headers, etag: part.etag } };
    }),
    operation("ListMultipartUploadParts", `GET ${path}`, { answers: "MultipartUploadPartSummary[]" }, (call) => {
      const upload = find(call);
      const { items, headers } = registry.page(call, upload.parts, ({ number }) => String(number));
      const body = items.map(
        ({ number, etag, md5, sizeBytes }): Wire<storage.models.MultipartUploadPartSummary> => ({
          partNumber: number,
          etag,
          md5,
          size: sizeBytes,
        }),
      );
      return { body, headers };
    }),
    operation("CommitMultipartUpload", `POST ${path}`, { takes: "CommitMultipartUploadDetails" }, (call) => {
      const upload = find(call);
      const { partsToCommit, partsToExclude = [] } = call.json<Wire<storage.models.CommitMultipartUploadDetails>>();
      checkConditions(call, store.objects.get(objectId(upload.bucket, upload.object)));
      const parts = chosen(upload, partsToCommit);
      const left = upload.parts.filter((part) => !parts.includes(part));
      // Every part that was sent is either committed or given up by name.
      const forgotten = left.find(({ number }) => !partsToExclude.includes(number));
      if (forgotten)
        throw new OciError(400, "InvalidUploadPart", `The part ${forgotten.number} is neither committed nor excluded.`);
      const md5 = createHash("md5");
      for (const part of parts) md5.update(Buffer.from(part.md5, "base64"));
      const multipartMd5 = `${md5.digest("base64")}-${parts.length}`;
      const object = store.put({
        bucket: upload.bucket,
        name: upload.object,
        contents: parts.map(({ contentId, sizeBytes }) => ({ contentId, sizeBytes })),
        sizeBytes: parts.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
        headers: upload.headers,
        md5: multipartMd5,
        multipart: true,
      });
      store.uploads.delete(upload.id);
      store.contents.delete(left);
      return {
        status: 200,
        headers: {
          etag: object.etag,
          "opc-multipart-md5": multipartMd5,
          "last-modified": new Date(object.modifiedAt).toUTCString(),
        },
      };
    }),
    operation("AbortMultipartUpload", `DELETE ${path}`, {}, (call) => {
      const upload = find(call);
      store.uploads.delete(upload.id);
      store.contents.delete(upload.parts);
      return {};
    }),
  ];
}

/** In ascending order of their numbers, however they were named. @throws OciError InvalidUploadPart. */
function chosen({ parts }: Upload, wanted: readonly { readonly partNum: number; readonly etag: string }[]): Part[] {
  if (wanted.length === 0) throw new OciError(400, "InvalidUploadPart", "There must be at least one part to commit.");
  return [...wanted]
    .sort((a, b) => a.partNum - b.partNum)
    .map(({ partNum, etag }) => {
      const part = parts.find(({ number }) => number === partNum);
      if (part?.etag === etag) return part;
      throw new OciError(400, "InvalidUploadPart", `The part ${partNum} with the entity tag ${etag} was not uploaded.`);
    });
}
