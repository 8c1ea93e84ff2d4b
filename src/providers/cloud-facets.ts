import type { Quota } from "../domain/quota.ts";
import type { SecurityRule } from "../domain/security-rule.ts";
import type { Firmware } from "../domain/vm.ts";
import type { GatewayFacet } from "./gateway-facet.ts";
import type { Network } from "./provider.ts";

export type { Quota } from "../domain/quota.ts";
export type { SecurityRule } from "../domain/security-rule.ts";

/** The facets of the provider port that only clouds have. The rules at its head hold for these calls too. */

export interface VirtualNetwork {
  readonly virtualNetworkId: string;
  readonly name: string;
  readonly cidrs: readonly string[];
  readonly isDefault: boolean;
  readonly tags: Readonly<Record<string, string>>;
}

export interface SecurityGroup {
  readonly securityGroupId: string;
  readonly name: string;
  /** The one that it can be used in; absent where groups belong to none. */
  readonly virtualNetworkId?: string;
  readonly rules: readonly SecurityRule[];
  readonly tags: Readonly<Record<string, string>>;
}

/** A public address that stays ours until it is released. */
export interface Address {
  readonly addressId: string;
  readonly address: string;
  readonly vmId?: string;
  readonly tags: Readonly<Record<string, string>>;
}

type Keyed<T> = T & { readonly key: string; readonly tags: Readonly<Record<string, string>> };

/** Networks as a cloud lets its users make them. What else uses a thing keeps it from being deleted: Conflict. */
export interface NetworkAdminFacet {
  listVirtualNetworks(signal: AbortSignal): AsyncIterable<VirtualNetwork>;
  /** With a way out to the internet (gateway and route) when `internet` is set. */
  createVirtualNetwork(
    input: Keyed<{ name: string; cidr: string; internet: boolean }>,
    signal: AbortSignal,
  ): Promise<VirtualNetwork>;
  /** With the gateway and the routes that came with it. */
  deleteVirtualNetwork(virtualNetworkId: string, signal: AbortSignal): Promise<void>;
  createSubnet(
    input: Keyed<{ name: string; virtualNetworkId: string; cidr: string; zone?: string }>,
    signal: AbortSignal,
  ): Promise<Network>;
  deleteSubnet(networkId: string, signal: AbortSignal): Promise<void>;
  listSecurityGroups(signal: AbortSignal): AsyncIterable<SecurityGroup>;
  createSecurityGroup(
    input: Keyed<{ name: string; description: string; virtualNetworkId: string; rules: readonly SecurityRule[] }>,
    signal: AbortSignal,
  ): Promise<SecurityGroup>;
  /** Makes the group's rules exactly these: what is missing is added before what is too much goes. */
  setSecurityRules(
    securityGroupId: string,
    rules: readonly SecurityRule[],
    signal: AbortSignal,
  ): Promise<SecurityGroup>;
  /** @throws ProviderError Conflict while a VM has it. */
  deleteSecurityGroup(securityGroupId: string, signal: AbortSignal): Promise<void>;
  listAddresses(signal: AbortSignal): AsyncIterable<Address>;
  allocateAddress(input: Keyed<{ name: string }>, signal: AbortSignal): Promise<Address>;
  /** Gives the VM the address; `undefined` takes it from whichever has it. */
  associateAddress(addressId: string, vmId: string | undefined, signal: AbortSignal): Promise<Address>;
  releaseAddress(addressId: string, signal: AbortSignal): Promise<void>;
}

// ---------------------------------------------------------------- keys

/** A key of ours at a site, in the words of the configuration's credentials. */
export interface MadeKey {
  readonly keyId: string;
  /** Secret: into the file that they come from, and nowhere else. */
  readonly values: Readonly<Record<string, string>>;
}

/** A key as a site lists it. */
export interface ListedKey {
  readonly keyId: string;
  /** ISO 8601, by the site's clock. */
  readonly createdAt: string;
  /** What createKey was given, or what another maker has put there; undefined where the site keeps none beside a key. */
  readonly mark?: string;
}

