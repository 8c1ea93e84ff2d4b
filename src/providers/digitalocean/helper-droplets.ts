import { randomBytes } from "node:crypto";
import { conflict, notFound, type Subject, unavailable } from "../failures.ts";
import type { HelperCloud, HelperInstance, HelperLaunch } from "../helpers.ts";
import { poll } from "../poll.ts";
import type { DigitalOcean } from "./client.ts";
import { describe, described } from "./described.ts";
import { addressOf, type Droplets, isHelper } from "./droplets.ts";
import type { Images } from "./images.ts";
import { createdTags, factWord, toWords } from "./labels.ts";
import type { PointSnapshot } from "./snapshots.ts";
import { volumesOf } from "./volumes-list.ts";
import type { Droplet, WireVolume } from "./wire.ts";

/** Enough for one disk's service. */
const size = "s-1vcpu-1gb";
/** Where the site names none: enough for the simulation, which runs the program itself. */
const publicImage = "debian-12-x64";
const program = "/opt/novacron/src/transfer/block-service/main.ts";
/** "How to mount volumes": a volume is a SCSI disk that is linked under its name. */
const deviceOf = (volumeName: string) => `scsi-0DO_Volume_${volumeName}`;
/** A helper's volume that no droplet has for so long was left behind. */
const leftAfterMs = 10 * 60_000;
const volumeMark = "volume:";

/** What a helper's disk is: a volume that is there, or one that is made of a snapshot and goes with the helper. */
export function ofVolume(name: string): string {
  return `volume:${name}`;
}
export function ofSnapshot({ id, sizeBytes }: PointSnapshot): string {
  return `snapshot:${id}:${sizeBytes}`;
}

/** The image has Node and this program; the machine goes off with its session. User data are the one way to tell it a secret. */
function userData(settings: string): string {
  return `#!/bin/sh
NOVACRON_BLOCK_SERVICE='${settings}'
export NOVACRON_BLOCK_SERVICE
node ${program}
shutdown -h now
`;
}

export class HelperDroplets implements HelperCloud {
  readonly #cloud: DigitalOcean;
  readonly #droplets: Droplets;
  readonly #images: Images;

  constructor(cloud: DigitalOcean, parts: { droplets: Droplets; images: Images }) {
    this.#cloud = cloud;
    this.#droplets = parts.droplets;
    this.#images = parts.images;
  }

