import type { Tags } from "../../domain/tags.ts";
import { tagKeys } from "../../domain/vm.ts";

/** What never changes of a volume or a VPC, as JSON in its description: names and tags of any text. */
export interface Described {
  readonly name?: string;
  /** The key that it was made with. */
  readonly key?: string;
  readonly tags?: Tags;
  /** Of a volume that is a generation; of one that is a helper's, and goes with it. */
  readonly generation?: string;
  readonly helper?: string;
  /** Of a volume that is a point's clone: the point, and the snapshot behind it. */
  readonly point?: string;
  readonly snapshot?: string;
  /** Of a VPC whose droplets get no public address. */
  readonly inside?: true;
}

const prefix = "novacron ";

export function describe(described: Described): string {
  return `${prefix}${JSON.stringify(described)}`;
}

/** Undefined for what is not ours. */
export function described(description: string | null | undefined): Described | undefined {
  if (!description?.startsWith(prefix)) return undefined;
  try {
    return JSON.parse(description.slice(prefix.length)) as Described;
  } catch {
    return undefined;
  }
}

export function describedTags(found: Described | undefined): Tags {
  if (!found) return {};
  return {
    ...found.tags,
    [tagKeys.managed]: "true",
    ...(found.key !== undefined && { [tagKeys.key]: found.key }),
  };
}