/** The keys that we sign with, where they can be exchanged while they are in use. */
export interface KeysFacet {
  /** How long the site may refuse a key that is new. */
  readonly acceptedWithinMs: number;
  /** All keys of the account that we are. May lag behind by as long as the site's own lists do. */
  listKeys(signal: AbortSignal): Promise<readonly ListedKey[]>;
  /** Another one of the same account beside the one in use. Not idempotent: the secret is told once. A key whose answer got
   *  lost is found by its mark, where the site keeps that, or by not having been listed before.
   *  @throws QuotaExceeded where there is no room for it beside those that are there, PolicyBlocked where none may be made. */
  createKey(mark: string, signal: AbortSignal): Promise<MadeKey>;
  /** @throws CloudUnauthenticated while the site doesn't accept it. */
  tryKey(values: Readonly<Record<string, string>>, signal: AbortSignal): Promise<void>;
  /** One that is gone is fine. */
  retireKey(keyId: string, signal: AbortSignal): Promise<void>;
}

// ---------------------------------------------------------------- images, snapshots

export interface Image {
  readonly imageId: string;
  readonly name: string;
  readonly state: "available" | "pending" | "failed";
  readonly architecture: "x86_64" | "aarch64";
  readonly firmware: Firmware;
  readonly sizeBytes?: number;
  readonly createdAt?: string;
  /** True for the account's own. */
  readonly own: boolean;
  readonly tags: Readonly<Record<string, string>>;
}

export interface ImagesFacet {
  /** The account's own. */
  listImages(signal: AbortSignal): AsyncIterable<Image>;
  /** An image by id, by the name of one of the account's own, or by a public name the site knows (`debian-12`), the
   *  newest where there are several. @throws NotFound with what was looked for. */
  resolve(name: string, architecture: "x86_64" | "aarch64", signal: AbortSignal): Promise<Image>;
  /** An image whose boot disk is the point's content; the point must stay as long as the image. */
  createImage(
    input: Keyed<{ name: string; pointId: string; firmware: Firmware; architecture: "x86_64" | "aarch64" }>,
    signal: AbortSignal,
  ): Promise<Image>;
  /** Leaves what it was made from. */
  deleteImage(imageId: string, signal: AbortSignal): Promise<void>;
}

export interface Snapshot {
  readonly snapshotId: string;
  readonly volumeId?: string;
  readonly state: "pending" | "completed" | "failed";
  readonly sizeBytes: number;
  readonly encrypted: boolean;
  readonly createdAt: string;
  readonly tags: Readonly<Record<string, string>>;
}

export interface SnapshotsFacet {
  /** The account's own. */
  listSnapshots(signal: AbortSignal): AsyncIterable<Snapshot>;
  /** Returns when it can be used. */
  createSnapshot(input: Keyed<{ volumeId: string }>, signal: AbortSignal): Promise<Snapshot>;
  /** Refused with Conflict while an image is made of it. */
  deleteSnapshot(snapshotId: string, signal: AbortSignal): Promise<void>;
}

// ---------------------------------------------------------------- object storage, quotas

/** An upload that survives the process that began it: plain JSON, to be kept by whoever goes on with it. */
export interface Upload {
  readonly bucket: string;
  readonly objectKey: string;
  readonly uploadId: string;
  readonly partBytes: number;
}

export interface UploadedPart {
  /** From 1. */
  readonly part: number;
  readonly sizeBytes: number;
  readonly etag: string;
}

export interface StoredObject {
  readonly bucket: string;
  readonly objectKey: string;
  readonly sizeBytes: number;
  readonly etag: string;
  readonly modifiedAt: string;
}

