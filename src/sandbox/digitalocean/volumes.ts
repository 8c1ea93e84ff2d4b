import { randomUUID } from "node:crypto";
import { type Actions, NotDone } from "./actions.ts";
import { type BlockVolumes, GiB } from "./block-volumes.ts";
import type { Handlers } from "./call.ts";
import type { DigitalOceanCloud } from "./cloud.ts";
import { conflict, notFound, unprocessable } from "./errors.ts";
import { newLayerId, timestamp } from "./ids.ts";
import type { Machines } from "./machines.ts";
import { describeRegion, isRegion } from "./places.ts";
import { overLimit } from "./refusals.ts";
import type { Snapshot, Volume } from "./state.ts";
import { checkTags } from "./tags.ts";

/** "Block Storage" of the API reference. */
const largestGb = 16_384;
const nameShape = /^[a-z][a-z0-9-]{0,63}$/;
export const volumesAtMost = 15;

export interface VolumeParts {
  readonly cloud: DigitalOceanCloud;
  readonly actions: Actions;
  readonly volumes: BlockVolumes;
  readonly machines: Machines;
}

export function volumeHandlers(parts: VolumeParts): Handlers {
  const { cloud, volumes: bytes } = parts;
  const { tables, disks } = cloud;
  const find = (id: string | undefined): Volume => {
    const volume = tables.volumes.get(id ?? "");
    if (!volume) throw notFound();
    return volume;
  };
  return {
    volumes_list: ({ query }) => {
      const all = tables.volumes.where(({ name, region }) => {
        return (query.name === undefined || name === query.name) && (query.region ?? region) === region;
      });
      return { member: "volumes", all: all.map(describeVolume) };
    },
    volumes_get: ({ path }) => ({ volume: describeVolume(find(path.volume_id)) }),
    volumes_create: async ({ body }) => {
      const {
        name,
        region,
        size_gigabytes: asked,
        snapshot_id,
        description = "",
        tags,
      } = body as unknown as VolumeWish;
      if (!isRegion(region)) throw unprocessable("Region is not valid.");
      if (!nameShape.test(name)) throw unprocessable("Name is not valid.");
      const isTaken = tables.volumes.find((one) => one.name === name && one.region === region);
      if (isTaken) throw conflict("a volume with that name already exists in this region");
      const snapshot = snapshot_id === undefined ? undefined : tables.snapshots.get(snapshot_id);
      if (snapshot_id !== undefined && snapshot?.region !== region) throw notFound();
      // "This field does not apply when creating a volume from a snapshot".
      const sizeGb = snapshot?.sizeGb ?? asked;
      if (!(sizeGb >= 1 && sizeGb <= largestGb)) throw unprocessable("size_gigabytes must be between 1 and 16384");
      if (tables.volumes.size >= cloud.settings.volumeLimit) throw overLimit("volumes_create");
      const layerId = newLayerId();
      const made = tables.volumes.put({
        ...{ id: randomUUID(), createdAt: Date.now(), name, region, sizeGb, description, layerId },
        tags: checkTags(cloud, tags),
      });
      await disks.createOverlay(layerId, sizeGb * GiB, snapshot?.layerId);
      return { volume: describeVolume(made) };
    },
    volumes_delete: async ({ path }) => {
      const volume = find(path.volume_id);
      if (volume.dropletId !== undefined) throw conflict("a volume that is attached to a droplet cannot be deleted");
      tables.volumes.delete(volume.id);
      await cloud.collectDisks();
      return undefined;
    },
    volumeActions_post_byId: ({ path, body }) => act(parts, find(path.volume_id), body),
    volumeSnapshots_list: ({ path }) => {
      const { id } = find(path.volume_id);
      const all = tables.snapshots.where(({ volumeId }) => volumeId === id);
      return { member: "snapshots", all: all.map(describeSnapshot) };
    },
    volumeSnapshots_create: async ({ path, body }) => {
      const volume = find(path.volume_id);
      const layerId = await bytes.point(volume.id);
      const snapshot = tables.snapshots.put({
        ...{ id: randomUUID(), createdAt: Date.now(), name: String(body.name), region: volume.region },
        ...{ volumeId: volume.id, sizeGb: volume.sizeGb, layerId },
        tags: checkTags(cloud, body.tags as readonly string[] | undefined),
      });
      return { snapshot: describeSnapshot(snapshot) };
    },
    snapshots_list: ({ query }) => {
      const all = query.resource_type === "droplet" ? [] : [...tables.snapshots.values()];
      return { member: "snapshots", all: all.map(describeSnapshot) };
    },
    snapshots_get: ({ path }) => {
      const snapshot = tables.snapshots.get(path.snapshot_id ?? "");
      if (!snapshot) throw notFound();
      return { snapshot: describeSnapshot(snapshot) };
    },
    snapshots_delete: async ({ path }) => {
      if (!tables.snapshots.has(path.snapshot_id ?? "")) throw notFound();
      tables.snapshots.delete(path.snapshot_id ?? "");
      await cloud.collectDisks();
      return undefined;
    },
  };
}

