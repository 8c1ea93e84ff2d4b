import { createHash } from "node:crypto";
import { ociTagRules, type TagRules } from "../../domain/tag-rules.ts";
import { lookupTag, packTags, type Tags, unpackTags } from "../../domain/tags.ts";
import { tagKeys } from "../../domain/vm.ts";

/** What the adapter notes on resources beside the port's tags. */
export const noteKeys = {
  /** Of an instance: guest ports, separated by spaces. */
  publishPorts: "novacron:publish-ports",
  /** Of everything else that has one: what it is, as text of `key=value` parts ({@link Notes}). */
  notes: "novacron:notes",
  /** Of a backup that serves as an image: what the image is. */
  image: "novacron:image",
} as const;

/** An OCI resource takes ten free-form tags, so all of our notes share one. */
export interface Notes {
  /** Of a backup: the recovery point or generation that it is. */
  readonly point?: string;
  readonly replica?: string;
  /** The newest attempt at a generation. */
  readonly attempt?: string;
  /** Of a backup that was taken of a volume: its source point, the key that this was taken with, disk and mode. */
  readonly sourcePoint?: string;
  readonly key?: string;
  readonly disk?: string;
  readonly mode?: string;
  /** Of an adopted backup whose source point has ended. */
  readonly released?: string;
  /** Of what is only there for something else. */
  readonly purpose?: string;
  /** Of a helper instance or what it reads: what the handle is of. */
  readonly owner?: string;
}

/** For instances: the published ports take a place there. */
export const vmTagRules: TagRules = { ...ociTagRules, taken: [noteKeys.publishPorts] };
/** For everything else. */
const otherTagRules: TagRules = { ...ociTagRules, taken: [noteKeys.notes, noteKeys.image] };

/** All tags as Oracle gets them. */
export function toWire(tags: Tags, notes: Notes = {}): Record<string, string> {
  const parts = Object.entries(notes).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const text = new URLSearchParams(parts.sort(([a], [b]) => (a < b ? -1 : 1))).toString();
  return { ...packTags(tags, otherTagRules).tags, ...(text !== "" && { [noteKeys.notes]: text }) };
}

export function vmToWire(tags: Tags, publishPorts: readonly number[]): Record<string, string> {
  return {
    ...packTags(tags, vmTagRules).tags,
    ...(publishPorts.length > 0 && { [noteKeys.publishPorts]: publishPorts.join(" ") }),
  };
}

/** The tags of what we create: ours, with who asked for it. */
export function createdTags(tags: Tags, key: string): Tags {
  return { ...tags, [tagKeys.managed]: "true", [tagKeys.key]: key };
}

export interface Tagged {
  readonly freeformTags?: { readonly [key: string]: string } | undefined;
}

export interface SeenTags {
  readonly tags: Tags;
  readonly notes: Notes;
}

export function fromWire({ freeformTags = {} }: Tagged): SeenTags {
  const notes = Object.fromEntries(new URLSearchParams(freeformTags[noteKeys.notes] ?? ""));
  return { tags: unpackTags(freeformTags, otherTagRules), notes };
}

export function vmFromWire({ freeformTags = {} }: Tagged): { tags: Tags; publishPorts: number[] } {
  const publishPorts = (freeformTags[noteKeys.publishPorts] ?? "")
    .split(" ")
    .map(Number)
    .filter((port) => port > 0);
  return { tags: unpackTags(freeformTags, vmTagRules), publishPorts };
}

export function imageMarkOf({ freeformTags = {} }: Tagged): string | undefined {
  return freeformTags[noteKeys.image];
}

const key = (value: string) => lookupTag(tagKeys.key, value, ociTagRules);
const managed = lookupTag(tagKeys.managed, "true", ociTagRules);

/** Whether a create with this key made it. Oracle's lists are not filtered by tags. */
export function hasKey({ freeformTags = {} }: Tagged, value: string): boolean {
  const wanted = key(value);
  return freeformTags[wanted.key] === wanted.value;
}

export function isOurs({ freeformTags = {} }: Tagged): boolean {
  return freeformTags[managed.key] === managed.value;
}

/** The same parts, the same text of 64 ASCII characters, which is what Oracle takes as a retry token. */
export function token(...parts: readonly (string | number)[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}
