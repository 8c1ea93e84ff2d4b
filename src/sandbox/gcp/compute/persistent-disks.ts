import { blockBytes } from "../../cloud/disks/layer-reader.ts";
import type { GcpCloud } from "../cloud.ts";
import type { Disk, DiskTraits } from "../state.ts";
import { newLayerId } from "./ids.ts";

/** Google's gigabytes of disks are gibibytes. */
export const GiB = 2 ** 30;

/** Whoever runs machines that write disks. */
export interface DiskHolders {
  /** The paths of the instances that a disk is attached to. */
  usersOf(diskId: string): string[];
  /** Lets the machine that has the disk, if one runs, go on in another (existing, empty) layer. */
  switchLayer(disk: Disk, layerId: string): Promise<void>;
  /** The layer that a running machine writes a disk in, as that machine says; undefined when none runs. */
  liveLayer(disk: Disk): Promise<string | undefined>;
}

/** The bytes of persistent disks: what disks, snapshots, images and instances have in common. */
export class PersistentDisks {
  readonly #cloud: GcpCloud;
  holders: DiskHolders = {
    usersOf: () => [],
    switchLayer: async () => {},
    liveLayer: async () => undefined,
  };

  constructor(cloud: GcpCloud) {
    this.#cloud = cloud;
  }

  /** Makes the empty top of a new disk; harmless when it is there. */
  async lay({ layerId, sizeGb }: Pick<Disk, "layerId" | "sizeGb">, parent?: string): Promise<void> {
    if (!this.#cloud.disks.has(layerId)) await this.#cloud.disks.createOverlay(layerId, sizeGb * GiB, parent);
  }

  /**
   * Makes what a disk holds at this moment an immutable layer, and lets the disk go on in a new one. Of a running
   * machine's disk the moment is as that of a power cut.
   */
  async point(diskId: string): Promise<string> {
    const { tables, disks } = this.#cloud;
    const disk = tables.disks.get(diskId);
    if (!disk) throw new Error(`there is no disk ${diskId}`);
    const nextLayerId = newLayerId();
    await disks.createOverlay(nextLayerId, disks.sizeBytes(disk.layerId), disk.layerId);
    tables.disks.change(diskId, { nextLayerId });
    try {
      await this.holders.switchLayer(disk, nextLayerId);
    } catch (error) {
      tables.disks.change(diskId, { nextLayerId: undefined });
      throw error;
    }
    this.#moved(diskId, disk.layerId, nextLayerId);
    return disk.layerId;
  }

  /** How many bytes of blocks an immutable layer and those below it hold. */
  async storedBytes(layerId: string): Promise<number> {
    return (await this.#cloud.disks.blocks(layerId)).length * blockBytes;
  }

  /** Makes the file of a disk that no machine runs with as large as the disk is. */
  async grow({ id, layerId, sizeGb }: Disk): Promise<void> {
    const { disks, parts } = this.#cloud;
    if (disks.sizeBytes(layerId) >= sizeGb * GiB) return;
    const file = disks.path(layerId);
    const { exitCode, stderr } = await parts.tools.run("qemu-img", ["resize", "-f", "qcow2", file, `${sizeGb}G`]);
    if (exitCode !== 0) throw new Error(`could not enlarge ${id}: ${stderr.trim()}`);
    disks.grown(layerId, sizeGb * GiB);
  }

  /** Ends what a killed process had begun: a change of layers that the machine may or may not have made. */
  async reconcile(): Promise<void> {
    const { tables } = this.#cloud;
    for (const disk of tables.disks.where(({ nextLayerId }) => nextLayerId !== undefined)) {
      const live = await this.holders.liveLayer(disk);
      if (disk.nextLayerId !== undefined && live === disk.nextLayerId) this.#moved(disk.id, disk.layerId, live);
      else tables.disks.change(disk.id, { nextLayerId: undefined });
    }
    await this.#cloud.collectDisks();
  }

  #moved(diskId: string, from: string, to: string): void {
    const { tables, disks, documents } = this.#cloud;
    documents.together(() => {
      disks.freeze(from);
      tables.disks.change(diskId, { layerId: to, nextLayerId: undefined });
    });
  }
}

export function traitFields({ guestOsFeatures, architecture, licenses }: DiskTraits): object {
  return {
    ...(guestOsFeatures.length > 0 ? { guestOsFeatures: guestOsFeatures.map((type) => ({ type })) } : {}),
    ...(architecture ? { architecture } : {}),
    ...(licenses.length > 0 ? { licenses } : {}),
  };
}

/** What a request says of a disk's bytes, on top of what is known of its source. */
export function traitsOf(body: Readonly<Record<string, unknown>>, source?: DiskTraits): DiskTraits {
  const given = ((body.guestOsFeatures ?? []) as readonly { type?: string }[]).flatMap(({ type }) => type ?? []);
  const architecture = (body.architecture as string | undefined) ?? source?.architecture;
  return {
    guestOsFeatures: [...new Set([...(source?.guestOsFeatures ?? []), ...given])],
    licenses: [...new Set([...(source?.licenses ?? []), ...((body.licenses ?? []) as string[])])],
    ...(architecture ? { architecture } : {}),
  };
}
