import { setTimeout as sleep } from "node:timers/promises";
import { type Actions, NotDone } from "./actions.ts";
import { addressesOf, unusedPrivate, unusedPublic } from "./addresses.ts";
import { GiB } from "./block-volumes.ts";
import type { Call, Handlers } from "./call.ts";
import type { DigitalOceanCloud } from "./cloud.ts";
import { notFound, unprocessable } from "./errors.ts";
import { describeFirewall, firewallsOf } from "./firewalls.ts";
import { newLayerId, nextNumber, timestamp } from "./ids.ts";
import { describeImage, type Images } from "./images.ts";
import { type Machines, machineId } from "./machines.ts";
import { describeRegion, describeSize, isRegion, type Size, sizes } from "./places.ts";
import { overLimit } from "./refusals.ts";
import type { Action, Droplet, Volume } from "./state.ts";
import { checkTags } from "./tags.ts";
import { refuseAttach } from "./volumes.ts";

/** Bytes of user data: `droplet_create.yml` of the published description. */
const userDataAtMost = 65_536;

export interface DropletParts {
  readonly cloud: DigitalOceanCloud;
  readonly actions: Actions;
  readonly images: Images;
  readonly machines: Machines;
}

interface DropletWish {
  readonly name?: string;
  readonly region?: string;
  readonly size: string;
  readonly image: string | number;
  readonly volumes?: readonly string[];
  readonly vpc_uuid?: string;
  readonly tags?: readonly string[] | null;
  readonly user_data?: string;
  readonly ssh_keys?: readonly (string | number)[];
  readonly public_networking?: boolean;
}

export function dropletHandlers(parts: DropletParts): Handlers {
  const { cloud, actions } = parts;
  const { tables } = cloud;
  const find = (call: Call): Droplet => {
    const droplet = tables.droplets.get(call.path.droplet_id ?? "");
    if (!droplet || droplet.destroyed) throw notFound();
    return droplet;
  };
  return {
    droplets_list: ({ query }) => {
      const newest = Date.now() - cloud.settings.consistencyMs;
      const all = tables.droplets.where(({ destroyed, createdAt, name, tags }) => {
        if (destroyed || createdAt > newest) return false;
        return (query.tag_name === undefined || tags.includes(query.tag_name)) && (query.name ?? name) === name;
      });
      return { member: "droplets", all: all.map((one) => describeDroplet(parts, one)) };
    },
    droplets_get: (call) => ({ droplet: describeDroplet(parts, find(call)) }),
    droplets_create: ({ body }) => create(parts, body as unknown as DropletWish),
    droplets_destroy: (call) => {
      const { id } = find(call);
      tables.droplets.change(id, { destroyed: true });
      cloud.inBackground(`destroy droplet ${id}`, () => endDroplet(parts, id));
      return undefined;
    },
    droplets_list_firewalls: (call) => {
      return { member: "firewalls", all: firewallsOf(cloud, find(call)).map(describeFirewall) };
    },
    dropletActions_post: (call) => {
      const droplet = find(call);
      actions.refusePending(droplet.id);
      return { action: actions.describe(act(parts, droplet, call.body)) };
    },
  };
}

/** Ends the machine, and lets go of its volumes a while later. */
export async function endDroplet({ cloud, machines }: DropletParts, id: string): Promise<void> {
  const { tables, settings } = cloud;
  const droplet = tables.droplets.get(id);
  if (!droplet) return;
  await machines.stop(id, 0);
  machines.forget(droplet);
  await sleep(settings.detachMs);
  cloud.documents.together(() => {
    for (const { id: volumeId } of tables.volumes.where(({ dropletId }) => dropletId === id)) {
      tables.volumes.change(volumeId, { dropletId: undefined });
    }
    for (const { id: address } of tables.reservedIps.where(({ dropletId }) => dropletId === id)) {
      tables.reservedIps.change(address, { dropletId: undefined });
    }
    for (const { id: firewall, dropletIds } of tables.firewalls.where((one) => one.dropletIds.includes(id))) {
      tables.firewalls.change(firewall, { dropletIds: dropletIds.filter((one) => one !== id) });
    }
    tables.droplets.delete(id);
  });
  await cloud.collectDisks();
}

