import type { ChangeTracking } from "../../src/domain/change-tracking.ts";
import type { DiskBus } from "../../src/domain/vm.ts";
import type { Provider } from "../../src/providers/provider.ts";

/** A site of one kind, made for a test, with what the suite has to do behind the provider's back. */
export interface ConformanceSite {
  readonly provider: Provider;
  /** Plain JSON from which {@link ConformanceHarness.connect} makes a provider of the same site in another process. */
  readonly descriptor: unknown;
  /** The disk controller its VMs get. */
  readonly bus: DiskBus;
  /** How its disks know what changed. */
  readonly tracking: ChangeTracking;
  /** What a disk holds is not told: all of it counts as allocated until it is read. */
  readonly hidesAllocation?: true;
  /** Its disks are written in whole manifest leaves only. */
  readonly wholeLeaves: boolean;
  /** Writes to a VM's disk as its guest would: through the hypervisor while it runs, else straight into the image. */
  writeAsGuest(vmId: string, diskId: string, offset: number, length: number, pattern: number): Promise<void>;
  /** How long a guest may take to power off before the site itself pulls its plug; short, where nobody in the guests listens. */
  powerOffWithin?(ms: number): void;
  /** Where it has `dns` or `loadBalancing`: what of them is there for a test, made behind the provider's back. */
  traffic?(): Promise<TrafficSite>;
  close(): Promise<void>;
}

/** Long enough to be seen, and no longer: guests of this suite don't listen to their power button. */
export const deafGuestMs = 50;

export interface TrafficSite {
  /** With nothing in it but what it came with. */
  readonly zone?: { readonly zoneId: string; readonly name: string };
  /** With no target in it, and a machine that would answer its health checks. */
  readonly pool?: {
    readonly poolId: string;
    readonly target: { readonly vmId?: string; readonly address?: string; readonly port: number };
    /** The share that takes it, and one beside it; absent where each target is a share. */
    readonly shares?: readonly [string, string];
  };
  close(): Promise<void>;
}

export interface ConformanceHarness {
  readonly kind: string;
  /** Module that exports the harness as `harness`, for other processes. */
  readonly module: string;
  /** Where a stand-in for the site is known to differ: the test's name → what it does, and what the vendor's documentation
   *  says. Those tests are skipped with that reason. */
  readonly differences?: Readonly<Record<string, string>>;
  /** The only cases that a stand-in for a part of the site has a say in; absent: all. */
  readonly serves?: readonly string[];
  /** How long the whole suite may take; default five minutes. */
  readonly timeoutMs?: number;
  /** Where others' resources may be about: begins the keys of this run's. */
  readonly runId?: string;
  /** Why it can't run here; undefined when it can. */
  unavailable(): string | undefined;
  open(): Promise<ConformanceSite>;
  connect(descriptor: unknown): Provider;
}
