import { gib, mib } from "./format.ts";
import type { CopyDiskParameters, DiskBase, DiskObservation, MigrationObservations } from "./migration-parts.ts";
import { formatMoney } from "./money.ts";
import { hoursOf, type MoveHours } from "./move-hours.ts";
import type { PlanAction, PlanCheck, PlanChoice } from "./plan.ts";
import { diskMonth } from "./prices.ts";
import { shortened } from "./tag-text.ts";
import { tagKeys, type Vm } from "./vm.ts";

export interface PlannedCopy {
  /** At most. */
  readonly bytes: number;
  readonly expectedBytes: number;
  readonly action: PlanAction;
  readonly choices: readonly PlanChoice[];
  readonly checks: readonly PlanCheck[];
  readonly base?: DiskBase;
}

/** Of the 63 characters that Google Cloud gives a label, in which a capital takes more than one. */
const longestLineage = 40;

/** The id a VM keeps across moves: its first site's, shortened where other clouds could not take it as a tag (an OCID has 95
 *  characters). */
export function lineageOf(vm: Vm): string {
  return vm.tags[tagKeys.lineage] ?? shortened(vm.vmId, longestLineage);
}

export function planCopy(seen: MigrationObservations, disk: DiskObservation, hours: MoveHours): PlannedCopy {
  const { request, vm, target } = seen;
  const usable = request.incremental === false ? [] : disk.bases;
  const base = [...usable].sort((a, b) => cost(a, disk) - cost(b, disk))[0];
  const bytes = base ? cost(base, disk) : disk.allocatedBytes;
  const expectedBytes = Math.min(bytes, disk.knownBytes ?? bytes);
  const bandwidth = request.bandwidthBytesPerSecond ?? seen.defaults.bandwidthBytesPerSecond;
  const encryptionKey = request.encryptionKey ?? target.encryptionKey;
  const parameters: CopyDiskParameters = {
    diskId: disk.diskId,
    sizeBytes: disk.sizeBytes,
    targetSizeBytes: disk.targetSizeBytes,
    allocatedBytes: disk.allocatedBytes,
    ...(disk.knownBytes === undefined ? {} : { expectedBytes }),
    replicaId: `${lineageOf(vm)}-${disk.diskId}`,
    tracking: base ? base.tracking : "full",
    base: base && {
      baselineId: base.baselineId,
      parentPointId: base.parentPointId,
      parentManifestId: base.parentManifestId,
      ...(base.also ? { also: base.also } : {}),
    },
    bandwidthBytesPerSecond: bandwidth,
    ...(hours.allowedHours || hours.bandwidthHours ? { hours: hoursOf(hours) } : {}),
    encryptionKey,
  };
  return {
    bytes,
    expectedBytes,
    base,
    action: {
      action: "copy-disk",
      resource: { site: request.from, kind: "disk", id: `${vm.vmId}/${disk.diskId}` },
      detail: `Copy ${disk.diskId}: at most ${mib(bytes)} MiB of ${mib(disk.sizeBytes)} MiB, then seal and prove it`,
      parameters: { ...parameters },
    },
    choices: [
      {
        what: `bytes to move of ${disk.diskId}`,
        chosen: base ? `differences since ${base.baselineId}, found by ${base.tracking}` : "all allocated bytes",
        why: base
          ? `${request.to} holds that state${base.also ? ", but for what was prepared in it," : ""} as point ${base.parentPointId}, proven by its manifest`
          : request.incremental === false
            ? "a full copy was asked for"
            : `${request.to} holds no earlier state of this disk that ${request.from} can tell the changes since`,
      },
      ...sizeChoice(seen, disk),
    ],
    checks: disk.refused === undefined ? [] : [tooLarge(seen, disk, disk.refused)],
  };
}

function cost(base: DiskBase, disk: DiskObservation): number {
  if (base.tracking === "hash-compare" || base.changedBytes === undefined) return disk.allocatedBytes;
  const also = (base.also ?? []).reduce((sum, [, length]) => sum + length, 0);
  return base.changedBytes + also;
}

/** What the target's disks are encrypted with, when it is a customer's key. */
export function planEncryption(seen: MigrationObservations): { choices: PlanChoice[]; checks: PlanCheck[] } {
  const { request, target } = seen;
  const key = request.encryptionKey ?? target.encryptionKey;
  if (key === undefined) return { choices: [], checks: [] };
  const gap = target.capabilityGaps["disks.customer-key"];
  const why = request.encryptionKey ? "it was asked for" : `the configuration says so for ${request.to}`;
  if (gap === undefined) return { choices: [{ what: "encryption key", chosen: key, why }], checks: [] };
  const remedy = "Leave the key out of the request and of the site's configuration.";
  return { choices: [], checks: [{ check: "target-disks.customer-key", result: "fail", detail: gap, remedy }] };
}

/** Sites count in steps; what is rounded up is paid for. */
function sizeChoice({ request, target }: MigrationObservations, disk: DiskObservation): PlanChoice[] {
  const more = disk.targetSizeBytes - disk.sizeBytes;
  if (more <= 0) return [];
  const month = target.prices && target.diskType ? diskMonth(target.prices, target.diskType, more) : undefined;
  const price = month?.amount
    ? `, ${formatMoney(month.amount)} a month`
    : month
      ? ", at a price that is not known"
      : "";
  return [
    {
      what: `size of ${disk.diskId}`,
      chosen: `${gib(disk.targetSizeBytes)} GiB`,
      why: `${request.to} makes disks in steps; that is ${gib(more)} GiB more than it has now${price}`,
    },
  ];
}

function tooLarge({ request }: MigrationObservations, disk: DiskObservation, reason: string): PlanCheck {
  return {
    check: "target-disk-size",
    result: "fail",
    detail: `${disk.diskId} has ${gib(disk.sizeBytes)} GiB, which ${request.to} does not make: ${reason}`,
    remedy: "Spread its content over several disks first, or choose another target.",
  };
}
