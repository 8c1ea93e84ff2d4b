import type { Kinds } from "../arm/kinds.ts";
import type { Grants } from "../disks/grants.ts";
import type { DiskContents } from "./disk-contents.ts";
import type { VmDisks } from "./vm-disks.ts";
import type { VmGuests } from "./vm-guests.ts";

export interface VmParts {
  readonly kinds: Kinds;
  readonly contents: DiskContents;
  readonly grants: Grants;
  readonly guests: VmGuests;
  readonly vmDisks: VmDisks;
}
