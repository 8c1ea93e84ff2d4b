import { randomBytes } from "node:crypto";
import type * as core from "oci-core";
import { type Cidr, formatAddress, parseAddress, parseCidr, sizeOf } from "../../cloud/ipv4.ts";
import { conflict, invalid, missing, notFound } from "../errors.ts";
import { holdToLimit } from "../limits.ts";
import { type Operation, operations } from "../operation.ts";
import { type Registry, renamed } from "../registry.ts";
import type { Instance } from "../state.ts";
import { newOcid } from "../tenancy.ts";
import type { Wire } from "../wire.ts";
import type { NetworkKinds } from "./network-kinds.ts";
import type { PublicIp, Subnet, Vnic } from "./network-state.ts";

type VnicWish = Wire<core.models.CreateVnicDetails>;

/** Plans an instance's first network card; nothing is stored yet. */
export function planVnic(
  registry: Registry,
  kinds: NetworkKinds,
  instance: Instance,
  wish: VnicWish | undefined,
  subnetId: string | undefined,
): { vnic: Vnic; publicIp?: PublicIp } {
  const subnet = registry.related(kinds.subnet, wish?.subnetId ?? subnetId, "createVnicDetails.subnetId");
  if (subnet.availabilityDomain && subnet.availabilityDomain !== instance.availabilityDomain)
    throw invalid("createVnicDetails.subnetId", "is a subnet of another availability domain");
  const groupIds = wish?.nsgIds ?? [];
  for (const id of groupIds) {
    if (registry.related(kinds.group, id, "createVnicDetails.nsgIds").vcnId !== subnet.vcnId)
      throw invalid("createVnicDetails.nsgIds", `${id} is a group of another VCN`);
  }
  const wantsPublicIp = wish?.assignPublicIp ?? !subnet.prohibitsPublicIps;
  if (wantsPublicIp && subnet.prohibitsPublicIps)
    throw invalid("createVnicDetails.assignPublicIp", "the subnet prohibits public IP addresses");
  const { compartmentId, availabilityDomain } = instance;
  const vnic: Vnic = {
    ...registry.resource("vnic", {
      compartmentId,
      displayName: wish?.displayName ?? instance.displayName,
      freeformTags: wish?.freeformTags,
      definedTags: wish?.definedTags,
    }),
    attachmentId: newOcid("vnicattachment"),
    privateIpId: newOcid("privateip"),
    instanceId: instance.id,
    availabilityDomain,
    subnetId: subnet.id,
    primary: true,
    privateIp: privateAddress(registry, subnet, wish?.privateIp),
    mac: `02:00:17:${[...randomBytes(3)].map((byte) => byte.toString(16).padStart(2, "0")).join(":")}`,
    hostnameLabel: wish?.hostnameLabel,
    groupIds,
    skipsSourceDestCheck: wish?.skipSourceDestCheck ?? false,
  };
  if (!wantsPublicIp) return { vnic };
  const publicIp: PublicIp = {
    ...registry.resource("publicip", { compartmentId, displayName: vnic.displayName }),
    address: unusedAddress(registry),
    lifetime: "EPHEMERAL",
    privateIpId: vnic.privateIpId,
    availabilityDomain,
  };
  return { vnic, publicIp };
}

/** The first two addresses of a subnet and its last are the network's own:
 *  https://docs.oracle.com/en-us/iaas/Content/Network/Concepts/overview.htm#Reserved */
function privateAddress({ cloud }: Registry, subnet: Subnet, wanted: string | undefined): string {
  const cidr = parseCidr(subnet.cidr) as Cidr;
  const [first, last] = [cidr.base + 2, cidr.base + sizeOf(cidr) - 2];
  const taken = new Set(
    cloud.tables.vnics
      .where(({ deletedAt, subnetId }) => deletedAt === undefined && subnetId === subnet.id)
      .map(({ privateIp }) => privateIp),
  );
  if (wanted !== undefined) {
    const address = parseAddress(wanted);
    if (address === undefined || address < first || address > last)
      throw invalid("privateIp", `${wanted} is no free address of ${subnet.cidr}`);
    if (taken.has(wanted)) throw conflict(`The private IP ${wanted} is already in use.`);
    return wanted;
  }
  for (let address = first; address <= last; address++) {
    if (!taken.has(formatAddress(address))) return formatAddress(address);
  }
  throw conflict(`The subnet ${subnet.id} has no free address.`);
}

/** Of 127.82.0.0/16, so that it leads to this machine and to no other cloud's guests. */
function unusedAddress({ cloud }: Registry): string {
  for (;;) {
    const [third = 0, fourth = 0] = randomBytes(2);
    const address = `127.82.${third}.${Math.max(1, Math.min(254, fourth))}`;
    if (!cloud.tables.publicIps.find((ip) => ip.deletedAt === undefined && ip.address === address)) return address;
  }
}

