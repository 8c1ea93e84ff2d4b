import type { Driver } from "./guest.ts";

/**
 * What makes a guest fit for its target: changes of files on a clone of its boot disk, pinned in the plan, carried out as
 * they are written there, and listed in the certificate. Paths are from the root of their volume.
 */

/** `auto`: what it lacks for the target is put in, where that can be done. `off`: its disk is never changed. */
export const prepareModes = ["auto", "off"] as const;
export type PrepareMode = (typeof prepareModes)[number];

/** What becomes of what tells one machine from another. `keep`: cloud-init doesn't make it anew at the target. `renew`:
 *  machine id and SSH host keys are taken out, so that the guest makes new ones. Absent: nothing is done about it. */
export const identityChoices = ["keep", "renew"] as const;
export type IdentityChoice = (typeof identityChoices)[number];

export interface PrepareOptions {
  readonly mode?: PrepareMode;
  readonly identity?: IdentityChoice;
}

interface FileChange {
  /** As the guest's volumes are called: `partition 1`. */
  readonly volume: string;
  readonly path: string;
  /** For a person, as a sentence without a full stop. */
  readonly reason: string;
}

export interface Rename {
  readonly from: string;
  readonly to: string;
}

export type PreparationChange = FileChange &
  (
    | {
        /** Modules of the guest's own kernel are put behind what the initramfs holds, and loaded first. */
        readonly change: "initramfs-drivers";
        readonly release: string;
        /** Where the modules are. */
        readonly modulesVolume: string;
        readonly drivers: readonly Driver[];
      }
    | {
        readonly change: "kernel-command-line";
        /** Drivers that it keeps from starting. */
        readonly enable?: readonly Driver[];
        readonly rename?: readonly Rename[];
        readonly add?: readonly string[];
      }
    | { readonly change: "device-names"; readonly rename: readonly Rename[] }
    | { readonly change: "write-file"; readonly text: string }
    | { readonly change: "empty-file" }
    | { readonly change: "remove-file" }
  );

/** What the `prepare-disk` action of a plan carries. */
export interface PrepareDiskParameters {
  readonly diskId: string;
  readonly changes: readonly PreparationChange[];
}

/** Stretches of the disk that belong to one file and were changed for one reason, as offset and length in bytes. */
export interface ChangedFile {
  readonly file: string;
  readonly reason: string;
  readonly ranges: readonly (readonly [offset: number, length: number])[];
}

/** What was changed on the clone of a disk, in the certificate. */
export interface PreparedDisk {
  readonly diskId: string;
  /** The point that the VM's disk is a clone of; the certified one is below it. */
  readonly pointId: string;
  readonly rootHash: string;
  readonly changes: readonly ChangedFile[];
}

/** As a person reads it in a plan. */
export function describeChange(change: PreparationChange): string {
  const { path, volume } = change;
  const where = `${path} on ${volume}`;
  switch (change.change) {
    case "initramfs-drivers":
      return `put ${change.drivers.join(", ")} of kernel ${change.release} into ${where}`;
    case "kernel-command-line": {
      const { enable = [], rename = [], add = [] } = change;
      const parts = [
        ...enable.map((driver) => `let ${driver} start`),
        ...rename.map(({ from, to }) => `${from} → ${to}`),
        ...(add.length > 0 ? [`add ${add.join(" ")}`] : []),
      ];
      return `in the kernel's command line (${where}): ${parts.join(", ")}`;
    }
    case "device-names":
      return `in ${where}: ${change.rename.map(({ from, to }) => `${from} → ${to}`).join(", ")}`;
    case "write-file":
      return `write ${where}`;
    case "empty-file":
      return `empty ${where}`;
    case "remove-file":
      return `remove ${where}`;
  }
}
