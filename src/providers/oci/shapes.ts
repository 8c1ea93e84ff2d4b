import type { InstanceType } from "../../domain/instance-type.ts";
import { invalid, type Subject } from "../failures.ts";
import type { VmSpec } from "../provider.ts";
import type { Oci } from "./client.ts";
import type { Shape } from "./models.ts";
import { items } from "./view.ts";

const GiB = 2 ** 30;
/** Oracle adds a shape every few months. */
const keptMs = 60 * 60_000;
/** What a flexible shape is listed in: numbers of OCPUs, and GiB for each vCPU. Any other size within its bounds can be asked for
 *  by name, or by CPUs and memory. */
const listedOcpus = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32];
const listedGibPerVcpu = [1, 2, 4, 8];

/** A size that an instance can be launched in. */
export interface Size {
  readonly shape: string;
  /** Of a flexible shape. */
  readonly config?: { readonly ocpus: number; readonly memoryInGBs: number };
}

/**
 * The region's VM shapes. A flexible shape has any number of OCPUs and any memory within bounds; such a size is called
 * `VM.Standard.E4.Flex:2ocpu:16g`. An OCPU is two vCPUs on x86 and one on Arm.
 */
export class Shapes {
  readonly #oci: Oci;
  #catalogue: Promise<ReadonlyMap<string, Shape>> | undefined;
  #readAt = 0;

  constructor(oci: Oci) {
    this.#oci = oci;
  }

