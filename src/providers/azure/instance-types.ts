import type { ResourceSku } from "@azure/arm-compute";
import type { InstanceType } from "../../domain/instance-type.ts";
import type { Firmware } from "../../domain/vm.ts";
import { invalid, type Subject } from "../failures.ts";
import type { VmSpec } from "../provider.ts";
import type { Azure } from "./client.ts";

/** Azure adds sizes every few weeks. */
const keptMs = 60 * 60_000;
const GiB = 2 ** 30;
const MiB = 2 ** 20;

/** How guests see their disks: Hyper-V's own SCSI. Sizes that only have NVMe disks need a guest that knows them, and an image
 *  that says so; they are not offered. */
export const diskBus = "hyperv";

/** The region's VM sizes that the subscription may use. */
export class InstanceTypes {
  readonly #azure: Azure;
  #reading: Promise<ReadonlyMap<string, InstanceType>> | undefined;
  #readAt = 0;

  constructor(azure: Azure) {
    this.#azure = azure;
  }

  async *list(signal: AbortSignal): AsyncGenerator<InstanceType> {
    yield* (await this.#read(signal)).values();
  }

  /** Undefined for a size that the region does not offer (any more). */
  async find(name: string | undefined, signal: AbortSignal): Promise<InstanceType | undefined> {
    return (await this.#read(signal)).get((name ?? "").toLowerCase());
  }

  /** The size that is asked for, or the smallest that has what is asked for. @throws InvalidInput. */
  async choose(
    spec: Pick<VmSpec, "instanceType" | "cpus" | "memoryBytes" | "architecture" | "firmware">,
    subject: Subject,
    signal: AbortSignal,
  ): Promise<string> {
    if (spec.instanceType !== undefined) {
      const known = await this.find(spec.instanceType, signal);
      if (known) return known.name;
      throw invalid(
        subject,
        `${this.#azure.entry.region} offers this subscription no size ${spec.instanceType}`,
        "Choose one that it offers.",
      );
    }
    const fitting = (await Array.fromAsync(this.list(signal))).filter(
      (type) =>
        type.cpus >= spec.cpus &&
        type.memoryBytes >= spec.memoryBytes &&
        type.architecture === spec.architecture &&
        type.firmwares.includes(spec.firmware) &&
        type.gpus === 0,
    );
    fitting.sort((a, b) => a.cpus - b.cpus || a.memoryBytes - b.memoryBytes || (a.name < b.name ? -1 : 1));
    const smallest = fitting[0];
    if (smallest) return smallest.name;
    throw invalid(
      subject,
      `no size here has ${spec.cpus} CPUs and ${(spec.memoryBytes / GiB).toFixed(1)} GiB of memory for ${spec.architecture} with ${spec.firmware}`,
      "Ask for less, or name a size.",
    );
  }

  #read(signal: AbortSignal): Promise<ReadonlyMap<string, InstanceType>> {
    if (this.#reading && performance.now() - this.#readAt < keptMs) return this.#reading;
    const reading = this.#fetch(signal);
    this.#reading = reading;
    this.#readAt = performance.now();
    reading.catch(() => {
      if (this.#reading === reading) this.#reading = undefined;
    });
    return reading;
  }

  async #fetch(signal: AbortSignal): Promise<ReadonlyMap<string, InstanceType>> {
    const { region } = this.#azure.entry;
    const subject = { operation: "list VM sizes", resource: this.#azure.resource("region", region) };
    const found = new Map<string, InstanceType>();
    const skus = this.#azure.computeList(subject, signal, (client, { options }) =>
      client.resourceSkus.list({ ...options, filter: `location eq '${region}'` }),
    );
    for await (const sku of skus) {
      const type = toInstanceType(sku, region);
      if (type) found.set(type.name.toLowerCase(), type);
    }
    return found;
  }
}

/** Undefined for what is no size of VMs, or none that this subscription may use here. */
export function toInstanceType(sku: ResourceSku, region: string): InstanceType | undefined {
  const { name = "", family = "", resourceType, restrictions = [] } = sku;
  if (resourceType !== "virtualMachines") return undefined;
  if (restrictions.some(({ type }) => type === "Location")) return undefined;
  const has = new Map((sku.capabilities ?? []).map((each) => [each.name, each.value ?? ""]));
  const number = (capability: string) => Number(has.get(capability) ?? 0);
  const controllers = has.get("DiskControllerTypes");
  if (controllers !== undefined && !/SCSI/i.test(controllers)) return undefined;
  const closed = new Set(
    restrictions.filter(({ type }) => type === "Zone").flatMap(({ restrictionInfo }) => restrictionInfo?.zones ?? []),
  );
  const here = sku.locationInfo?.find(({ location }) => location?.toLowerCase() === region.toLowerCase());
  const offered = (here?.zones ?? []).filter((zone) => !closed.has(zone)).toSorted();
  const firmwares = (has.get("HyperVGenerations") ?? "V1")
    .split(",")
    .map((generation): Firmware => (generation.trim() === "V2" ? "uefi" : "bios"));
  const cpus = number("vCPUsAvailable") || number("vCPUs");
  const localBytes = number("MaxResourceVolumeMB") * MiB;
  return {
    name,
    family,
    cpus,
    memoryBytes: Math.round(number("MemoryGB") * 1024) * MiB,
    architecture: has.get("CpuArchitectureType") === "Arm64" ? "aarch64" : "x86_64",
    firmwares,
    diskBus,
    nicModel: "hv_netvsc",
    burstable: /^Standard_B/i.test(name),
    gpus: number("GPUs"),
    bareMetal: false,
    ...(number("MaxDataDiskCount") > 0 && { maxDisks: number("MaxDataDiskCount") + 1 }),
    ...(number("MaxNetworkInterfaces") > 0 && { maxNics: number("MaxNetworkInterfaces") }),
    ...(localBytes > 0 && { localDiskBytes: localBytes }),
    ...(closed.size > 0 && offered.length > 0 && { zones: offered }),
  };
}
