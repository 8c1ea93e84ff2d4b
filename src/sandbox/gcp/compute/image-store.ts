import { importRaw } from "../../cloud/disks/import-raw.ts";
import type { GcpCloud } from "../cloud.ts";
import { notFound } from "../errors.ts";
import { projectId, publisherProject } from "../places.ts";
import type { Image } from "../state.ts";
import { newNumericId } from "./ids.ts";
import { parseLink } from "./links.ts";
import { GiB } from "./persistent-disks.ts";

const publicLayerId = "ly-public-debian-12";
const publicSizeGb = 1;
const publicFamily = "debian-12";
const label =
  "Simulated by the NovaCron sandbox: a Debian 12 cloud kernel with a BusyBox user land, published by nobody";

/** Images by project, name and family; the public one's bytes are made when somebody first needs them. */
export class Images {
  readonly #cloud: GcpCloud;
  #making: Promise<void> | undefined;

  constructor(cloud: GcpCloud) {
    this.#cloud = cloud;
    const { images } = cloud.tables;
    const id = "global/images/debian-12-bookworm-v20261101-simulated";
    if (images.has(imageKey(publisherProject, id))) return;
    images.put({
      id: imageKey(publisherProject, id),
      project: publisherProject,
      numericId: newNumericId(),
      // Older than any consistency delay: it was always there.
      createdAt: Date.UTC(2026, 10, 1),
      description: label,
      labels: {},
      family: publicFamily,
      sizeGb: publicSizeGb,
      status: "READY",
      guestOsFeatures: ["VIRTIO_SCSI_MULTIQUEUE"],
      licenses: [],
      architecture: "X86_64",
      layerId: publicLayerId,
      archiveBytes: 0,
    });
  }

  /** @throws GcpError 404. */
  find(project: string, path: string): Image {
    const image = this.#cloud.tables.images.get(imageKey(project, path));
    if (!image) throw notFound(`projects/${project}/${path}`);
    return image;
  }

  /** The newest image of a family that is not deprecated. @throws GcpError 404. */
  ofFamily(project: string, family: string): Image {
    const [newest] = this.#cloud.tables.images
      .where(
        (image) =>
          image.project === project && image.family === family && image.status === "READY" && !image.deprecated,
      )
      .sort((a, b) => b.createdAt - a.createdAt);
    if (!newest) throw notFound(`projects/${project}/global/images/family/${family}`);
    return newest;
  }

  /** The image that a URL names, or the newest of the family that it names. @throws GcpError. */
  resolve(url: string, field: string): Image {
    const { project, path } = parseLink(url, field);
    const family = /^global\/images\/family\/([^/]+)$/.exec(path)?.[1];
    return family === undefined ? this.find(project, path) : this.ofFamily(project, family);
  }

  /** Makes the bytes if it is the public image. */
  async ready({ layerId }: Image): Promise<void> {
    const { disks, parts } = this.#cloud;
    if (layerId !== publicLayerId || disks.isSealed(layerId)) return;
    this.#making ??= (async () => importRaw(disks, layerId, await parts.guestImage(), publicSizeGb * GiB))();
    try {
      await this.#making;
    } finally {
      this.#making = undefined;
    }
  }
}

/** Images of several projects are in one table; ours under their paths. */
export function imageKey(project: string, path: string): string {
  return project === projectId ? path : `${project}:${path}`;
}

export function imagePath({ id }: Image): string {
  return id.slice(id.indexOf(":") + 1);
}