export interface ObjectStorageFacet {
  /** Private and encrypted; a bucket of ours with that name is returned as it is. @throws Conflict when it is
   *  somebody else's. */
  createBucket(input: { bucket: string; tags: Readonly<Record<string, string>> }, signal: AbortSignal): Promise<void>;
  /** Refused with Conflict while it holds anything. */
  deleteBucket(bucket: string, signal: AbortSignal): Promise<void>;
  listObjects(bucket: string, prefix: string, signal: AbortSignal): AsyncIterable<StoredObject>;
  /** @throws NotFound. */
  headObject(bucket: string, objectKey: string, signal: AbortSignal): Promise<StoredObject>;
  /** The object's bytes of `[offset, offset + length)`. */
  readObject(
    input: { bucket: string; objectKey: string; offset: number; length: number },
    signal: AbortSignal,
  ): Promise<Uint8Array>;
  deleteObject(bucket: string, objectKey: string, signal: AbortSignal): Promise<void>;
  /** Begins an upload of `sizeBytes`, with parts sized for it. One call, one upload. */
  beginUpload(
    input: { bucket: string; objectKey: string; sizeBytes: number; tags: Readonly<Record<string, string>> },
    signal: AbortSignal,
  ): Promise<Upload>;
  /** The parts that are there already, for going on after a crash. @throws NotFound when the upload ended. */
  uploadedParts(upload: Upload, signal: AbortSignal): AsyncIterable<UploadedPart>;
  /** Parts may go in any order, many at once, and again. All but the last have `partBytes`. */
  uploadPart(upload: Upload, part: number, bytes: Uint8Array, signal: AbortSignal): Promise<UploadedPart>;
  /** @throws InvalidInput naming the parts that are missing. */
  completeUpload(upload: Upload, signal: AbortSignal): Promise<StoredObject>;
  /** Ends the upload and frees its parts; an upload that is gone is fine. */
  abortUpload(upload: Upload, signal: AbortSignal): Promise<void>;
}

export interface QuotasFacet {
  listQuotas(signal: AbortSignal): AsyncIterable<Quota>;
}

// ---------------------------------------------------------------- what is only listed

/** What spreads traffic over VMs. */
export interface LoadBalancer {
  readonly loadBalancerId: string;
  readonly name: string;
  /** The site's own word: `application`, `network`. */
  readonly type: string;
  /** The site's own word: `active`. */
  readonly state: string;
  readonly internetFacing: boolean;
  readonly dnsName?: string;
  /** Where it has some of its own. */
  readonly addresses?: readonly string[];
  readonly virtualNetworkId?: string;
  readonly networkIds: readonly string[];
  /** Bandwidth that is kept ready for it and paid for, where the site has such a thing. */
  readonly leastMbps?: number;
  readonly createdAt?: string;
  readonly tags: Readonly<Record<string, string>>;
}

export interface LoadBalancersFacet {
  listLoadBalancers(signal: AbortSignal): AsyncIterable<LoadBalancer>;
}

/** VMs that the site itself adds and removes. */
export interface ScalingGroup {
  readonly scalingGroupId: string;
  readonly name: string;
  /** The site's own word; `active` where it only has one for what is going. */
  readonly state: string;
  readonly minVms: number;
  readonly maxVms: number;
  readonly wantedVms: number;
  readonly vmIds: readonly string[];
  readonly networkIds: readonly string[];
  readonly createdAt?: string;
  readonly tags: Readonly<Record<string, string>>;
}

export interface ScalingGroupsFacet {
  listScalingGroups(signal: AbortSignal): AsyncIterable<ScalingGroup>;
}

/** An encrypted connection to a network elsewhere. Its secrets are no part of it. */
export interface Tunnel {
  readonly tunnelId: string;
  readonly name?: string;
  /** The site's own words: `ipsec.1`, `available`. */
  readonly type: string;
  readonly state: string;
  /** Of the other side. */
  readonly peerAddress?: string;
  readonly virtualNetworkId?: string;
  /** This side's ends; traffic can pass while one of them is up. */
  readonly ends: readonly { readonly address?: string; readonly up: boolean; readonly since?: string }[];
  readonly tags: Readonly<Record<string, string>>;
}

export interface TunnelsFacet {
  listTunnels(signal: AbortSignal): AsyncIterable<Tunnel>;
  /** Absent where `tunnels.connect` is a gap. */
  readonly gateway?: GatewayFacet;
}
