import type { Answer } from "../../cloud/http-front.ts";
import { AzureError } from "../errors.ts";
import type { Blobs, Target } from "./blobs.ts";
import type { BlockBlobs } from "./block-blobs.ts";
import type { Containers } from "./containers.ts";
import type { Copies } from "./copies.ts";
import { lease } from "./leases.ts";
import { type BlobRequest, header } from "./request.ts";
import type { BlobStore } from "./store.ts";

export interface AccountParts {
  readonly store: BlobStore;
  readonly blobs: Blobs;
  readonly blocks: BlockBlobs;
  readonly containers: Containers;
  readonly copies: Copies;
}

/** Which operation of the storage account a request is, and what it does. */
export function accountRoute(
  { store, blobs, blocks, containers, copies }: AccountParts,
  request: BlobRequest,
): { operation: string; run: () => Answer | Promise<Answer> } {
  const [container = "", ...rest] = request.path.slice(1).split("/").map(decodeURIComponent);
  const name = rest.join("/");
  const comp = request.query.get("comp") ?? "";
  const snapshot = request.query.get("snapshot");
  const target: Target = { container, name, ...(snapshot === null ? {} : { snapshot }) };
  if (container === "") {
    if (request.method === "GET" && comp === "list")
      return { operation: "ListContainers", run: () => containers.list(request) };
    return unknown(request);
  }
  if (name === "") {
    if (request.query.get("restype") !== "container") return unknown(request);
    switch (`${request.method} ${comp}`) {
      case "PUT ":
        return { operation: "CreateContainer", run: () => containers.create(request, container) };
      case "PUT metadata":
        return { operation: "SetContainerMetadata", run: () => containers.setMetadata(request, container) };
      case "GET list":
        return { operation: "ListBlobs", run: () => containers.listBlobs(request, container) };
      case "GET ":
      case "HEAD ":
        return { operation: "GetContainerProperties", run: () => containers.properties(request, container) };
      case "DELETE ":
        return { operation: "DeleteContainer", run: () => containers.delete(request, container) };
      default:
        return unknown(request);
    }
  }
  switch (`${request.method} ${comp}`) {
    case "HEAD ":
      return { operation: "GetBlobProperties", run: () => blobs.properties(request, target) };
    case "GET ":
      return { operation: "GetBlob", run: () => blobs.read(request, target) };
    case "DELETE ":
      return { operation: "DeleteBlob", run: () => blobs.delete(request, target) };
    case "GET pagelist": {
      const operation = request.query.has("prevsnapshot") ? "GetPageRangesDiff" : "GetPageRanges";
      return { operation, run: () => blobs.pageRanges(request, target) };
    }
    case "GET blocklist":
      return { operation: "GetBlockList", run: () => blocks.list(request, target) };
    case "PUT page": {
      const operation = header(request, "x-ms-page-write") === "clear" ? "ClearPages" : "PutPage";
      return { operation, run: () => blobs.putPages(request, target) };
    }
    case "PUT block":
      return { operation: "PutBlock", run: () => blocks.putBlock(request, target) };
    case "PUT blocklist":
      return { operation: "PutBlockList", run: () => blocks.putList(request, target) };
    case "PUT snapshot":
      return { operation: "SnapshotBlob", run: () => blobs.snapshot(request, target) };
    case "PUT lease":
      return { operation: "LeaseBlob", run: () => lease(store.tables, request, blobs.find(target)) };
    case "PUT metadata":
      return { operation: "SetBlobMetadata", run: () => blobs.setMetadata(request, target) };
    case "PUT properties":
      return { operation: "SetBlobProperties", run: () => blobs.setProperties(request, target) };
    case "PUT ":
      if (header(request, "x-ms-copy-source") !== undefined && header(request, "x-ms-blob-type") === undefined)
        return { operation: "CopyBlob", run: () => copies.start(request, target) };
      if (header(request, "x-ms-blob-type") === "PageBlob")
        return { operation: "PutBlob", run: () => blobs.createPageBlob(request, target) };
      if (header(request, "x-ms-blob-type") === "BlockBlob" && header(request, "x-ms-copy-source") === undefined)
        return { operation: "PutBlob", run: () => blocks.put(request, target) };
      return unknown(request);
    default:
      return unknown(request);
  }
}

function unknown({ method, path, query }: BlobRequest): { operation: string; run: () => Answer } {
  return {
    operation: "Unknown",
    run: () => {
      throw new AzureError(
        "FeatureNotSimulated",
        `The sandbox does not simulate ${method} ${path}?${query.toString()}`,
        501,
      );
    },
  };
}
