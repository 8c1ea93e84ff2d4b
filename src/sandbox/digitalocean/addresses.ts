import { formatAddress, formatCidr, parseCidr, sizeOf } from "../cloud/ipv4.ts";
import type { DigitalOceanCloud } from "./cloud.ts";
import { unprocessable } from "./errors.ts";
import type { Droplet, Vpc } from "./state.ts";

/**
 * Public addresses are loopback's: 127.88.0.0/16, which every Linux machine has without setting anything up. Droplets' own come
 * from its lower half, reserved ones from its upper one.
 */
export function unusedPublic({ tables }: DigitalOceanCloud, kind: "lent" | "reserved"): string {
  const used = new Set([
    ...[...tables.droplets.values()].map(({ publicIp }) => publicIp),
    ...[...tables.reservedIps.values()].map(({ id }) => id),
  ]);
  const first = kind === "lent" ? 0 : 128;
  for (;;) {
    const address = `127.88.${first + Math.floor(Math.random() * 128)}.${1 + Math.floor(Math.random() * 254)}`;
    if (!used.has(address)) return address;
  }
}

/** The lowest ones are the network's own. */
export function unusedPrivate({ tables }: DigitalOceanCloud, { id, ipRange }: Vpc): string {
  const cidr = parseCidr(ipRange);
  if (!cidr) throw new Error(`VPC ${id} has no range`);
  const used = new Set(tables.droplets.where(({ vpcId }) => vpcId === id).map(({ privateIp }) => privateIp));
  for (let offset = 4; offset < sizeOf(cidr) - 1; offset++) {
    const address = formatAddress(cidr.base + offset);
    if (!used.has(address)) return address;
  }
  throw unprocessable("The VPC has no address left.");
}

export function addressesOf({ tables }: DigitalOceanCloud, droplet: Droplet): object[] {
  const cidr = parseCidr(tables.vpcs.get(droplet.vpcId)?.ipRange ?? "");
  const netmask = formatAddress(cidr ? (0xffff_ffff << (32 - cidr.prefix)) >>> 0 : 0);
  return [
    { ip_address: droplet.privateIp, netmask, type: "private" },
    ...(droplet.publicIp === undefined
      ? []
      : [{ ip_address: droplet.publicIp, netmask: "255.255.0.0", gateway: "127.88.0.1", type: "public" }]),
  ];
}

/** A /20 that no other VPC has, where none is asked for. */
export function unusedRange({ tables }: DigitalOceanCloud): string {
  const used = new Set([...tables.vpcs.values()].map(({ ipRange }) => ipRange));
  for (let block = 0; block < 4_096; block++) {
    const range = formatCidr({ base: 0x0a64_0000 + block * 4_096, prefix: 20 });
    if (!used.has(range)) return range;
  }
  throw unprocessable("There is no range left.");
}