  async *list(signal: AbortSignal): AsyncGenerator<InstanceType> {
    for (const shape of (await this.#read(signal)).values()) yield* typesOf(shape);
  }

  /** Undefined for a shape that the region has no longer. */
  async find(name: string, signal: AbortSignal): Promise<Shape | undefined> {
    return (await this.#read(signal)).get(name);
  }

  /** The size that is asked for, or the smallest that has what is asked for. @throws InvalidInput. */
  async choose(
    spec: Pick<VmSpec, "instanceType" | "cpus" | "memoryBytes" | "architecture">,
    subject: Subject,
    signal: AbortSignal,
  ): Promise<Size> {
    const shapes = await this.#read(signal);
    if (spec.instanceType !== undefined) {
      const size = named(spec.instanceType, shapes);
      if (size) return size;
      const action = "Choose one that it has; a flexible one is named like VM.Standard.E4.Flex:2ocpu:16g.";
      throw invalid(subject, `${this.#oci.entry.region} has no size ${spec.instanceType}`, action);
    }
    const fitting = [...shapes.values()].flatMap((shape) => smallestOf(shape, spec) ?? []);
    fitting.sort((a, b) => a.cpus - b.cpus || a.memoryGib - b.memoryGib || (a.shape < b.shape ? -1 : 1));
    const smallest = fitting[0];
    if (smallest) return smallest;
    throw invalid(
      subject,
      `no shape here has ${spec.cpus} CPUs and ${(spec.memoryBytes / GiB).toFixed(1)} GiB of memory for ${spec.architecture}`,
      "Ask for less, or name a size.",
    );
  }

  #read(signal: AbortSignal): Promise<ReadonlyMap<string, Shape>> {
    if (this.#catalogue && performance.now() - this.#readAt < keptMs) return this.#catalogue;
    const reading = this.#fetch(signal);
    this.#catalogue = reading;
    this.#readAt = performance.now();
    reading.catch(() => {
      if (this.#catalogue === reading) this.#catalogue = undefined;
    });
    return reading;
  }

  async #fetch(signal: AbortSignal): Promise<ReadonlyMap<string, Shape>> {
    const subject = { operation: "list shapes", resource: this.#oci.resource("region", this.#oci.entry.region) };
    const compartmentId = await this.#oci.compartment();
    const found = new Map<string, Shape>();
    const listed = items((page) =>
      this.#oci.compute.call("listShapes", { compartmentId, limit: 500, page }, subject, signal),
    );
    // Bare metal machines take none of the disks that are moved here. An availability domain lists its shapes itself.
    for await (const shape of listed) if (shape.shape.startsWith("VM.")) found.set(shape.shape, shape);
    return found;
  }
}

export function isArm({ shape, processorDescription = "" }: Shape): boolean {
  return /ampere|\barm\b/i.test(processorDescription) || /\.A\d+\./.test(shape);
}

/** vCPUs as the guest counts them. */
export function vcpusOf(ocpus: number, arm: boolean): number {
  return arm ? Math.ceil(ocpus) : Math.ceil(ocpus * 2);
}

/** The name of an instance's size. */
export function sizeName(shape: string, flexible: boolean, ocpus: number, memoryGib: number): string {
  return flexible ? `${shape}:${ocpus}ocpu:${memoryGib}g` : shape;
}

/** What quotas and lists go by: `standard-e4`. */
export function seriesOf({ quotaNames = [], shape }: Shape): string {
  const counted = quotaNames.find((name) => name.endsWith("-core-count"));
  if (counted !== undefined) return counted.replace(/-core-count$/, "");
  return shape
    .replace(/^VM\./, "")
    .replace(/\.Flex$/, "")
    .replaceAll(".", "-")
    .toLowerCase();
}

function* typesOf(shape: Shape): Generator<InstanceType> {
  if (!shape.isFlexible) {
    const { ocpus = 0, memoryInGBs = 0 } = shape;
    if (ocpus > 0 && memoryInGBs > 0) yield toType(shape, ocpus, memoryInGBs);
    return;
  }
  for (const ocpus of listedOcpus) {
    for (const perVcpu of listedGibPerVcpu) {
      const memoryGib = perVcpu * vcpusOf(ocpus, isArm(shape));
      if (takes(shape, ocpus, memoryGib)) yield toType(shape, ocpus, memoryGib);
    }
  }
}

function toType(shape: Shape, ocpus: number, memoryGib: number): InstanceType {
  const { gpus = 0, maxVnicAttachments, localDisksTotalSizeInGBs } = shape;
  const arm = isArm(shape);
  return {
    name: sizeName(shape.shape, shape.isFlexible === true, ocpus, memoryGib),
    family: seriesOf(shape),
    cpus: vcpusOf(ocpus, arm),
    memoryBytes: memoryGib * GiB,
    architecture: arm ? "aarch64" : "x86_64",
    firmwares: arm ? ["uefi"] : ["bios", "uefi"],
    diskBus: "virtio-blk",
    nicModel: "virtio-net",
    burstable: isShared(shape),
    gpus,
    bareMetal: false,
    // "Attaching a Volume": 32 attachments an instance, its boot volume aside.
    maxDisks: 33,
    ...(maxVnicAttachments !== undefined && { maxNics: maxVnicAttachments }),
    ...(localDisksTotalSizeInGBs !== undefined && { localDiskBytes: localDisksTotalSizeInGBs * GiB }),
  };
}

function isShared({ shape, isSubcore, billingType }: Shape): boolean {
  const billed: string | undefined = billingType;
  return isSubcore === true || shape.endsWith(".Micro") || billed === "ALWAYS_FREE";
}

function takes({ ocpuOptions, memoryOptions }: Shape, ocpus: number, memoryGib: number): boolean {
  const { min = 1, max = Number.POSITIVE_INFINITY } = ocpuOptions ?? {};
  const { minInGBs = 1, maxInGBs = Number.POSITIVE_INFINITY } = memoryOptions ?? {};
  const { minPerOcpuInGBs = 1, maxPerOcpuInGBs = Number.POSITIVE_INFINITY } = memoryOptions ?? {};
  if (ocpus < min || ocpus > max || memoryGib < minInGBs || memoryGib > maxInGBs) return false;
  return memoryGib >= minPerOcpuInGBs * ocpus && memoryGib <= maxPerOcpuInGBs * ocpus;
}

function named(name: string, shapes: ReadonlyMap<string, Shape>): Size | undefined {
  const fixed = shapes.get(name);
  if (fixed && fixed.isFlexible !== true) return { shape: name };
  const parts = /^(.+):(\d+)ocpu:(\d+)g$/.exec(name);
  const shape = shapes.get(parts?.[1] ?? "");
  const [ocpus, memoryInGBs] = [Number(parts?.[2]), Number(parts?.[3])];
  if (!shape?.isFlexible || !takes(shape, ocpus, memoryInGBs)) return undefined;
  return { shape: shape.shape, config: { ocpus, memoryInGBs } };
}

/** Shared cores are taken only by name: they can't be made larger later. */
function smallestOf(
  shape: Shape,
  { cpus, memoryBytes, architecture }: Pick<VmSpec, "cpus" | "memoryBytes" | "architecture">,
): (Size & { cpus: number; memoryGib: number }) | undefined {
  const arm = isArm(shape);
  if (arm !== (architecture === "aarch64") || (shape.gpus ?? 0) > 0 || isShared(shape)) return undefined;
  const neededGib = Math.ceil(memoryBytes / GiB);
  if (!shape.isFlexible) {
    const { ocpus = 0, memoryInGBs: memoryGib = 0 } = shape;
    const fits = vcpusOf(ocpus, arm) >= cpus && memoryGib >= neededGib;
    return fits ? { shape: shape.shape, cpus: vcpusOf(ocpus, arm), memoryGib } : undefined;
  }
  const { maxPerOcpuInGBs = Number.POSITIVE_INFINITY, minPerOcpuInGBs = 1, minInGBs = 1 } = shape.memoryOptions ?? {};
  const forCpus = Math.ceil(arm ? cpus : cpus / 2);
  const ocpus = Math.max(shape.ocpuOptions?.min ?? 1, forCpus, Math.ceil(neededGib / maxPerOcpuInGBs));
  const memoryInGBs = Math.max(neededGib, minInGBs, Math.ceil(minPerOcpuInGBs * ocpus));
  if (!takes(shape, ocpus, memoryInGBs)) return undefined;
  const config = { ocpus, memoryInGBs };
  return { shape: shape.shape, config, cpus: vcpusOf(ocpus, arm), memoryGib: memoryInGBs };
}
