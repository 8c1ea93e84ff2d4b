import { gcpTagRules, type TagRules } from "../../domain/tag-rules.ts";
import { lookupTag, packTags, type Tags, unpackTags } from "../../domain/tags.ts";
import { tagKeys } from "../../domain/vm.ts";

/** What the adapter notes in labels beside the port's tags: what changes, and what is looked for. */
export const noteKeys = {
  /** What a thing of ours is. */
  role: "novacron-role",
  /** Of a helper instance: whose handle it is. */
  owner: "novacron-owner",
  /** The newest attempt at a generation. */
  attempt: "novacron-attempt",
  /** Of a snapshot that was taken of a disk: its source point. */
  sourcePoint: "novacron-source-point",
  /** Of an adopted snapshot: `true`, and whether its source point has ended. */
  adopted: "novacron-adopted",
  released: "novacron-released",
  /** Of a source point's snapshot: how many bytes were found to be no zeros. */
  allocated: "novacron-allocated",
  /** Of an alarm: its key's digest. */
  alarm: "novacron-alarm",
} as const;
type NoteKey = keyof typeof noteKeys;
export type Notes = Readonly<Partial<Record<NoteKey, string>>>;

export type Role = "generation" | "point" | "source-point" | "helper" | "reading";

export const vmLabelRules: TagRules = { ...gcpTagRules, taken: Object.values(noteKeys) };

/** What never changes of a resource, as JSON in its description. Names and keys are any text, which no label is. */
export interface Described {
  readonly name?: string;
  /** The key that it was made with. */
  readonly key?: string;
  readonly publishPorts?: readonly number[];
  /** Of a disk that is a point's clone. */
  readonly point?: string;
  /** Of a generation and its point. */
  readonly replica?: string;
  readonly generation?: string;
  /** Of a snapshot of a source point. */
  readonly disk?: string;
  readonly vm?: string;
  readonly mode?: string;
  /** Of a snapshot that its disk is made again from: what the disk was made as. */
  readonly diskType?: string;
  readonly encryptionKey?: string;
  /** Tags, of what has no labels here. */
  readonly tags?: Tags;
  readonly cidr?: string;
  readonly text?: string;
}

const prefix = "novacron ";

export function describe(described: Described): string {
  return `${prefix}${JSON.stringify(described)}`;
}

export function described(description: string | null | undefined): Described {
  if (!description?.startsWith(prefix)) return {};
  try {
    return JSON.parse(description.slice(prefix.length)) as Described;
  } catch {
    return {};
  }
}

/** The tags of what we create: ours, with who asked for it. */
export function createdTags(tags: Tags, key: string): Tags {
  return { ...tags, [tagKeys.managed]: "true", [tagKeys.key]: key };
}

/** All tags as Google gets them. A key that is no label goes with the description only. */
export function toLabels(tags: Tags, notes: Notes = {}): Record<string, string> {
  const { [tagKeys.key]: key, ...rest } = tags;
  const noted = Object.entries(notes).map(([note, value]) => [noteKeys[note as NoteKey], value] as const);
  return {
    ...packTags(rest, vmLabelRules).tags,
    ...(key !== undefined && keyLabel(key)),
    ...Object.fromEntries(noted.filter((entry): entry is [(typeof entry)[0], string] => entry[1] !== undefined)),
  };
}

export interface Seen {
  readonly tags: Tags;
  readonly notes: Notes;
  readonly described: Described;
  /** As Google shows them. */
  readonly raw: Tags;
}

export function seenOf(resource: {
  readonly labels?: Readonly<Record<string, string>> | null;
  readonly description?: string | null;
}): Seen {
  const raw = resource.labels ?? {};
  const told = described(resource.description);
  const notes = Object.entries(noteKeys).flatMap(([note, key]) => (raw[key] === undefined ? [] : [[note, raw[key]]]));
  return {
    tags: {
      ...unpackTags(raw, vmLabelRules),
      ...told.tags,
      ...(told.key !== undefined && { [tagKeys.key]: told.key }),
    },
    notes: Object.fromEntries(notes) as Notes,
    described: told,
    raw,
  };
}

export function noteLabels(notes: Notes): Record<string, string> {
  return Object.fromEntries(
    Object.entries(notes).flatMap(([note, value]) => (value === undefined ? [] : [[noteKeys[note as NoteKey], value]])),
  );
}

/** Filters of `list`: resources with one of our labels. */
export function byNote(note: NoteKey, value: string): string {
  return `labels.${noteKeys[note]}=${value}`;
}

const managedLabel = lookupTag(tagKeys.managed, "true", vmLabelRules);
export const managedOnly = `labels.${managedLabel.key}=${managedLabel.value}`;

function keyLabel(key: string): Record<string, string> {
  try {
    const label = lookupTag(tagKeys.key, key, vmLabelRules);
    return { [label.key]: label.value };
  } catch {
    return {};
  }
}
