/** EBS direct without a disk behind it: a read is answered with one ready-made block. */
import { hash, randomBytes } from "node:crypto";
import { leafBytes } from "../../../src/transfer/ports.ts";
import { ledger, serveHttp } from "./null-server.ts";

const block = randomBytes(leafBytes);
const blockHeaders = {
  "content-type": "application/octet-stream",
  "x-amz-data-length": leafBytes,
  "x-amz-checksum": hash("sha256", block, "base64"),
  "x-amz-checksum-algorithm": "SHA256",
};
const pageSize = 10_000;

serveHttp((request, { pathname, searchParams }, response) => {
  if (request.method === "PUT") {
    const checksum = request.headers["x-amz-checksum"] ?? "";
    response.writeHead(201, { "content-type": "application/json", "x-amz-checksum": checksum });
    response.end("{}");
  } else if (/\/blocks\/\d+$/.test(pathname)) {
    response.writeHead(200, blockHeaders);
    response.end(block);
  } else {
    const blocks = Math.ceil(ledger.sizeBytes / leafBytes);
    const first = Number(searchParams.get("startingBlockIndex") ?? 0);
    const last = Math.min(blocks, first + Number(searchParams.get("maxResults") ?? pageSize));
    const Blocks = Array.from({ length: Math.max(0, last - first) }, (_, index) => ({
      BlockIndex: first + index,
      BlockToken: `token-${first + index}`,
    }));
    const NextToken = last < blocks ? `page-${last}` : undefined;
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify({ Blocks, BlockSize: leafBytes, NextToken }));
  }
});