async function create(parts: DropletParts, wish: DropletWish): Promise<object> {
  const { cloud, actions, images, machines } = parts;
  const { tables, disks, settings } = cloud;
  const { name = "", region = "", size: slug, user_data: userData } = wish;
  if (!isRegion(region)) throw unprocessable("You specified an invalid region for Droplet creation.");
  const size = sizes.find((one) => one.slug === slug);
  if (!size) throw unprocessable("You specified an invalid size for Droplet creation.");
  if ([slug, "*"].some((one) => settings.noCapacity.includes(one))) {
    throw unprocessable("Size is not available in this region.");
  }
  const image = images.find(wish.image);
  if (!image.regions.includes(region) || image.status !== "available") {
    throw unprocessable("You specified an invalid image for Droplet creation.");
  }
  // "You must add an SSH key when creating Droplets from a custom image".
  if (image.type === "custom" && (wish.ssh_keys ?? []).length === 0) throw unprocessable("You must add an SSH key.");
  if (image.minDiskGb > size.disk) throw unprocessable("The image is larger than the disk of this size.");
  if (Buffer.byteLength(userData ?? "") > userDataAtMost) throw unprocessable("User data is too large.");
  const there = tables.droplets.where(({ destroyed }) => !destroyed).length;
  if (there >= settings.dropletLimit) throw overLimit("droplets_create");
  const vpc = tables.vpcs.find(({ id, region: in_, isDefault }) => {
    return in_ === region && (wish.vpc_uuid === undefined ? isDefault : id === wish.vpc_uuid);
  });
  if (!vpc) throw unprocessable("The VPC does not exist in this region.");
  const volumes = (wish.volumes ?? []).map((id): Volume => {
    const volume = tables.volumes.get(id);
    if (!volume || volume.region !== region) throw unprocessable(`volume ${id} was not found in this region`);
    refuseAttach(volume, (wish.volumes ?? []).length);
    return volume;
  });
  const tags = checkTags(cloud, wish.tags);
  const droplet = cloud.documents.together(() => {
    const made = tables.droplets.put({
      ...{ id: nextNumber(tables), createdAt: Date.now(), name, region, size: slug, diskGb: size.disk, tags },
      ...{ imageId: image.id, layerId: newLayerId(), status: "new", vpcId: vpc.id, unforwarded: [] },
      volumeIds: volumes.map(({ id }) => id),
      privateIp: unusedPrivate(cloud, vpc),
      ...(wish.public_networking !== false && { publicIp: unusedPublic(cloud, "lent") }),
      ...(userData !== undefined && { userData }),
    });
    for (const { id } of volumes) tables.volumes.change(id, { dropletId: made.id });
    return made;
  });
  const begun = { type: "create", resourceType: "droplet", resourceId: droplet.id, region } as const;
  const action = actions.start(begun, async () => {
    try {
      await images.ready(image);
      await disks.createOverlay(droplet.layerId, size.disk * GiB, image.layerId);
      await sleep(settings.actionMs);
      if (tables.droplets.get(droplet.id)?.destroyed) return;
      await machines.start(droplet.id);
    } catch (error) {
      cloud.log("A droplet did not start", { droplet: droplet.id, machine: machineId(droplet), error });
      await endDroplet(parts, droplet.id);
      throw new NotDone("it did not start");
    }
  });
  const href = `${cloud.endpoint}/v2/actions/${action.id}`;
  const links = { actions: [{ id: Number(action.id), rel: "create", href }] };
  return { droplet: describeDroplet(parts, droplet), links };
}

function act(parts: DropletParts, droplet: Droplet, body: Readonly<Record<string, unknown>>): Action {
  const { cloud, actions, machines } = parts;
  const { tables, settings } = cloud;
  const { id, region, status } = droplet;
  const type = String(body.type);
  const begin = (work: () => Promise<void>) =>
    actions.start({ type, resourceType: "droplet", resourceId: id, region }, work);
  const needs = (wanted: Droplet["status"], message: string) => {
    if (status !== wanted) throw unprocessable(message);
  };
  switch (type) {
    case "power_on":
      needs("off", "Droplet is currently on.");
      return begin(() => machines.start(id));
    case "power_off":
      needs("active", "Droplet is currently off.");
      return begin(async () => {
        await machines.stop(id, 0);
      });
    case "shutdown":
      needs("active", "Droplet is currently off.");
      return begin(async () => {
        if (!(await machines.askToStop(id, settings.shutdownMs))) throw new NotDone("the guest did not listen");
      });
    case "reboot":
    case "power_cycle":
      needs("active", "Droplet is currently off.");
      return begin(() => machines.reset(droplet));
    case "rename":
      return begin(async () => {
        tables.droplets.change(id, { name: String(body.name) });
      });
    case "resize": {
      needs("off", "Droplet is currently on. Please power it off to run this event.");
      const size = resizeTo(droplet, body);
      return begin(async () => {
        tables.droplets.change(id, { size: size.slug, ...(body.disk === true && { diskGb: size.disk }) });
      });
    }
    default:
      throw unprocessable(`The sandbox does not simulate the action ${type}.`);
  }
}

function resizeTo(droplet: Droplet, body: Readonly<Record<string, unknown>>): Size {
  const size = sizes.find(({ slug }) => slug === body.size);
  if (!size) throw unprocessable("You specified an invalid size for this Droplet.");
  if (size.slug === droplet.size) throw unprocessable("Droplet already has this size.");
  // https://docs.digitalocean.com/products/droplets/how-to/resize/: never to a size with a smaller disk.
  if (size.disk < droplet.diskGb) throw unprocessable("This size has a smaller disk.");
  return size;
}

function describeDroplet({ cloud, images, actions }: DropletParts, droplet: Droplet): object {
  const { id, name, size: slug, diskGb, status, createdAt, region, tags, volumeIds, vpcId } = droplet;
  const size = sizes.find((one) => one.slug === slug);
  const image = cloud.tables.images.get(droplet.imageId) ?? images.find("debian-12-x64");
  const isLocked = actions.of(id).some((action) => action.status === "in-progress");
  return {
    id: Number(id),
    name,
    memory: size?.memory ?? 0,
    vcpus: size?.vcpus ?? 0,
    disk: diskGb,
    locked: isLocked,
    status,
    created_at: timestamp(createdAt),
    features: ["private_networking"],
    backup_ids: [],
    next_backup_window: null,
    snapshot_ids: [],
    image: describeImage(image),
    volume_ids: volumeIds,
    size: size ? describeSize(size) : {},
    size_slug: slug,
    networks: { v4: addressesOf(cloud, droplet), v6: [] },
    region: describeRegion(region),
    tags,
    vpc_uuid: vpcId,
  };
}
