import { contains, formatAddress, parseAddress, parseCidr, sizeOf } from "../../cloud/ipv4.ts";
import { alreadyExists, badRequest, inUse, invalid, notFound, notReady, OperationError } from "../errors.ts";
import { projectId, regionOf } from "../places.ts";
import { poolExhausted } from "../refusals.ts";
import type { AttachedDisk, Disk, Instance, Nic, Subnetwork } from "../state.ts";
import { descriptionOf, text } from "../texts.ts";
import type { ComputeCall } from "./call.ts";
import { defaultNetworkId } from "./default-network.ts";
import { planDisk } from "./disks.ts";
import { find, findDisk, sourceSnapshot } from "./find.ts";
import { newNumericId } from "./ids.ts";
import { checkedLabels } from "./labels.ts";
import { checkName, link, nameOf, parseLink } from "./links.ts";
import { checkedMachineType } from "./machine-types.ts";
import type { ComputeParts } from "./parts.ts";

/** Whole, with the boot disk's: https://cloud.google.com/compute/docs/metadata/setting-custom-metadata#limitations */
const metadataBytesAtMost = 512 * 1024;
const valueBytesAtMost = 256 * 1024;

interface DiskBody {
  readonly source?: string;
  readonly boot?: boolean;
  readonly autoDelete?: boolean;
  readonly deviceName?: string;
  readonly mode?: AttachedDisk["mode"];
  readonly guestOsFeatures?: readonly { type?: string }[];
  readonly diskEncryptionKey?: object;
  readonly initializeParams?: Readonly<Record<string, unknown>>;
}

/** Checks an order as `instances.insert` does, and plans what it makes; nothing is stored yet. */
export function planInstance(parts: ComputeParts, call: ComputeCall): { instance: Instance; disks: Disk[] } {
  const { cloud, quotas } = parts;
  const { body } = call;
  const zone = call.path.zone as string;
  const name = checkName("resource.name", body.name as string | undefined);
  const id = `zones/${zone}/instances/${name}`;
  if (cloud.tables.instances.has(id)) throw alreadyExists(`projects/${projectId}/${id}`);
  const type = checkedMachineType("resource.machineType", body.machineType);
  const scheduling = (body.scheduling ?? {}) as { provisioningModel?: string; preemptible?: boolean };
  const spot = scheduling.provisioningModel === "SPOT" || scheduling.preemptible === true;
  const region = regionOf(zone);
  quotas.check(region, spot ? "PREEMPTIBLE_CPUS" : "CPUS", type.cpus);
  quotas.check(region, "INSTANCES", 1);
  checkCapacity(parts, zone, type.name);
  const made: Disk[] = [];
  const bodies = (body.disks ?? []) as readonly DiskBody[];
  if (bodies.length === 0 || bodies.filter(({ boot }) => boot === true).length !== 1 || bodies[0]?.boot !== true) {
    throw invalid("resource.disks", bodies.length, "Boot disk must be specified, as the first one.");
  }
  const disks = bodies.map((wish, index) => planAttachment(parts, { name, zone }, wish, index, made));
  const names = disks.map(({ deviceName }) => deviceName);
  if (new Set(names).size < names.length) throw invalid("resource.disks", names.join(), "Device names must differ.");
  const instance: Instance = {
    id,
    numericId: newNumericId(),
    createdAt: Date.now(),
    ...descriptionOf(body),
    labels: checkedLabels(body.labels),
    machineType: type.name,
    status: "PROVISIONING",
    disks,
    nics: planNics(parts, call, region),
    metadata: metadataOf(body.metadata),
    tags: ((body.tags ?? {}) as { items?: string[] }).items ?? [],
    scheduling: {
      onHostMaintenance: spot ? "TERMINATE" : "MIGRATE",
      automaticRestart: !spot,
      preemptible: spot,
      provisioningModel: spot ? "SPOT" : "STANDARD",
      ...scheduling,
    },
    spot,
    deletionProtection: body.deletionProtection === true,
    serviceAccounts: (body.serviceAccounts ?? []) as object[],
    canIpForward: body.canIpForward === true,
    unforwarded: [],
  };
  return { instance, disks: made };
}

