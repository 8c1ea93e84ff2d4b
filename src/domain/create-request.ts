import type { NewVmDisk, VmSize } from "./operation.ts";
import type { Firmware } from "./vm.ts";

/** A VM that is to be made, and what decides where. */
export interface CreateVmRequest {
  readonly name: string;
  /** Where; without it the cheapest of the sites that satisfy the rest. */
  readonly site?: string;
  /** The sites that may be looked at; the API fills in those that the caller reaches. */
  readonly sites?: readonly string[];
  /** Exact, or a beginning and `*`. */
  readonly regions?: readonly string[];
  /** A place (`eu`, `de`) that the site's configuration must name as one where its data stays. */
  readonly residency?: string;
  readonly cpus: VmSize["cpus"];
  readonly memoryBytes: number;
  readonly instanceType?: string;
  readonly burstable?: boolean;
  readonly gpus?: number;
  /** Whether capacity that may be taken back will do. Then the cheaper of both is taken. */
  readonly spot?: boolean;
  /** Default x86_64, and bios unless the image says otherwise. */
  readonly architecture?: "x86_64" | "aarch64";
  readonly firmware?: Firmware;
  /** What it boots from: an image's name or id, a recovery point, or else the first of its empty disks. */
  readonly image?: string;
  readonly recoveryPoint?: string;
  /** Of a boot disk that an image makes; default the image's own size. */
  readonly bootDiskBytes?: number;
  /** Empty ones, beside what it boots from. */
  readonly disks?: readonly NewVmDisk[];
  /** Name or id; default the site's default one, else its only one. */
  readonly network?: string;
  readonly securityGroups?: readonly string[];
  readonly publicAddress?: boolean;
  readonly encryptionKey?: string;
  readonly publishPorts?: readonly number[];
  readonly tags?: Readonly<Record<string, string>>;
  /** Default true. */
  readonly start?: boolean;
}
