import type * as core from "oci-core";
import type { OciCloud } from "../cloud.ts";
import { invalid, outOfHostCapacity } from "../errors.ts";
import { type Operation, operations } from "../operation.ts";
import type { Registry } from "../registry.ts";
import { availabilityDomains } from "../tenancy.ts";
import type { Wire } from "../wire.ts";

/** https://docs.oracle.com/en-us/iaas/Content/Compute/References/computeshapes.htm */
export interface Shape {
  readonly name: string;
  /** The family that its limits count, as `standard-e4`. */
  readonly limit: string;
  readonly processor: string;
  readonly arm?: true;
  /** Fixed, or what a flexible one has unless the caller says. */
  readonly ocpus: number;
  readonly memoryGib: number;
  readonly flexible?: { readonly ocpusMost: number; readonly memoryMost: number };
}

const amd4 = "2.55 GHz AMD EPYC 7J13 (Milan)";
const amd5 = "2.4 GHz AMD EPYC 9J14 (Genoa)";
const intel2 = "2.0 GHz Intel Xeon Platinum 8167M (Skylake)";

export const shapes: readonly Shape[] = [
  flexible("VM.Standard.E4.Flex", "standard-e4", amd4, 64, 1024),
  flexible("VM.Standard.E5.Flex", "standard-e5", amd5, 94, 1049),
  flexible("VM.Standard3.Flex", "standard3", "2.6 GHz Intel Xeon Platinum 8358 (Ice Lake)", 32, 512),
  { ...flexible("VM.Standard.A1.Flex", "standard-a1", "3.0 GHz Ampere Altra", 76, 472), arm: true },
  { name: "VM.Standard2.1", limit: "standard2", processor: intel2, ocpus: 1, memoryGib: 15 },
  { name: "VM.Standard2.2", limit: "standard2", processor: intel2, ocpus: 2, memoryGib: 30 },
  { name: "VM.Standard2.4", limit: "standard2", processor: intel2, ocpus: 4, memoryGib: 60 },
  {
    name: "VM.Standard.E2.1.Micro",
    limit: "standard-e2-micro",
    processor: "2.0 GHz AMD EPYC 7551 (Naples)",
    ocpus: 1,
    memoryGib: 1,
  },
];

function flexible(name: string, limit: string, processor: string, ocpusMost: number, memoryMost: number): Shape {
  return { name, limit, processor, ocpus: 1, memoryGib: 16, flexible: { ocpusMost, memoryMost } };
}

/** What an instance of the shape gets. @throws OciError InvalidParameter. */
export function sizeOf(
  shape: Shape,
  config: { readonly ocpus?: number | undefined; readonly memoryInGBs?: number | undefined } | undefined,
): { ocpus: number; memoryGib: number } {
  if (!shape.flexible) {
    const { ocpus, memoryGib } = shape;
    if ((config?.ocpus ?? ocpus) !== ocpus || (config?.memoryInGBs ?? memoryGib) !== memoryGib)
      throw invalid("shapeConfig", `${shape.name} is not flexible`);
    return { ocpus, memoryGib };
  }
  if (config?.ocpus === undefined) throw invalid("shapeConfig", `shapeConfig.ocpus must be given for ${shape.name}`);
  const { ocpus } = config;
  const memoryGib = config.memoryInGBs ?? Math.min(16 * ocpus, shape.flexible.memoryMost);
  const { ocpusMost, memoryMost } = shape.flexible;
  if (ocpus < 1 || ocpus > ocpusMost) throw invalid("shapeConfig.ocpus", `must be between 1 and ${ocpusMost}`);
  if (memoryGib < Math.max(1, ocpus) || memoryGib > Math.min(memoryMost, 64 * ocpus))
    throw invalid("shapeConfig.memoryInGBs", "must be between 1 and 64 for each OCPU");
  return { ocpus, memoryGib };
}

export function hasCapacity({ settings }: OciCloud, domain: string, shape: string): boolean {
  const absent = [`${domain}/${shape}`, `${domain}/*`, `*/${shape}`, "*/*"];
  return !settings.noCapacity.some((entry) => absent.includes(entry));
}

export function demandCapacity(cloud: OciCloud, domain: string, shape: string): void {
  if (!hasCapacity(cloud, domain, shape)) throw outOfHostCapacity();
}

export function shapeOperations(registry: Registry): Operation[] {
  const { cloud } = registry;
  const operation = operations("core");
  const describe = (shape: Shape): Wire<core.models.Shape> => ({
    shape: shape.name,
    processorDescription: shape.processor,
    ocpus: shape.ocpus,
    memoryInGBs: shape.memoryGib,
    networkPorts: 1,
    networkingBandwidthInGbps: 1,
    maxVnicAttachments: 2,
    gpus: 0,
    localDisks: 0,
    isLiveMigrationSupported: true,
    isFlexible: shape.flexible !== undefined,
    billingType: "PAID",
    quotaNames: [`${shape.limit}-core-count`],
    platformNames: [],
    ...(shape.flexible && {
      ocpuOptions: { min: 1, max: shape.flexible.ocpusMost },
      memoryOptions: {
        minInGBs: 1,
        maxInGBs: shape.flexible.memoryMost,
        defaultPerOcpuInGBs: 16,
        minPerOcpuInGBs: 1,
        maxPerOcpuInGBs: 64,
      },
    }),
  });
  return [
    operation("ListShapes", "GET /shapes", { answers: "Shape[]" }, (call) => {
      const imageId = call.query.get("imageId");
      const fitting = imageId === null ? undefined : cloud.tables.images.get(imageId)?.shapes;
      const shown = shapes.filter(
        ({ name }) => (call.query.get("shape") ?? name) === name && (fitting === undefined || fitting.includes(name)),
      );
      const { items, headers } = registry.page(call, shown, ({ name }) => name);
      return { body: items.map(describe), headers };
    }),
    operation(
      "CreateComputeCapacityReport",
      "POST /computeCapacityReports",
      { takes: "CreateComputeCapacityReportDetails", answers: "ComputeCapacityReport" },
      (call) => {
        const details = call.json<Wire<core.models.CreateComputeCapacityReportDetails>>();
        if (!availabilityDomains(cloud.tenancy).includes(details.availabilityDomain))
          throw invalid("availabilityDomain", "is unknown");
        const shapeAvailabilities = details.shapeAvailabilities.map(
          ({ instanceShape, instanceShapeConfig, faultDomain }): Wire<core.models.CapacityReportShapeAvailability> => {
            const shape = shapes.find(({ name }) => name === instanceShape);
            const there = shape !== undefined && hasCapacity(cloud, details.availabilityDomain, instanceShape);
            return {
              instanceShape,
              ...(instanceShapeConfig && { instanceShapeConfig }),
              ...(faultDomain && { faultDomain }),
              availabilityStatus: !shape ? "HARDWARE_NOT_SUPPORTED" : there ? "AVAILABLE" : "OUT_OF_HOST_CAPACITY",
              availableCount: there ? 100 : 0,
            };
          },
        );
        const body: Wire<core.models.ComputeCapacityReport> = {
          compartmentId: details.compartmentId,
          availabilityDomain: details.availabilityDomain,
          shapeAvailabilities,
          timeCreated: new Date(),
        };
        return { body };
      },
    ),
  ];
}