/** @throws OperationError where the zone is said to have no machine of that type left. */
export function checkCapacity({ cloud }: ComputeParts, zone: string, type: string): void {
  const { noCapacity } = cloud.settings;
  const full = [`${zone}/${type}`, `${zone}/*`, `*/${type}`, "*/*"];
  if (noCapacity.some((entry) => full.includes(entry))) throw poolExhausted(`zones/${zone}`);
}

/** @throws GcpError for more than Google keeps. */
export function metadataOf(given: unknown): Record<string, string> {
  const { items = [] } = (given ?? {}) as { items?: readonly { key?: string; value?: string }[] };
  const entries = items.map(({ key = "", value = "" }): [string, string] => {
    if (!/^[a-zA-Z0-9-_]{1,128}$/.test(key))
      throw invalid("metadata.items.key", key, "Must be a match of regex '[a-zA-Z0-9-_]{1,128}'");
    if (Buffer.byteLength(value) > valueBytesAtMost) throw badRequest(`Metadata value of '${key}' is too large.`);
    return [key, value];
  });
  if (entries.reduce((sum, [key, value]) => sum + key.length + Buffer.byteLength(value), 0) > metadataBytesAtMost) {
    throw badRequest("The total size of the metadata is too large.");
  }
  return Object.fromEntries(entries);
}

/** Checks that a disk can be attached, as far as other machines go. @throws GcpError, OperationError. */
export function checkFree({ cloud }: ComputeParts, disk: Disk, mode: AttachedDisk["mode"]): void {
  if (disk.status !== "READY") throw notReady(`projects/${projectId}/${disk.id}`);
  // Read-only disks may be shared: https://cloud.google.com/compute/docs/disks/sharing-disks-between-vms
  const other = cloud.tables.instances.find(({ disks }) =>
    disks.some((one) => one.diskId === disk.id && (one.mode === "READ_WRITE" || mode === "READ_WRITE")),
  );
  if (other) throw inUse(`disk '${link(disk.id)}'`, link(other.id));
}

function planAttachment(
  parts: ComputeParts,
  instance: { name: string; zone: string },
  wish: DiskBody,
  index: number,
  made: Disk[],
): AttachedDisk {
  const { source, initializeParams, mode = "READ_WRITE" } = wish;
  const attachment = {
    deviceName: wish.deviceName ?? `persistent-disk-${index}`,
    boot: wish.boot === true,
    autoDelete: wish.autoDelete === true,
    mode,
    index,
  };
  if (source !== undefined) {
    const disk = findDisk(parts.cloud, source, `resource.disks[${index}].source`);
    if (!disk.id.startsWith(`zones/${instance.zone}/`)) {
      throw invalid(`resource.disks[${index}].source`, source, "The disk is in another zone than the instance.");
    }
    checkFree(parts, disk, mode);
    return { ...attachment, diskId: disk.id };
  }
  const params = initializeParams ?? {};
  const imageUrl = params.sourceImage as string | undefined;
  const image =
    imageUrl === undefined
      ? undefined
      : parts.images.resolve(imageUrl, `resource.disks[${index}].initializeParams.sourceImage`);
  const disk = planDisk(parts, {
    name: text(params.diskName, index === 0 ? instance.name : `${instance.name}-${index}`),
    zone: instance.zone,
    ...(params.diskSizeGb === undefined ? {} : { sizeGb: Number(params.diskSizeGb) }),
    ...(params.diskType === undefined ? {} : { type: text(params.diskType) }),
    ...(image ? { image } : {}),
    ...sourceSnapshot(parts.cloud, params.sourceSnapshot),
    body: { ...params, guestOsFeatures: wish.guestOsFeatures, diskEncryptionKey: wish.diskEncryptionKey },
  });
  if (made.some(({ id }) => id === disk.id)) throw alreadyExists(`projects/${projectId}/${disk.id}`);
  made.push(disk);
  return { ...attachment, diskId: disk.id };
}

interface NicBody {
  readonly network?: string;
  readonly subnetwork?: string;
  readonly networkIP?: string;
  readonly accessConfigs?: readonly { name?: string; natIP?: string; networkTier?: string; type?: string }[];
}

