import { nearestType } from "./disk-type.ts";
import type { MigrationObservations } from "./migration-parts.ts";
import type { PlanCheck, PlanChoice } from "./plan.ts";

export interface PlannedDiskTypes {
  /** In the order of the VM's disks; absent takes the site's own choice. */
  readonly types: readonly (string | undefined)[];
  readonly choices: readonly PlanChoice[];
  readonly checks: readonly PlanCheck[];
}

/** The type of each disk at the target: as the map says, else, where types are to match, the nearest of the same class. */
export function planDiskTypes(seen: MigrationObservations): PlannedDiskTypes {
  const planned = seen.vm.disks.map((disk) => planDisk(seen, disk));
  return {
    types: planned.map(({ type }) => type),
    choices: planned.flatMap(({ choice }) => choice ?? []),
    checks: planned.flatMap(({ check }) => check ?? []),
  };
}

interface PlannedDisk {
  readonly type?: string;
  readonly choice?: PlanChoice;
  readonly check?: PlanCheck;
}

function planDisk(
  seen: MigrationObservations,
  { diskId, type: at }: MigrationObservations["vm"]["disks"][number],
): PlannedDisk {
  const { request, source, target } = seen;
  const type = at ?? seen.diskTypes?.[diskId];
  const types = target.diskTypes ?? [];
  const mapped = type === undefined ? undefined : request.diskTypeMap?.[type];
  const what = `type of ${diskId}`;
  if (mapped !== undefined) {
    const known = types.find((each) => each.type === mapped && each.made);
    if (known)
      return { type: mapped, choice: { what, chosen: mapped, why: because(`${type} is mapped to it`, known.note) } };
    const made = types.flatMap((each) => (each.made ? each.type : []));
    return {
      check: {
        check: "target-disk-type",
        result: "fail",
        detail: `${diskId}: ${type} is mapped to ${mapped}, of which ${request.to} makes no disks`,
        remedy:
          made.length > 0
            ? `Map it to one of: ${made.join(", ")}.`
            : `Leave it out: ${request.to} has no types of disk.`,
      },
    };
  }
  if (request.diskTypes !== "match") return {};
  if (types.length === 0) {
    return { choice: { what, chosen: "the site's own choice", why: `${request.to} tells no types of disk to match` } };
  }
  const diskClass = source.diskTypes?.find((each) => each.type === type)?.diskClass;
  const nearest = diskClass && nearestType(types, diskClass);
  if (!nearest) {
    const why = type === undefined ? `${request.from} does not tell its type` : `nothing says what ${type} is like`;
    return { choice: { what, chosen: target.diskType ?? "the site's own choice", why } };
  }
  const like =
    nearest.diskClass === diskClass
      ? `it is of the class ${diskClass}, as ${type}`
      : `of the class ${diskClass} (${type}) there is none; it comes next`;
  return { type: nearest.type, choice: { what, chosen: nearest.type, why: because(like, nearest.note) } };
}

function because(why: string, note: string | undefined): string {
  return note === undefined ? why : `${why}; ${note}`;
}
