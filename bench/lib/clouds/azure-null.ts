/** A storage account, a managed disk's snapshot and what lets into them, without a disk behind them: a read is answered with
 *  ready-made bytes. */
import { randomBytes } from "node:crypto";
import type { ServerResponse } from "node:http";
import { ledger, serveHttp } from "./null-server.ts";

/** One request's, at Azure. */
const ready = randomBytes(4 * 1024 * 1024);
const loginUrl = "https://login.microsoftonline.com/bench";
const facts = {
  etag: '"0x8DE2F0000000000"',
  "last-modified": "Sun, 01 Nov 2026 00:00:00 GMT",
  "x-ms-request-id": "00000000-0000-0000-0000-000000000000",
  "x-ms-version": "2025-01-05",
};
const written = { ...facts, "x-ms-blob-sequence-number": "0", "x-ms-request-server-encrypted": "true" };

serveHttp((request, { pathname, searchParams }, response) => {
  const [start, end] = rangeOf(request.headers["x-ms-range"]);
  if (request.method === "PUT") {
    response.writeHead(201, written);
    response.end();
  } else if (searchParams.get("comp") === "pagelist") {
    const list = `<PageRange><Start>${start}</Start><End>${end}</End></PageRange>`;
    response.writeHead(200, { ...facts, "content-type": "application/xml" });
    response.end(`<?xml version="1.0" encoding="utf-8"?><PageList>${list}</PageList>`);
  } else if (pathname.endsWith("/token")) {
    json(response, { access_token: "for-benches", token_type: "Bearer", expires_in: 3600 });
  } else if (pathname.endsWith("/openid-configuration")) {
    json(response, {
      token_endpoint: `${loginUrl}/oauth2/v2.0/token`,
      authorization_endpoint: `${loginUrl}/oauth2/v2.0/authorize`,
      end_session_endpoint: `${loginUrl}/oauth2/v2.0/logout`,
      jwks_uri: `${loginUrl}/discovery/v2.0/keys`,
      issuer: `${loginUrl}/v2.0`,
    });
  } else if (pathname.endsWith("/beginGetAccess")) {
    json(response, { accessSAS: "https://md-bench.z1.blob.storage.azure.net/disk?sig=for-benches" });
  } else {
    response.writeHead(206, {
      ...facts,
      "content-type": "application/octet-stream",
      "content-length": end - start + 1,
      "content-range": `bytes ${start}-${end}/${ledger.sizeBytes}`,
      "x-ms-blob-type": "PageBlob",
    });
    response.end(ready.subarray(0, end - start + 1));
  }
});

/** The last byte too, as Azure counts. */
function rangeOf(header: string | string[] | undefined): [start: number, end: number] {
  const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(String(header)) ?? [];
  return [Number(from ?? 0), Math.min(Number(to ?? Number.POSITIVE_INFINITY), ledger.sizeBytes - 1)];
}

function json(response: ServerResponse, body: object): void {
  response.writeHead(200, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}
