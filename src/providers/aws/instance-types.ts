import type { InstanceTypeInfo } from "@aws-sdk/client-ec2";
import type { InstanceType } from "../../domain/instance-type.ts";
import type { Firmware } from "../../domain/vm.ts";
import { invalid, type Subject } from "../failures.ts";
import type { VmSpec } from "../provider.ts";
import type { Aws } from "./client.ts";
import { items } from "./describe.ts";

/** AWS adds a type every few days. */
const keptMs = 60 * 60_000;
const MiB = 2 ** 20;
const GB = 1e9;

interface Catalogue {
  readonly all: ReadonlyMap<string, InstanceTypeInfo>;
  readonly zones: ReadonlyMap<string, readonly string[]>;
  readonly zoneCount: number;
}

/** The region's instance types. Only those of the Nitro system are offered for new VMs: the others have Xen's disks. */
export class InstanceTypes {
  readonly #aws: Aws;
  #catalogue: Promise<Catalogue> | undefined;
  #readAt = 0;

  constructor(aws: Aws) {
    this.#aws = aws;
  }

  async *list(signal: AbortSignal): AsyncGenerator<InstanceType> {
    const catalogue = await this.#read(signal);
    for (const info of catalogue.all.values()) {
      const offered = toInstanceType(info, catalogue);
      if (offered) yield offered;
    }
  }

  /** Undefined for a type that the region has no longer. */
  async find(name: string, signal: AbortSignal): Promise<InstanceTypeInfo | undefined> {
    return (await this.#read(signal)).all.get(name);
  }

  /** The type that is asked for, or the smallest that has what is asked for. @throws InvalidInput. */
  async choose(
    spec: Pick<VmSpec, "instanceType" | "cpus" | "memoryBytes" | "architecture" | "firmware">,
    zone: string | undefined,
    subject: Subject,
    signal: AbortSignal,
  ): Promise<string> {
    if (spec.instanceType !== undefined) {
      if (await this.find(spec.instanceType, signal)) return spec.instanceType;
      throw invalid(subject, `${this.#aws.entry.region} has no type ${spec.instanceType}`, "Choose one that it has.");
    }
    const fitting = (await Array.fromAsync(this.list(signal))).filter(
      (type) =>
        type.cpus >= spec.cpus &&
        type.memoryBytes >= spec.memoryBytes &&
        type.architecture === spec.architecture &&
        type.firmwares.includes(spec.firmware) &&
        type.gpus === 0 &&
        !type.bareMetal &&
        (zone === undefined || (type.zones?.includes(zone) ?? true)),
    );
    fitting.sort(
      (a, b) => a.cpus - b.cpus || a.memoryBytes - b.memoryBytes || (a.name < b.name ? -1 : Number(a.name !== b.name)),
    );
    const smallest = fitting[0];
    if (smallest) return smallest.name;
    throw invalid(
      subject,
      `no type here has ${spec.cpus} CPUs and ${(spec.memoryBytes / 2 ** 30).toFixed(1)} GiB of memory for ${spec.architecture} with ${spec.firmware}`,
      "Ask for less, or name an instance type.",
    );
  }

  #read(signal: AbortSignal): Promise<Catalogue> {
    if (this.#catalogue && performance.now() - this.#readAt < keptMs) return this.#catalogue;
    const reading = this.#fetch(signal);
    this.#catalogue = reading;
    this.#readAt = performance.now();
    reading.catch(() => {
      if (this.#catalogue === reading) this.#catalogue = undefined;
    });
    return reading;
  }

  async #fetch(signal: AbortSignal): Promise<Catalogue> {
    const subject = {
      operation: "list instance types",
      resource: this.#aws.resource("region", this.#aws.entry.region),
    };
    const all = new Map<string, InstanceTypeInfo>();
    const types = items(
      (NextToken) =>
        this.#aws.ec2.send(
          (sdk) => new sdk.DescribeInstanceTypesCommand({ MaxResults: 100, NextToken }),
          subject,
          signal,
        ),
      ({ InstanceTypes = [] }) => InstanceTypes,
    );
    for await (const info of types) all.set(info.InstanceType ?? "", info);
    const zones = new Map<string, string[]>();
    const offerings = items(
      (NextToken) =>
        this.#aws.ec2.send(
          (sdk) =>
            new sdk.DescribeInstanceTypeOfferingsCommand({
              LocationType: "availability-zone",
              MaxResults: 1_000,
              NextToken,
            }),
          subject,
          signal,
        ),
      ({ InstanceTypeOfferings = [] }) => InstanceTypeOfferings,
    );
    for await (const { InstanceType: name = "", Location = "" } of offerings) {
      zones.set(name, [...(zones.get(name) ?? []), Location].sort());
    }
    return { all, zones, zoneCount: new Set([...zones.values()].flat()).size };
  }
}

export function isNitro(info: InstanceTypeInfo | undefined): boolean {
  return info?.Hypervisor !== "xen" && info?.EbsInfo?.NvmeSupport !== "unsupported";
}

function toInstanceType(info: InstanceTypeInfo, { zones, zoneCount }: Catalogue): InstanceType | undefined {
  const name = info.InstanceType ?? "";
  const architectures = info.ProcessorInfo?.SupportedArchitectures ?? [];
  const architecture = architectures.includes("arm64")
    ? "aarch64"
    : architectures.includes("x86_64")
      ? "x86_64"
      : undefined;
  if (!architecture || !isNitro(info)) return undefined;
  const offered = zones.get(name) ?? [];
  return {
    name,
    family: name.split(".")[0] ?? name,
    cpus: info.VCpuInfo?.DefaultVCpus ?? 0,
    memoryBytes: (info.MemoryInfo?.SizeInMiB ?? 0) * MiB,
    architecture,
    firmwares: firmwaresOf(info, architecture),
    diskBus: "nvme",
    nicModel: "ena",
    burstable: info.BurstablePerformanceSupported ?? false,
    gpus: (info.GpuInfo?.Gpus ?? []).reduce((sum, { Count = 0 }) => sum + Count, 0),
    bareMetal: info.BareMetal ?? false,
    ...(info.EbsInfo?.MaximumEbsAttachments && { maxDisks: info.EbsInfo.MaximumEbsAttachments }),
    ...(info.NetworkInfo?.MaximumNetworkInterfaces && { maxNics: info.NetworkInfo.MaximumNetworkInterfaces }),
    ...(info.InstanceStorageInfo?.TotalSizeInGB && { localDiskBytes: info.InstanceStorageInfo.TotalSizeInGB * GB }),
    ...(offered.length > 0 && offered.length < zoneCount && { zones: offered }),
  };
}

function firmwaresOf({ SupportedBootModes = [] }: InstanceTypeInfo, architecture: string): readonly Firmware[] {
  const modes = SupportedBootModes.map((mode): Firmware => (mode === "uefi" ? "uefi" : "bios"));
  if (modes.length > 0) return modes;
  return architecture === "aarch64" ? ["uefi"] : ["bios"];
}
