import { ProviderError } from "./errors.ts";
import type { TagRules } from "./tag-rules.ts";
import { fromTagText, toTagText } from "./tag-text.ts";
import { tagKeys } from "./vm.ts";

/**
 * One tag model for all sites: any text to any text. What a cloud accepts as it is stays visible and filterable there; the rest is
 * packed into overflow tags of ours (`novacron:tags-1`, …) and comes out unchanged.
 */
export type Tags = Readonly<Record<string, string>>;

/** What we look resources up by: always a tag of its own, whatever the cloud. Our other keys are facts that a VM carries along. */
const lookupKeys = [tagKeys.managed, tagKeys.key, tagKeys.fencedBy, tagKeys.lineage, tagKeys.migration] as const;
type LookupKey = (typeof lookupKeys)[number];
const overflowKey = "novacron:tags-";
/** Kept free for a look-up tag that is set later (a fence, say), where all tags together have a bound. */
const lookupTagBytes = 128;

export interface PackedTags {
  /** As the cloud gets and shows them. */
  readonly tags: Tags;
  /** Keys that are not visible under their own name there, sorted. */
  readonly packed: readonly string[];
}

/**
 * Tags as a cloud takes them. Equal tags give equal results; room for all our look-up tags is kept, so that setting one later never
 * fails for want of places.
 * @throws ProviderError InvalidInput when they don't fit even when packed.
 */
export function packTags(tags: Tags, rules: TagRules): PackedTags {
  const own: [string, string][] = [];
  const direct: [string, string][] = [];
  const packed: [string, string][] = [];
  for (const [key, value] of Object.entries(tags).sort(byKey)) {
    if (isLookupKey(key)) {
      const tag = lookupTag(key, value, rules);
      own.push([tag.key, tag.value]);
    } else if (fits(key, value, rules) && !hasTwin(key, tags, rules)) direct.push([key, value]);
    else packed.push([key, value]);
  }
  // The smallest go first: many of them share one overflow tag.
  direct.sort((a, b) => size(a) - size(b) || byKey(a, b));
  const places = rules.maxTags - rules.taken.length - lookupKeys.length;
  let needed = 0;
  for (let moved = 0; moved <= direct.length; moved++) {
    const kept = direct.slice(moved);
    const hidden = [...packed, ...direct.slice(0, moved)].sort(byKey);
    const overflow = toOverflow(hidden, kept, rules);
    needed = kept.length + overflow.length;
    const all = [...own, ...kept, ...overflow];
    if (needed <= places && bytesOf(all, rules) <= (rules.maxTotalBytes ?? Number.POSITIVE_INFINITY)) {
      return { tags: Object.fromEntries(all.sort(byKey)), packed: hidden.map(([key]) => key) };
    }
    if (overflow.length > places) break;
  }
  throw refuse(
    `${Object.keys(tags).length - own.length} of them need ${needed} of the ${places} ${rules.word} that are left beside ours` +
      (rules.maxTotalBytes === undefined ? "" : `, or more than ${rules.maxTotalBytes} bytes together`),
    "Remove tags from the VM, or shorten them.",
  );
}

/**
 * The inverse of {@link packTags}, for the tags a cloud shows. Keys that the provider sets itself are left out. Overflow tags that
 * somebody changed or took a part of are shown as they are: nothing is made up, nothing is hidden.
 */
export function unpackTags(seen: Tags, rules: TagRules): Tags {
  const lookups = new Map(lookupKeys.map((key) => [wireKey(key, rules), key]));
  const taken = new Set(rules.taken.map((key) => fold(key, rules)));
  const result = new Map<string, string>();
  const chunks = new Map<number, [string, string]>();
  for (const [key, value] of Object.entries(seen)) {
    const folded = fold(key, rules);
    const lookup = lookups.get(folded);
    const chunk = chunkNumber(folded, rules);
    if (lookup !== undefined) result.set(lookup, fromLookupValue(value));
    else if (chunk !== undefined) chunks.set(chunk, [key, value]);
    else if (!taken.has(folded)) result.set(key, value);
  }
  const ordered = [...chunks].sort(([a], [b]) => a - b).map(([, tag]) => tag);
  const entries = fromOverflow(ordered.map(([, value]) => value).join(""), rules);
  if (entries === undefined) for (const [key, value] of ordered) result.set(key, value);
  for (const [key, value] of entries ?? []) {
    if (value === undefined) restoreCase(result, key, rules);
    // Somebody who sets it at the cloud meanwhile means it.
    else if (!result.has(key)) result.set(key, value);
  }
  return Object.fromEntries(result);
}

/** What to set and what to remove at a cloud so that a resource, which shows `seen`, has `changes` (`undefined` removes). */
export function changeTags(
  seen: Tags,
  changes: Readonly<Record<string, string | undefined>>,
  rules: TagRules,
): { readonly set: Tags; readonly remove: readonly string[] } {
  const ours = Object.entries(seen).filter(([key]) => !startsWith(key, rules.reservedKeyPrefixes));
  const before = Object.fromEntries(ours.filter(([key]) => !rules.taken.includes(key)));
  const wanted = Object.entries({ ...unpackTags(before, rules), ...changes });
  const after = packTags(
    Object.fromEntries(wanted.filter((entry): entry is [string, string] => entry[1] !== undefined)),
    rules,
  ).tags;
  const kept = new Set(Object.keys(after).map((key) => fold(key, rules)));
  return {
    set: Object.fromEntries(Object.entries(after).filter(([key, value]) => before[key] !== value)),
    remove: Object.keys(before).filter((key) => !kept.has(fold(key, rules))),
  };
}

