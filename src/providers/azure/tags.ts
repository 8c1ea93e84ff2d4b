import { azureTagRules, type TagRules } from "../../domain/tag-rules.ts";
import { packTags, type Tags, unpackTags } from "../../domain/tags.ts";
import { tagKeys } from "../../domain/vm.ts";

/** What the adapter notes on resources beside the port's tags. Each is short. */
export const noteKeys = {
  /** As it was asked for: Azure's own names must be unique, and of few characters. */
  name: "novacron:name",
  /** Of a VM: guest ports, separated by spaces. */
  publishPorts: "novacron:publish-ports",
  /** Of a snapshot: the recovery point that it is, or that its disk was made from. */
  point: "novacron:point",
  baseline: "novacron:baseline",
  /** Of a snapshot that was taken of a VM's disk. */
  sourcePoint: "novacron:source-point",
  disk: "novacron:disk",
  vm: "novacron:vm",
  mode: "novacron:mode",
  /** Whoever reads a source point's disk now. */
  reader: "novacron:reader",
  /** Of an adopted snapshot whose source point has ended. */
  released: "novacron:released",
  purpose: "novacron:purpose",
  /** Of a security group, which Azure binds to no network. */
  network: "novacron:network",
  /** Of a virtual network: the subnets in it that are ours, as subnets have no tags. */
  subnets: "novacron:subnets",
  /** Of an image. */
  architecture: "novacron:architecture",
} as const;
type NoteKey = keyof typeof noteKeys;
export type Notes = Readonly<Partial<Record<NoteKey, string>>>;

/** For VMs: only these two of our notes take places there. */
export const vmTagRules: TagRules = { ...azureTagRules, taken: [noteKeys.name, noteKeys.publishPorts] };
/** For everything else. */
const otherTagRules: TagRules = { ...azureTagRules, taken: Object.values(noteKeys) };

/** All tags as Azure gets them. */
export function toWire(tags: Tags, notes: Notes = {}, rules = otherTagRules): Record<string, string> {
  const noted = Object.entries(notes).filter((entry): entry is [NoteKey, string] => entry[1] !== undefined);
  return {
    ...packTags(tags, rules).tags,
    ...Object.fromEntries(noted.map(([key, value]) => [noteKeys[key], value])),
  };
}

/** The tags of what we create: ours, with who asked for it. */
export function createdTags(tags: Tags, key: string): Tags {
  return { ...tags, [tagKeys.managed]: "true", [tagKeys.key]: key };
}

export interface SeenTags {
  readonly tags: Tags;
  readonly notes: Notes;
  /** As Azure shows them. */
  readonly raw: Tags;
}

export function fromWire(wire: Tags | undefined, rules = otherTagRules): SeenTags {
  const raw = wire ?? {};
  // Azure may show keys in another case than they were given in.
  const folded = new Map(Object.entries(raw).map(([key, value]) => [key.toLowerCase(), value]));
  const notes = Object.entries(noteKeys).flatMap(([note, key]) => {
    const value = folded.get(key);
    return value === undefined ? [] : [[note, value]];
  });
  return { tags: unpackTags(raw, rules), notes: Object.fromEntries(notes) as Notes, raw };
}

export function isManaged(wire: Tags | undefined): boolean {
  return fromWire(wire).tags[tagKeys.managed] === "true";
}