function planNics(parts: ComputeParts, { body }: ComputeCall, region: string): Nic[] {
  const bodies = (body.networkInterfaces ?? []) as readonly NicBody[];
  if (bodies.length === 0)
    throw invalid("resource.networkInterfaces", "", "At least one network interface is required.");
  const taken: string[] = [];
  return bodies.map((wish, index) => {
    const subnetwork = subnetworkOf(parts, wish, region);
    const networkIp = addressIn(parts, subnetwork, wish.networkIP, taken);
    taken.push(networkIp);
    const base = { name: `nic${index}`, networkId: subnetwork.networkId, subnetworkId: subnetwork.id, networkIp };
    const [access] = wish.accessConfigs ?? [];
    return access ? { ...base, access: accessOf(parts, access, region) } : base;
  });
}

/** An external address: one that is reserved, or one that is lent when the instance starts. */
export function accessOf(
  { cloud, quotas }: ComputeParts,
  { name = "External NAT", natIP, networkTier = "PREMIUM" }: { name?: string; natIP?: string; networkTier?: string },
  region: string,
): NonNullable<Nic["access"]> {
  const { tables } = cloud;
  quotas.check(region, "IN_USE_ADDRESSES", 1);
  if (natIP === undefined || natIP === "") return { name, tier: networkTier };
  const address = tables.addresses.find((one) => one.address === natIP && one.id.startsWith(`regions/${region}/`));
  if (!address)
    throw invalid("accessConfigs[0].natIP", natIP, "The specified external IP address was not found in the region.");
  const user = tables.instances.find(({ nics }) => nics.some(({ access }) => access?.addressId === address.id));
  if (user)
    throw new OperationError(
      "IP_IN_USE_BY_ANOTHER_RESOURCE",
      `IP '${natIP}' is already being used by another resource.`,
    );
  return { name, tier: networkTier, natIp: natIP, addressId: address.id };
}

function subnetworkOf({ cloud }: ComputeParts, { network, subnetwork }: NicBody, region: string): Subnetwork {
  const { tables } = cloud;
  if (subnetwork !== undefined) {
    const found = find(tables.subnetworks, parseLink(subnetwork, "networkInterfaces.subnetwork").path);
    if (!found.id.startsWith(`regions/${region}/`)) {
      throw invalid(
        "networkInterfaces.subnetwork",
        subnetwork,
        "The subnetwork is in another region than the instance.",
      );
    }
    return found;
  }
  const networkId = network === undefined ? defaultNetworkId : parseLink(network, "networkInterfaces.network").path;
  const { auto } = find(tables.networks, networkId);
  const found = tables.subnetworks.find(
    (one) => one.networkId === networkId && one.id.startsWith(`regions/${region}/`),
  );
  // https://cloud.google.com/compute/docs/reference/rest/v1/instances: custom networks want the subnetwork named.
  if (!auto) throw badRequest("Subnetwork should be specified for custom subnetmode network");
  if (!found) throw notFound(`projects/${projectId}/regions/${region}/subnetworks/${nameOf(networkId)}`);
  return found;
}

function addressIn(
  { cloud }: ComputeParts,
  { id, cidr }: Subnetwork,
  wanted: string | undefined,
  more: readonly string[],
): string {
  const range = parseCidr(cidr);
  if (!range) throw new Error(`${id} has no range`);
  const used = new Set([
    ...cloud.tables.instances
      .where(({ nics }) => nics.some((nic) => nic.subnetworkId === id))
      .flatMap(({ nics }) => nics.map(({ networkIp }) => networkIp)),
    ...more,
  ]);
  if (wanted !== undefined && wanted !== "") {
    const address = parseAddress(wanted);
    if (address === undefined || !contains(range, { base: address, prefix: 32 })) {
      throw invalid("networkInterfaces.networkIP", wanted, `IP address must be within ${cidr}.`);
    }
    if (used.has(wanted))
      throw new OperationError(
        "IP_IN_USE_BY_ANOTHER_RESOURCE",
        `IP '${wanted}' is already being used by another resource.`,
      );
    return wanted;
  }
  for (let offset = 2; offset < sizeOf(range) - 2; offset++) {
    const address = formatAddress(range.base + offset);
    if (!used.has(address)) return address;
  }
  throw new OperationError("IP_SPACE_EXHAUSTED", `IP space of '${id}' is exhausted.`);
}
