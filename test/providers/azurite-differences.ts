/** Where Azurite differs from what Azure documents: the conformance test → what Azurite does, and Azure's word. */
export const azuriteDifferences: Readonly<Record<string, string>> = {
  "a generation may be larger than the point it starts from":
    "Azurite answers 500 where a page blob is to get another size; x-ms-blob-content-length resizes one (Set Blob Properties, Blob service REST API)",
};
