import type { Storage } from "@google-cloud/storage";
import { isProviderError } from "../../domain/errors.ts";
import type { TextStore } from "../documents.ts";
import { absentDocument } from "../documents-facet.ts";
import type { Subject } from "../failures.ts";
import { conflict } from "../failures.ts";
import type { Gcp } from "./client.ts";
import type { GcpObjects } from "./objects.ts";

const ending = ".json";
/** A document that changes between the two halves of each read so often is read by too many writers. */
const readAttempts = 5;

type NewText = Parameters<TextStore["write"]>[0];

/** Objects of a bucket of ours, by generation ("Request preconditions"): 0 is one that is not there. */
export class GcpTexts implements TextStore {
  readonly #gcp: Gcp;
  readonly #objects: GcpObjects;
  /** Seen to be of our project: a bucket's name could be anybody's. */
  #isOurs = false;

  constructor(gcp: Gcp, objects: GcpObjects) {
    this.#gcp = gcp;
    this.#objects = objects;
  }

  async read(name: string, subject: Subject, signal: AbortSignal) {
    const bucket = await this.#bucket();
    if (!(await this.#isThere(bucket, signal))) return undefined;
    for (let attempt = 1; attempt <= readAttempts; attempt++) {
      const generation = await goneIsNone(
        this.#send(
          "getObject",
          async (storage) =>
            (
              await storage
                .bucket(bucket)
                .file(name + ending)
                .getMetadata()
            )[0].generation,
          subject,
          signal,
        ),
      );
      if (generation === undefined) return undefined;
      const bytes = await goneIsNone(
        this.#send(
          "readObject",
          async (storage) => {
            const file = storage.bucket(bucket).file(name + ending, { generation });
            return (await file.download({ validation: false }))[0];
          },
          subject,
          signal,
        ),
      );
      if (bytes) return { text: bytes.toString("utf8"), version: String(generation) };
    }
    throw conflict(subject, "it changes all the time", "Try again.");
  }

  async write(document: NewText, subject: Subject, signal: AbortSignal): Promise<string | undefined> {
    const wasOurs = this.#isOurs;
    try {
      return await this.#write(document, subject, signal);
    } catch (error) {
      if (!isProviderError(error, "NotFound")) throw error;
      // Somebody has removed the bucket.
      this.#isOurs = false;
      if (!wasOurs || document.version !== absentDocument) throw error;
      return this.#write(document, subject, signal);
    }
  }

  async #write({ name, text, version }: NewText, subject: Subject, signal: AbortSignal): Promise<string | undefined> {
    const bucket = await this.#bucket();
    if (!(await this.#isThere(bucket, signal))) {
      if (version !== absentDocument) return undefined;
      await this.#objects.createBucket({ bucket, tags: {} }, signal);
      this.#isOurs = true;
    }
    const ifGenerationMatch = version === absentDocument ? 0 : version;
    try {
      const generation = await this.#send(
        "putObject",
        async (storage) => {
          const file = storage.bucket(bucket).file(name + ending);
          await file.save(text, {
            resumable: false,
            validation: false,
            contentType: "application/json",
            preconditionOpts: { ifGenerationMatch },
          });
          return file.metadata.generation;
        },
        subject,
        signal,
      );
      return String(generation);
    } catch (error) {
      const { vendorCode, status } = (isProviderError(error) && error.details.facts) || {};
      if (vendorCode === "conditionNotMet" || status === 412) return undefined;
      throw error;
    }
  }

  async remove(name: string, _subject: Subject, signal: AbortSignal): Promise<void> {
    const bucket = await this.#bucket();
    if (await this.#isThere(bucket, signal)) await this.#objects.deleteObject(bucket, name + ending, signal);
  }

  async *names(prefix: string, _subject: Subject, signal: AbortSignal): AsyncGenerator<string> {
    const bucket = await this.#bucket();
    if (!(await this.#isThere(bucket, signal))) return;
    for await (const { objectKey } of this.#objects.listObjects(bucket, prefix, signal)) {
      if (objectKey.endsWith(ending)) yield objectKey.slice(0, -ending.length);
    }
  }

  async #isThere(bucket: string, signal: AbortSignal): Promise<boolean> {
    if (this.#isOurs) return true;
    for await (const ours of this.#objects.buckets(signal)) if (ours.bucket === bucket) this.#isOurs = true;
    return this.#isOurs;
  }

  async #bucket(): Promise<string> {
    // A project of a domain has a colon and dots in its id.
    const project = (await this.#gcp.project()).replace(/[^a-z0-9-]/g, "-");
    return `novacron-${project}-${this.#gcp.region}`;
  }

  async #send<T>(
    method: string,
    work: (storage: Pick<Storage, "bucket">) => Promise<T>,
    subject: Subject,
    signal: AbortSignal,
  ): Promise<T> {
    const storage = await this.#gcp.storage();
    return this.#gcp.send("storage", method, () => work(storage), subject, signal);
  }
}

async function goneIsNone<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (isProviderError(error, "NotFound")) return undefined;
    throw error;
  }
}
