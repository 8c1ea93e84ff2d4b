import type { ChangeTracking } from "./change-tracking.ts";
import type { Consistency } from "./consistency.ts";
import type { DiskType } from "./disk-type.ts";
import type { FirewallRule, VmFirewall } from "./firewall.ts";
import type { Fact, Guest } from "./guest.ts";
import type { CapacityType, InstanceType } from "./instance-type.ts";
import type { LiveGuest } from "./live.ts";
import type { MigrationRequest } from "./migration.ts";
import type { StepSample } from "./migration-times.ts";
import type { MoveHours } from "./move-hours.ts";
import type { PlanCheck } from "./plan.ts";
import type { PrepareMode } from "./preparation.ts";
import type { PriceBook } from "./prices.ts";
import type { Quota } from "./quota.ts";
import type { SecurityRule } from "./security-rule.ts";
import type { TagRules } from "./tag-rules.ts";
import type { TrafficObservation } from "./traffic.ts";
import type { DiskBus, Firmware, Vm } from "./vm.ts";

/** What the actions of a `migrate-vm` plan carry for their executor. */
export interface StopParameters {
  readonly graceMs: number;
  readonly wasRunning: boolean;
  readonly mode: "stopped" | "frozen";
}
export interface CopyDiskParameters {
  readonly diskId: string;
  readonly sizeBytes: number;
  /** What the target makes of that size; behind the source's end it reads as zeros. */
  readonly targetSizeBytes: number;
  readonly allocatedBytes: number;
  /** What is expected to be moved, where `allocatedBytes` is only the most that it can be. */
  readonly expectedBytes?: number;
  readonly replicaId: string;
  readonly tracking: "full" | ChangeTracking;
  /** Present for a move of differences only. */
  readonly base?: {
    readonly baselineId: string;
    readonly parentPointId: string;
    readonly parentManifestId: string;
    /** Where the parent differs from the baseline: ranges that may have changed, too. */
    readonly also?: readonly (readonly [offset: number, length: number])[];
  };
  /** Present when a bandwidth limit was asked for. */
  readonly bandwidthBytesPerSecond?: number;
  /** Present when bytes flow in certain hours only, or at limits of their own. */
  readonly hours?: MoveHours;
  /** The target's name of a customer's key; without it the site's own is used, where the site encrypts. */
  readonly encryptionKey?: string;
}
export interface CreateVmParameters {
  readonly name: string;
  readonly cpus: number;
  readonly memoryBytes: number;
  /** Sizes of the site to try in this order, the next one when there is no capacity; absent where it has no sizes. */
  readonly instanceTypes?: readonly string[];
  readonly capacityType?: CapacityType;
  /** Ids. */
  readonly securityGroups?: readonly string[];
  readonly publicAddress?: boolean;
  readonly firmware: Firmware;
  readonly architecture: "x86_64" | "aarch64";
  readonly disks: readonly {
    readonly diskId: string;
    readonly bus: DiskBus;
    readonly boot: boolean;
    /** Where one was chosen. */
    readonly type?: string;
  }[];
  readonly nics: readonly { readonly networkId: string; readonly mac?: string; readonly address?: string }[];
  readonly publishPorts: readonly number[];
  readonly tags: Readonly<Record<string, string>>;
}
export interface CreateGroupParameters {
  readonly name: string;
  readonly description: string;
  readonly virtualNetworkId: string;
  readonly rules: readonly SecurityRule[];
}
export interface VerifyParameters {
  readonly start: boolean;
  /** Why it is not started, as a sentence without a full stop. */
  readonly stayOffBecause?: string;
  readonly bootMarker?: string;
  readonly bootTimeoutMs: number;
  readonly tcpPorts: readonly number[];
  readonly httpProbes: readonly { readonly port: number; readonly path: string; readonly expectStatus: number }[];
  readonly probeTimeoutMs: number;
}

export interface MigrationDefaults {
  readonly stopGraceMs: number;
  readonly bootTimeoutMs: number;
  readonly probeTimeoutMs: number;
  readonly bandwidthBytesPerSecond?: number;
  readonly hours?: MoveHours;
  /** Whether a boot is proven unless a request says otherwise. */
  readonly verify: boolean;
  /** Whether guests are prepared for their target. Default `auto`. */
  readonly prepare?: PrepareMode;
  /** Whether running guests may move live. Default true. */
  readonly live?: boolean;
  /** False leaves a failed move as it stands, for inspection, until a person rolls it back. */
  readonly rollbackOnFailure: boolean;
}

/** A ceiling of ours at the target, beside the site's own; `used` is what is there before the move. */
export interface Ceiling {
  readonly name: string;
  readonly limit: number;
  readonly used: number;
  readonly unit: string;
}

