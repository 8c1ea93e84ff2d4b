import type { ObjectStorageFacet, Upload } from "../../../../../src/providers/cloud-facets.ts";
import type { Provider } from "../../../../../src/providers/provider.ts";
import type { FaultSite } from "../fault-site.ts";
import { noCapacity, notRepeated, type Prepared, type Row } from "../table.ts";

const objects = ({ objects: facet }: Provider): ObjectStorageFacet => facet as ObjectStorageFacet;
const bytes = Buffer.alloc(1_000, 7);
const tags = {};
/** S3 is strongly consistent ("Amazon S3 data consistency model"): what it does not find to remove is gone. */
const goneIsGone = { lasting: { ...noCapacity, "not-found": "ok" }, passing: { "not-found": "ok" } } as const;

/** A bucket, and what takes it away with all that is in it. */
async function makeBucket(site: FaultSite): Promise<{ bucket: string; remove: () => Promise<void> }> {
  const bucket = site.key(`faults-${Date.now().toString(36)}`);
  const facet = objects(site.provider);
  await facet.createBucket({ bucket, tags }, site.signal());
  return {
    bucket,
    async remove() {
      for await (const { objectKey } of facet.listObjects(bucket, "", site.signal())) {
        await facet.deleteObject(bucket, objectKey, site.signal());
      }
      await facet.deleteBucket(bucket, site.signal());
    },
  };
}

/** With an object of its own. */
async function withObject(site: FaultSite, call: (place: Place) => Prepared["call"]): Promise<Prepared> {
  const { bucket, remove } = await makeBucket(site);
  const facet = objects(site.provider);
  const upload = await facet.beginUpload({ bucket, objectKey: "one", sizeBytes: 1_000, tags }, site.signal());
  await facet.uploadPart(upload, 1, bytes, site.signal());
  await facet.completeUpload(upload, site.signal());
  return { call: call({ bucket, objectKey: "one" }), undo: remove };
}
interface Place {
  readonly bucket: string;
  readonly objectKey: string;
}

/** With an upload that has a part. */
async function withUpload(site: FaultSite, call: (upload: Upload) => Prepared["call"]): Promise<Prepared> {
  const { bucket, remove } = await makeBucket(site);
  const facet = objects(site.provider);
  const upload = await facet.beginUpload({ bucket, objectKey: "one", sizeBytes: 1_000, tags }, site.signal());
  await facet.uploadPart(upload, 1, bytes, site.signal());
  return {
    call: call(upload),
    async undo() {
      await facet.abortUpload(upload, site.signal());
      await remove();
    },
  };
}

export const objectRows: readonly Row[] = [
  {
    call: "objects.createBucket",
    at: "s3:CreateBucket",
    lasting: noCapacity,
    passing: notRepeated,
    async prepare(site) {
      const bucket = site.key(`faults-${Date.now().toString(36)}`);
      return {
        call: (provider, signal) => objects(provider).createBucket({ bucket, tags }, signal),
        undo: () => objects(site.provider).deleteBucket(bucket, site.signal()),
      };
    },
  },
  {
    call: "objects.deleteBucket",
    at: "s3:DeleteBucket",
    ...goneIsGone,
    async prepare(site) {
      const { bucket } = await makeBucket(site);
      return { call: (provider, signal) => objects(provider).deleteBucket(bucket, signal) };
    },
  },
  {
    call: "objects.listObjects",
    at: "s3:ListObjectsV2",
    lasting: noCapacity,
    prepare: (site) =>
      withObject(
        site,
        ({ bucket }) =>
          (provider, signal) =>
            Array.fromAsync(objects(provider).listObjects(bucket, "", signal)),
      ),
  },
  {
    call: "objects.headObject",
    at: "s3:HeadObject",
    // An answer to HEAD has a status and no code: 503 is throttling and everything else that passes, 400 tells nothing.
    lasting: { ...noCapacity, throttled: "Unavailable", quota: "Unknown" },
    prepare: (site) =>
      withObject(
        site,
        ({ bucket, objectKey }) =>
          (provider, signal) =>
            objects(provider).headObject(bucket, objectKey, signal),
      ),
  },
  {
    call: "objects.readObject",
    at: "s3:GetObject",
    lasting: noCapacity,
    prepare: (site) =>
      withObject(
        site,
        (place) => (provider, signal) => objects(provider).readObject({ ...place, offset: 0, length: 10 }, signal),
      ),
  },
  {
    call: "objects.deleteObject",
    at: "s3:DeleteObject",
    ...goneIsGone,
    prepare: (site) =>
      withObject(
        site,
        ({ bucket, objectKey }) =>
          (provider, signal) =>
            objects(provider).deleteObject(bucket, objectKey, signal),
      ),
  },
  {
    call: "objects.beginUpload",
    at: "s3:CreateMultipartUpload",
    lasting: noCapacity,
    passing: notRepeated,
    // One call, one upload: S3 gives it no name of ours. The census shows it.
    orphans: { "s3-multipart-upload": 1 },
    exceptAt: { "s3:AbortMultipartUpload": "that ends what the test began" },
    async prepare(site) {
      const { bucket, remove } = await makeBucket(site);
      return {
        async call(provider, signal) {
          const input = { bucket, objectKey: "one", sizeBytes: 1_000, tags };
          await objects(provider).abortUpload(await objects(provider).beginUpload(input, signal), signal);
        },
        async undo() {
          for await (const { kind, id } of site.provider.census(site.signal())) {
            const upload = { bucket, objectKey: "one", uploadId: id, partBytes: 1 };
            if (kind === "upload") await objects(site.provider).abortUpload(upload, site.signal());
          }
          await remove();
        },
      };
    },
  },
  {
    call: "objects.uploadedParts",
    at: "s3:ListParts",
    lasting: noCapacity,
    prepare: (site) =>
      withUpload(
        site,
        (upload) => (provider, signal) => Array.fromAsync(objects(provider).uploadedParts(upload, signal)),
      ),
  },
  {
    call: "objects.uploadPart",
    at: "s3:UploadPart",
    lasting: noCapacity,
    prepare: (site) =>
      withUpload(site, (upload) => (provider, signal) => objects(provider).uploadPart(upload, 1, bytes, signal)),
  },
  {
    call: "objects.completeUpload",
    at: "s3:CompleteMultipartUpload",
    lasting: noCapacity,
    prepare: (site) =>
      withUpload(site, (upload) => (provider, signal) => objects(provider).completeUpload(upload, signal)),
  },
  {
    call: "objects.abortUpload",
    at: "s3:AbortMultipartUpload",
    ...goneIsGone,
    prepare: (site) =>
      withUpload(site, (upload) => (provider, signal) => objects(provider).abortUpload(upload, signal)),
  },
];
