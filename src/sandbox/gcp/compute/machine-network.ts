import type { Forward, GuestNic } from "../../cloud/guests/command-line.ts";
import { formatAddress, parseCidr, sizeOf } from "../../cloud/ipv4.ts";
import type { GcpCloud } from "../cloud.ts";
import type { Instance } from "../state.ts";
import { openPorts } from "./firewalls.ts";
import { hasWayOut } from "./routes.ts";

/** The network card that an instance's guest sees. */
export function guestNic(cloud: GcpCloud, { nics }: Instance, forwards: readonly Forward[]): { nic?: GuestNic } {
  const [nic] = nics;
  const subnet = nic && cloud.tables.subnetworks.get(nic.subnetworkId)?.cidr;
  const cidr = subnet === undefined ? undefined : parseCidr(subnet);
  if (!nic || subnet === undefined || !cidr) return {};
  // The second to last address is Google's own, too:
  // https://cloud.google.com/vpc/docs/subnets#unusable-ip-addresses-in-every-subnet
  const [router, nameServer] = [formatAddress(cidr.base + 1), formatAddress(cidr.base + sizeOf(cidr) - 2)];
  const tail = nic.networkIp.split(".").map((part) => Number(part).toString(16).padStart(2, "0"));
  const isolated = !hasWayOut(cloud, nic.networkId);
  return {
    nic: { mac: `42:01:${tail.join(":")}`, subnet, router, nameServer, address: nic.networkIp, forwards, isolated },
  };
}

/** The ports of its external address that lead to an instance, and what can't be forwarded. */
export function forwardsOf(cloud: GcpCloud, instance: Instance): { forwards: Forward[]; refused: string[] } {
  const address = instance.nics[0]?.access?.natIp;
  if (address === undefined) return { forwards: [], refused: [] };
  const { ports, refused } = openPorts(cloud.tables.firewalls.values(), instance);
  return { forwards: ports.map((port) => ({ address, port, guestPort: port })), refused };
}
