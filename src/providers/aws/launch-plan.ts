import type { Tags } from "../../domain/tags.ts";
import { tagKeys } from "../../domain/vm.ts";
import { capabilities } from "../capabilities.ts";
import { invalid, type Subject, unsupported } from "../failures.ts";
import type { VmSpec } from "../provider.ts";
import { type Clone, parseReference } from "./clone-reference.ts";
import { createdTags } from "./tags.ts";

/** "Device names on Linux instances": what is recommended for EBS volumes, and what is available behind it. */
const dataDevices = [
  ..."fghijklmnop".split("").map((letter) => `/dev/sd${letter}`),
  ..."abcdefghijklmnopqrstuvwxyz".split("").map((letter) => `/dev/xvdb${letter}`),
];

/** A disk of the new VM, with where it will sit. */
export interface PlannedDisk {
  readonly deviceName: string;
  readonly boot: boolean;
  /** Made with the instance… */
  readonly clone?: Clone;
  /** …or there already. */
  readonly volumeId?: string;
  readonly type?: string;
}

/** A VM that is to be made, and by whom. */
export interface LaunchPlan {
  readonly spec: VmSpec;
  readonly key: string;
  readonly subject: Subject;
  readonly disks: readonly PlannedDisk[];
}

export function refuseWhatEbsLacks({ disks, nics }: VmSpec, subject: Subject): void {
  const other = disks.find(({ bus }) => bus !== "nvme");
  if (other) {
    throw unsupported(
      subject,
      `EBS volumes are NVMe devices to their guests, not ${other.bus}`,
      "Use nvme for its disks; the guest needs that driver.",
    );
  }
  if (nics.some(({ mac }) => mac !== undefined)) {
    throw unsupported(subject, capabilities.aws["network.fixed-mac"], "Leave the MAC out.");
  }
}

/** Where each disk will sit. The same spec, the same places. */
export function placeDisks(spec: VmSpec, root: string, subject: Subject): PlannedDisk[] {
  const boots = spec.disks.filter(({ boot }) => boot);
  if (boots.length !== (spec.image ? 0 : 1)) {
    throw invalid(
      subject,
      spec.image ? "it has an image and a boot disk" : `${boots.length} of its disks are boot disks`,
      "Give it an image, or exactly one boot disk.",
    );
  }
  const free = dataDevices.filter((name) => name !== root);
  if (spec.disks.length > free.length) throw invalid(subject, `it has ${spec.disks.length} disks`, "Use fewer.");
  return spec.disks.map(({ volumeId, boot, type }) => {
    const clone = parseReference(volumeId);
    const deviceName = boot ? root : (free.shift() as string);
    return { deviceName, boot, ...(clone ? { clone } : { volumeId }), ...(type === undefined ? {} : { type }) };
  });
}

/** A VM whose boot volume is there already is made with a blank disk in its place. */
function isBlank(disks: readonly PlannedDisk[]): boolean {
  return disks.some(({ boot, volumeId }) => boot && volumeId !== undefined);
}

/** What a VM's parts carry of its tags: whose they are. */
export function ownTags({ tags }: VmSpec): Tags {
  const migration = tags[tagKeys.migration];
  return migration === undefined ? {} : { [tagKeys.migration]: migration };
}

/** Without a key: until a volume gets its own it goes with its instance. A blank one, to be replaced, is found by the VM's. */
export function volumeTags({ spec, key, disks }: LaunchPlan): Tags {
  const tags = ownTags(spec);
  return isBlank(disks) ? createdTags(tags, key) : { ...tags, [tagKeys.managed]: "true" };
}
