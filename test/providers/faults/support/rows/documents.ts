import {
  absentDocument,
  type DocumentsFacet,
  type KeptDocument,
} from "../../../../../src/providers/documents-facet.ts";
import type { Provider } from "../../../../../src/providers/provider.ts";
import type { FaultSite } from "../fault-site.ts";
import { noCapacity, type Prepared, type Row } from "../table.ts";

const documents = ({ documents: facet }: Provider): DocumentsFacet => facet as DocumentsFacet;
/** S3 is strongly consistent: what it does not find is not there. */
const goneIsGone = { lasting: { ...noCapacity, "not-found": "ok" }, passing: { "not-found": "ok" } } as const;

/** With a document, and what takes it away with the bucket. */
async function withDocument(site: FaultSite, call: (document: KeptDocument) => Prepared["call"]): Promise<Prepared> {
  const name = `faults/${site.key("document")}`;
  const facet = documents(site.provider);
  const first = { name, value: { is: "there" }, version: absentDocument, key: "there" };
  return {
    call: call(await facet.put(first, site.signal())),
    async undo() {
      for await (const left of facet.list("", site.signal())) await facet.remove(left, site.signal());
      await site.provider.objects?.deleteBucket(site.cloud.documentsBucket, site.signal());
    },
  };
}

export const documentRows: readonly Row[] = [
  {
    call: "documents.get",
    at: "s3:GetObject",
    ...goneIsGone,
    prepare: (site) =>
      withDocument(
        site,
        ({ name }) =>
          (provider, signal) =>
            documents(provider).get(name, signal),
      ),
  },
  {
    call: "documents.put",
    at: "s3:PutObject",
    // What S3 does not find is gone, and is not the version that was read.
    lasting: { ...noCapacity, "not-found": "Conflict" },
    passing: { "not-found": "Conflict" },
    // Over the version that was read: of an answer that was lost, the repeat has to know its own write again.
    prepare: (site) =>
      withDocument(site, ({ name, version }) => (provider, signal) => {
        return documents(provider).put({ name, value: { is: "changed" }, version, key: "changed" }, signal);
      }),
  },
  {
    call: "documents.remove",
    at: "s3:DeleteObject",
    ...goneIsGone,
    prepare: (site) =>
      withDocument(
        site,
        ({ name }) =>
          (provider, signal) =>
            documents(provider).remove(name, signal),
      ),
  },
  {
    call: "documents.list",
    at: "s3:ListObjectsV2",
    ...goneIsGone,
    prepare: (site) =>
      withDocument(
        site,
        () => (provider, signal) => Array.fromAsync<string>(documents(provider).list("faults/", signal)),
      ),
  },
];
