import type { Table } from "../cloud/documents.ts";
import type { Handlers } from "./call.ts";
import type { DigitalOceanCloud } from "./cloud.ts";
import { DigitalOceanError, notFound, unprocessable } from "./errors.ts";
import type { Tagged } from "./state.ts";

const shape = /^[a-zA-Z0-9_\-:]{1,255}$/;

type Kind = "droplet" | "image" | "volume" | "volume_snapshot";

/** How a tag was written first is how it is shown: "case stable". Tags that are not there yet are made. */
export function checkTags({ tables }: DigitalOceanCloud, tags: readonly string[] | null | undefined): string[] {
  const named = (tags ?? []).map((tag) => {
    if (!shape.test(tag)) {
      throw unprocessable("Tags may only contain letters, numbers, colons, dashes, and underscores.");
    }
    const known = tables.tags.find(({ id }) => id.toLowerCase() === tag.toLowerCase());
    return (known ?? tables.tags.put({ id: tag, createdAt: Date.now() })).id;
  });
  return [...new Set(named)];
}

/** Tags are things of their own, and stay when nothing has them any more. */
export function tagHandlers(cloud: DigitalOceanCloud, changed: () => void): Handlers {
  const { tables } = cloud;
  const kinds: Readonly<Record<Kind, Table<Tagged>>> = {
    droplet: tables.droplets as unknown as Table<Tagged>,
    image: tables.images as unknown as Table<Tagged>,
    volume: tables.volumes as unknown as Table<Tagged>,
    volume_snapshot: tables.snapshots as unknown as Table<Tagged>,
  };
  const find = (name: string | undefined): string => {
    const tag = tables.tags.get(name ?? "");
    if (!tag) throw notFound();
    return tag.id;
  };
  const describe = (name: string): object => {
    const count = (kind: Kind) => kinds[kind].where(({ tags }) => tags.includes(name)).length;
    const counts = {
      droplets: { count: count("droplet") },
      volumes: { count: count("volume") },
      volume_snapshots: { count: count("volume_snapshot") },
      databases: { count: 0 },
    };
    const all = Object.values(counts).reduce((sum, one) => sum + one.count, count("image"));
    return { name, resources: { count: all, ...counts } };
  };
  const each = (body: unknown, act: (table: Table<Tagged>, resource: Tagged) => void): undefined => {
    const { resources } = body as { resources: readonly { resource_id: string; resource_type: Kind }[] };
    for (const { resource_id: id, resource_type: kind } of resources) {
      const table = kinds[kind];
      const resource = table?.get(id);
      if (!resource) throw notFound();
      act(table, resource);
    }
    changed();
    return undefined;
  };
  return {
    tags_list: () => ({ member: "tags", all: [...tables.tags.values()].map(({ id }) => describe(id)) }),
    tags_get: ({ path }) => ({ tag: describe(find(path.tag_id)) }),
    tags_create: ({ body }) => {
      const [name = ""] = checkTags(cloud, [String(body.name)]);
      return { tag: describe(name) };
    },
    tags_delete: ({ path }) => {
      const name = find(path.tag_id);
      for (const table of Object.values(kinds)) {
        for (const { id, tags } of table.where((one) => one.tags.includes(name))) {
          table.change(id, { tags: tags.filter((tag) => tag !== name) });
        }
      }
      for (const { id, tags } of tables.firewalls.where((one) => one.tags.includes(name))) {
        tables.firewalls.change(id, { tags: tags.filter((tag) => tag !== name) });
      }
      tables.tags.delete(name);
      changed();
      return undefined;
    },
    tags_assign_resources: ({ path, body }) => {
      const name = find(path.tag_id);
      return each(body, (table, { id, tags }) => {
        if (!tags.includes(name)) table.change(id, { tags: [...tags, name] });
      });
    },
    tags_unassign_resources: ({ path, body }) => {
      const name = find(path.tag_id);
      return each(body, (table, { id, tags }) => table.change(id, { tags: tags.filter((tag) => tag !== name) }));
    },
  };
}

/** A firewall takes tags only that are there. */
export function knownTags({ tables }: DigitalOceanCloud, tags: readonly string[] | null | undefined): string[] {
  for (const tag of tags ?? []) {
    if (!tables.tags.has(tag)) throw new DigitalOceanError(400, `tag does not exist: ${tag}`);
  }
  return [...(tags ?? [])];
}
