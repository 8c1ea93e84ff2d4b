import type { CensusEntry } from "../cloud/admin.ts";
import type { BlobStore } from "./blob/store.ts";
import { type AzureCloud, containerName, defaultGroup, defaultLocation } from "./cloud.ts";
import type { Disk, Resource, Vm } from "./state.ts";

/** Every resource with its tags, also what lists can't see yet, and what the storage account holds. */
export function census(cloud: AzureCloud, { tables: blobs }: BlobStore): CensusEntry[] {
  const { tables } = cloud;
  const given = new Set((tables.settings.get("built-in")?.value as string[] | undefined) ?? []);
  const resources = [...tables.resources.values()].map((resource): CensusEntry => {
    const { id, path, type, location, createdAt, tags, name, provisioningState } = resource;
    const facts = factsOf(cloud, resource);
    return {
      kind: kindOf(type),
      id: path,
      region: location,
      state: (resource as Vm).facts.power ?? provisioningState,
      createdAt: new Date(createdAt).toISOString(),
      tags,
      builtIn: given.has(id) || (type.endsWith("/resourceGroups") && name === defaultGroup),
      ...(facts ? { facts } : {}),
    };
  });
  const stored = (kind: string, id: string, at: number, tags: CensusEntry["tags"], builtIn = false): CensusEntry => ({
    kind,
    id,
    region: defaultLocation,
    createdAt: new Date(at).toISOString(),
    tags,
    builtIn,
  });
  return [
    ...resources,
    ...[...blobs.containers.values()].map(({ id, createdAt, metadata }) =>
      stored("container", id, createdAt, metadata, id === containerName),
    ),
    ...[...blobs.blobs.values()].map(({ id, createdAt, metadata, snapshot }) =>
      stored(snapshot === undefined ? "blob" : "blob-snapshot", id, createdAt, metadata),
    ),
    ...[...blobs.uncommitted.values()].map(({ id, at }) => stored("uncommitted-block", id, at, {})),
  ];
}

/** `Microsoft.Compute/virtualMachines` → `virtual-machine`. */
function kindOf(type: string): string {
  const [, ...names] = type.split("/");
  return names
    .join("-")
    .replace(/([a-z])([A-Z])/g, "$1-$2")
    .toLowerCase()
    .replace(/addresses$/, "address")
    .replace(/s$/, "");
}

/** Of a disk where its bytes are, as a QCOW2 file that `qemu-img` opens; of a VM what its guest is. */
function factsOf(cloud: AzureCloud, resource: Resource): CensusEntry["facts"] {
  const bytes = cloud.tables.bytes.get((resource as Disk).facts.diskId ?? "");
  if (bytes) return { file: cloud.disks.path(bytes.layerId), attachedTo: resource.properties.managedBy };
  const { guestId, unforwarded } = (resource as Vm).facts;
  if (guestId === undefined) return undefined;
  const guest = cloud.guests.spec(guestId);
  if (!guest) return { guestId };
  const forwards = guest.nic?.forwards ?? [];
  return { guestId, simulatedCpus: guest.cpus, simulatedMemoryMib: guest.memoryMib, forwards, unforwarded };
}
