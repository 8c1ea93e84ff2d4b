import type { IncomingMessage } from "node:http";
import { join } from "node:path";
import { ContentStore } from "../../cloud/contents.ts";
import type { Answer } from "../../cloud/http-front.ts";
import type { GcpCloud } from "../cloud.ts";
import type { Archive } from "../compute/images.ts";
import { GcpError } from "../errors.ts";
import { perform } from "../perform.ts";
import { bucketOperations } from "./buckets.ts";
import type { StorageOperations, StorageParts } from "./call.ts";
import { objectOperations } from "./objects.ts";
import { objectId, type StorageTables, storageTablesOf } from "./state.ts";
import { uploadOperations } from "./uploads.ts";

export const storagePrefix = /^\/((?:upload\/|download\/)?)storage\/v1\//;
/** Made beside what a new project has, for archives that become images. */
export const imageBucket = "novacron-sandbox-images";

/** Cloud Storage's JSON API on the wire. */
export class Storage {
  readonly tables: StorageTables;
  readonly #parts: StorageParts;
  readonly #calls: StorageOperations;

  constructor(cloud: GcpCloud) {
    this.tables = storageTablesOf(cloud.documents);
    const { buckets, objects, uploads } = this.tables;
    const known = [...objects.values(), ...uploads.values()].flatMap(({ contents }) => contents);
    const contents = new ContentStore(
      join(cloud.parts.dir, "objects"),
      known.map(({ contentId }) => contentId),
    );
    this.#parts = { cloud, tables: this.tables, contents };
    this.#calls = {
      ...bucketOperations(this.#parts),
      ...objectOperations(this.#parts),
      ...uploadOperations(this.#parts),
    };
    if (buckets.has(imageBucket)) return;
    const now = Date.now();
    const times = { createdAt: now, updatedAt: now, metageneration: 1 };
    buckets.put({
      id: imageBucket,
      ...times,
      location: "US-CENTRAL1",
      storageClass: "STANDARD",
      labels: {},
      builtIn: true,
    });
  }

  /** An object as a source of images. */
  archive(bucket: string, name: string): Archive | undefined {
    const object = this.tables.objects.get(objectId(bucket, name));
    if (!object) return undefined;
    const { sizeBytes, contents } = object;
    return { sizeBytes, read: () => this.#parts.contents.read(contents, 0, sizeBytes) };
  }

  /** `path` begins behind `/storage/v1/`; `upload` says that it was `/upload/storage/v1/`. */
  async handle(request: IncomingMessage, path: string, parameters: URLSearchParams, upload: boolean): Promise<Answer> {
    const method = request.method ?? "GET";
    const [b, bucket = "", collection, object = "", ...rest] = path.split("/").map(decodeURIComponent);
    const operation = upload ? "objects.insert" : operationOf(method, b ?? "", bucket, collection, object, rest[0]);
    const run = operation === undefined ? undefined : this.#calls[operation];
    if (operation === undefined || !run)
      throw new GcpError(501, "notImplemented", `The sandbox does not simulate ${method} ${path}`);
    const query = Object.fromEntries(parameters);
    const region = this.tables.buckets.get(bucket)?.location.toLowerCase() ?? "us";
    return perform(this.#parts.cloud, { service: "storage", operation, region, scope: `b/${bucket}` }, () =>
      run({ bucket, object, query, request, rest }),
    );
  }
}

/** As Google's discovery document calls it. */
function operationOf(
  method: string,
  b: string,
  bucket: string,
  collection: string | undefined,
  object: string,
  action: string | undefined,
): string | undefined {
  if (b !== "b") return undefined;
  const verbs: Readonly<Record<string, string>> = { GET: "get", PATCH: "patch", DELETE: "delete" };
  if (bucket === "") return method === "GET" ? "buckets.list" : method === "POST" ? "buckets.insert" : undefined;
  if (collection === undefined || collection === "") return verbs[method] && `buckets.${verbs[method]}`;
  if (collection === "iam") return object === "testPermissions" ? "buckets.testIamPermissions" : undefined;
  if (collection !== "o") return undefined;
  if (object === "") return method === "GET" ? "objects.list" : undefined;
  switch (action) {
    case undefined:
      return verbs[method] && `objects.${verbs[method]}`;
    case "compose":
      return "objects.compose";
    case "rewriteTo":
      return "objects.rewrite";
    case "copyTo":
      return "objects.copy";
    default:
      return undefined;
  }
}
