import { notFound } from "../errors.ts";
import { projectId, projectNumber, zonesByRegion } from "../places.ts";
import type { ComputeCall, ComputeOperations } from "./call.ts";
import { link } from "./links.ts";
import { listAnswer, timestamp } from "./lists.ts";
import { type MachineType, machineTypeNamed, machineTypes } from "./machine-types.ts";
import type { ComputeParts } from "./parts.ts";

/** When all of it was there. */
const since = Date.UTC(2026, 0, 1);

/** What Compute Engine says of itself: zones, regions, machine types, the project. */
export function catalogueOperations({ cloud, quotas }: ComputeParts): ComputeOperations {
  const zone = (name: string) => ({
    kind: "compute#zone",
    id: numberOf(name),
    name,
    creationTimestamp: timestamp(since),
    description: name,
    status: "UP",
    region: link(`regions/${name.slice(0, name.lastIndexOf("-"))}`),
    selfLink: link(`zones/${name}`),
    availableCpuPlatforms: ["Simulated"],
    supportsPzs: false,
  });
  const region = (name: string) => ({
    kind: "compute#region",
    id: numberOf(name),
    name,
    creationTimestamp: timestamp(since),
    description: name,
    status: "UP",
    zones: (zonesByRegion[name] ?? []).map((one) => link(`zones/${one}`)),
    quotas: quotas.list(name),
    selfLink: link(`regions/${name}`),
    supportsPzs: false,
  });
  const machineType = (call: ComputeCall, type: MachineType) => ({
    kind: "compute#machineType",
    id: numberOf(type.name),
    name: type.name,
    creationTimestamp: timestamp(since),
    description: `${type.cpus} vCPUs, ${type.memoryMb / 1024} GB RAM (simulated)`,
    guestCpus: type.cpus,
    memoryMb: type.memoryMb,
    imageSpaceGb: 0,
    maximumPersistentDisks: type.shared ? 16 : 128,
    maximumPersistentDisksSizeGb: type.shared ? "3072" : "263168",
    zone: call.path.zone as string,
    isSharedCpu: type.shared,
    architecture: type.architecture,
    selfLink: link(`zones/${call.path.zone}/machineTypes/${type.name}`),
  });
  const old = <T extends { selfLink: string }>(json: T) => ({ id: json.selfLink, createdAt: since, json });

  return {
    "zones.get": (call) => zone(call.path.zone as string),
    "zones.list": (call) => listAnswer(cloud, call, "zone", Object.values(zonesByRegion).flat().map(zone).map(old)),
    "regions.get": (call) => region(call.path.region as string),
    "regions.list": (call) => listAnswer(cloud, call, "region", Object.keys(zonesByRegion).map(region).map(old)),
    "machineTypes.get": (call) => {
      const type = machineTypeNamed(call.path.machineType ?? call.path.machine_type ?? "");
      if (!type)
        throw notFound(`projects/${call.project}/zones/${call.path.zone}/machineTypes/${call.path.machine_type}`);
      return machineType(call, type);
    },
    "machineTypes.list": (call) =>
      listAnswer(
        cloud,
        call,
        "machineType",
        machineTypes.map((type) => old(machineType(call, type))),
      ),
    "projects.get": () => ({
      kind: "compute#project",
      id: projectNumber,
      name: projectId,
      creationTimestamp: timestamp(since),
      description: "Simulated by the NovaCron sandbox",
      defaultServiceAccount: cloud.identity.email,
      defaultNetworkTier: "PREMIUM",
      quotas: quotas.list("global"),
      selfLink: link("").replace(/\/$/, ""),
    }),
  };
}

/** A number that a name always gets. */
function numberOf(name: string): string {
  let number = 7;
  for (const letter of name) number = (number * 31 + letter.charCodeAt(0)) % 2_147_483_647;
  return String(1000 + number);
}
