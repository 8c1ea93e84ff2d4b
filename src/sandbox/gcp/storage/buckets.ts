import { readBody } from "../../cloud/http-front.ts";
import { GcpError, invalid, required } from "../errors.ts";
import { projectNumber } from "../places.ts";
import { readJson } from "./bodies.ts";
import { empty, json, type StorageCall, type StorageOperations, type StorageParts } from "./call.ts";
import { type Bucket, findBucket } from "./state.ts";

export function bucketOperations({ cloud, tables }: StorageParts): StorageOperations {
  const describe = (bucket: Bucket): object => ({
    kind: "storage#bucket",
    id: bucket.id,
    name: bucket.id,
    selfLink: `${cloud.endpoint}/storage/v1/b/${bucket.id}`,
    projectNumber,
    metageneration: String(bucket.metageneration),
    location: bucket.location,
    locationType: /^[A-Z]+$/.test(bucket.location) ? "multi-region" : "region",
    storageClass: bucket.storageClass,
    etag: Buffer.from(String(bucket.metageneration)).toString("base64"),
    timeCreated: new Date(bucket.createdAt).toISOString(),
    updated: new Date(bucket.updatedAt).toISOString(),
    iamConfiguration: { uniformBucketLevelAccess: { enabled: true }, publicAccessPrevention: "enforced" },
    ...(Object.keys(bucket.labels).length > 0 ? { labels: bucket.labels } : {}),
  });

  return {
    "buckets.insert": async ({ request }) => {
      const body = await readJson(request);
      const {
        name,
        location = "US",
        storageClass = "STANDARD",
        labels = {},
      } = body as Partial<Bucket> & { name?: string };
      if (name === undefined) throw required("name");
      // https://cloud.google.com/storage/docs/buckets#naming
      if (!/^[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]$/.test(name) || name.startsWith("goog"))
        throw invalid("name", name, "Invalid bucket name");
      if (tables.buckets.has(name)) {
        throw new GcpError(
          409,
          "conflict",
          "Your previous request to create the named bucket succeeded and you already own it.",
        );
      }
      const now = Date.now();
      const bucket = tables.buckets.put({
        id: name,
        createdAt: now,
        updatedAt: now,
        metageneration: 1,
        location: location.toUpperCase(),
        storageClass,
        labels,
        builtIn: false,
      });
      return json(describe(bucket));
    },
    "buckets.get": ({ bucket }) => json(describe(findBucket(tables, bucket))),
    "buckets.list": ({ query }) => {
      const found = tables.buckets
        .where(({ id }) => id.startsWith(query.prefix ?? ""))
        .sort((a, b) => (a.id < b.id ? -1 : 1));
      return json({ kind: "storage#buckets", items: found.map(describe) });
    },
    "buckets.patch": async ({ bucket: name, request }) => {
      const bucket = findBucket(tables, name);
      const { labels = {} } = (await readJson(request)) as { labels?: Record<string, string | null> };
      const merged = Object.entries({ ...bucket.labels, ...labels }).filter(
        (entry): entry is [string, string] => entry[1] !== null,
      );
      const changed = {
        ...bucket,
        labels: Object.fromEntries(merged),
        metageneration: bucket.metageneration + 1,
        updatedAt: Date.now(),
      };
      return json(describe(tables.buckets.put(changed)));
    },
    "buckets.delete": ({ bucket: name }) => {
      const bucket = findBucket(tables, name);
      if (tables.objects.find((object) => object.bucket === bucket.id)) {
        throw new GcpError(409, "conflict", "The bucket you tried to delete is not empty.");
      }
      tables.buckets.delete(bucket.id);
      return empty();
    },
    "buckets.testIamPermissions": async ({ bucket, request }: StorageCall) => {
      findBucket(tables, bucket);
      await readBody(request, 0);
      const asked = new URL(request.url ?? "", "http://storage").searchParams.getAll("permissions");
      const permissions = asked.filter((permission) => !cloud.settings.deniedPermissions.includes(permission));
      return json({ kind: "storage#testIamPermissionsResponse", permissions });
    },
  };
}
