import type { IncomingMessage } from "node:http";
import { readBody } from "../../cloud/http-front.ts";
import { badRequest, GcpError } from "../errors.ts";

const jsonLimit = 2 ** 20;
/** What comes with its metadata in one body is held in memory; larger objects are uploaded piece by piece. */
const multipartLimit = 256 * 2 ** 20;

export async function readJson(request: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  return parseJson(await readBody(request, jsonLimit));
}

export function parseJson(body: Buffer): Readonly<Record<string, unknown>> {
  if (body.length === 0) return {};
  try {
    const value: unknown = JSON.parse(body.toString("utf8"));
    if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
  } catch {
    // Said below.
  }
  throw new GcpError(400, "parseError", "Parse Error");
}

/** `multipart/related`: metadata, then bytes (https://cloud.google.com/storage/docs/uploading-objects#rest-upload-objects). */
export async function readMultipart(
  request: IncomingMessage,
): Promise<{ facts: object; type: string | undefined; data: Buffer }> {
  const boundary = /boundary=(?:"([^"]+)"|([^;\s]+))/.exec(request.headers["content-type"] ?? "");
  const mark = `--${boundary?.[1] ?? boundary?.[2] ?? ""}`;
  const body = await readBody(request, multipartLimit);
  const second = body.indexOf(`\r\n${mark}`, mark.length);
  const last = body.lastIndexOf(`\r\n${mark}--`);
  if (!boundary || !body.toString("latin1", 0, mark.length + 2).includes(mark) || second < 0 || last <= second) {
    throw badRequest("Malformed multipart body.");
  }
  const facts = part(body.subarray(mark.length, second));
  const data = part(body.subarray(second + 2 + mark.length, last));
  return {
    facts: parseJson(facts.content),
    type: /^content-type:\s*(.+)$/im.exec(data.head)?.[1]?.trim(),
    data: data.content,
  };
}

function part(bytes: Buffer): { head: string; content: Buffer } {
  const end = bytes.indexOf("\r\n\r\n");
  return end < 0
    ? { head: "", content: bytes }
    : { head: bytes.toString("latin1", 0, end), content: bytes.subarray(end + 4) };
}
