import { createHash } from "node:crypto";
import type { Tag, TagSpecification } from "@aws-sdk/client-ec2";
import { awsTagRules, type TagRules } from "../../domain/tag-rules.ts";
import { lookupTag, packTags, type Tags, unpackTags } from "../../domain/tags.ts";
import { tagKeys } from "../../domain/vm.ts";

/** What the adapter notes on resources beside the port's tags. Each is short, and of characters that AWS takes. */
export const noteKeys = {
  name: "Name",
  /** Of an instance: guest ports, separated by spaces. */
  publishPorts: "novacron:publish-ports",
  /** Of a snapshot: the recovery point or generation that it is. */
  point: "novacron:point",
  replica: "novacron:replica",
  /** The newest attempt at a generation. */
  attempt: "novacron:attempt",
  /** Of a snapshot that was taken of a volume: its source point, disk, mode, and the call that made it with others. */
  sourcePoint: "novacron:source-point",
  disk: "novacron:disk",
  mode: "novacron:mode",
  set: "novacron:set",
  /** Of an adopted snapshot whose source point has ended. */
  released: "novacron:released",
  /** Of a snapshot that is only there for something else. */
  purpose: "novacron:purpose",
} as const;
type NoteKey = keyof typeof noteKeys;
export type Notes = Readonly<Partial<Record<NoteKey, string>>>;

/** For instances: only these two of our notes take places there. */
export const vmTagRules: TagRules = { ...awsTagRules, taken: [noteKeys.name, noteKeys.publishPorts] };
/** For everything else. */
const otherTagRules: TagRules = { ...awsTagRules, taken: Object.values(noteKeys) };

/** All tags as AWS gets them. */
export function toWire(tags: Tags, notes: Notes = {}, rules = otherTagRules): Tag[] {
  const noted = Object.entries(notes).filter((entry): entry is [NoteKey, string] => entry[1] !== undefined);
  return [
    ...Object.entries(packTags(tags, rules).tags),
    ...noted.map(([key, value]): [string, string] => [noteKeys[key], value]),
  ].map(([Key, Value]) => ({ Key, Value }));
}

/** The tags of what we create: ours, with who asked for it. */
export function createdTags(tags: Tags, key: string): Tags {
  return { ...tags, [tagKeys.managed]: "true", [tagKeys.key]: key };
}

export function tagSpecification(
  ResourceType: TagSpecification["ResourceType"],
  tags: Tags,
  notes?: Notes,
): TagSpecification {
  const rules = ResourceType === "instance" ? vmTagRules : otherTagRules;
  return { ResourceType, Tags: toWire(tags, notes, rules) };
}

export interface SeenTags {
  readonly tags: Tags;
  readonly notes: Notes;
  /** As AWS shows them. */
  readonly raw: Tags;
}

/** Tags as AWS's services show them. */
export type Wire = readonly Pick<Tag, "Key" | "Value">[];

export function fromWire(wire: Wire | undefined, rules = otherTagRules): SeenTags {
  const raw = Object.fromEntries((wire ?? []).map(({ Key = "", Value = "" }) => [Key, Value]));
  const notes = Object.entries(noteKeys).flatMap(([note, key]) => (raw[key] === undefined ? [] : [[note, raw[key]]]));
  return { tags: unpackTags(raw, rules), notes: Object.fromEntries(notes) as Notes, raw };
}

/** Filters for `Describe…` calls: resources that a create with this key made. */
export function byKey(key: string) {
  const { key: name, value } = lookupTag(tagKeys.key, key, awsTagRules);
  return { Name: `tag:${name}`, Values: [value] };
}

export function byNote(note: NoteKey, ...values: readonly string[]) {
  return { Name: `tag:${noteKeys[note]}`, Values: [...values] };
}

/** An id as a note's value: itself, or its hash where AWS would not take it. */
export function noteOf(id: string): string {
  return awsTagRules.value.test(id) && id.length <= awsTagRules.maxValueLength ? id : token(id);
}

/** The same parts, the same text of 64 ASCII characters, which is what AWS takes as a client token. */
export function token(...parts: readonly (string | number)[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}

export const managedOnly = { Name: `tag:${tagKeys.managed}`, Values: ["true"] };
