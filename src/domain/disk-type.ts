/** What a disk of a type is like, as sites' own words can't be compared: `magnetic`, `basic` (solid state at the least price),
 *  `general` (what most VMs have), `fast`, and `provisioned` (operations that are bought by the number). Slowest first. */
export const diskClasses = ["magnetic", "basic", "general", "fast", "provisioned"] as const;
export type DiskClass = (typeof diskClasses)[number];

export interface DiskType {
  /** The site's own word: `gp3`. */
  readonly type: string;
  readonly diskClass: DiskClass;
  /** Whether clones of recovery points can be made of it here. */
  readonly made: boolean;
  /** What to know of it, as a sentence without a full stop. */
  readonly note?: string;
}

/** The type that comes nearest to the class: of the same one, else of the next faster one, else of the next slower one. */
export function nearestType(types: readonly DiskType[], wanted: DiskClass): DiskType | undefined {
  const made = types.filter((each) => each.made);
  const rank = ({ diskClass }: DiskType) => diskClasses.indexOf(diskClass) - diskClasses.indexOf(wanted);
  const faster = made.filter((each) => rank(each) >= 0).toSorted((a, b) => rank(a) - rank(b));
  return faster[0] ?? made.toSorted((a, b) => rank(b) - rank(a))[0];
}