/** A point at the target that a disk's content can start from, with the source's way to say what changed since. */
export interface DiskBase {
  readonly baselineId: string;
  readonly tracking: ChangeTracking;
  readonly changedBytes?: number;
  readonly parentPointId: string;
  readonly parentManifestId: string;
  /** Where the parent differs from the baseline. */
  readonly also?: readonly (readonly [offset: number, length: number])[];
}

export interface DiskObservation {
  readonly diskId: string;
  readonly sizeBytes: number;
  readonly targetSizeBytes: number;
  /** Why the target makes no disk of that size. */
  readonly refused?: string;
  readonly allocatedBytes: number;
  /** What its newest known state held, where `allocatedBytes` is only the most that it can be. */
  readonly knownBytes?: number;
  readonly bases: readonly DiskBase[];
}

export interface TargetNetwork {
  readonly networkId: string;
  readonly name: string;
  readonly active: boolean;
  readonly isDefault?: boolean;
  readonly kind?: string;
  readonly virtualNetworkId?: string;
  readonly zone?: string;
  readonly cidr?: string;
  /** Addresses at the begin and the end of its range that the site keeps to itself. */
  readonly reserved?: { readonly first: number; readonly last: number };
}

/** Of a running VM that is to move live, when both sites can do that. */
export interface LiveObservation {
  readonly guest: Pick<LiveGuest, "obstacles" | "networkKinds" | "memoryBytes" | "dirtyBytesPerSecond">;
  /** What the target says of it. */
  readonly checks: readonly PlanCheck[];
}

/** All that the plan is made from; gathered at both sites in one go. */
export interface MigrationObservations {
  readonly request: MigrationRequest;
  /** When all of this was looked at. */
  readonly at?: string;
  readonly defaults: MigrationDefaults;
  readonly vm: Vm;
  readonly disks: readonly DiskObservation[];
  /** The types of disks whose VM does not tell them; read where types are to be mapped. */
  readonly diskTypes?: Readonly<Record<string, string>>;
  /** What the boot disk says of the system on it; absent when nobody looked. */
  readonly guest?: Fact<Guest>;
  /** Why what would be changed in the guest can't be, as it was tried; absent when it can, or when nobody tried. */
  readonly preparationRefused?: string;
  readonly live?: LiveObservation;
  /** What holds traffic to it back; read where that is to be translated, absent where the site tells nothing of it. */
  readonly firewall?: VmFirewall;
  /** The map that is a part of the request already. */
  readonly map?: { readonly name: string; readonly version: number };
  /** Present where traffic is to move with it. */
  readonly traffic?: TrafficObservation;
  /** It brings a VM home: what led users to it and is gone meanwhile is told, and keeps it from nothing. */
  readonly homeward?: boolean;
  readonly source: {
    /** Sites of one kind can hand running guests to each other. */
    readonly kind?: string;
    readonly capabilityGaps: Readonly<Record<string, string>>;
    /** Sizes, disk controllers and MACs are the site's, not the VM's. */
    readonly fixedShapes: boolean;
    readonly diskTypes?: readonly DiskType[];
    /** What a point of the VM would show now; absent where the site can't freeze a guest. */
    readonly consistency?: Consistency;
    /** Absent where traffic out of it has no price. */
    readonly prices?: PriceBook;
  };
  readonly target: {
    readonly kind?: string;
    readonly capabilityGaps: Readonly<Record<string, string>>;
    readonly networks: readonly TargetNetwork[];
    readonly freeBytes?: number;
    readonly vmNames: readonly string[];
    /** That its VMs have, by network. */
    readonly addresses?: Readonly<Record<string, readonly string[]>>;
    readonly ceilings: readonly Ceiling[];
    /** Absent where a VM can have any size. */
    readonly instanceTypes?: readonly InstanceType[];
    /** Absent where any tag is taken as it is. */
    readonly tagRules?: TagRules;
    readonly quotas?: readonly Quota[];
    /** Why they could not be read, as a sentence. */
    readonly quotasUnread?: string;
    /** Absent where nothing has a price. */
    readonly prices?: PriceBook;
    /** Of the disks it makes, as its price list calls it. */
    readonly diskType?: string;
    /** Absent where disks have no types. */
    readonly diskTypes?: readonly DiskType[];
    readonly securityGroups?: readonly {
      readonly securityGroupId: string;
      readonly name: string;
      readonly virtualNetworkId?: string;
      readonly rules?: readonly SecurityRule[];
    }[];
    /** What its networks let through by rules of their own, by network; read where rules are to be translated. */
    readonly networkRules?: Readonly<Record<string, readonly FirewallRule[]>>;
    /** Names or ids of the configuration. */
    readonly configuredSecurityGroups?: readonly string[];
    /** The customer's key of the configuration. */
    readonly encryptionKey?: string;
  };
  /** The newest moves over this route, step by step. */
  readonly history: readonly StepSample[];
}
