import { newLayerId } from "../../cloud/disks/points.ts";
import type { Operations } from "../arm/operations.ts";
import type { ArmAnswer, ArmRequest } from "../arm/request.ts";
import type { AzureCloud } from "../cloud.ts";
import type { Grants } from "../disks/grants.ts";
import { footerBytes, footerProblem } from "../disks/vhd.ts";
import { invalidParameter, operationNotAllowed } from "../errors.ts";
import type { Disk, DiskBytes, Json } from "../state.ts";
import type { DiskContents } from "./disk-contents.ts";
import { isRunning } from "./power.ts";

/** https://learn.microsoft.com/azure/virtual-machines/disks-incremental-snapshots-restrictions */
const signaturesOfFamily = 5;

/** beginGetAccess and endGetAccess of disks and snapshots. */
export class ManagedAccess {
  readonly #cloud: AzureCloud;
  readonly #operations: Operations;
  readonly #contents: DiskContents;
  readonly #grants: Grants;

  constructor(cloud: AzureCloud, operations: Operations, contents: DiskContents, grants: Grants) {
    this.#cloud = cloud;
    this.#operations = operations;
    this.#contents = contents;
    this.#grants = grants;
  }

  begin(request: ArmRequest, disk: Disk): ArmAnswer {
    const { access, durationInSeconds } = request.body;
    const bytes = this.#contents.of(disk);
    const seconds = Number(durationInSeconds);
    if (access !== "Read" && access !== "Write") throw invalidParameter("grantAccessData.access", String(access));
    if (access === "Write") this.#checkWrite(disk, bytes);
    else this.#checkRead(disk, bytes);
    return this.#later(request, disk, async () => {
      const valid = this.#grants.of(disk.id, true).find((grant) => grant.access === access);
      // Asking again while one is valid gives it again.
      if (valid) return { accessSAS: this.#grants.url(valid) };
      this.#grants.revoke(disk.id);
      if (access === "Write") return { accessSAS: this.#grants.make(disk.id, "Write", seconds) };
      const layerId = bytes.copiedAt === undefined ? await this.#contents.freeze(bytes) : bytes.layerId;
      return { accessSAS: this.#grants.make(disk.id, "Read", seconds, layerId) };
    });
  }

  /** After an upload the disk becomes one that can be attached. */
  end(request: ArmRequest, disk: Disk): ArmAnswer {
    return this.#later(request, disk, async () => {
      const written = this.#grants.of(disk.id).some(({ access }) => access === "Write");
      this.#grants.revoke(disk.id);
      if (written) await this.#finishUpload(this.#contents.of(disk));
      return undefined;
    });
  }

  async #finishUpload(bytes: DiskBytes): Promise<void> {
    const { pagesId, sizeBytes } = bytes;
    if (pagesId === undefined) return;
    const { pages, disks, tables } = this.#cloud;
    const footer = await pages.read(pagesId, sizeBytes, footerBytes);
    const problem = footerProblem(footer, sizeBytes + footerBytes);
    const layerId = newLayerId();
    await pages.toDisk(disks, pagesId, layerId, sizeBytes);
    await this.#contents.restart(bytes, layerId);
    tables.bytes.change(bytes.id, { pagesId: undefined, footerProblem: problem });
    this.#cloud.inBackground("drop an upload's pages", () => this.#cloud.collectDisks());
  }

  #checkWrite(disk: Disk, { pagesId }: DiskBytes): void {
    if (pagesId !== undefined) return;
    throw operationNotAllowed(
      `Write access to ${disk.name} is not allowed: only a disk that is created for upload and holds nothing yet can be written.`,
    );
  }

  #checkRead(disk: Disk, bytes: DiskBytes): void {
    if (bytes.pagesId !== undefined)
      throw operationNotAllowed(`Read access to ${disk.name} is not allowed while the disk waits for its upload.`);
    if (bytes.copiedAt !== undefined && bytes.copiedAt > Date.now())
      throw operationNotAllowed(`The copy of snapshot ${disk.name} is still in progress.`);
    if (bytes.copiedAt === undefined && isRunning(this.#cloud, disk)) {
      throw operationNotAllowed(
        `Disk ${disk.name} is attached to a running VM; deallocate it, or take a snapshot and read that.`,
      );
    }
    if (bytes.copiedAt === undefined || this.#grants.of(disk.id, true).length > 0) return;
    const family = this.#cloud.tables.bytes.where(
      (other) => other.lineage === bytes.lineage && other.copiedAt !== undefined,
    );
    const taken = family.filter(({ resourceId }) => this.#grants.of(resourceId, true).length > 0);
    if (taken.length >= signaturesOfFamily) {
      throw operationNotAllowed(
        `At most ${signaturesOfFamily} snapshots of the same family can have an active SAS at the same time.`,
      );
    }
  }

  #later(request: ArmRequest, disk: Disk, run: () => Promise<Json | undefined>): ArmAnswer {
    const work = { resourceId: disk.id, location: disk.location, showsResource: false, run };
    return { status: 202, headers: this.#operations.begin(request, work) };
  }
}