/** Network cards, their private and public addresses. `changed` is told of a card that is reached otherwise now. */
export function vnicOperations(registry: Registry, kinds: NetworkKinds, changed: (vnic: Vnic) => void): Operation[] {
  const { tables } = registry.cloud;
  const operation = operations("core");
  const byPrivateIp = (id: string | undefined) =>
    tables.vnics.find(({ deletedAt, privateIpId }) => deletedAt === undefined && privateIpId === id);
  const tell = (...privateIpIds: (string | undefined)[]): void => {
    for (const id of new Set(privateIpIds)) {
      const vnic = byPrivateIp(id);
      if (vnic) changed(vnic);
    }
  };
  const attachment = (vnic: Vnic): Wire<core.models.VnicAttachment> => ({
    id: vnic.attachmentId,
    availabilityDomain: vnic.availabilityDomain,
    compartmentId: vnic.compartmentId,
    displayName: vnic.displayName,
    instanceId: vnic.instanceId,
    lifecycleState: vnic.deletedAt === undefined ? "ATTACHED" : "DETACHED",
    nicIndex: 0,
    subnetId: vnic.subnetId,
    timeCreated: new Date(vnic.createdAt),
    vnicId: vnic.id,
  });
  const privateIp = (vnic: Vnic): Wire<core.models.PrivateIp> => ({
    id: vnic.privateIpId,
    availabilityDomain: vnic.availabilityDomain,
    compartmentId: vnic.compartmentId,
    displayName: vnic.displayName,
    ipAddress: vnic.privateIp,
    isPrimary: true,
    subnetId: vnic.subnetId,
    timeCreated: new Date(vnic.createdAt),
    vnicId: vnic.id,
    freeformTags: {},
    definedTags: {},
  });
  /** One private address has at most one public one. */
  const assignable = (id: string): string => {
    if (!byPrivateIp(id)) throw notFound("private IP");
    const other = tables.publicIps.find((ip) => ip.deletedAt === undefined && ip.privateIpId === id);
    if (other) throw conflict(`The private IP ${id} has the public IP ${other.id}.`);
    return id;
  };

  return [
    operation("ListVnicAttachments", "GET /vnicAttachments", { answers: "VnicAttachment[]" }, (call) => {
      const { query } = call;
      const compartmentId = query.get("compartmentId");
      if (compartmentId === null) throw missing("compartmentId");
      const shown = tables.vnics.where(
        (vnic) =>
          vnic.compartmentId === compartmentId &&
          registry.isVisible(vnic) &&
          (query.get("instanceId") ?? vnic.instanceId) === vnic.instanceId &&
          (query.get("vnicId") ?? vnic.id) === vnic.id &&
          (query.get("availabilityDomain") ?? vnic.availabilityDomain) === vnic.availabilityDomain,
      );
      const { items, headers } = registry.page(call, shown, ({ id }) => id);
      return { body: items.map(attachment), headers };
    }),
    operation(
      "GetVnicAttachment",
      "GET /vnicAttachments/{vnicAttachmentId}",
      { answers: "VnicAttachment" },
      ({ params }) => {
        const vnic = tables.vnics.find(({ attachmentId }) => attachmentId === params.vnicAttachmentId);
        if (!vnic || !registry.isVisible(vnic)) throw notFound();
        return { body: attachment(vnic) };
      },
    ),
    operation("GetVnic", "GET /vnics/{vnicId}", { answers: "Vnic" }, ({ params }) => {
      const vnic = registry.find(kinds.vnic, params.vnicId);
      // A card that is gone with its instance is not found at once.
      if (vnic.deletedAt !== undefined) throw notFound();
      return registry.one(kinds.vnic, vnic);
    }),
    operation("UpdateVnic", "PUT /vnics/{vnicId}", { takes: "UpdateVnicDetails", answers: "Vnic" }, (call) => {
      const vnic = registry.live(call, kinds.vnic, call.params.vnicId);
      const details = call.json<Wire<core.models.UpdateVnicDetails>>();
      for (const id of details.nsgIds ?? []) registry.related(kinds.group, id, "nsgIds");
      const updated = tables.vnics.put({
        ...vnic,
        ...renamed(details),
        groupIds: details.nsgIds ?? vnic.groupIds,
        skipsSourceDestCheck: details.skipSourceDestCheck ?? vnic.skipsSourceDestCheck,
        hostnameLabel: details.hostnameLabel ?? vnic.hostnameLabel,
      });
      changed(updated);
      return registry.one(kinds.vnic, updated);
    }),
    operation("ListPrivateIps", "GET /privateIps", { answers: "PrivateIp[]" }, (call) => {
      const { query } = call;
      if (query.get("vnicId") === null && query.get("subnetId") === null) throw missing("vnicId");
      const shown = tables.vnics.where(
        (vnic) =>
          vnic.deletedAt === undefined &&
          (query.get("vnicId") ?? vnic.id) === vnic.id &&
          (query.get("subnetId") ?? vnic.subnetId) === vnic.subnetId &&
          (query.get("ipAddress") ?? vnic.privateIp) === vnic.privateIp,
      );
      const { items, headers } = registry.page(call, shown, ({ id }) => id);
      return { body: items.map(privateIp), headers };
    }),
    operation("GetPrivateIp", "GET /privateIps/{privateIpId}", { answers: "PrivateIp" }, ({ params }) => {
      const vnic = byPrivateIp(params.privateIpId);
      if (!vnic) throw notFound();
      return { body: privateIp(vnic) };
    }),

    operation("CreatePublicIp", "POST /publicIps", { takes: "CreatePublicIpDetails", answers: "PublicIp" }, (call) => {
      const details = call.json<Wire<core.models.CreatePublicIpDetails>>();
      const resource = registry.resource("publicip", details);
      const { lifetime, privateIpId } = details;
      if (lifetime !== "RESERVED" && lifetime !== "EPHEMERAL")
        throw invalid("lifetime", "must be RESERVED or EPHEMERAL");
      if (lifetime === "EPHEMERAL" && !privateIpId) throw missing("privateIpId");
      if (lifetime === "RESERVED") holdToLimit(registry.cloud, "reserved-public-ip-count", undefined, 1);
      const ip = tables.publicIps.put({
        ...resource,
        address: unusedAddress(registry),
        lifetime,
        privateIpId: privateIpId ? assignable(privateIpId) : undefined,
        availabilityDomain: lifetime === "EPHEMERAL" ? byPrivateIp(privateIpId)?.availabilityDomain : undefined,
      });
      tell(privateIpId);
      return registry.one(kinds.publicIp, ip);
    }),
    operation("GetPublicIp", "GET /publicIps/{publicIpId}", { answers: "PublicIp" }, ({ params }) =>
      registry.one(kinds.publicIp, registry.find(kinds.publicIp, params.publicIpId)),
    ),
    operation(
      "GetPublicIpByPrivateIpId",
      "POST /publicIps/actions/getByPrivateIpId",
      { takes: "GetPublicIpByPrivateIpIdDetails", answers: "PublicIp" },
      (call) => {
        const { privateIpId } = call.json<Wire<core.models.GetPublicIpByPrivateIpIdDetails>>();
        const ip = tables.publicIps.find((one) => one.deletedAt === undefined && one.privateIpId === privateIpId);
        if (!ip) throw notFound();
        return registry.one(kinds.publicIp, ip);
      },
    ),
    operation("ListPublicIps", "GET /publicIps", { answers: "PublicIp[]" }, (call) => {
      const scope = call.query.get("scope");
      if (scope === null) throw missing("scope");
      return registry.list(call, kinds.publicIp, {
        scope: ({ lifetime }) => (lifetime === "RESERVED" ? "REGION" : "AVAILABILITY_DOMAIN"),
        lifetime: ({ lifetime }) => lifetime,
        availabilityDomain: ({ availabilityDomain }) => availabilityDomain,
      });
    }),
    operation(
      "UpdatePublicIp",
      "PUT /publicIps/{publicIpId}",
      { takes: "UpdatePublicIpDetails", answers: "PublicIp" },
      (call) => {
        const ip = registry.live(call, kinds.publicIp, call.params.publicIpId);
        const details = call.json<Wire<core.models.UpdatePublicIpDetails>>();
        const wanted = details.privateIpId;
        // An empty string takes it off.
        const privateIpId =
          wanted === undefined || wanted === ip.privateIpId
            ? ip.privateIpId
            : wanted === ""
              ? undefined
              : assignable(wanted);
        if (ip.lifetime === "EPHEMERAL" && privateIpId === undefined)
          throw invalid("privateIpId", "an ephemeral public IP can't be unassigned; delete it");
        const updated = tables.publicIps.put({ ...ip, ...renamed(details), privateIpId });
        tell(ip.privateIpId, privateIpId);
        return registry.one(kinds.publicIp, updated);
      },
    ),
    operation("DeletePublicIp", "DELETE /publicIps/{publicIpId}", {}, (call) => {
      const ip = registry.live(call, kinds.publicIp, call.params.publicIpId);
      tables.publicIps.put({ ...ip, deletedAt: Date.now(), privateIpId: undefined });
      tell(ip.privateIpId);
      return {};
    }),
  ];
}
