import type { DigitalOceanCloud } from "./cloud.ts";
import { newLayerId } from "./ids.ts";
import type { Volume } from "./state.ts";

export const GiB = 2 ** 30;

/** Whoever runs machines that write volumes. */
export interface VolumeHolders {
  /** Lets the machine that has the volume, if one runs, go on in another (existing, empty) layer. */
  switchLayer(volume: Volume, layerId: string): Promise<void>;
  /** The layer that a running machine writes a volume in, as that machine says; undefined when none runs. */
  liveLayer(volume: Volume): Promise<string | undefined>;
  /** Makes a volume larger under the machine that writes it; false when none runs. */
  resizeLive(volume: Volume, sizeBytes: number): Promise<boolean>;
}

/** The bytes of volumes. */
export class BlockVolumes {
  readonly #cloud: DigitalOceanCloud;
  holders: VolumeHolders = {
    switchLayer: async () => {},
    liveLayer: async () => undefined,
    resizeLive: async () => false,
  };

  constructor(cloud: DigitalOceanCloud) {
    this.#cloud = cloud;
  }

  /**
   * Makes what a volume holds at this moment an immutable layer, and lets it go on in a new one. Under a running machine the moment
   * is as that of a power cut.
   */
  async point(volumeId: string): Promise<string> {
    const { tables, disks } = this.#cloud;
    const volume = tables.volumes.get(volumeId);
    if (!volume) throw new Error(`there is no volume ${volumeId}`);
    const nextLayerId = newLayerId();
    await disks.createOverlay(nextLayerId, disks.sizeBytes(volume.layerId), volume.layerId);
    tables.volumes.change(volumeId, { nextLayerId });
    try {
      await this.holders.switchLayer(volume, nextLayerId);
    } catch (error) {
      tables.volumes.change(volumeId, { nextLayerId: undefined });
      throw error;
    }
    this.#moved(volumeId, volume.layerId, nextLayerId);
    return volume.layerId;
  }

  async grow(volume: Volume, sizeGb: number): Promise<void> {
    const { disks, parts } = this.#cloud;
    const { layerId, id } = volume;
    if (disks.sizeBytes(layerId) >= sizeGb * GiB) return;
    if (!(await this.holders.resizeLive(volume, sizeGb * GiB))) {
      const file = disks.path(layerId);
      const { exitCode, stderr } = await parts.tools.run("qemu-img", ["resize", "-f", "qcow2", file, `${sizeGb}G`]);
      if (exitCode !== 0) throw new Error(`could not enlarge ${id}: ${stderr.trim()}`);
    }
    disks.grown(layerId, sizeGb * GiB);
  }

  /** Ends what a killed process had begun: a change of layers that the machine may or may not have made. */
  async reconcile(): Promise<void> {
    const { tables } = this.#cloud;
    for (const volume of tables.volumes.where(({ nextLayerId }) => nextLayerId !== undefined)) {
      const live = await this.holders.liveLayer(volume);
      if (volume.nextLayerId !== undefined && live === volume.nextLayerId) this.#moved(volume.id, volume.layerId, live);
      else tables.volumes.change(volume.id, { nextLayerId: undefined });
    }
    await this.#cloud.collectDisks();
  }

  #moved(volumeId: string, from: string, to: string): void {
    const { tables, disks, documents } = this.#cloud;
    documents.together(() => {
      disks.freeze(from);
      tables.volumes.change(volumeId, { layerId: to, nextLayerId: undefined });
    });
  }
}
