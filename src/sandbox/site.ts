import type { Firmware } from "../domain/vm.ts";
import type { GuestDriver } from "./guest/initramfs.ts";

/** One of the sandbox's on-premise sites, as its administrator works it. */
export interface SandboxSite {
  readonly site: string;
  readonly type: "libvirt" | "folder";
  readonly storagePath: string;
  /** libvirt's connection. */
  readonly uri?: string;
  start(): Promise<void>;
  stop(): Promise<void>;
  createGuest(input: GuestInput): Promise<CreatedVm>;
  /** A stopped VM whose disks hold random data at their start, in their middle and at their end. */
  createDataVm(input: DataVmInput): Promise<CreatedVm>;
  /** Writes random bytes to a disk of a stopped VM, as an application of its owner would. Disks count from 0. */
  write(vmId: string, disk: number, offset: number, length: number): Promise<void>;
  /** SHA-256 of each disk's whole content, zeros included, in hex: read without the product. */
  digests(vmId: string): Promise<string[]>;
  /** Ends and removes a VM with the disks that the sandbox made for it; one that is gone is fine. */
  remove(vmId: string): Promise<void>;
}

/** The demo guest on a disk of its own; running unless `start` is false. It has all drivers unless `drivers` names those
 *  that it is to have. */
export interface GuestInput {
  readonly name: string;
  readonly memoryMib: number;
  readonly start: boolean;
  readonly drivers?: readonly GuestDriver[];
  /** With QEMU's guest agent in it. */
  readonly agent?: boolean;
  /** Default `bios`. */
  readonly firmware?: Firmware;
}

export interface DataVmInput {
  readonly name: string;
  readonly memoryMib: number;
  readonly disks: readonly { readonly sizeBytes: number; readonly dataBytes: number }[];
}

export interface CreatedVm {
  readonly vmId: string;
  readonly name: string;
}