/**
 * One of our look-up tags as it stands at the cloud, to filter a list by.
 * @throws ProviderError InvalidInput when the value is too long for the cloud.
 */
export function lookupTag(key: LookupKey, value: string, rules: TagRules): { key: string; value: string } {
  const text = toLookupValue(value, rules);
  if (text.length <= rules.maxValueLength) return { key: wireKey(key, rules), value: text };
  throw refuse(
    `${key} is ${text.length} characters long there, and ${rules.maxValueLength} are allowed`,
    "Use a shorter id.",
  );
}

function isLookupKey(key: string): key is LookupKey {
  return (lookupKeys as readonly string[]).includes(key);
}

/** `novacron:key`, or `novacron-key` where colons are not taken. */
function wireKey(key: string, rules: TagRules): string {
  return rules.key.test(key) ? key : key.replace(":", "-");
}

/** Each character that the cloud does not take stands as its code in hex between underscores; so does the underscore, and
 *  nothing where the cloud wants something. */
function toLookupValue(value: string, rules: TagRules): string {
  if (value === "" && !rules.value.test(value)) return "__";
  const reserved = startsWith(value, rules.reservedValuePrefixes);
  const escaped = (unit: string) => `_${unit.charCodeAt(0).toString(16)}_`;
  return value
    .split("")
    .map((unit, index) => (unit === "_" || !rules.value.test(unit) || (reserved && index === 0) ? escaped(unit) : unit))
    .join("");
}

function fromLookupValue(value: string): string {
  return value.replace(/_([0-9a-f]{0,4})_/g, (_all, code: string) =>
    code === "" ? "" : String.fromCharCode(Number.parseInt(code, 16)),
  );
}

/** Whether the cloud takes the tag as it is, without taking it for one of its own or of ours. */
function fits(key: string, value: string, rules: TagRules): boolean {
  const folded = fold(key, rules);
  const ours = lookupKeys.some((own) => wireKey(own, rules) === folded) || chunkNumber(folded, rules) !== undefined;
  return (
    !ours &&
    !rules.taken.some((taken) => fold(taken, rules) === folded) &&
    key.length <= rules.maxKeyLength &&
    value.length <= rules.maxValueLength &&
    rules.key.test(key) &&
    rules.value.test(value) &&
    !startsWith(key, rules.reservedKeyPrefixes) &&
    !startsWith(value, rules.reservedValuePrefixes)
  );
}

function hasTwin(key: string, tags: Tags, rules: TagRules): boolean {
  if (!rules.caseInsensitiveKeys) return false;
  return Object.keys(tags).some((other) => other !== key && fold(other, rules) === fold(key, rules));
}

/** `[key, value]` for what is packed; `[key]` for what is visible under a name whose case the cloud may change. */
type OverflowEntry = readonly [key: string, value?: string];

function toOverflow(
  hidden: readonly [string, string][],
  kept: readonly [string, string][],
  rules: TagRules,
): [string, string][] {
  const cased = kept.filter(([key]) => fold(key, rules) !== key).map(([key]): OverflowEntry => [key]);
  const entries: OverflowEntry[] = [...hidden, ...cased.sort(byKey)];
  if (entries.length === 0) return [];
  const text = toTagText(JSON.stringify(entries), rules.overflow);
  const count = Math.ceil(text.length / rules.maxValueLength);
  const part = (index: number) => text.slice(index * rules.maxValueLength, (index + 1) * rules.maxValueLength);
  return Array.from({ length: count }, (_, index) => [wireKey(`${overflowKey}${index + 1}`, rules), part(index)]);
}

/** Undefined when it is not what was written; empty when there is none. */
function fromOverflow(text: string, rules: TagRules): readonly OverflowEntry[] | undefined {
  if (text === "") return [];
  const json = fromTagText(text, rules.overflow);
  return json === undefined ? undefined : (JSON.parse(json) as OverflowEntry[]);
}

function chunkNumber(foldedKey: string, rules: TagRules): number | undefined {
  const prefix = wireKey(overflowKey, rules);
  const [digits] = foldedKey.startsWith(prefix) ? (/^[1-9][0-9]*$/.exec(foldedKey.slice(prefix.length)) ?? []) : [];
  return digits === undefined ? undefined : Number(digits);
}

function restoreCase(tags: Map<string, string>, key: string, rules: TagRules): void {
  const shown = [...tags.keys()].find((candidate) => fold(candidate, rules) === fold(key, rules));
  const value = shown === undefined ? undefined : tags.get(shown);
  if (shown === undefined || value === undefined || shown === key) return;
  tags.delete(shown);
  tags.set(key, value);
}

function fold(key: string, rules: TagRules): string {
  return rules.caseInsensitiveKeys ? key.toLowerCase() : key;
}

function startsWith(text: string, prefixes: readonly string[]): boolean {
  const lower = text.toLowerCase();
  return prefixes.some((prefix) => lower.startsWith(prefix));
}

function size([key, value]: readonly [string, string]): number {
  return key.length + value.length;
}

/** All of them as JSON, with room for the look-up tags that are not there yet. */
function bytesOf(entries: readonly [string, string][], rules: TagRules): number {
  if (rules.maxTotalBytes === undefined) return 0;
  const there = new Set(entries.map(([key]) => key));
  const missing = lookupKeys.filter((key) => !there.has(wireKey(key, rules))).length;
  return new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries))).length + missing * lookupTagBytes;
}

function byKey([a]: readonly [string, string?], [b]: readonly [string, string?]): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function refuse(reason: string, action: string): ProviderError {
  return new ProviderError("InvalidInput", { operation: "carry the tags", resource: "tags", reason, action });
}
