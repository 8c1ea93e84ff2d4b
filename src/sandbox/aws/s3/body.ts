import type { IncomingMessage } from "node:http";
import type { ChecksumName } from "../../cloud/checksums.ts";
import type { ContentStore, Stored } from "../../cloud/contents.ts";
import { TornConnection } from "../../cloud/faults.ts";
import { AwsError } from "../errors.ts";
import { AwsChunks } from "./aws-chunks.ts";
import type { Checksums } from "./state.ts";

export const checksumNames: Readonly<Record<keyof Checksums, ChecksumName>> = {
  CRC32: "crc32",
  CRC32C: "crc32c",
  SHA1: "sha1",
  SHA256: "sha256",
};

/**
 * Stores an upload's bytes and holds them to everything the request says of them: length, signed hash, Content-MD5,
 * and the checksum of a header or trailer
 * (https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html).
 * @throws AwsError BadDigest, XAmzContentSHA256Mismatch, IncompleteBody, InvalidRequest; nothing is kept then.
 */
export async function receive(
  contents: ContentStore,
  request: IncomingMessage,
): Promise<{ stored: Stored; etag: string; checksums: Checksums }> {
  const header = (name: string) => request.headers[name]?.toString();
  const announced = header("x-amz-content-sha256") ?? "UNSIGNED-PAYLOAD";
  if (announced.startsWith("STREAMING-AWS4")) {
    throw new AwsError(
      "NotImplemented",
      "Simulated: chunks with signatures of their own are not taken; send a trailer",
      501,
    );
  }
  const trailer = header("x-amz-trailer")?.toLowerCase();
  const wanted = (Object.keys(checksumNames) as (keyof Checksums)[]).filter((name) => {
    const key = `x-amz-checksum-${name.toLowerCase()}`;
    return header(key) !== undefined || trailer === key;
  });
  if (header("x-amz-checksum-crc64nvme") !== undefined || trailer === "x-amz-checksum-crc64nvme") {
    throw new AwsError(
      "InvalidRequest",
      "Simulated: CRC64NVME is not computed here; use CRC32, CRC32C, SHA1 or SHA256",
    );
  }
  const chunks = announced.startsWith("STREAMING-") ? new AwsChunks(request) : undefined;
  const sums = new Set<ChecksumName>(["md5", ...wanted.map((name) => checksumNames[name])]);
  if (/^[0-9a-f]{64}$/.test(announced)) sums.add("sha256");
  const stored = await contents.write(chunks?.pieces() ?? bytesOf(request), [...sums]);
  try {
    check(stored, header, announced, chunks?.trailers ?? {}, wanted);
  } catch (error) {
    contents.delete([stored]);
    throw error;
  }
  const checksums = Object.fromEntries(
    wanted.map((name) => [name, stored.sums[checksumNames[name]]?.toString("base64")]),
  );
  return { stored, etag: stored.sums.md5?.toString("hex") ?? "", checksums };
}

function check(
  { sizeBytes, sums }: Stored,
  header: (name: string) => string | undefined,
  announced: string,
  trailers: Readonly<Record<string, string>>,
  wanted: readonly (keyof Checksums)[],
): void {
  const length = header("x-amz-decoded-content-length") ?? header("content-length");
  if (length !== undefined && Number(length) !== sizeBytes) {
    throw new AwsError(
      "IncompleteBody",
      "You did not provide the number of bytes specified by the Content-Length HTTP header",
    );
  }
  const contentMd5 = header("content-md5");
  if (contentMd5 !== undefined && contentMd5 !== sums.md5?.toString("base64")) {
    throw new AwsError("BadDigest", "The Content-MD5 you specified did not match what we received.");
  }
  if (/^[0-9a-f]{64}$/.test(announced) && announced !== sums.sha256?.toString("hex")) {
    throw new AwsError(
      "XAmzContentSHA256Mismatch",
      "The provided 'x-amz-content-sha256' header does not match what was computed.",
    );
  }
  for (const name of wanted) {
    const key = `x-amz-checksum-${name.toLowerCase()}`;
    const said = header(key) ?? trailers[key];
    if (said !== sums[checksumNames[name]]?.toString("base64")) {
      throw new AwsError("BadDigest", `The ${name} you specified did not match the calculated checksum.`);
    }
  }
}

async function* bytesOf(request: IncomingMessage): AsyncGenerator<Buffer> {
  try {
    yield* request as AsyncIterable<Buffer>;
  } catch {
    throw new TornConnection();
  }
  if (!request.complete) throw new TornConnection();
}
