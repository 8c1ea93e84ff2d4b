/** Where fake-gcs-server differs from what Google documents: the conformance test → what it does, and Google's word. */
export const fakeGcsDifferences: Readonly<Record<string, string>> = {
  "makes a bucket of ours once, and deletes what is gone":
    "fake-gcs-server keeps no labels of a bucket, by which a repeat knows its own; a bucket has the labels that it was made with (Buckets: insert, Cloud Storage JSON API)",
};
