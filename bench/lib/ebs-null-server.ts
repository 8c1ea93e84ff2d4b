/**
 * EBS direct without a disk behind it: counts the bytes of blocks that are written, and answers reads with one ready-made
 * block. A process of its own, so that its work is not its client's.
 */
import { hash, randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { leafBytes } from "../../src/transfer/ports.ts";

export type NullServerMessage =
  | { readonly kind: "listening"; readonly endpoint: string }
  | { readonly kind: "counted"; readonly bytes: number };

const block = randomBytes(leafBytes);
const blockHeaders = {
  "content-type": "application/octet-stream",
  "x-amz-data-length": leafBytes,
  "x-amz-checksum": hash("sha256", block, "base64"),
  "x-amz-checksum-algorithm": "SHA256",
};
const pageSize = 10_000;
let blocks = 0;
let bytes = 0;

const server = createServer((request, response) => {
  request.on("data", (chunk: Buffer) => {
    bytes += chunk.byteLength;
  });
  request.on("end", () => answer(request, response));
});
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  say({ kind: "listening", endpoint: `http://127.0.0.1:${port}` });
});
process.on("message", (count: number) => {
  blocks = count;
  say({ kind: "counted", bytes });
  bytes = 0;
});

function answer(request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url ?? "/", "http://null");
  if (request.method === "PUT") {
    const checksum = request.headers["x-amz-checksum"] ?? "";
    response.writeHead(201, { "content-type": "application/json", "x-amz-checksum": checksum });
    response.end("{}");
  } else if (/\/blocks\/\d+$/.test(url.pathname)) {
    response.writeHead(200, blockHeaders);
    response.end(block);
  } else {
    const first = Number(url.searchParams.get("startingBlockIndex") ?? 0);
    const last = Math.min(blocks, first + Number(url.searchParams.get("maxResults") ?? pageSize));
    const Blocks = Array.from({ length: Math.max(0, last - first) }, (_, index) => ({
      BlockIndex: first + index,
      BlockToken: `token-${first + index}`,
    }));
    const NextToken = last < blocks ? `page-${last}` : undefined;
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify({ Blocks, BlockSize: leafBytes, NextToken }));
  }
}

function say(message: NullServerMessage): void {
  process.send?.(message);
}
