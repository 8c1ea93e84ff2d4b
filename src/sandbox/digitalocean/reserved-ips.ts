import type { Actions } from "./actions.ts";
import { unusedPublic } from "./addresses.ts";
import type { Handlers } from "./call.ts";
import type { DigitalOceanCloud } from "./cloud.ts";
import { notFound, unprocessable } from "./errors.ts";
import { describeRegion, isRegion } from "./places.ts";
import { overLimit } from "./refusals.ts";
import type { ReservedIp } from "./state.ts";

export interface ReservedIpParts {
  readonly cloud: DigitalOceanCloud;
  readonly actions: Actions;
  /** A droplet as the API shows it. */
  readonly describeDroplet: (id: string) => object | null;
  readonly changed: () => void;
}

export function reservedIpHandlers({ cloud, actions, describeDroplet, changed }: ReservedIpParts): Handlers {
  const { reservedIps, droplets } = cloud.tables;
  const find = (address: string | undefined): ReservedIp => {
    const found = reservedIps.get(address ?? "");
    if (!found) throw notFound();
    return found;
  };
  const describe = ({ id, region, dropletId }: ReservedIp): object => ({
    ip: id,
    region: describeRegion(region),
    droplet: dropletId === undefined ? null : describeDroplet(dropletId),
    locked: false,
  });
  const begin = (type: string, { id, region }: ReservedIp, dropletId: string | undefined) =>
    actions.start({ type, resourceType: "reserved_ip", resourceId: id, region }, async () => {
      reservedIps.change(id, { dropletId });
      changed();
    });
  return {
    reservedIPs_list: () => ({ member: "reserved_ips", all: [...reservedIps.values()].map(describe) }),
    reservedIPs_get: ({ path }) => ({ reserved_ip: describe(find(path.reserved_ip)) }),
    reservedIPs_create: ({ body }) => {
      const { droplet_id: wanted, region: named = "" } = body as { droplet_id?: number; region?: string };
      const droplet = wanted === undefined ? undefined : droplets.get(String(wanted));
      const region = droplet?.region ?? named;
      if (!isRegion(region)) throw unprocessable("Region is not valid.");
      if (reservedIps.size >= cloud.settings.reservedIpLimit) throw overLimit("reservedIPs_create");
      const made = reservedIps.put({ id: unusedPublic(cloud, "reserved"), createdAt: Date.now(), region });
      if (droplet) begin("assign_ip", made, droplet.id);
      return { reserved_ip: describe(made), links: {} };
    },
    reservedIPs_delete: ({ path }) => {
      reservedIps.delete(find(path.reserved_ip).id);
      changed();
      return undefined;
    },
    reservedIPsActions_post: ({ path, body }) => {
      const found = find(path.reserved_ip);
      if (body.type === "unassign") {
        if (found.dropletId === undefined) throw unprocessable("The reserved IP is not assigned.");
        return { action: actions.describe(begin("unassign_ip", found, undefined)) };
      }
      const droplet = droplets.get(String(body.droplet_id));
      if (!droplet || droplet.destroyed || droplet.region !== found.region) throw notFound();
      return { action: actions.describe(begin("assign_ip", found, droplet.id)) };
    },
  };
}
