import { fromTagText, toTagText } from "../../domain/tag-text.ts";
import type { Tags } from "../../domain/tags.ts";
import { invalid, type Subject } from "../failures.ts";
import { groupPrefix } from "./labels.ts";
import { digest } from "./names.ts";
import type { WireFirewall } from "./wire.ts";

/** A firewall takes five tags, by which it knows its droplets; a tag has 255 characters. */
const partsAtMost = 5;
const partLength = 220;

/** What a firewall of ours is, as its own tags tell: it has no other place for that. */
export interface GroupNote {
  readonly name: string;
  readonly key: string;
  readonly virtualNetworkId: string;
  readonly tags: Tags;
}

/** Tags that no other firewall has. The first one is on its droplets, too. */
export function noteWords(note: GroupNote, subject: Subject): string[] {
  const text = toTagText(JSON.stringify(note), "base32");
  const count = Math.ceil(text.length / partLength);
  if (count > partsAtMost) {
    throw invalid(subject, "its name, its key and its tags are too long together", "Shorten them.");
  }
  const name = `${groupPrefix}${digest(12, note.key)}`;
  return Array.from({ length: count }, (_, index) => {
    return `${name}-${index}:${text.slice(index * partLength, (index + 1) * partLength)}`;
  });
}

/** Undefined for a firewall that is not ours. */
export function noteOf({ tags }: Pick<WireFirewall, "tags">): GroupNote | undefined {
  const parts = (tags ?? []).filter((tag) => tag.startsWith(groupPrefix)).toSorted();
  if (parts.length === 0) return undefined;
  const text = fromTagText(parts.map((part) => part.slice(part.indexOf(":") + 1)).join(""), "base32");
  return text === undefined ? undefined : (JSON.parse(text) as GroupNote);
}

/** The tag by which a firewall of ours knows its droplets. */
export function groupWord(tags: readonly string[] | null): string | undefined {
  return (tags ?? []).filter((tag) => tag.startsWith(groupPrefix)).toSorted()[0];
}
