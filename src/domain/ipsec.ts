import { deviceKinds } from "./devices/device.ts";

/**
 * What both ends of an IPsec connection agree on. Names are strongSwan's, as the one end that is always named exactly:
 * https://docs.strongswan.org/docs/5.9/config/IKEv2CipherSuites.html
 */

/** What ends of connections are. */
export const ipsecKinds = ["strongswan", "aws", "azure", "gcp", "oci", ...deviceKinds] as const;
export type IpsecKind = (typeof ipsecKinds)[number];

export const ikeCiphers = ["aes256gcm16", "aes256", "aes128gcm16", "aes128"] as const;
export const integrities = ["sha384", "sha256"] as const;
export const dhGroups = ["ecp384", "ecp256", "modp2048"] as const;
export type IpsecCipher = (typeof ikeCiphers)[number];
export type Integrity = (typeof integrities)[number];
export type DhGroup = (typeof dhGroups)[number];

/** What an end can, each list the best first. */
export interface IpsecAbilities {
  readonly ike: readonly IpsecCipher[];
  readonly esp: readonly IpsecCipher[];
  readonly integrity: readonly Integrity[];
  readonly dh: readonly DhGroup[];
  /** Seconds, the longest that it takes; phase 1 and phase 2. */
  readonly longestIke: number;
  readonly longestEsp: number;
}

/** How long keys are used, in seconds, where both ends can. */
const wantedIke = 28_800;
const wantedEsp = 3_600;

const cbc = ["aes256", "aes128"] as const;
const all = { ike: ikeCiphers, esp: ikeCiphers, integrity: integrities, dh: dhGroups } as const;

/** The vendors' pages: AWS CreateVpnConnection (VpnTunnelOptionsSpecification); Azure "About cryptographic requirements and VPN
 *  gateways"; Google "Supported IKE ciphers"; Oracle "Supported IPSec Parameters" (no GCM in phase 1); Cisco "Configuring IKEv2"; Junos
 *  "proposal (Security IKE)", "proposal (Security IPsec)"; FortiOS "Phase 1 configuration"; pfSense "IPsec Configuration". */
export const ipsecAbilities: Readonly<Record<IpsecKind, IpsecAbilities>> = {
  strongswan: { ...all, longestIke: 86_400, longestEsp: 86_400 },
  aws: { ...all, longestIke: 28_800, longestEsp: 3_600 },
  azure: { ...all, longestIke: 28_800, longestEsp: 27_000 },
  gcp: { ...all, longestIke: 36_000, longestEsp: 10_800 },
  "cisco-ios-xe": { ...all, ike: cbc, longestIke: 86_400, longestEsp: 28_800 },
  "juniper-junos": { ...all, ike: cbc, longestIke: 86_400, longestEsp: 86_400 },
  "fortinet-fortios": { ...all, ike: cbc, longestIke: 86_400, longestEsp: 86_400 },
  pfsense: { ...all, ike: cbc, longestIke: 86_400, longestEsp: 86_400 },
  oci: { ...all, ike: cbc, longestIke: 28_800, longestEsp: 3_600 },
};

/** What one connection uses: IKEv2, with perfect forward secrecy in the group of phase 1. */
export interface IpsecParameters {
  readonly ike: IpsecCipher;
  readonly esp: IpsecCipher;
  /** Of phase 1, and of phase 2 where its cipher is no GCM. */
  readonly integrity: Integrity;
  readonly dh: DhGroup;
  readonly ikeSeconds: number;
  readonly espSeconds: number;
}

/**
 * The best that both can of the strength that is asked for; undefined where they have nothing in common.
 * With GCM in phase 2 wherever both can. In phase 1 it is CBC: one end of five forbids GCM there, and a few packets an hour gain
 * nothing by it.
 */
export function agreeIpsec(
  near: IpsecKind,
  far: IpsecKind,
  strength: "aes128" | "aes256",
): IpsecParameters | undefined {
  const [a, b] = [ipsecAbilities[near], ipsecAbilities[far]];
  const strong = (cipher: IpsecCipher) => cipher.startsWith(strength);
  const ike = common(a.ike, b.ike).find((cipher) => cipher === strength);
  const esp = common(a.esp, b.esp).find(strong);
  const [integrity] = common(a.integrity, b.integrity);
  const [dh] = common(a.dh, b.dh);
  if (!ike || !esp || !integrity || !dh) return undefined;
  return {
    ...{ ike, esp, integrity, dh },
    ikeSeconds: Math.min(wantedIke, a.longestIke, b.longestIke),
    espSeconds: Math.min(wantedEsp, a.longestEsp, b.longestEsp),
  };
}

/** Phase 1 as strongSwan writes it. */
export function ikeProposal({ ike, integrity, dh }: IpsecParameters): string {
  return [ike, ike.includes("gcm") ? `prf${integrity}` : integrity, dh].join("-");
}

/** Phase 2, with the group that makes it forward secret. */
export function espProposal({ esp, integrity, dh }: IpsecParameters): string {
  return [esp, ...(esp.includes("gcm") ? [] : [integrity]), dh].join("-");
}

function common<T>(one: readonly T[], other: readonly T[]): T[] {
  return one.filter((each) => other.includes(each));
}
