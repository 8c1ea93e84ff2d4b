import { createHash } from "node:crypto";
import { pageBytes } from "../../cloud/disks/page-map.ts";
import type { PageStore } from "../../cloud/disks/page-store.ts";
import { AzureError } from "../errors.ts";
import { type BlobRequest, bodyOf, header } from "./request.ts";

/** https://learn.microsoft.com/rest/api/storageservices/put-page */
const writeAtMost = 4 * 2 ** 20;

/** Put Page, to write or to clear. @throws AzureError InvalidPageRange, InvalidHeaderValue, Md5Mismatch and others. */
export async function writePages(
  pages: PageStore,
  layerId: string,
  blobBytes: number,
  request: BlobRequest,
): Promise<void> {
  const text = header(request, "x-ms-range") ?? header(request, "range") ?? "";
  const match = /^bytes=(\d+)-(\d+)$/.exec(text);
  if (!match) throw new AzureError("InvalidHeaderValue", `The range '${text}' is not understood.`);
  const [start, end] = [Number(match[1]), Number(match[2]) + 1];
  if (start % pageBytes !== 0 || end % pageBytes !== 0 || end <= start || end > blobBytes)
    throw new AzureError("InvalidPageRange", "The page range specified is invalid.", 416);
  if (header(request, "x-ms-page-write") === "clear") {
    await pages.clear(layerId, start, end - start);
    return;
  }
  const body = await bodyOf(request, writeAtMost);
  if (body.length !== end - start)
    throw new AzureError("InvalidHeaderValue", "The body's length is not that of the range.");
  const md5 = header(request, "content-md5");
  if (md5 !== undefined && md5 !== createHash("md5").update(body).digest("base64"))
    throw new AzureError("Md5Mismatch", "The MD5 value specified in the request did not match what was computed.");
  await pages.write(layerId, start, body);
}
