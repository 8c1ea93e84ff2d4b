import type { IncomingMessage } from "node:http";
import { type Answer, BodyTooLarge, readBody } from "../../cloud/http-front.ts";
import { escapeXml, xmlDocument, xmlElement } from "../../cloud/xml.ts";
import { AzureError } from "../errors.ts";

/** One call to the Blob service. */
export interface BlobRequest {
  readonly request: IncomingMessage;
  readonly method: string;
  /** The forwarded host. */
  readonly host: string;
  /** Still encoded. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly requestId: string;
}

export function header({ request }: BlobRequest, name: string): string | undefined {
  return request.headers[name]?.toString();
}

/** The body in one piece. @throws AzureError RequestBodyTooLarge */
export async function bodyOf({ request }: BlobRequest, limit: number): Promise<Buffer> {
  try {
    return await readBody(request, limit);
  } catch (error) {
    if (!(error instanceof BodyTooLarge)) throw error;
    throw new AzureError(
      "RequestBodyTooLarge",
      "The request body is too large and exceeds the maximum permissible limit.",
      413,
    );
  }
}

export interface ByteRange {
  readonly start: number;
  /** One behind the last byte. */
  readonly end: number;
}

/** `x-ms-range` or `range`, cut to the size; undefined where there is none. @throws AzureError InvalidRange */
export function rangeOf(request: BlobRequest, sizeBytes: number): ByteRange | undefined {
  const text = header(request, "x-ms-range") ?? header(request, "range");
  if (text === undefined) return undefined;
  const match = /^bytes=(\d+)-(\d*)$/.exec(text);
  if (!match) throw new AzureError("InvalidHeaderValue", `The range '${text}' is not understood.`);
  const start = Number(match[1]);
  const end = match[2] === "" ? sizeBytes : Math.min(Number(match[2]) + 1, sizeBytes);
  if (start >= sizeBytes || end <= start)
    throw new AzureError("InvalidRange", "The range specified is invalid for the current size of the resource.", 416);
  return { start, end };
}

/** What every answer has: https://learn.microsoft.com/rest/api/storageservices/common-rest-api-request-and-response-headers */
export function commonHeaders(request: BlobRequest): Record<string, string> {
  const clientId = header(request, "x-ms-client-request-id");
  return {
    "x-ms-request-id": request.requestId,
    "x-ms-version": header(request, "x-ms-version") ?? "2021-12-02",
    date: new Date().toUTCString(),
    ...(clientId === undefined ? {} : { "x-ms-client-request-id": clientId }),
  };
}

export function refuse(request: BlobRequest, error: AzureError): Answer {
  const headers = { ...commonHeaders(request), ...error.headers, "x-ms-error-code": error.code };
  // A HEAD has no body, and the code is in the header for it.
  if (request.method === "HEAD" || error.status === 304) return { status: error.status, headers };
  const detail = `${error.message}\nRequestId:${request.requestId}\nTime:${new Date().toISOString()}`;
  const body = xmlDocument("Error", undefined, xmlElement("Code", error.code) + xmlElement("Message", detail));
  return { status: error.status, headers: { ...headers, "content-type": "application/xml" }, body };
}

export function xmlAnswer(request: BlobRequest, body: string, headers: Record<string, string> = {}): Answer {
  return { status: 200, headers: { ...commonHeaders(request), ...headers, "content-type": "application/xml" }, body };
}

/** The PageList of Get Page Ranges, or a page of it. */
export function pageListXml(
  request: BlobRequest,
  runs: readonly (ByteRange & { readonly cleared: boolean })[],
): string {
  const most = Number(request.query.get("maxresults") ?? 10_000);
  const after = Number(request.query.get("marker") ?? -1);
  const left = runs.filter(({ start }) => start > after);
  const shown = left.slice(0, most).map(({ start, end, cleared }) => {
    const name = cleared ? "ClearRange" : "PageRange";
    return `<${name}><Start>${start}</Start><End>${end - 1}</End></${name}>`;
  });
  const next = left.length > most ? String(left[most - 1]?.start) : "";
  return xmlDocument("PageList", undefined, `${shown.join("")}<NextMarker>${escapeXml(next)}</NextMarker>`);
}
