import { importRaw } from "../../cloud/disks/import-raw.ts";
import type { AwsCloud } from "../cloud.ts";
import { publisherId } from "../identity.ts";
import type { Image } from "../state.ts";
import { resource } from "./default-network.ts";
import { GiB } from "./volume-store.ts";

/** Of every region's copy; they share their bytes. */
const layerId = "ly-public-debian-12";
const sizeGib = 1;
const label =
  "Simulated by the NovaCron sandbox: a Debian 12 cloud kernel with a BusyBox user land, published by nobody";
/** Under Debian's own name: https://wiki.debian.org/Cloud/AmazonEC2Image/Marketplace */
export const debianParameter = "/aws/service/debian/release/12/latest/amd64";

/** The images that everybody sees. Their bytes are made when somebody first needs them. */
export class PublicImages {
  readonly #cloud: AwsCloud;
  #making: Promise<void> | undefined;

  constructor(cloud: AwsCloud) {
    this.#cloud = cloud;
  }

  /** The region's public images, made known on first use. */
  ensure(region: string): Image {
    const { tables, documents } = this.#cloud;
    const known = tables.images.find((image) => image.region === region && image.public);
    if (known) return known;
    return documents.together(() => {
      // Older than any consistency delay: it was always there.
      const createdAt = Date.UTC(2026, 10, 1);
      const snapshot = tables.snapshots.put({
        ...resource("snap", region),
        createdAt,
        ownerId: publisherId,
        volumeId: "vol-ffffffff",
        sizeGib,
        description: label,
        encrypted: false,
        lineage: layerId,
        layerId,
        phase: "sealed",
        sealedAt: createdAt,
        public: true,
      });
      const root = "/dev/xvda";
      return tables.images.put({
        ...resource("ami", region),
        createdAt,
        ownerId: publisherId,
        ownerAlias: "simulated",
        name: "debian-12-amd64-simulated-20261101",
        description: label,
        architecture: "x86_64",
        virtualizationType: "hvm",
        rootDeviceName: root,
        enaSupport: true,
        sriovNetSupport: "simple",
        bootMode: "legacy-bios",
        devices: [
          { device: root, snapshotId: snapshot.id, sizeGib, type: "gp3", encrypted: false, deleteOnTermination: true },
        ],
        public: true,
        ssmParameter: debianParameter,
      });
    });
  }

  /** Makes the bytes if any of the snapshots is a public image's. */
  async ready(snapshotIds: readonly (string | undefined)[]): Promise<void> {
    const { tables, disks, parts } = this.#cloud;
    const needed = snapshotIds.some((id) => tables.snapshots.get(id ?? "")?.layerId === layerId);
    if (!needed || disks.isSealed(layerId)) return;
    this.#making ??= (async () => importRaw(disks, layerId, await parts.guestImage(), sizeGib * GiB))();
    try {
      await this.#making;
    } finally {
      this.#making = undefined;
    }
  }
}
