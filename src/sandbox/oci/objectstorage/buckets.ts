import { randomUUID } from "node:crypto";
import type * as storage from "oci-objectstorage";
import { invalid, missing, notFound, OciError } from "../errors.ts";
import { type Operation, operations } from "../operation.ts";
import { checkTags, type Registry } from "../registry.ts";
import type { Wire } from "../wire.ts";
import type { Bucket, ObjectStore } from "./store.ts";

export function bucketOperations(registry: Registry, store: ObjectStore): Operation[] {
  const operation = operations("objectstorage");
  const { cloud } = registry;
  const { namespace, tenancyId } = cloud.tenancy;
  const path = "/n/{namespaceName}/b/{bucketName}";

  const summary = (bucket: Bucket) => ({
    namespace,
    name: bucket.id,
    compartmentId: bucket.compartmentId,
    createdBy: cloud.tenancy.userId,
    timeCreated: new Date(bucket.createdAt),
    etag: bucket.etag,
    freeformTags: { ...bucket.freeformTags },
  });
  const describe = (bucket: Bucket): Wire<storage.models.Bucket> => ({
    ...summary(bucket),
    metadata: { ...bucket.metadata },
    publicAccessType: "NoPublicAccess",
    storageTier: "Standard",
    objectEventsEnabled: false,
    versioning: "Disabled",
    replicationEnabled: false,
    isReadOnly: false,
    autoTiering: "Disabled",
    ...(bucket.kmsKeyId && { kmsKeyId: bucket.kmsKeyId }),
  });
  const answer = (bucket: Bucket) => ({ body: describe(bucket), headers: { etag: bucket.etag } });

  return [
    operation("GetNamespace", "GET /n", { answers: "string" }, () => ({ body: namespace })),
    operation("GetNamespaceMetadata", "GET /n/{namespaceName}", { answers: "NamespaceMetadata" }, ({ params }) => {
      if (params.namespaceName !== namespace)
        throw new OciError(404, "NamespaceNotFound", "There is no such namespace.");
      return { body: { namespace, defaultS3CompartmentId: tenancyId, defaultSwiftCompartmentId: tenancyId } };
    }),
    operation("ListBuckets", "GET /n/{namespaceName}/b", { answers: "BucketSummary[]" }, (call) => {
      const compartmentId = call.query.get("compartmentId");
      if (compartmentId === null) throw missing("compartmentId");
      if (!registry.isCompartment(compartmentId)) throw notFound("compartment");
      // Tags only where they are asked for.
      const tagged = call.query.get("fields")?.includes("tags") === true;
      const own = store.buckets.where((bucket) => bucket.compartmentId === compartmentId);
      own.sort((a, b) => (a.id < b.id ? -1 : 1));
      const { items, headers } = registry.page(call, own, ({ id }) => id);
      const body = items
        .map(summary)
        .map(
          ({ freeformTags, ...rest }): Wire<storage.models.BucketSummary> =>
            tagged ? { ...rest, freeformTags } : rest,
        );
      return { body, headers };
    }),
    operation(
      "CreateBucket",
      "POST /n/{namespaceName}/b",
      { takes: "CreateBucketDetails", answers: "Bucket" },
      (call) => {
        const details = call.json<Wire<storage.models.CreateBucketDetails>>();
        const { name, compartmentId } = details;
        if (call.params.namespaceName !== namespace)
          throw new OciError(404, "NamespaceNotFound", "There is no such namespace.");
        if (!name || !/^[A-Za-z0-9_.-]{1,256}$/.test(name))
          throw new OciError(400, "InvalidBucketName", `The bucket name ${JSON.stringify(name)} is not allowed`);
        if (!registry.isCompartment(compartmentId)) throw notFound("compartment");
        if (store.buckets.has(name)) {
          throw new OciError(
            409,
            "BucketAlreadyExists",
            `Either the bucket "${name}" in namespace "${namespace}" already exists or you are not authorized to create it`,
          );
        }
        if (details.publicAccessType !== undefined && details.publicAccessType !== "NoPublicAccess")
          throw invalid("publicAccessType", "public buckets are not simulated");
        const bucket = store.buckets.put({
          id: name,
          compartmentId,
          metadata: details.metadata ?? {},
          freeformTags: checkTags(details.freeformTags),
          definedTags: details.definedTags ?? {},
          kmsKeyId: details.kmsKeyId,
          etag: randomUUID(),
          createdAt: Date.now(),
        });
        return answer(bucket);
      },
    ),
    operation("GetBucket", `GET ${path}`, { answers: "Bucket" }, ({ params }) =>
      answer(store.bucket(params.namespaceName, params.bucketName)),
    ),
    operation("HeadBucket", `HEAD ${path}`, {}, ({ params }) => ({
      status: 200,
      headers: { etag: store.bucket(params.namespaceName, params.bucketName).etag },
    })),
    operation("UpdateBucket", `POST ${path}`, { takes: "UpdateBucketDetails", answers: "Bucket" }, (call) => {
      const bucket = store.bucket(call.params.namespaceName, call.params.bucketName);
      const details = call.json<Wire<storage.models.UpdateBucketDetails>>();
      const changed = store.buckets.put({
        ...bucket,
        freeformTags: details.freeformTags ? checkTags(details.freeformTags) : bucket.freeformTags,
        metadata: details.metadata ?? bucket.metadata,
        kmsKeyId: details.kmsKeyId ?? bucket.kmsKeyId,
        etag: randomUUID(),
      });
      return answer(changed);
    }),
    operation("DeleteBucket", `DELETE ${path}`, {}, (call) => {
      const bucket = store.bucket(call.params.namespaceName, call.params.bucketName);
      const holds = [store.objects, store.uploads].some((table) =>
        (table as typeof store.uploads).find((one) => one.bucket === bucket.id),
      );
      if (holds)
        throw new OciError(
          409,
          "BucketNotEmpty",
          `Bucket named '${bucket.id}' is not empty. Delete all objects first.`,
        );
      store.buckets.delete(bucket.id);
      return {};
    }),
  ];
}
