import { isUntagged, ownerOf, projectOf, type Resource } from "../resource.ts";

/**
 * The words a resource is found by. Terms are exact (`tag`, its key and its value; `owner` and who), the text is what free
 * words are looked for in. The store indexes both; the language's evaluator uses the same ones.
 */

/** Between the parts of a term. It can't be in a part, so no tag can pass for another one. */
export const separator = "\u001f";
/** Between the terms of a list. */
export const listSeparator = "\u001e";

export const termFields = ["owner", "project", "type"] as const;
export type TermField = (typeof termFields)[number];
export type Flag = "untagged" | "unused";

/** Of the field with this value; of having one at all without it. */
export function fieldTerm(field: TermField, value?: string): string {
  return termOf(value === undefined ? ["has", field] : [field, value]);
}

/** Of the tag with this value; of having the tag at all without it. */
export function tagTerm(key: string, value?: string): string {
  return termOf(value === undefined ? ["tag", key] : ["tag", key, value]);
}

export function flagTerm(flag: Flag): string {
  return termOf(["is", flag]);
}

function termOf(parts: readonly string[]): string {
  return parts.map(cleanPart).join(separator);
}

export function termsOf(resource: Resource): string[] {
  const { tags, inUse } = resource;
  const terms = Object.entries(tags).flatMap(([key, value]) => [tagTerm(key), tagTerm(key, value)]);
  for (const field of termFields) {
    const value = termFieldOf(resource, field);
    if (value !== undefined) terms.push(fieldTerm(field), fieldTerm(field, value));
  }
  if (isUntagged(tags)) terms.push(flagTerm("untagged"));
  if (inUse === false) terms.push(flagTerm("unused"));
  return [...new Set(terms)];
}

export function termFieldOf(resource: Resource, field: TermField): string | undefined {
  if (field === "type") return resource.type;
  return field === "owner" ? ownerOf(resource.tags) : projectOf(resource.tags);
}

/** Members of documents whose values people look for: addresses, and the ids of what a resource hangs together with. */
const foundBy = /^(?:mac|host|address|private_address|public_address|cidrs?|.*_id)$/;
const longest = 2_000;

/** Name, id, tags and addresses in lower case, a blank between them. */
export function searchTextOf(resource: Resource): string {
  const { name, resourceId, tags, type, document } = resource;
  const parts = new Set([name, resourceId]);
  if (type !== undefined) parts.add(type);
  for (const [key, value] of Object.entries(tags)) parts.add(`${key}=${value}`);
  collect(document, undefined, parts);
  return foldText([...parts].join(" ")).slice(0, longest);
}

/**
 * How free text and what it is looked for in are compared: without regard to case. What parts words in names, ids and
 * addresses stands there as a capital, of which nothing else is left by then. PostgreSQL finds text by its words' pieces of
 * three letters: of `cart-3` it would know no more than that there is a `cart`, and a word that begins with 3.
 */
export function foldText(text: string): string {
  return text
    .replaceAll("\u0000", "\ufffd")
    .toLowerCase()
    .replaceAll(/[-.:=_/@]/g, (sign) => joining[sign] ?? sign);
}

/** Letters that are rare: PostgreSQL's pieces don't tell capitals from small ones. */
const joining: Readonly<Record<string, string>> = {
  "-": "Q",
  ".": "J",
  ":": "X",
  "=": "Z",
  _: "V",
  "/": "K",
  "@": "W",
};

/** How `~` compares a field: PostgreSQL's lower() in the collation "C" knows these letters only. */
export function foldAscii(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

function collect(value: unknown, key: string | undefined, parts: Set<string>): void {
  if (typeof value === "string") {
    if (key !== undefined && foundBy.test(key)) parts.add(value);
  } else if (Array.isArray(value)) {
    for (const item of value) collect(item, key, parts);
  } else if (value !== null && typeof value === "object") {
    for (const [inner, member] of Object.entries(value)) if (inner !== "tags") collect(member, inner, parts);
  }
}

/** A part as it is in terms: without what parts them (and lists of them), and without what PostgreSQL can't keep. */
export function cleanPart(part: string): string {
  return part.replaceAll("\u0000", "\ufffd").replaceAll(listSeparator, "\ufffd").replaceAll(separator, "\ufffd");
}
