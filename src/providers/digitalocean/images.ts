import { invalid, type Subject } from "../failures.ts";
import type { DigitalOcean } from "./client.ts";
import type { WireImage } from "./wire.ts";

/** The name of the team's image whose droplets boot from their first volume; the README says how it is made. */
export const bootImageName = "novacron-boot";
const keptMs = 10 * 60_000;

/** What droplets are made of. */
export class Images {
  readonly #cloud: DigitalOcean;
  readonly #known = new Map<string, { readonly id: number; readonly at: number }>();
  #keys: { readonly ids: readonly number[]; readonly at: number } | undefined;

  constructor(cloud: DigitalOcean) {
    this.#cloud = cloud;
  }

  /** A number or a slug is taken as it is; a name is that of one of the team's images in the region. @throws InvalidInput. */
  async idOf(image: string, subject: Subject, signal: AbortSignal): Promise<number | string> {
    if (/^\d+$/.test(image)) return Number(image);
    const known = this.#known.get(image);
    if (known && performance.now() - known.at < keptMs) return known.id;
    const found = await this.find(image, subject, signal);
    if (found) {
      this.#known.set(image, { id: found.id, at: performance.now() });
      return found.id;
    }
    if (image !== bootImageName) return image;
    throw invalid(
      subject,
      `the team has no image ${image} in ${this.#cloud.entry.region}`,
      "Make it as the DigitalOcean provider's README says.",
    );
  }

  async find(name: string, subject: Subject, signal: AbortSignal): Promise<WireImage | undefined> {
    const query = { private: "true" };
    const request = { operation: "images_list", path: "images", member: "images", query };
    for await (const image of this.#cloud.list<WireImage>(request, subject, signal)) {
      const isHere = image.regions.includes(this.#cloud.entry.region);
      if (image.name === name && isHere && (image.status ?? "available") === "available") return image;
    }
    return undefined;
  }

  /** "Custom Images Limits": a droplet of one has to get an SSH key; of others without one a password is sent to the owner by mail.
   *  What they boot has keys of its own. */
  async sshKeys(subject: Subject, signal: AbortSignal): Promise<{ ssh_keys?: readonly number[] }> {
    if (!this.#keys || performance.now() - this.#keys.at > keptMs) {
      const request = { operation: "sshKeys_list", path: "account/keys", member: "ssh_keys" };
      const ids: number[] = [];
      for await (const { id } of this.#cloud.list<{ id: number }>(request, subject, signal)) ids.push(id);
      this.#keys = { ids, at: performance.now() };
    }
    const [first] = this.#keys.ids;
    return first === undefined ? {} : { ssh_keys: [first] };
  }
}
