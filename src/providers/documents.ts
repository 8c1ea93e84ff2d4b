import { isDeepStrictEqual } from "node:util";
import {
  absentDocument,
  type DocumentsFacet,
  type KeptDocument,
  largestDocumentBytes,
  type NewDocument,
} from "./documents-facet.ts";
import { conflict, invalid, type Subject } from "./failures.ts";

/** What a site has to be able to do with a text under a name. */
export interface TextStore {
  /** The text with the version that it was read as; undefined where there is none. */
  read(name: string, subject: Subject, signal: AbortSignal): Promise<{ text: string; version: string } | undefined>;
  /** The new version; undefined when it is another one than `version`, or is gone. */
  write(
    text: { readonly name: string; readonly text: string; readonly version: string },
    subject: Subject,
    signal: AbortSignal,
  ): Promise<string | undefined>;
  remove(name: string, subject: Subject, signal: AbortSignal): Promise<void>;
  names(prefix: string, subject: Subject, signal: AbortSignal): AsyncIterable<string>;
}

/** As it lies at the site. The key makes each write another text, so that a version made of the text's hash is never seen
 *  twice, and lets a write be recognised whose answer was lost. */
interface Envelope {
  readonly key: string;
  readonly value: unknown;
}

const namePattern = /^(?=.{1,200}$)[a-z0-9][a-z0-9._-]*(\/[a-z0-9][a-z0-9._-]*)*$/;
const prefixPattern = /^(?=.{0,200}$)([a-z0-9][a-z0-9._-]*\/)*([a-z0-9][a-z0-9._-]*)?$/;

/** Documents over any store of texts that can compare and swap. */
export class KeptDocuments implements DocumentsFacet {
  readonly #site: string;
  readonly #store: TextStore;

  constructor(site: string, store: TextStore) {
    this.#site = site;
    this.#store = store;
  }

  async get(name: string, signal: AbortSignal): Promise<KeptDocument | undefined> {
    const subject = this.#subject("read document", name);
    return this.#read(name, subject, signal);
  }

  async put({ name, value, version, key }: NewDocument, signal: AbortSignal): Promise<KeptDocument> {
    const subject = this.#subject("write document", name);
    const text = JSON.stringify({ key, value } satisfies Envelope);
    if (Buffer.byteLength(text) > largestDocumentBytes) {
      throw invalid(subject, `it is larger than ${largestDocumentBytes} bytes`, "Keep less in it.");
    }
    const written = await this.#store.write({ name, text, version }, subject, signal);
    const kept = (JSON.parse(text) as Envelope).value;
    if (written !== undefined) return { name, value: kept, version: written, key };
    const there = await this.#read(name, subject, signal);
    if (there && there.key === key && isDeepStrictEqual(there.value, kept)) return there;
    const reason =
      version === absentDocument
        ? "somebody else has made it"
        : there
          ? "somebody else has changed it meanwhile"
          : "it is gone";
    throw conflict(subject, reason, "Read it again and decide anew.");
  }

  async remove(name: string, signal: AbortSignal): Promise<void> {
    const subject = this.#subject("remove document", name);
    await this.#store.remove(name, subject, signal);
  }

  async *list(prefix: string, signal: AbortSignal): AsyncGenerator<string> {
    const subject = { operation: "list documents", resource: `${this.#site}/document/${prefix}` };
    if (!prefixPattern.test(prefix)) throw invalid(subject, "no document's name begins so", "Use the part of a name.");
    yield* this.#store.names(prefix, subject, signal);
  }

  async #read(name: string, subject: Subject, signal: AbortSignal): Promise<KeptDocument | undefined> {
    const found = await this.#store.read(name, subject, signal);
    if (!found) return undefined;
    const envelope = readEnvelope(found.text);
    if (!envelope) throw invalid(subject, "what lies there is no document of ours", "Look at it, and remove it.");
    return { name, value: envelope.value, version: found.version, key: envelope.key };
  }

  #subject(operation: string, name: string): Subject {
    const subject = { operation, resource: `${this.#site}/document/${name}` };
    if (namePattern.test(name)) return subject;
    const reason = "a document's name has lower-case letters, digits, dots, hyphens, underscores and slashes only";
    throw invalid(subject, reason, "Choose another name.");
  }
}

function readEnvelope(text: string): Envelope | undefined {
  try {
    const read: unknown = JSON.parse(text);
    if (typeof read !== "object" || read === null || !("key" in read) || !("value" in read)) return undefined;
    return typeof read.key === "string" ? { key: read.key, value: read.value } : undefined;
  } catch {
    return undefined;
  }
}
