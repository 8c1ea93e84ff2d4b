import type { InstanceType } from "../../domain/instance-type.ts";
import { invalid, type Subject } from "../failures.ts";
import type { VmSpec } from "../provider.ts";
import type { DigitalOcean } from "./client.ts";
import type { WireSize } from "./wire.ts";

const MiB = 2 ** 20;
const GiB = 2 ** 30;
const keptMs = 10 * 60_000;
/** Of volumes: `volumeActions_post_byId` of the API reference. */
export const volumesAtMost = 15;

/** The region's sizes. */
export class Sizes {
  readonly #cloud: DigitalOcean;
  #all: Promise<ReadonlyMap<string, InstanceType>> | undefined;
  #readAt = 0;

  constructor(cloud: DigitalOcean) {
    this.#cloud = cloud;
  }

  async *list(signal: AbortSignal): AsyncGenerator<InstanceType> {
    yield* (await this.#read(signal)).values();
  }

  /** The size that is asked for, or the smallest that has what is asked for. @throws InvalidInput. */
  async choose(
    spec: Pick<VmSpec, "instanceType" | "cpus" | "memoryBytes">,
    subject: Subject,
    signal: AbortSignal,
  ): Promise<InstanceType> {
    const all = await this.#read(signal);
    const { region } = this.#cloud.entry;
    if (spec.instanceType !== undefined) {
      const named = all.get(spec.instanceType);
      if (named) return named;
      throw invalid(subject, `${region} has no size ${spec.instanceType}`, "Choose one that it has.");
    }
    const [smallest] = [...all.values()]
      .filter(({ cpus, memoryBytes, gpus }) => cpus >= spec.cpus && memoryBytes >= spec.memoryBytes && gpus === 0)
      .toSorted((a, b) => a.cpus - b.cpus || a.memoryBytes - b.memoryBytes || (a.name < b.name ? -1 : 1));
    if (smallest) return smallest;
    const wanted = `${spec.cpus} CPUs and ${(spec.memoryBytes / GiB).toFixed(1)} GiB of memory`;
    throw invalid(subject, `no size here has ${wanted}`, "Ask for less, or name a size.");
  }

  async #read(signal: AbortSignal): Promise<ReadonlyMap<string, InstanceType>> {
    while (this.#all && performance.now() - this.#readAt < keptMs) {
      // Another caller reads by its own signal: that it gave up is nothing to this one.
      const read = await this.#all.catch(() => undefined);
      if (read) return read;
      signal.throwIfAborted();
    }
    const reading = this.#fetch(signal);
    this.#all = reading;
    this.#readAt = performance.now();
    reading.catch(() => {
      if (this.#all === reading) this.#all = undefined;
    });
    return reading;
  }

  async #fetch(signal: AbortSignal): Promise<ReadonlyMap<string, InstanceType>> {
    const { region } = this.#cloud.entry;
    const subject = { operation: "list sizes", resource: this.#cloud.resource("region", region) };
    const request = { operation: "sizes_list", path: "sizes", member: "sizes" };
    const found = new Map<string, InstanceType>();
    for await (const size of this.#cloud.list<WireSize>(request, subject, signal)) {
      if (size.available && size.regions.includes(region)) found.set(size.slug, toInstanceType(size));
    }
    return found;
  }
}

function toInstanceType({ slug, memory, vcpus, disk, gpu_info: gpu }: WireSize): InstanceType {
  const family = slug.split("-")[0] ?? slug;
  return {
    name: slug,
    family,
    cpus: vcpus,
    memoryBytes: memory * MiB,
    architecture: "x86_64",
    firmwares: ["bios"],
    diskBus: "virtio-scsi",
    nicModel: "virtio-net",
    // "Choosing the right Droplet plan": Basic Droplets share their CPUs with others.
    burstable: family === "s",
    gpus: gpu?.count ?? 0,
    bareMetal: false,
    maxDisks: volumesAtMost,
    maxNics: 1,
    localDiskBytes: disk * GiB,
  };
}
