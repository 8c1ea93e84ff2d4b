import { digitalOceanTagRules, type TagRules } from "../../domain/tag-rules.ts";
import { changeTags, lookupTag, packTags, type Tags, unpackTags } from "../../domain/tags.ts";
import { tagKeys } from "../../domain/vm.ts";

/** What the adapter notes beside the port's tags. */
const factKeys = {
  /** What a thing of ours is. */
  role: "novacron-role",
  /** As it is shown: droplets' names are host names. */
  name: "novacron-name",
  publishPorts: "novacron-ports",
  /** Of a droplet: the volume that it boots from. */
  boot: "novacron-boot",
  /** Of a volume that is written: an attempt at its generation, one tag each. */
  attempt: "novacron-attempt",
  /** Of a snapshot: the generation that was sealed as it, or the source point and the disk that it is of. */
  generation: "novacron-generation",
  sourcePoint: "novacron-source-point",
  disk: "novacron-disk",
  adopted: "novacron-adopted",
  released: "novacron-released",
} as const;
export type FactKey = keyof typeof factKeys;
export type Facts = Readonly<Partial<Record<FactKey, string>>>;

export type Role = "vm" | "helper" | "point" | "source-point" | "reading";

/** Begins tags by which a firewall knows its droplets; they are no tags of the VM. */
export const groupPrefix = "novacron-group-";

/** Unique to one resource: without it they are of no use to anybody. */
const unique = [tagKeys.key.replace(":", "-"), factKeys.boot, factKeys.generation, factKeys.sourcePoint];

/** The tags of what we create: ours, with who asked for it. */
export function createdTags(tags: Tags, key: string): Tags {
  return { ...tags, [tagKeys.managed]: "true", [tagKeys.key]: key };
}

/** Tags and facts as DigitalOcean takes them: words of one kind, `key:value`. */
export function toWords(tags: Tags, facts: Facts = {}): string[] {
  const noted = Object.entries(facts).map(([fact, value]) => [factKeys[fact as FactKey], value]);
  const { tags: packed } = packTags({ ...tags, ...(Object.fromEntries(noted) as Tags) }, digitalOceanTagRules);
  return Object.entries(packed).map(([key, value]) => wordOf(key, value));
}

export interface Seen {
  readonly tags: Tags;
  readonly facts: Facts;
  /** The newest attempt that is noted. */
  readonly attempt: number;
}

export function seenOf(words: readonly string[] | null | undefined): Seen {
  const { ours, others } = split(words ?? []);
  const all: Record<string, string> = { ...unpackTags(ours, digitalOceanTagRules) };
  for (const word of others) all[word] = "";
  const facts: Record<string, string> = {};
  for (const [fact, key] of Object.entries(factKeys)) {
    const value = all[key];
    if (value !== undefined) facts[fact] = value;
    delete all[key];
  }
  const attempts = (words ?? []).filter((word) => word.startsWith(`${factKeys.attempt}:`));
  return { tags: all, facts, attempt: Math.max(0, ...attempts.map((word) => Number(word.split(":")[1]))) };
}

/** What to add and what to take away so that a droplet with these words has the tags; what is nobody's tag of ours stays. */
export function changedWords(
  words: readonly string[],
  changes: Readonly<Record<string, string | undefined>>,
): { readonly add: readonly string[]; readonly remove: readonly string[] } {
  const { ours } = split(words);
  const { set, remove } = changeTags(ours, changes, digitalOceanTagRules);
  const add = Object.entries(set).map(([key, value]) => wordOf(key, value));
  const replaced = Object.keys(set).flatMap((key) => (ours[key] === undefined ? [] : [wordOf(key, ours[key])]));
  const gone = remove.map((key) => wordOf(key, ours[key] ?? ""));
  return { add, remove: [...replaced, ...gone] };
}

export function factWord(fact: FactKey, value: string): string {
  return wordOf(factKeys[fact], value);
}

export function keyWord(key: string): string {
  const tag = lookupTag(tagKeys.key, key, digitalOceanTagRules);
  return wordOf(tag.key, tag.value);
}

const managedTag = lookupTag(tagKeys.managed, "true", digitalOceanTagRules);
export const managedWord = wordOf(managedTag.key, managedTag.value);

export function uniqueWords(words: readonly string[]): string[] {
  return words.filter((word) => unique.some((key) => word.startsWith(`${key}:`)));
}

export const vmTagRules: TagRules = digitalOceanTagRules;

function wordOf(key: string, value: string): string {
  return value === "" ? key : `${key}:${value}`;
}

/** Words that could be tags of ours, and words that couldn't: other people's, with capitals or several of one key. */
function split(words: readonly string[]): { ours: Record<string, string>; others: string[] } {
  const ours: Record<string, string> = {};
  const others: string[] = [];
  for (const word of words) {
    if (word.startsWith(groupPrefix)) continue;
    const at = word.indexOf(":");
    const [key, value] = at < 0 ? [word, ""] : [word.slice(0, at), word.slice(at + 1)];
    const fits =
      digitalOceanTagRules.key.test(key) && digitalOceanTagRules.value.test(value) && (at < 0 || value !== "");
    if (fits && ours[key] === undefined) ours[key] = value;
    else if (!key.startsWith(factKeys.attempt)) others.push(word);
  }
  return { ours, others };
}
