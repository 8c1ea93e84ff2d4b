import type { Tables } from "../state.ts";

/**
 * Public addresses are loopback's: 127.80.0.0/16, which every Linux machine has without setting anything up. What is
 * lent to running instances comes from its lower half, Elastic IPs from its upper one.
 */
export function unusedPublicAddress(tables: Tables, kind: "lent" | "elastic"): string | undefined {
  const used = new Set([
    ...[...tables.addresses.values()].map(({ publicIp }) => publicIp),
    ...[...tables.interfaces.values()].map(({ lentPublicIp }) => lentPublicIp),
  ]);
  const first = kind === "lent" ? 0 : 128;
  for (let attempt = 0; attempt < 10_000; attempt++) {
    const address = `127.80.${first + Math.floor(Math.random() * 128)}.${1 + Math.floor(Math.random() * 254)}`;
    if (!used.has(address)) return address;
  }
  return undefined;
}

/** The address under which an interface is reached from outside now. */
export function publicAddressOf(tables: Tables, interfaceId: string): string | undefined {
  const elastic = tables.addresses.find((address) => address.interfaceId === interfaceId);
  return elastic?.publicIp ?? tables.interfaces.get(interfaceId)?.lentPublicIp;
}

/** As AWS names hosts: https://docs.aws.amazon.com/vpc/latest/userguide/vpc-dns.html */
export function publicName(address: string, region: string): string {
  const domain = region === "us-east-1" ? "compute-1" : `${region}.compute`;
  return `ec2-${address.replaceAll(".", "-")}.${domain}.amazonaws.com`;
}

export function privateName(address: string, region: string): string {
  return `ip-${address.replaceAll(".", "-")}.${region === "us-east-1" ? "ec2" : `${region}.compute`}.internal`;
}
