import type { CensusEntry } from "../cloud/admin.ts";
import { attachmentsOf } from "./core/volume-disks.ts";
import type { Registry } from "./registry.ts";
import type { Volume } from "./state.ts";
import { region } from "./tenancy.ts";

/** Every resource with its free-form tags, also what was deleted and can still be read. */
export function census(registry: Registry): CensusEntry[] {
  const { cloud } = registry;
  return [...registry.kinds()].flatMap((kind) =>
    kind.table
      .where((resource) => registry.isVisible(resource))
      .map((resource): CensusEntry => {
        const volume = cloud.tables.volumes.get(resource.id);
        return {
          kind: kind.type,
          id: resource.id,
          region,
          state: kind.stateOf(resource),
          createdAt: new Date(resource.createdAt).toISOString(),
          tags: resource.freeformTags,
          builtIn: false,
          ...(volume && { facts: diskFacts(registry, volume) }),
        };
      }),
  );
}

/** Where its bytes are, as a QCOW2 file that `qemu-img` opens, and what it is attached to. */
function diskFacts({ cloud }: Registry, { id, layerId }: Volume): CensusEntry["facts"] {
  const [attachment] = attachmentsOf(cloud, id);
  return { file: cloud.disks.path(layerId), ...(attachment && { instanceId: attachment.instanceId }) };
}
