import type { IpsecParameters } from "../ipsec.ts";

/** Devices of others that a person configures: the other end of a connection of ours. */
export const deviceKinds = ["cisco-ios-xe", "juniper-junos", "fortinet-fortios", "pfsense"] as const;
export type DeviceKind = (typeof deviceKinds)[number];

/** What a device is told. Addresses and networks are IPv4. */
export interface DeviceView {
  readonly parameters: IpsecParameters;
  /** Behind the device, and behind our gateway. */
  readonly networks: readonly string[];
  readonly peerNetworks: readonly string[];
  readonly tunnels: readonly DeviceTunnel[];
}

export interface DeviceTunnel {
  readonly index: number;
  readonly address: string;
  readonly peerAddress: string;
  /** Identities of type FQDN. */
  readonly id: string;
  readonly peerId: string;
  /** Secret. */
  readonly key: string;
}

/** What a person does with a device. */
export interface DeviceConfig {
  readonly files: readonly { readonly name: string; readonly content: string }[];
  /** In their order. */
  readonly steps: readonly string[];
}

/** The pairs of networks that tunnels carry. */
export function pairsOf({ networks, peerNetworks }: DeviceView): { near: string; far: string; number: number }[] {
  return networks
    .flatMap((near) => peerNetworks.map((far) => ({ near, far })))
    .map((pair, number) => ({ ...pair, number }));
}

/** Of an IPv4 range: its address, its mask, and the inverse of that. */
export function maskOf(cidr: string): { readonly address: string; readonly mask: string; readonly wildcard: string } {
  const [address = "", length = "32"] = cidr.split("/");
  const bits = (0xff_ff_ff_ff << (32 - Number(length))) >>> 0;
  const mask = Number(length) === 0 ? 0 : bits;
  return { address, mask: dotted(mask), wildcard: dotted(~mask >>> 0) };
}

function dotted(bits: number): string {
  return [24, 16, 8, 0].map((shift) => (bits >>> shift) & 255).join(".");
}

/** The numbers that vendors have for the groups (RFC 3526, RFC 5903). */
export const groupNumbers = { modp2048: 14, ecp256: 19, ecp384: 20 } as const;

export function bitsOf(cipher: IpsecParameters["ike"]): 128 | 256 {
  return cipher.startsWith("aes256") ? 256 : 128;
}

export function isGcm(cipher: IpsecParameters["ike"]): boolean {
  return cipher.includes("gcm");
}