  async launch(input: HelperLaunch, signal: AbortSignal): Promise<string> {
    const { name, settings } = input;
    const { region, helperImage, helperNetwork } = this.#cloud.entry;
    const subject = this.#subject("start a helper droplet", name);
    const image = helperImage === undefined ? publicImage : await this.#images.idOf(helperImage, subject, signal);
    const volume = await this.#volume(input, subject, signal);
    const device = deviceOf(volume.name);
    const body = {
      name,
      region,
      size,
      image,
      volumes: [volume.id],
      tags: toWords(createdTags({}, name), { role: "helper" }),
      user_data: userData(JSON.stringify({ ...(JSON.parse(settings) as object), device })),
      with_droplet_agent: false,
      ...(helperNetwork !== undefined && { vpc_uuid: helperNetwork }),
      ...(await this.#images.sshKeys(subject, signal)),
    };
    const request = { operation: "droplets_create", method: "POST", path: "droplets", body } as const;
    const { droplet } = await this.#cloud.call<{ droplet: Droplet }>(request, subject, signal);
    return String(droplet.id);
  }

  async *list(owner: string | undefined, signal: AbortSignal): AsyncGenerator<HelperInstance> {
    const subject = this.#subject("list helper droplets", owner ?? "all");
    const seen = new Set<number>();
    // A volume tells at once who uses it; lists may lag, and a handle that is missed would go on writing.
    if (owner?.startsWith("g-")) {
      for await (const volume of volumesOf(this.#cloud, { name: `novacron-${owner}` }, subject, signal)) {
        for (const id of volume.droplet_ids ?? []) {
          const droplet = await this.#droplets.find(String(id), subject, signal);
          if (!droplet) continue;
          refuseOthers(droplet, subject);
          seen.add(id);
          yield { helperId: String(id), owner, ended: droplet.status === "off" };
        }
      }
    }
    for await (const droplet of this.#droplets.list(factWord("role", "helper"), subject, signal)) {
      const of = droplet.name.replace(/^novacron-h-/, "").replace(/-[0-9a-f]{8}$/, "");
      if (seen.has(droplet.id) || (owner !== undefined && of !== owner)) continue;
      yield { helperId: String(droplet.id), owner: of, ended: droplet.status === "off" };
    }
    if (owner !== undefined) return;
    for await (const { id, description, droplet_ids: users, created_at } of volumesOf(
      this.#cloud,
      {},
      subject,
      signal,
    )) {
      const isLeft = (users ?? []).length === 0 && Date.now() - Date.parse(created_at) > leftAfterMs;
      if (described(description)?.helper === undefined || !isLeft) continue;
      yield { helperId: `${volumeMark}${id}`, owner: "", ended: true };
    }
  }

  async address(helperId: string, signal: AbortSignal): Promise<string | undefined> {
    const subject = this.#subject("reach a helper droplet", helperId);
    const droplet = await this.#droplets.find(helperId, subject, signal);
    if (!droplet || droplet.status === "off") {
      throw unavailable(subject, "it ended before anybody joined it, or another attempt has removed it");
    }
    return droplet.status === "active" ? addressOf(droplet, "public") : undefined;
  }

  async remove(helperId: string, signal: AbortSignal): Promise<void> {
    const subject = this.#subject("remove a helper droplet", helperId);
    if (helperId.startsWith(volumeMark)) return this.#dropVolume(helperId.slice(volumeMark.length), subject, signal);
    const droplet = await this.#droplets.find(helperId, subject, signal);
    if (!droplet) return;
    refuseOthers(droplet, subject);
    await this.#droplets.destroy(helperId, subject, signal);
    await poll(
      async () => ((await this.#droplets.find(helperId, subject, signal)) ? undefined : true),
      this.#cloud.patience,
      signal,
    );
    for (const volumeId of droplet.volume_ids) {
      const volume = await this.#freed(volumeId, droplet.id, subject, signal);
      if (volume && described(volume.description)?.helper !== undefined) {
        await this.#dropVolume(volumeId, subject, signal);
      }
    }
  }

  async #volume({ name, diskId }: HelperLaunch, subject: Subject, signal: AbortSignal): Promise<WireVolume> {
    const [kind, of = "", sizeBytes] = diskId.split(":");
    if (kind === "volume") {
      for await (const volume of volumesOf(this.#cloud, { name: of }, subject, signal)) return volume;
      throw notFound(subject, `volume ${of} is gone`);
    }
    const body = {
      name: `${name}-${randomBytes(2).toString("hex")}`,
      region: this.#cloud.entry.region,
      description: describe({ key: name, helper: name }),
      size_gigabytes: Number(sizeBytes) / 2 ** 30,
      snapshot_id: of,
    };
    const request = { operation: "volumes_create", method: "POST", path: "volumes", body } as const;
    const { volume } = await this.#cloud.call<{ volume: WireVolume }>(request, subject, signal);
    return volume;
  }

  /** The volume once the droplet has let go of it; undefined when it is gone. */
  #freed(volumeId: string, droplet: number, subject: Subject, signal: AbortSignal): Promise<WireVolume | undefined> {
    return poll<{ volume: WireVolume | undefined }>(
      async () => {
        const path = `volumes/${volumeId}`;
        const volume = await this.#cloud.find<WireVolume>("volumes_get", path, "volume", subject, signal);
        return volume?.droplet_ids?.includes(droplet) ? undefined : { volume };
      },
      this.#cloud.patience,
      signal,
    ).then(({ volume }) => volume);
  }

  async #dropVolume(volumeId: string, subject: Subject, signal: AbortSignal): Promise<void> {
    await this.#cloud.drop("volumes_delete", `volumes/${volumeId}`, subject, signal);
  }

  #subject(operation: string, id: string): Subject {
    return { operation, resource: this.#cloud.resource("vm", id) };
  }
}

function refuseOthers(droplet: Droplet, subject: Subject): void {
  if (isHelper(droplet)) return;
  throw conflict(subject, `VM ${droplet.id} is no helper droplet of ours`, "Detach our volumes from it.");
}
