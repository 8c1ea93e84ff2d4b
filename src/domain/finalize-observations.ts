import type { MigrationState } from "./migration.ts";
import type { PriceBook } from "./prices.ts";
import type { UndoView } from "./undo.ts";
import type { Vm } from "./vm.ts";

/** A completed move with what it keeps for a way back. */
export interface SeenMove {
  readonly migrationId: string;
  readonly vmName: string;
  readonly sourceSite: string;
  readonly sourceVmId: string;
  readonly targetSite: string;
  /** False for a copy of a frozen moment, whose source runs on. */
  readonly fenced: boolean;
  /** The source as it is now; absent when it is gone. */
  readonly vm?: Vm;
  /** The moved volumes that outlived the source. */
  readonly leftVolumes: readonly { readonly volumeId: string; readonly sizeBytes: number; readonly type?: string }[];
  /** What it became, or what that was moved on to since; absent when nothing of it is there. */
  readonly successor?: { readonly site: string; readonly vmId: string };
  /** The volumes that were moved, by disk: others of the VM were never copied. */
  readonly movedVolumes: Readonly<Record<string, string>>;
  /** Which other VMs use the same volumes, by volume. */
  readonly sharedVolumes: Readonly<Record<string, string>>;
  readonly snapshots: readonly { readonly snapshotId: string; readonly volumeId?: string }[];
  /** Groups that were made for the source alone, when it was moved there. */
  readonly groups?: readonly { readonly securityGroupId: string; readonly name: string }[];
  readonly addresses: readonly { readonly addressId: string; readonly address: string }[];
  /** At either site, kept as a proof or for a way back. */
  readonly points: readonly { readonly site: string; readonly pointId: string; readonly sizeBytes: number }[];
  /** By site; absent where nothing has a price. */
  readonly prices: Readonly<Record<string, PriceBook | undefined>>;
  readonly diskType?: string;
}

export interface FinalizeObservations {
  readonly migrationId: string;
  readonly state: MigrationState;
  readonly undo?: UndoView;
  /** What failed, where it runs at the target all the same. */
  readonly problem?: string;
  /** The move itself; before it the one that brought the VM home, where that was undone. */
  readonly moves: readonly SeenMove[];
}
