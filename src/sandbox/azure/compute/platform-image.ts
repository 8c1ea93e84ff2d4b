import { importRaw } from "../../cloud/disks/import-raw.ts";
import { type AzureCloud, defaultLocation, platformLayer } from "../cloud.ts";
import { AzureError } from "../errors.ts";
import { GiB } from "./disk-contents.ts";

/** Debian's own name in the marketplace. */
export const platformImage = {
  publisher: "Debian",
  offer: "debian-12",
  sku: "12",
  version: "0.20261101.1",
} as const;

/** The one image that everybody sees. Its bytes are made when somebody first needs them. */
export class PlatformImage {
  readonly sizeBytes = GiB;
  readonly #cloud: AzureCloud;
  #making: Promise<void> | undefined;

  constructor(cloud: AzureCloud) {
    this.#cloud = cloud;
  }

  get path(): string {
    const { publisher, offer, sku, version } = platformImage;
    const location = `/Subscriptions/${this.#cloud.account.subscriptionId}/Providers/Microsoft.Compute/Locations/${defaultLocation}`;
    return `${location}/Publishers/${publisher}/ArtifactTypes/VMImage/Offers/${offer}/Skus/${sku}/Versions/${version}`;
  }

  /** @throws AzureError PlatformImageNotFound */
  check(path: unknown): void {
    const pattern = this.path.toLowerCase();
    if (typeof path === "string" && (path.toLowerCase() === pattern || path.toLowerCase() === latest(pattern))) return;
    throw new AzureError("PlatformImageNotFound", `The platform image '${String(path)}' is not available.`, 404);
  }

  async ready(): Promise<void> {
    const { disks, parts } = this.#cloud;
    if (disks.isSealed(platformLayer)) return;
    this.#making ??= (async () => importRaw(disks, platformLayer, await parts.guestImage(), this.sizeBytes))();
    try {
      await this.#making;
    } finally {
      this.#making = undefined;
    }
  }
}

function latest(pattern: string): string {
  return pattern.replace(/[^/]+$/, "latest");
}
