/** The facet of the provider port that keeps small documents of ours at the site itself, where they outlive the control plane.
 *  The rules at the port's head (`provider.ts`) hold for these calls too. */

/** A JSON document, as it was read or written. */
export interface KeptDocument {
  readonly name: string;
  /** Plain JSON. */
  readonly value: unknown;
  /** Of the document as it is: another one after each write of it. Opaque. */
  readonly version: string;
  /** Of the write that made it so. */
  readonly key: string;
}

/** `version` of {@link DocumentsFacet.put} for a document that must not be there yet. */
export const absentDocument = "absent";

export interface NewDocument {
  /** `groups/<id>/lease`: up to 200 lower-case letters, digits, dots, hyphens, underscores, with slashes between parts. */
  readonly name: string;
  /** Plain JSON, of at most {@link largestDocumentBytes} as text. */
  readonly value: unknown;
  /** What it has to be still, or {@link absentDocument}. */
  readonly version: string;
  /** Of this one write, and kept in the document. Never use one again for another value. */
  readonly key: string;
}

export const largestDocumentBytes = 4 * 2 ** 20;

/**
 * Documents that are changed by compare-and-swap only: of several writers who have read the same version one succeeds, and all
 * readers see its document from then on, as a whole. Where they lie is the site's own affair (a bucket, a container, a folder
 * of ours), made with the first of them and the same for every control plane that uses the site.
 */
export interface DocumentsFacet {
  /** Undefined where there is none. Never an older one than a write has been acknowledged for. */
  get(name: string, signal: AbortSignal): Promise<KeptDocument | undefined>;
  /**
   * Writes it if it is still the `version`. A repeat with the key of a write that went through is that write: it succeeds,
   * also when the first answer was lost, as long as nobody has written since.
   * @throws Conflict when it is another version, or gone; InvalidInput for a name or a value that can't be kept.
   */
  put(document: NewDocument, signal: AbortSignal): Promise<KeptDocument>;
  /** Whatever it is by now. One that is gone is fine. */
  remove(name: string, signal: AbortSignal): Promise<void>;
  /** Names that begin so, in no order. */
  list(prefix: string, signal: AbortSignal): AsyncIterable<string>;
}
