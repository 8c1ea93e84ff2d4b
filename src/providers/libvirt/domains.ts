import { stat } from "node:fs/promises";
import type { PowerState, Vm, VmEndpoint } from "../../domain/vm.ts";
import { notFound, type Subject, unavailable } from "../failures.ts";
import type { Virsh } from "./client.ts";
import { type Domain, parseDomain } from "./domain-xml.ts";
import { virtualSize } from "./images.ts";
import type { LayerStore } from "./layers.ts";
import { parseUsernet } from "./usernet.ts";

export interface SeenDomain extends Domain {
  readonly state: PowerState;
}

/** Domains in one virsh call. */
const batchSize = 50;

const states: Readonly<Record<string, PowerState>> = {
  running: "running",
  idle: "running",
  blocked: "running",
  paused: "paused",
  pmsuspended: "paused",
  "in shutdown": "stopping",
  "shut off": "stopped",
  crashed: "crashed",
  "no state": "unknown",
};

/** Reads libvirt's domains and shows them as VMs. */
export class Domains {
  readonly #site: string;
  readonly #virsh: Virsh;
  readonly #layers: LayerStore;

  constructor(site: string, virsh: Virsh, layers: LayerStore) {
    this.#site = site;
    this.#virsh = virsh;
    this.#layers = layers;
  }

  /** @throws ProviderError Unavailable when one that is there can't be read: what is left out would count as gone. */
  async *list(signal: AbortSignal): AsyncGenerator<SeenDomain> {
    const uuids = await this.#uuids({ operation: "list VMs", resource: this.#site }, signal);
    for (let at = 0; at < uuids.length; at += batchSize) {
      const batch = uuids.slice(at, at + batchSize);
      for (const [index, seen] of (await this.#read(batch, signal)).entries()) {
        const domain = seen ?? (await this.#lookAgain(batch[index] ?? "", signal));
        if (domain) yield domain;
      }
    }
  }

  /** Those that are taken; without a look at what has them. */
  async names(signal: AbortSignal): Promise<ReadonlySet<string>> {
    const subject = { operation: "list VMs", resource: this.#site };
    return new Set(await this.#listed("--name", subject, signal));
  }

  /** @throws NotFound. */
  async get(vmId: string, signal: AbortSignal): Promise<SeenDomain> {
    const found = await this.find(vmId, signal);
    if (!found) throw notFound(this.subject("find VM", vmId), `${this.#site} has no such VM`);
    return found;
  }

  /** Undefined only when the host says that there is none. @throws ProviderError Unavailable when it can't be read. */
  async find(vmId: string, signal: AbortSignal): Promise<SeenDomain | undefined> {
    if (!/^[0-9a-fA-F-]{36}$/.test(vmId)) return undefined;
    const [seen] = await this.#read([vmId], signal);
    return seen ?? this.#lookAgain(vmId, signal);
  }

  /** Nothing came back: either there is no such domain, or the host could not be asked. */
  async #lookAgain(uuid: string, signal: AbortSignal): Promise<SeenDomain | undefined> {
    const subject = this.subject("find VM", uuid);
    const there = async (): Promise<boolean> => (await this.#uuids(subject, signal)).includes(uuid.toLowerCase());
    if (!(await there())) return undefined;
    const [seen] = await this.#read([uuid], signal);
    if (seen) return seen;
    if (!(await there())) return undefined;
    throw unavailable(subject, "libvirt lists it, and does not tell what it is");
  }

  #uuids(subject: Subject, signal: AbortSignal): Promise<string[]> {
    return this.#listed("--uuid", subject, signal);
  }

  async #listed(what: "--uuid" | "--name", subject: Subject, signal: AbortSignal): Promise<string[]> {
    const listed = await this.#virsh.run(["list", "--all", what], subject, signal);
    return listed
      .split("\n")
      .map((line) => line.trim())
      .filter((line) => line !== "");
  }

  async #read(uuids: readonly string[], signal: AbortSignal): Promise<(SeenDomain | undefined)[]> {
    const commands = uuids.flatMap((uuid) => [
      ["dumpxml", uuid],
      ["domstate", uuid],
    ]);
    const outputs = await this.#virsh.batch(commands, signal);
    return uuids.map((_uuid, index) => {
      const xml = outputs[2 * index];
      const state = outputs[2 * index + 1]?.trim();
      const domain = xml === undefined || state === undefined ? undefined : parseDomain(xml);
      return domain && { ...domain, state: states[state ?? ""] ?? "unknown" };
    });
  }

  async toVm(domain: SeenDomain, signal: AbortSignal): Promise<Vm> {
    const { metadata } = domain;
    return {
      vmId: domain.uuid,
      site: this.#site,
      name: metadata.name ?? domain.name,
      state: domain.state,
      cpus: domain.cpus,
      memoryBytes: domain.memoryBytes,
      firmware: domain.firmware,
      architecture: domain.architecture,
      disks: await Promise.all(
        domain.disks.map(async ({ diskId, path, format, bus, boot }) => ({
          diskId,
          volumeId: this.#layers.idOfPath(path) ?? path,
          sizeBytes: (await virtualSize(path, format)) ?? 0,
          bus,
          boot,
          allocatedBytes: await storedBytes(path),
          type: format,
        })),
      ),
      nics: domain.nics,
      publishPorts: metadata.publishPorts,
      endpoints: await this.endpoints(domain, signal),
      tags: metadata.tags,
      createdAt: metadata.createdAt,
    };
  }

  /** Where the published ports of a running VM are now. */
  async endpoints(domain: SeenDomain, signal: AbortSignal): Promise<readonly VmEndpoint[]> {
    if (domain.state !== "running" || domain.metadata.publishPorts.length === 0) return [];
    const result = await this.#virsh.attempt(["qemu-monitor-command", "--hmp", domain.uuid, "info usernet"], signal);
    const wanted = new Set(domain.metadata.publishPorts);
    return parseUsernet(result.stdout).filter(({ guestPort }) => wanted.has(guestPort));
  }

  /** Images that VMs write to. */
  async usedPaths(signal: AbortSignal): Promise<ReadonlyMap<string, SeenDomain>> {
    const used = new Map<string, SeenDomain>();
    for await (const domain of this.list(signal)) for (const disk of domain.disks) used.set(disk.path, domain);
    return used;
  }

  subject(operation: string, vmId: string): Subject {
    return { operation, resource: `${this.#site}/vm/${vmId}` };
  }
}

export function isOff({ state }: SeenDomain): boolean {
  return state === "stopped" || state === "crashed";
}

async function storedBytes(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).blocks * 512;
  } catch {
    return undefined;
  }
}
