import type { CensusEntry } from "../cloud/admin.ts";
import { attachmentsOf } from "./core/volume-disks.ts";
import type { ObjectStore } from "./objectstorage/store.ts";
import type { Registry } from "./registry.ts";
import type { Resource } from "./state.ts";
import { region } from "./tenancy.ts";

/** Every resource with its free-form tags, also what was deleted and can still be read. */
export function census(registry: Registry, { buckets, objects, uploads }: ObjectStore): CensusEntry[] {
  const entry = (kind: string, id: string, at: number, tags: CensusEntry["tags"] = {}): CensusEntry => ({
    kind,
    id,
    region,
    createdAt: new Date(at).toISOString(),
    tags,
    builtIn: false,
  });
  const resources = [...registry.kinds()].flatMap((kind) =>
    kind.table
      .where((resource) => registry.isVisible(resource))
      .map((resource): CensusEntry => {
        const facts = factsOf(registry, resource);
        return {
          ...entry(kind.type, resource.id, resource.createdAt, resource.freeformTags),
          state: kind.stateOf(resource),
          builtIn: resource.builtIn === true,
          ...(facts && { facts }),
        };
      }),
  );
  return [
    ...resources,
    ...[...buckets.values()].map(({ id, createdAt, freeformTags }) => entry("bucket", id, createdAt, freeformTags)),
    ...[...objects.values()].map(({ id, createdAt }) => entry("object", id, createdAt)),
    ...[...uploads.values()].map(({ id, createdAt, bucket, object }) => ({
      ...entry("multipart-upload", id, createdAt),
      facts: { bucket, object },
    })),
  ];
}

/** Of a volume: its bytes, as a QCOW2 file that `qemu-img` opens, and what it is attached to. Of an instance: its guest. */
function factsOf({ cloud }: Registry, { id }: Resource): CensusEntry["facts"] {
  const volume = cloud.tables.volumes.get(id);
  if (volume) {
    const [attachment] = attachmentsOf(cloud, id);
    const file = cloud.disks.path(volume.layerId);
    return { file, ...(attachment && { instanceId: attachment.instanceId, boot: attachment.boot }) };
  }
  const instance = cloud.tables.instances.get(id);
  const guest = instance && cloud.guests.spec(instance.guestId);
  if (!instance || !guest) return undefined;
  return {
    simulatedCpus: guest.cpus,
    simulatedMemoryMib: guest.memoryMib,
    forwards: guest.nic?.forwards ?? [],
    unforwarded: instance.unforwarded,
  };
}
