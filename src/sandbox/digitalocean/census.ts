import type { CensusEntry } from "../cloud/admin.ts";
import type { DigitalOceanCloud } from "./cloud.ts";
import type { Resource } from "./state.ts";

/** Everything there is, with what nobody made marked. */
export function census({ tables, disks }: DigitalOceanCloud): CensusEntry[] {
  const entry = (
    kind: string,
    resource: Resource & { readonly region?: string; readonly tags?: readonly string[]; readonly status?: string },
    facts?: CensusEntry["facts"],
  ): CensusEntry => ({
    kind,
    id: resource.id,
    region: resource.region ?? "global",
    createdAt: new Date(resource.createdAt).toISOString(),
    tags: Object.fromEntries((resource.tags ?? []).map((tag) => [tag, ""])),
    builtIn: resource.builtIn ?? false,
    ...(resource.status ? { state: resource.status } : {}),
    ...(facts ? { facts } : {}),
  });
  return [
    ...[...tables.droplets.values()].map((droplet) => entry("droplet", droplet, { unforwarded: droplet.unforwarded })),
    ...[...tables.volumes.values()].map((volume) =>
      entry("volume", volume, { file: disks.path(volume.layerId), droplet: volume.dropletId }),
    ),
    ...[...tables.snapshots.values()].map((snapshot) => entry("snapshot", snapshot)),
    ...[...tables.images.values()].map((image) => entry("image", image)),
    ...[...tables.vpcs.values()].map((vpc) => entry("vpc", vpc)),
    ...[...tables.firewalls.values()].map((firewall) => entry("firewall", firewall)),
    ...[...tables.reservedIps.values()].map((address) => entry("reserved-ip", address)),
    ...[...tables.tags.values()].map((tag) => entry("tag", tag)),
  ];
}