interface VolumeWish {
  readonly name: string;
  readonly region: string;
  readonly size_gigabytes: number;
  readonly snapshot_id?: string;
  readonly description?: string;
  readonly tags?: readonly string[] | null;
}

function act(parts: VolumeParts, volume: Volume, body: Readonly<Record<string, unknown>>): object {
  const { cloud, actions, volumes, machines } = parts;
  const { tables } = cloud;
  const begin = (type: string, work: () => Promise<void>) => ({
    action: actions.describe(
      actions.start({ type, resourceType: "volume", resourceId: volume.id, region: volume.region }, work),
    ),
  });
  if (body.type === "resize") {
    const sizeGb = Number(body.size_gigabytes);
    if (sizeGb <= volume.sizeGb || sizeGb > largestGb) throw unprocessable("volumes can only be made larger");
    return begin("resize", async () => {
      await volumes.grow(volume, sizeGb);
      tables.volumes.change(volume.id, { sizeGb });
    });
  }
  const droplet = tables.droplets.get(String(body.droplet_id));
  if (!droplet) throw notFound();
  if (body.type === "attach") {
    refuseAttach(volume, droplet.volumeIds.length + 1);
    tables.volumes.change(volume.id, { dropletId: droplet.id });
    tables.droplets.change(droplet.id, { volumeIds: [...droplet.volumeIds, volume.id] });
    return begin("attach_volume", () => machines.plug(droplet, volume));
  }
  if (volume.dropletId !== droplet.id) throw conflict("the volume is not attached to the droplet");
  return begin("detach_volume", async () => {
    if (!(await machines.unplug(droplet, volume))) throw new NotDone("the guest holds on to it");
    const { volumeIds = [] } = tables.droplets.get(droplet.id) ?? {};
    tables.droplets.change(droplet.id, { volumeIds: volumeIds.filter((id) => id !== volume.id) });
    tables.volumes.change(volume.id, { dropletId: undefined });
  });
}

/** @throws DigitalOceanError. */
export function refuseAttach({ dropletId }: Volume, volumes: number): void {
  if (dropletId !== undefined) throw unprocessable("a volume is already attached to another droplet");
  if (volumes > volumesAtMost)
    throw unprocessable(`this will exceed the limit of ${volumesAtMost} volumes of a droplet`);
}

function describeVolume(volume: Volume): object {
  const { id, name, region, sizeGb, description, dropletId, createdAt, tags } = volume;
  return {
    id,
    name,
    region: describeRegion(region),
    size_gigabytes: sizeGb,
    description,
    droplet_ids: dropletId === undefined ? [] : [Number(dropletId)],
    created_at: timestamp(createdAt),
    filesystem_type: "",
    filesystem_label: "",
    tags,
  };
}

function describeSnapshot({ id, name, region, volumeId, sizeGb, createdAt, tags }: Snapshot): object {
  return {
    id,
    name,
    created_at: timestamp(createdAt),
    regions: [region],
    min_disk_size: sizeGb,
    size_gigabytes: sizeGb,
    resource_id: volumeId,
    resource_type: "volume",
    tags,
  };
}
