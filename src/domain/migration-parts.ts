import type { ChangeTracking } from "./change-tracking.ts";
import type { MigrationRequest } from "./migration.ts";
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
  readonly replicaId: string;
  readonly tracking: "full" | ChangeTracking;
  /** Present for a move of differences only. */
  readonly base?: {
    readonly baselineId: string;
    readonly parentPointId: string;
    readonly parentManifestId: string;
  };
  /** Present when a bandwidth limit was asked for. */
  readonly bandwidthBytesPerSecond?: number;
}
export interface CreateVmParameters {
  readonly name: string;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly firmware: Firmware;
  readonly architecture: "x86_64" | "aarch64";
  readonly disks: readonly { readonly diskId: string; readonly bus: DiskBus; readonly boot: boolean }[];
  readonly nics: readonly { readonly networkId: string; readonly mac?: string }[];
  readonly publishPorts: readonly number[];
  readonly tags: Readonly<Record<string, string>>;
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
  /** Whether a boot is proven unless a request says otherwise. */
  readonly verify: boolean;
  /** False leaves a failed move as it stands, for inspection, until a person rolls it back. */
  readonly rollbackOnFailure: boolean;
}

/** A ceiling of ours at the target, beside the site's own. */
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
}

export interface DiskObservation {
  readonly diskId: string;
  readonly sizeBytes: number;
  readonly targetSizeBytes: number;
  readonly allocatedBytes: number;
  readonly bases: readonly DiskBase[];
}

/** All that the plan is made from; gathered at both sites in one go. */
export interface MigrationObservations {
  readonly request: MigrationRequest;
  readonly defaults: MigrationDefaults;
  readonly vm: Vm;
  readonly disks: readonly DiskObservation[];
  readonly source: { readonly capabilityGaps: Readonly<Record<string, string>> };
  readonly target: {
    readonly capabilityGaps: Readonly<Record<string, string>>;
    readonly networks: readonly { readonly networkId: string; readonly name: string; readonly active: boolean }[];
    readonly freeBytes?: number;
    readonly vmNames: readonly string[];
    readonly ceilings: readonly Ceiling[];
  };
  /** Bytes per second seen on this link in earlier moves; undefined when there were none. */
  readonly measuredBytesPerSecond?: number;
  /** The usual seconds of each step of earlier moves of this link. */
  readonly measuredSteps: Readonly<Record<string, number>>;
}
