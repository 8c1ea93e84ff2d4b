import { randomUUID } from "node:crypto";
import { type DiskParts, newLayerId, reconcilePoints, takePoint } from "../../cloud/disks/points.ts";
import type { AzureCloud } from "../cloud.ts";
import { operationNotAllowed } from "../errors.ts";
import { newId } from "../ids.ts";
import type { Disk, DiskBytes, Vm } from "../state.ts";
import { textOf } from "../text.ts";

export const GiB = 2 ** 30;

export interface NewBytes {
  /** As the resource has noted it. */
  readonly diskId: string;
  readonly resourceId: string;
  readonly sizeBytes: number;
  /** A frozen or sealed layer that it starts from. */
  readonly from?: string;
  /** What it continues, where it starts from something. */
  readonly lineage?: string;
}

/** The bytes of managed disks and snapshots. */
export class DiskContents {
  readonly #cloud: AzureCloud;
  readonly #parts: DiskParts<DiskBytes>;

  constructor(cloud: AzureCloud) {
    this.#cloud = cloud;
    const { disks, guests, documents, tables } = cloud;
    const guestOf = (bytes: DiskBytes) => this.guestOf(bytes);
    this.#parts = { disks, guests, documents, table: tables.bytes, guestOf };
  }

  /** @throws AzureError OperationNotAllowed for one that is not made. */
  of(disk: Disk): DiskBytes {
    const bytes = this.#cloud.tables.bytes.get(disk.facts.diskId);
    if (!bytes) throw operationNotAllowed(`${disk.name} is not there yet: its creation is under way or has failed.`);
    return bytes;
  }

  /** Makes a writable disk. */
  async create(wish: NewBytes): Promise<DiskBytes> {
    const layerId = newLayerId();
    await this.#cloud.disks.createOverlay(layerId, wish.sizeBytes, wish.from);
    return this.#put(wish, layerId);
  }

  /** A snapshot's: what it shows never changes. */
  keep(wish: NewBytes, layerId: string, copiedAt: number): DiskBytes {
    return this.#cloud.tables.bytes.put({ ...this.#put(wish, layerId), copiedAt });
  }

  #put({ diskId, resourceId, sizeBytes, lineage }: NewBytes, layerId: string): DiskBytes {
    return this.#cloud.tables.bytes.put({
      id: diskId,
      resourceId,
      sizeBytes,
      layerId,
      uniqueId: randomUUID(),
      lineage: lineage ?? newId("ln"),
    });
  }

  /** Freezes what a disk holds now; it goes on in a new layer, also under a running guest. */
  async freeze(bytes: DiskBytes): Promise<string> {
    const [layerId = ""] = await takePoint(this.#parts, [bytes], (frozen) => frozen.layerId);
    return layerId;
  }

  /** Lets a disk go on from another frozen layer, as after an upload. No guest has it. */
  async restart(bytes: DiskBytes, from: string): Promise<void> {
    const layerId = newLayerId();
    await this.#cloud.disks.createOverlay(layerId, bytes.sizeBytes, from);
    this.#cloud.tables.bytes.change(bytes.id, { layerId });
  }

  remove({ facts }: Disk): void {
    this.#cloud.tables.bytes.delete(facts.diskId);
    this.#cloud.inBackground("drop a disk's layers", () => this.#cloud.collectDisks());
  }

  /** The guest that has the disk. */
  guestOf({ resourceId }: DiskBytes): string | undefined {
    const { resources } = this.#cloud.tables;
    const vm = textOf(resources.get(resourceId)?.properties.managedBy);
    return (resources.get(vm.toLowerCase()) as Vm | undefined)?.facts.guestId;
  }

  /** Makes disks whose guest is off as large as they are meant to be. */
  async grow(all: readonly DiskBytes[]): Promise<void> {
    const { disks, parts } = this.#cloud;
    for (const { layerId, sizeBytes } of all) {
      if (disks.sizeBytes(layerId) >= sizeBytes) continue;
      const args = ["resize", "-f", "qcow2", disks.path(layerId), String(sizeBytes)];
      const { exitCode, stderr } = await parts.tools.run("qemu-img", args);
      if (exitCode !== 0) throw new Error(`could not enlarge a disk: ${stderr.trim()}`);
      disks.grown(layerId, sizeBytes);
    }
  }

  /** Ends what a killed process had begun. */
  async reconcile(): Promise<void> {
    await reconcilePoints(this.#parts);
    await this.#cloud.collectDisks();
  }
}
