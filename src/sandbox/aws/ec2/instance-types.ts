import { readFileSync } from "node:fs";
import type * as ec2 from "@aws-sdk/client-ec2";
import type { Call } from "../cloud.ts";
import { AwsError } from "../errors.ts";
import { zoneId, zonesOf } from "../regions.ts";
import { matcher, pageOf } from "./filters.ts";

/** `instance-types.json` says where and when its figures are from. */
interface Catalogue {
  readonly types: readonly (readonly [name: string, vcpus: number, memoryGib: number, architecture: string])[];
}

export interface InstanceType {
  readonly name: string;
  readonly vcpus: number;
  readonly memoryGib: number;
  readonly architecture: string;
  readonly nitro: boolean;
  readonly burstable: boolean;
}

/** Families before Nitro: https://docs.aws.amazon.com/ec2/latest/instancetypes/ec2-nitro-instances.html lists the others. */
const xenFamilies = new Set(["c4", "m4", "r4", "t2"]);
/** Xen families that have ENA nevertheless. */
const xenWithEna = new Set(["r4"]);

let catalogue: ReadonlyMap<string, InstanceType> | undefined;

export function instanceTypes(): ReadonlyMap<string, InstanceType> {
  if (catalogue) return catalogue;
  const file = new URL("../instance-types.json", import.meta.url);
  const { types } = JSON.parse(readFileSync(file, "utf8")) as Catalogue;
  catalogue = new Map(
    types.map(([name, vcpus, memoryGib, architecture]) => [
      name,
      { name, vcpus, memoryGib, architecture, nitro: !xenFamilies.has(familyOf(name)), burstable: /^t\d/.test(name) },
    ]),
  );
  return catalogue;
}

export function instanceType(name: string): InstanceType | undefined {
  return instanceTypes().get(name);
}

function familyOf(name: string): string {
  return name.split(".")[0] ?? "";
}

/** The letter by which vCPU quotas are counted; A, C, D, H, I, M, R, T and Z together are "Standard". */
export function isStandard(name: string): boolean {
  return /^(a|c|d|h|i|m|r|t|z)\d/.test(name);
}

export function instanceTypeOperations() {
  return {
    DescribeInstanceTypes: (_call: Call, input: ec2.DescribeInstanceTypesRequest): ec2.DescribeInstanceTypesResult => {
      const unknown = (input.InstanceTypes ?? []).filter((name) => !instanceTypes().has(name));
      if (unknown.length > 0) {
        throw new AwsError(
          "InvalidInstanceType",
          `The following supplied instance types do not exist: [${unknown.join(", ")}]`,
        );
      }
      if (input.InstanceTypes && input.MaxResults !== undefined) {
        throw new AwsError(
          "InvalidParameterCombination",
          "The parameter instanceTypes cannot be used with the parameter maxResults",
        );
      }
      const rows = [...instanceTypes().values()]
        .filter(({ name }) => !input.InstanceTypes?.length || (input.InstanceTypes as string[]).includes(name))
        .map((type) => ({ ...type, id: type.name, region: "", createdAt: 0, tags: {} }));
      const matches = matcher<(typeof rows)[number]>(input.Filters, {
        "instance-type": ({ name }) => name,
        "processor-info.supported-architecture": ({ architecture }) => architecture,
        "vcpu-info.default-vcpus": ({ vcpus }) => vcpus,
        "memory-info.size-in-mib": ({ memoryGib }) => memoryGib * 1024,
        "current-generation": ({ nitro }) => nitro,
        "burstable-performance-supported": ({ burstable }) => burstable,
        hypervisor: ({ nitro }) => (nitro ? "nitro" : "xen"),
        "bare-metal": ({ name }) => name.includes("metal"),
        "supported-boot-mode": ({ nitro }) => (nitro ? ["legacy-bios", "uefi"] : ["legacy-bios"]),
        "supported-usage-class": () => ["on-demand", "spot"],
        "supported-root-device-type": () => "ebs",
        "supported-virtualization-type": () => "hvm",
        "network-info.ena-support": (type) => enaSupport(type),
        "ebs-info.nvme-support": ({ nitro }) => (nitro ? "required" : "unsupported"),
      });
      const { items, NextToken } = pageOf(rows.filter(matches), input, { least: 5, most: 100 });
      return { InstanceTypes: items.map(describe), ...(NextToken ? { NextToken } : {}) };
    },

    DescribeInstanceTypeOfferings: (
      call: Call,
      input: ec2.DescribeInstanceTypeOfferingsRequest,
    ): ec2.DescribeInstanceTypeOfferingsResult => {
      const kind = input.LocationType ?? "region";
      const zones = zonesOf(call.region);
      const locations =
        kind === "availability-zone" ? zones : kind === "availability-zone-id" ? zones.map(zoneId) : [call.region];
      const rows = [...instanceTypes().keys()].flatMap((name) =>
        locations.map((location) => ({
          id: `${name} ${location}`,
          region: "",
          createdAt: 0,
          tags: {},
          name,
          location,
        })),
      );
      const matches = matcher<(typeof rows)[number]>(input.Filters, {
        "instance-type": ({ name }) => name,
        location: ({ location }) => location,
      });
      const { items, NextToken } = pageOf(rows.filter(matches), input, { least: 5, most: 1000 });
      return {
        InstanceTypeOfferings: items.map(({ name, location }) => ({
          InstanceType: name as ec2._InstanceType,
          LocationType: kind,
          Location: location,
        })),
        ...(NextToken ? { NextToken } : {}),
      };
    },
  };
}

function enaSupport({ name, nitro }: InstanceType): "required" | "supported" | "unsupported" {
  return nitro ? "required" : xenWithEna.has(familyOf(name)) ? "supported" : "unsupported";
}

/** Only what the catalogue knows, or what follows from the family; the rest is left out rather than made up. */
function describe(type: InstanceType): ec2.InstanceTypeInfo {
  const { name, vcpus, memoryGib, nitro, burstable, architecture } = type;
  const metal = name.includes("metal");
  return {
    InstanceType: name as ec2._InstanceType,
    CurrentGeneration: nitro,
    SupportedUsageClasses: ["on-demand", "spot"],
    SupportedRootDeviceTypes: ["ebs"],
    SupportedVirtualizationTypes: ["hvm"],
    BareMetal: metal,
    ...(metal ? {} : { Hypervisor: nitro ? "nitro" : "xen" }),
    ProcessorInfo: { SupportedArchitectures: [architecture as ec2.ArchitectureType] },
    VCpuInfo: { DefaultVCpus: vcpus },
    MemoryInfo: { SizeInMiB: Math.round(memoryGib * 1024) },
    EbsInfo: { EncryptionSupport: "supported", NvmeSupport: nitro ? "required" : "unsupported" },
    NetworkInfo: { EnaSupport: enaSupport(type) },
    BurstablePerformanceSupported: burstable,
    SupportedBootModes: nitro && architecture === "x86_64" ? ["legacy-bios", "uefi"] : [nitro ? "uefi" : "legacy-bios"],
  };
}
