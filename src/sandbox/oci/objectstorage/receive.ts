import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { ChecksumName } from "../../cloud/checksums.ts";
import type { ContentStore, Stored } from "../../cloud/contents.ts";
import { TornConnection } from "../../cloud/faults.ts";
import { OciError } from "../errors.ts";
import type { ObjectHeaders } from "./store.ts";

/** Checksums that a client may send along: base 64, each in a header of its own. */
const checked: Readonly<Record<string, ChecksumName>> = {
  "content-md5": "md5",
  "opc-content-crc32c": "crc32c",
  "opc-content-sha256": "sha256",
};
const kept = ["content-type", "content-language", "content-encoding", "content-disposition", "cache-control"];

/**
 * Stores an upload's bytes and holds them to the checksums and the length that came with them.
 * @throws OciError UnmatchedContentMD5 and its like; nothing is kept then.
 */
export async function receive(
  contents: ContentStore,
  request: IncomingMessage,
): Promise<{ stored: Stored; md5: string; headers: Record<string, string> }> {
  const { headers } = request;
  const wanted = Object.entries(checked).filter(([name]) => headers[name] !== undefined);
  const stored = await contents.write(bytesOf(request), [
    ...new Set<ChecksumName>(["md5", ...wanted.map(([, sum]) => sum)]),
  ]);
  const encoded = (sum: ChecksumName) => stored.sums[sum]?.toString("base64") ?? "";
  const wrong = wanted.find(([name, sum]) => headers[name] !== encoded(sum));
  if (wrong) {
    contents.delete([stored]);
    const code = wrong[0] === "content-md5" ? "UnmatchedContentMD5" : "UnmatchedContentChecksum";
    throw new OciError(400, code, `The computed ${wrong[1]} of the request body does not match the header ${wrong[0]}`);
  }
  const told = wanted.filter(([name]) => name !== "content-md5").map(([name, sum]) => [name, encoded(sum)]);
  return { stored, md5: encoded("md5"), headers: { "opc-content-md5": encoded("md5"), ...Object.fromEntries(told) } };
}

/** What is kept of an upload's headers: those that describe the content, and metadata. */
export function keptHeaders(headers: IncomingHttpHeaders): ObjectHeaders {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      typeof value === "string" && (kept.includes(name) || name.startsWith("opc-meta-")) ? [[name, value]] : [],
    ),
  );
}

async function* bytesOf(request: IncomingMessage): AsyncGenerator<Buffer> {
  try {
    yield* request as AsyncIterable<Buffer>;
  } catch {
    throw new TornConnection();
  }
  if (!request.complete) throw new TornConnection();
}
