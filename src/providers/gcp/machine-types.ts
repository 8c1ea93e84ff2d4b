import type * as Compute from "@google-cloud/compute";
import type { InstanceType } from "../../domain/instance-type.ts";
import { invalid, type Subject } from "../failures.ts";
import type { VmSpec } from "../provider.ts";
import type { Gcp } from "./client.ts";
import type { MachineSize } from "./vm.ts";

type MachineType = Compute.protos.google.cloud.compute.v1.IMachineType;

/** Google adds one every few weeks. */
const keptMs = 60 * 60_000;
const MiB = 2 ** 20;
/** "Machine series comparison": those that show persistent disks by SCSI; all others have NVMe and gVNIC only. */
const scsiFamilies = new Set([
  "e2",
  "n1",
  "n2",
  "n2d",
  "t2d",
  "c2",
  "c2d",
  "m1",
  "m2",
  "f1",
  "g1",
  "a2",
  "g2",
  "custom",
]);
/** Below a whole core: they gather credit while they idle. */
const isBurstable = ({ isSharedCpu }: MachineType) => isSharedCpu === true;

/** The zone's machine types. */
export class MachineTypes {
  readonly #gcp: Gcp;
  #all: Promise<ReadonlyMap<string, InstanceType>> | undefined;
  #readAt = 0;
  readonly #others = new Map<string, MachineSize>();

  constructor(gcp: Gcp) {
    this.#gcp = gcp;
  }

  async *list(signal: AbortSignal): AsyncGenerator<InstanceType> {
    yield* (await this.#read(signal)).values();
  }

  /** Also of one of a size of its own (`n2-custom-6-10240`), which no list has. */
  async size(name: string, subject: Subject, signal: AbortSignal): Promise<MachineSize> {
    const listed = (await this.#read(signal)).get(name) ?? this.#others.get(name);
    if (listed) return { cpus: listed.cpus, memoryBytes: listed.memoryBytes };
    const found = await this.#gcp.find<MachineType>("machineTypes", { machineType: name }, subject, signal);
    const size = { cpus: found?.guestCpus ?? 0, memoryBytes: (found?.memoryMb ?? 0) * MiB };
    if (found) this.#others.set(name, size);
    return size;
  }

  /** The type that is asked for, or the smallest that has what is asked for. @throws InvalidInput. */
  async choose(
    spec: Pick<VmSpec, "instanceType" | "cpus" | "memoryBytes" | "architecture" | "firmware">,
    subject: Subject,
    signal: AbortSignal,
  ): Promise<InstanceType> {
    const all = await this.#read(signal);
    const { zone } = this.#gcp.entry;
    if (spec.instanceType !== undefined) {
      const named = all.get(spec.instanceType);
      if (named) return named;
      throw invalid(subject, `${zone} has no type ${spec.instanceType}`, "Choose one that it has.");
    }
    const [smallest] = [...all.values()]
      .filter(
        (type) =>
          type.cpus >= spec.cpus &&
          type.memoryBytes >= spec.memoryBytes &&
          type.architecture === spec.architecture &&
          type.firmwares.includes(spec.firmware) &&
          type.diskBus === "virtio-scsi" &&
          type.gpus === 0 &&
          !type.bareMetal,
      )
      .toSorted((a, b) => a.cpus - b.cpus || a.memoryBytes - b.memoryBytes || (a.name < b.name ? -1 : 1));
    if (smallest) return smallest;
    throw invalid(
      subject,
      `no type here has ${spec.cpus} CPUs and ${(spec.memoryBytes / 2 ** 30).toFixed(1)} GiB of memory for ${spec.architecture} with ${spec.firmware}`,
      "Ask for less, or name an instance type.",
    );
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
    const subject = { operation: "list machine types", resource: this.#gcp.resource("zone", this.#gcp.entry.zone) };
    const found = new Map<string, InstanceType>();
    for await (const type of this.#gcp.list<MachineType>("machineTypes", {}, subject, signal)) {
      if (type.deprecated?.state !== "OBSOLETE") found.set(type.name ?? "", toInstanceType(type));
    }
    return found;
  }
}

function toInstanceType(type: MachineType): InstanceType {
  const name = type.name ?? "";
  const family = name.split("-")[0] ?? name;
  const arm = type.architecture === "ARM64";
  const scsi = scsiFamilies.has(family);
  return {
    name,
    family,
    cpus: type.guestCpus ?? 0,
    memoryBytes: (type.memoryMb ?? 0) * MiB,
    architecture: arm ? "aarch64" : "x86_64",
    firmwares: arm ? ["uefi"] : ["bios", "uefi"],
    diskBus: scsi ? "virtio-scsi" : "nvme",
    nicModel: scsi ? "virtio-net" : "gve",
    burstable: isBurstable(type),
    gpus: (type.accelerators ?? []).reduce((sum, { guestAcceleratorCount }) => sum + (guestAcceleratorCount ?? 0), 0),
    bareMetal: name.includes("-metal"),
    ...(type.maximumPersistentDisks && { maxDisks: type.maximumPersistentDisks }),
  };
}
