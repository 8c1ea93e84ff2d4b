import { isProviderError } from "../../domain/errors.ts";
import type { TextStore } from "../documents.ts";
import { absentDocument } from "../documents-facet.ts";
import type { Subject } from "../failures.ts";
import type { Aws } from "./client.ts";
import { vendorCode } from "./errors.ts";
import { identityOf } from "./identity.ts";
import type { AwsObjects } from "./objects.ts";

const ending = ".json";

/** Objects of a bucket of ours, written with "conditional writes": `If-Match`, and `If-None-Match` for new ones. Every call names
 *  the account that has to own the bucket, as a bucket's name could be anybody's ("Verifying bucket ownership"). */
export class AwsTexts implements TextStore {
  readonly #aws: Aws;
  readonly #objects: AwsObjects;
  #account: Promise<string> | undefined;

  constructor(aws: Aws, objects: AwsObjects) {
    this.#aws = aws;
    this.#objects = objects;
  }

  async read(name: string, subject: Subject, signal: AbortSignal) {
    const place = await this.#place(signal);
    return goneIsNone(
      this.#aws.s3.send(
        (sdk) => new sdk.GetObjectCommand({ ...place, Key: name + ending }),
        subject,
        signal,
        async ({ Body, ETag = "" }) => ({ text: (await Body?.transformToString()) ?? "", version: ETag }),
      ),
    );
  }

  async write(
    { name, text, version }: { readonly name: string; readonly text: string; readonly version: string },
    subject: Subject,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const place = await this.#place(signal);
    const condition = version === absentDocument ? { IfNoneMatch: "*" } : { IfMatch: version };
    const Body = Buffer.from(text);
    const put = () =>
      this.#aws.s3.send(
        (sdk) =>
          new sdk.PutObjectCommand({
            ...place,
            Key: name + ending,
            Body,
            ContentLength: Body.length,
            ContentType: "application/json",
            ChecksumAlgorithm: "SHA256",
            ...condition,
          }),
        subject,
        signal,
        ({ ETag = "" }) => ETag,
      );
    try {
      return await put().catch(async (error: unknown) => {
        if (vendorCode(error) !== "NoSuchBucket" || version !== absentDocument) throw error;
        await this.#objects.createBucket({ bucket: place.Bucket, tags: {} }, signal);
        return put();
      });
    } catch (error) {
      const code = vendorCode(error);
      if (code === "PreconditionFailed") return undefined;
      // S3 says "no such key" where there is nothing that could match.
      if (version !== absentDocument && isProviderError(error, "NotFound")) return undefined;
      throw error;
    }
  }

  async remove(name: string, _subject: Subject, signal: AbortSignal): Promise<void> {
    const { Bucket } = await this.#place(signal);
    await this.#objects.deleteObject(Bucket, name + ending, signal);
  }

  async *names(prefix: string, subject: Subject, signal: AbortSignal): AsyncGenerator<string> {
    const place = await this.#place(signal);
    let ContinuationToken: string | undefined;
    do {
      const token = ContinuationToken;
      const page = await goneIsNone(
        this.#aws.s3.send(
          (sdk) => new sdk.ListObjectsV2Command({ ...place, Prefix: prefix, ContinuationToken: token }),
          subject,
          signal,
        ),
      );
      for (const { Key = "" } of page?.Contents ?? []) if (Key.endsWith(ending)) yield Key.slice(0, -ending.length);
      ContinuationToken = page?.NextContinuationToken;
    } while (ContinuationToken !== undefined);
  }

  async #place(signal: AbortSignal): Promise<{ Bucket: string; ExpectedBucketOwner: string }> {
    this.#account ??= identityOf(this.#aws, signal).then(({ Account = "" }) => Account);
    this.#account.catch(() => {
      this.#account = undefined;
    });
    const account = await this.#account;
    return { Bucket: `novacron-${account}-${this.#aws.entry.region}`, ExpectedBucketOwner: account };
  }
}

/** Also of a bucket that is not there: it is made with the first document. */
async function goneIsNone<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (isProviderError(error, "NotFound")) return undefined;
    throw error;
  }
}
