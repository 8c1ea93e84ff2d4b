import type { Kinds } from "../arm/kinds.ts";
import { page } from "../arm/paging.ts";
import type { ArmRequest, Route } from "../arm/request.ts";
import { defaultLocation } from "../cloud.ts";
import { AzureError } from "../errors.ts";
import { quotaExceeded } from "../refusals.ts";
import type { Json, Vm } from "../state.ts";
import { type PlatformImage, platformImage } from "./platform-image.ts";
import { type VmSize, vmSize, vmSizes } from "./sizes.ts";

export const vmType = "Microsoft.Compute/virtualMachines";
const zones = ["1", "2", "3"];
const vmQuota = 25_000;

/** What is offered in the location, and how much of it is used: sizes, usages, platform images. */
export function offerRoutes(kinds: Kinds, image: PlatformImage): Route[] {
  const { cloud } = kinds;
  const route = (operation: string, path: string, right: string, run: Route["run"]): Route => ({
    service: "compute",
    operation,
    action: `Microsoft.Compute/${right}/read`,
    method: "GET",
    path: `providers/microsoft.compute/${path}`,
    run,
  });
  const offers = "locations/:location/publishers";
  const { publisher, offer, sku, version } = platformImage;
  const named = (id: string, name: string) => ({ location: defaultLocation, name, id });
  const of = (request: ArmRequest, wanted: Readonly<Record<string, string>>, answer: () => object) => {
    const fits = Object.entries(wanted).every(
      ([name, value]) => request.params[name]?.toLowerCase() === value.toLowerCase(),
    );
    return { status: 200, body: fits ? answer() : [] };
  };
  const base = image.path.split("/Publishers/")[0] ?? "";
  return [
    route("resourceSkus.list", "skus", "skus", (request) => {
      const location = /location eq '([^']*)'/i.exec(request.query.get("$filter") ?? "")?.[1]?.toLowerCase();
      const shown = location === undefined || location === defaultLocation ? vmSizes() : [];
      return page(request, shown, shown.length + 1, (size) => skuOf(size, cloud.settings.restricted));
    }),
    route("usage.list", "locations/:location/usages", "locations/usages", (request) =>
      page(request, usages(kinds), 1_000, (usage) => usage),
    ),
    route("virtualMachineImages.listPublishers", offers, "locations/publishers", () => ({
      status: 200,
      body: [named(`${base}/Publishers/${publisher}`, publisher)],
    })),
    route(
      "virtualMachineImages.listOffers",
      `${offers}/:publisher/artifacttypes/vmimage/offers`,
      "locations/publishers",
      (request) => of(request, { publisher }, () => [named(image.path.split("/Skus/")[0] ?? "", offer)]),
    ),
    route(
      "virtualMachineImages.listSkus",
      `${offers}/:publisher/artifacttypes/vmimage/offers/:offer/skus`,
      "locations/publishers",
      (request) => of(request, { publisher, offer }, () => [named(image.path.split("/Versions/")[0] ?? "", sku)]),
    ),
    route(
      "virtualMachineImages.list",
      `${offers}/:publisher/artifacttypes/vmimage/offers/:offer/skus/:sku/versions`,
      "locations/publishers",
      (request) => of(request, { publisher, offer, sku }, () => [named(image.path, version)]),
    ),
    route(
      "virtualMachineImages.get",
      `${offers}/:publisher/artifacttypes/vmimage/offers/:offer/skus/:sku/versions/:version`,
      "locations/publishers",
      ({ params }) => {
        const wanted = `/publishers/${params.publisher}/artifacttypes/vmimage/offers/${params.offer}/skus/${params.sku}/versions/${params.version}`;
        image.check(`${base}${wanted}`);
        return {
          status: 200,
          body: {
            ...named(image.path, version),
            properties: {
              osDiskImage: { operatingSystem: "Linux" },
              hyperVGeneration: "V1",
              architecture: "x64",
              dataDiskImages: [],
            },
          },
        };
      },
    ),
  ];
}

function skuOf(
  { name, family, vcpus, memoryGib, dataDisks, generations, architecture }: VmSize,
  restricted: readonly string[],
): object {
  const capabilities = {
    vCPUs: vcpus,
    vCPUsAvailable: vcpus,
    MemoryGB: memoryGib,
    MaxDataDiskCount: dataDisks,
    MaxNetworkInterfaces: 2,
    HyperVGenerations: generations,
    CpuArchitectureType: architecture,
    PremiumIO: "True",
    LowPriorityCapable: "True",
    EncryptionAtHostSupported: "True",
    AcceleratedNetworkingEnabled: "True",
    DiskControllerTypes: generations === "V2" && architecture === "x64" ? "NVMe" : "SCSI",
  };
  const [tier, ...rest] = name.split("_");
  return {
    resourceType: "virtualMachines",
    name,
    tier,
    size: rest.join("_"),
    family,
    locations: [defaultLocation],
    locationInfo: [{ location: defaultLocation, zones, zoneDetails: [] }],
    capabilities: Object.entries(capabilities).map(([key, value]) => ({ name: key, value: String(value) })),
    restrictions: restricted.includes(name)
      ? [
          {
            type: "Location",
            values: [defaultLocation],
            restrictionInfo: { locations: [defaultLocation] },
            reasonCode: "NotAvailableForSubscription",
          },
        ]
      : [],
  };
}

/** VMs that are deallocated count too: https://learn.microsoft.com/azure/virtual-machines/quotas */
function coresUsed(kinds: Kinds, family?: string, except?: string): number {
  return kinds
    .of<Vm["facts"]>(vmType)
    .filter(({ id }) => id !== except)
    .map(({ properties }) => vmSize((properties.hardwareProfile as Json | undefined)?.vmSize))
    .filter((size) => size !== undefined && (family === undefined || size.family === family))
    .reduce((sum, size) => sum + (size?.vcpus ?? 0), 0);
}

function usages(kinds: Kinds): object[] {
  const { settings } = kinds.cloud;
  const usage = (value: string, localizedValue: string, currentValue: number, limit: number) => ({
    unit: "Count",
    currentValue,
    limit,
    name: { value, localizedValue },
  });
  const families = [...new Set(vmSizes().map(({ family }) => family))];
  return [
    usage("cores", "Total Regional vCPUs", coresUsed(kinds), settings.coresQuota),
    usage("virtualMachines", "Virtual Machines", kinds.of(vmType).length, vmQuota),
    ...families.map((family) => usage(family, `${family} vCPUs`, coresUsed(kinds, family), settings.familyQuota)),
  ];
}

/** @throws AzureError OperationNotAllowed where a VM of this size would exceed a quota. */
export function checkQuota(kinds: Kinds, { family, vcpus }: VmSize, vmId: string): void {
  const { coresQuota, familyQuota } = kinds.cloud.settings;
  const all = coresUsed(kinds, undefined, vmId);
  const same = coresUsed(kinds, family, vmId);
  if (all + vcpus > coresQuota) throw quotaExceeded("Total Regional Cores", defaultLocation, coresQuota, all, vcpus);
  if (same + vcpus > familyQuota) throw quotaExceeded(`${family} Cores`, defaultLocation, familyQuota, same, vcpus);
}

/** @throws AzureError InvalidParameter */
export function requireSize(name: unknown): VmSize {
  const size = vmSize(name);
  if (size) return size;
  throw new AzureError(
    "InvalidParameter",
    `The value ${String(name)} provided for the VM size is not valid. The valid sizes in the current region are: ${vmSizes()
      .map((one) => one.name)
      .join(", ")}.`,
  );
}
