import { isProviderError } from "../../domain/errors.ts";
import { capabilities } from "../capabilities.ts";
import { conflict, invalid, type Subject, unsupported } from "../failures.ts";
import { poll } from "../poll.ts";
import type { VmSpec } from "../provider.ts";
import type { DigitalOcean } from "./client.ts";
import { described } from "./described.ts";
import type { Droplets } from "./droplets.ts";
import { groupWord } from "./groups.ts";
import { bootImageName, type Images } from "./images.ts";
import { createdTags, keyWord, toWords } from "./labels.ts";
import { readableName } from "./names.ts";
import type { DigitalOceanNetwork } from "./network.ts";
import { type Sizes, volumesAtMost } from "./sizes.ts";
import type { Droplet, WireFirewall } from "./wire.ts";

const gaps = capabilities.digitalocean;

/** Makes droplets that boot from a volume: what comes with a droplet holds nothing but our boot loader. */
export class Launcher {
  readonly #cloud: DigitalOcean;
  readonly #droplets: Droplets;
  readonly #images: Images;
  readonly #sizes: Sizes;
  readonly #network: DigitalOceanNetwork;

  constructor(
    cloud: DigitalOcean,
    parts: { droplets: Droplets; images: Images; sizes: Sizes; network: DigitalOceanNetwork },
  ) {
    this.#cloud = cloud;
    this.#droplets = parts.droplets;
    this.#images = parts.images;
    this.#sizes = parts.sizes;
    this.#network = parts.network;
  }

  /** Returns a droplet that runs. Names are not unique and there is no request id: it is known by the tag of its key. */
  async launch(spec: VmSpec, key: string, signal: AbortSignal): Promise<Droplet> {
    const subject = { operation: "create VM", resource: this.#cloud.resource("vm", spec.name) };
    const made = (await this.#known(key, subject, signal)) ?? (await this.#make(spec, key, subject, signal));
    return poll(
      async () => {
        const droplet = await this.#droplets.find(String(made.id), subject, signal);
        if (!droplet) throw conflict(subject, "it was deleted as it started", "Look at the team's history.");
        // A repeat may find one that was stopped since.
        return droplet.status === "new" ? undefined : droplet;
      },
      this.#cloud.patience,
      signal,
    );
  }

  async #make(spec: VmSpec, key: string, subject: Subject, signal: AbortSignal): Promise<Droplet> {
    const groups = await this.#groups(spec, subject, signal);
    const body = await this.#body(spec, key, groups, subject, signal);
    const request = { operation: "droplets_create", method: "POST", path: "droplets", body } as const;
    let made: Droplet;
    try {
      ({ droplet: made } = await this.#cloud.call<{ droplet: Droplet }>(request, subject, signal));
    } catch (error) {
      // Another one of the same key has the volumes.
      const there = isProviderError(error, "Conflict") ? await this.#known(key, subject, signal) : undefined;
      if (!there) throw error;
      return there;
    }
    const first = (await this.#known(key, subject, signal)) ?? made;
    if (first.id !== made.id) await this.#droplets.destroy(String(made.id), subject, signal);
    for (const { id, tags } of groups) {
      if (groupWord(tags) !== undefined) continue;
      const path = `firewalls/${id}/droplets`;
      const join = { operation: "firewalls_assign_droplets", method: "POST", path, repeatable: true } as const;
      await this.#cloud.call({ ...join, body: { droplet_ids: [first.id] } }, subject, signal);
    }
    return first;
  }

  /** The first of that key. */
  async #known(key: string, subject: Subject, signal: AbortSignal): Promise<Droplet | undefined> {
    const all = await Array.fromAsync(this.#droplets.list(keyWord(key), subject, signal));
    return all.toSorted((a, b) => a.id - b.id)[0];
  }

  async #body(
    spec: VmSpec,
    key: string,
    groups: readonly WireFirewall[],
    subject: Subject,
    signal: AbortSignal,
  ): Promise<object> {
    refuseGaps(spec, subject);
    const [boot, ...others] = spec.disks.toSorted((a, b) => Number(b.boot) - Number(a.boot));
    if (!boot) throw invalid(subject, "it has no disk", "Give it one.");
    if (spec.disks.length > volumesAtMost) {
      throw invalid(subject, `a droplet has up to ${volumesAtMost} volumes`, "Give it fewer disks.");
    }
    const { name: size } = await this.#sizes.choose(spec, subject, signal);
    const vpc = await this.#network.place(spec.nics[0]?.networkId, subject, signal);
    const inside = described(vpc.description)?.inside === true;
    const publicNetworking = spec.publicAddress ?? !inside;
    const words = toWords(createdTags(spec.tags, key), {
      role: "vm",
      name: spec.name,
      boot: boot.volumeId,
      publishPorts: spec.publishPorts.join("_"),
    });
    return {
      name: readableName(spec.name, key),
      region: this.#cloud.entry.region,
      size,
      image: await this.#images.idOf(bootImageName, subject, signal),
      volumes: [boot, ...others].map(({ volumeId }) => volumeId),
      vpc_uuid: vpc.id,
      tags: [...words, ...groups.flatMap(({ tags }) => groupWord(tags) ?? [])],
      with_droplet_agent: false,
      ...(!publicNetworking && { public_networking: false }),
      ...(spec.userData !== undefined && { user_data: spec.userData }),
      ...(await this.#images.sshKeys(subject, signal)),
    };
  }

  /** Of ours a droplet is known by its tags from its first moment on; to others it is added as soon as it has a number. */
  async #groups(spec: VmSpec, subject: Subject, signal: AbortSignal): Promise<WireFirewall[]> {
    const wanted = spec.securityGroups ?? this.#cloud.entry.securityGroups ?? [];
    if (wanted.length === 0) return [];
    const all = await Array.fromAsync(this.#network.firewalls(subject, signal));
    return wanted.map((group) => {
      const found = all.find(({ id, name }) => id === group || name === group);
      if (found) return found;
      throw invalid(subject, `there is no firewall ${group}`, "Choose one that is there.");
    });
  }
}

function refuseGaps(spec: VmSpec, subject: Subject): void {
  const refuse = (reason: string, action: string): never => {
    throw unsupported(subject, reason, action);
  };
  if (spec.image) refuse(gaps.images, "Give it a volume to boot from.");
  if (spec.firmware === "uefi") refuse(gaps["compute.uefi"], "Move a guest that starts by BIOS.");
  if (spec.capacityType === "spot") refuse(gaps["compute.spot"], "Ask for on-demand capacity.");
  if (spec.architecture !== "x86_64") refuse("Droplets are x86-64 machines", "Use a site that has others.");
  if (spec.nics.length > 1) refuse("A droplet is in one VPC", "Give it one network interface.");
  if (spec.nics[0]?.address !== undefined) refuse(gaps["network.fixed-address"], "Leave the address out.");
  if (spec.nics[0]?.mac !== undefined) refuse(gaps["network.fixed-mac"], "Leave the MAC out.");
  const other = spec.disks.find(({ bus }) => bus !== "virtio-scsi");
  if (other) {
    refuse(`Droplets show volumes by virtio-scsi, and not by ${other.bus}`, "Ask for disks on virtio-scsi.");
  }
}
