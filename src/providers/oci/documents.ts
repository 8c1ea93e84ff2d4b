import { createHash } from "node:crypto";
import { isProviderError } from "../../domain/errors.ts";
import type { TextStore } from "../documents.ts";
import { absentDocument } from "../documents-facet.ts";
import type { Subject } from "../failures.ts";
import type { Oci } from "./client.ts";
import { isStale, vendorCode } from "./errors.ts";
import type { OciObjects } from "./objects.ts";
import { goneIsUndefined } from "./view.ts";

const ending = ".json";

/** Objects of a bucket of ours, by entity tag: `if-match`, and `if-none-match` for new ones. */
export class OciTexts implements TextStore {
  readonly #oci: Oci;
  readonly #objects: OciObjects;

  constructor(oci: Oci, objects: OciObjects) {
    this.#oci = oci;
    this.#objects = objects;
  }

  async read(name: string, subject: Subject, signal: AbortSignal) {
    const request = { ...(await this.#place(signal)), objectName: name + ending };
    return goneIsUndefined(
      this.#oci.objects.read("getObject", request, subject, signal, async ({ value, eTag }) => ({
        text: await new Response(value as ReadableStream).text(),
        version: eTag,
      })),
    );
  }

  async write(
    { name, text, version }: { readonly name: string; readonly text: string; readonly version: string },
    subject: Subject,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const place = await this.#place(signal);
    const condition = version === absentDocument ? { ifNoneMatch: "*" } : { ifMatch: version };
    const putObjectBody = Buffer.from(text);
    const request = {
      ...place,
      objectName: name + ending,
      putObjectBody,
      contentLength: putObjectBody.length,
      contentType: "application/json",
      ...condition,
    };
    const put = async () => (await this.#oci.objects.call("putObject", request, subject, signal)).eTag;
    try {
      return await put().catch(async (error: unknown) => {
        if (!isProviderError(error, "NotFound") || version !== absentDocument) throw error;
        await this.#objects.createBucket({ bucket: place.bucketName, tags: {} }, signal);
        return put();
      });
    } catch (error) {
      const gone = isProviderError(error, "NotFound") && version !== absentDocument;
      const codes = ["IfMatchFailed", "IfNoneMatchFailed", "NoEtagMatch"];
      if (gone || isStale(error) || codes.includes(vendorCode(error) ?? "")) return undefined;
      throw error;
    }
  }

  async remove(name: string, _subject: Subject, signal: AbortSignal): Promise<void> {
    const { bucketName } = await this.#place(signal);
    await this.#objects.deleteObject(bucketName, name + ending, signal);
  }

  async *names(prefix: string, _subject: Subject, signal: AbortSignal): AsyncGenerator<string> {
    const { bucketName } = await this.#place(signal);
    const listed = await goneIsUndefined(Array.fromAsync(this.#objects.listObjects(bucketName, prefix, signal)));
    for (const { objectKey } of listed ?? []) if (objectKey.endsWith(ending)) yield objectKey.slice(0, -ending.length);
  }

  /** A namespace is the whole tenancy's; compartments of it are told apart by the bucket's name. */
  async #place(signal: AbortSignal) {
    const [namespaceName, compartment] = await Promise.all([this.#objects.namespace(signal), this.#oci.compartment()]);
    const mark = createHash("sha256").update(compartment).digest("hex").slice(0, 12);
    return { namespaceName, bucketName: `novacron-documents-${mark}` };
  }
}
