import type * as ec2 from "@aws-sdk/client-ec2";
import type { Call } from "../cloud.ts";
import { AwsError } from "../errors.ts";
import { accountId } from "../identity.ts";
import { newId } from "../ids.ts";
import type { Address } from "../state.ts";
import { resource } from "./default-network.ts";
import { matcher } from "./filters.ts";
import { unusedPublicAddress } from "./public-addresses.ts";
import { type Registry, tagList } from "./registry.ts";
import { specifiedTags } from "./tags.ts";

/** Default of quota L-0263D0A3. */
const addressesAtMost = 5;

/** `onChange` is told of instances that have another public address now. */
export function addressOperations(registry: Registry, onChange: (instanceId: string) => void) {
  const { cloud, kinds } = registry;
  const { tables } = cloud;
  const instanceOf = ({ interfaceId }: Address) => tables.interfaces.get(interfaceId ?? "")?.attachment?.instanceId;

  const describe = (address: Address): ec2.Address => {
    const eni = tables.interfaces.get(address.interfaceId ?? "");
    const instanceId = instanceOf(address);
    return {
      AllocationId: address.id,
      PublicIp: address.publicIp,
      Domain: "vpc",
      NetworkBorderGroup: address.region,
      PublicIpv4Pool: "amazon",
      ...(address.associationId ? { AssociationId: address.associationId } : {}),
      ...(eni
        ? { NetworkInterfaceId: eni.id, NetworkInterfaceOwnerId: accountId, PrivateIpAddress: eni.privateIp }
        : {}),
      ...(instanceId ? { InstanceId: instanceId } : {}),
      Tags: tagList(address.tags),
    };
  };
  const dissociate = (address: Address): void => {
    const instanceId = instanceOf(address);
    const { associationId: _a, interfaceId: _i, privateIp: _p, ...free } = address;
    tables.addresses.put(free);
    if (instanceId) onChange(instanceId);
  };
  const byPublicIp = (call: Call, publicIp: string | undefined): Address => {
    const address = registry.all(call, kinds.address).find((known) => known.publicIp === publicIp);
    if (!address) throw new AwsError("InvalidAddress.NotFound", `Address '${publicIp}' not found.`);
    return address;
  };

  return {
    AllocateAddress: (call: Call, input: ec2.AllocateAddressRequest): ec2.AllocateAddressResult => {
      if (tables.addresses.where(({ region }) => region === call.region).length >= addressesAtMost) {
        throw new AwsError("AddressLimitExceeded", "The maximum number of addresses has been reached.");
      }
      const publicIp = unusedPublicAddress(tables, "elastic");
      if (!publicIp) throw new AwsError("InsufficientAddressCapacity", "Not enough addresses are available", 500);
      const tags = specifiedTags(input.TagSpecifications, "elastic-ip");
      const address = tables.addresses.put({ ...resource("eipalloc", call.region, tags), publicIp });
      return {
        AllocationId: address.id,
        PublicIp: publicIp,
        Domain: "vpc",
        NetworkBorderGroup: call.region,
        PublicIpv4Pool: "amazon",
      };
    },

    DescribeAddresses: (call: Call, input: ec2.DescribeAddressesRequest): ec2.DescribeAddressesResult => {
      const matches = matcher<Address>(input.Filters, {
        "allocation-id": ({ id }) => id,
        "association-id": ({ associationId }) => associationId,
        "public-ip": ({ publicIp }) => publicIp,
        "network-interface-id": ({ interfaceId }) => interfaceId,
        "instance-id": instanceOf,
        domain: () => "vpc",
      });
      const byId = (input.AllocationIds ?? []).map((id) => registry.find(call, kinds.address, id));
      const byIp = (input.PublicIps ?? []).map((publicIp) => byPublicIp(call, publicIp));
      const wanted = byId.length + byIp.length > 0 ? [...byId, ...byIp] : registry.all(call, kinds.address);
      return { Addresses: wanted.filter(matches).map(describe) };
    },

    AssociateAddress: (call: Call, input: ec2.AssociateAddressRequest): ec2.AssociateAddressResult => {
      const address = input.AllocationId
        ? registry.find(call, kinds.address, input.AllocationId)
        : byPublicIp(call, input.PublicIp);
      const eni = input.NetworkInterfaceId
        ? registry.find(call, kinds.interface, input.NetworkInterfaceId)
        : tables.interfaces.find(
            ({ attachment }) =>
              attachment?.deviceIndex === 0 &&
              attachment.instanceId === registry.find(call, kinds.instance, input.InstanceId).id,
          );
      if (!eni) throw new AwsError("InvalidInstanceID", "The instance has no network interface");
      const vpcHasWayOut = tables.gateways.find(({ vpcId }) => vpcId === eni.vpcId);
      if (!vpcHasWayOut) {
        throw new AwsError("Gateway.NotAttached", `Network ${eni.vpcId} is not attached to any internet gateway`);
      }
      if (address.associationId && address.interfaceId !== eni.id && input.AllowReassociation === false) {
        throw new AwsError(
          "Resource.AlreadyAssociated",
          `resource ${address.id} is already associated with associate-id ${address.associationId}`,
        );
      }
      if (address.associationId) dissociate(address);
      const associationId = newId("eipassoc");
      cloud.documents.together(() => {
        const { lentPublicIp: _, ...returned } = eni;
        tables.interfaces.put(returned);
        tables.addresses.change(address.id, { associationId, interfaceId: eni.id, privateIp: eni.privateIp });
      });
      if (eni.attachment) onChange(eni.attachment.instanceId);
      return { AssociationId: associationId };
    },

    DisassociateAddress: (call: Call, input: ec2.DisassociateAddressRequest): object => {
      const address = input.AssociationId
        ? tables.addresses.find(({ associationId }) => associationId === input.AssociationId)
        : byPublicIp(call, input.PublicIp);
      if (!address?.associationId) {
        throw new AwsError(
          "InvalidAssociationID.NotFound",
          `The association ID '${input.AssociationId}' does not exist`,
        );
      }
      dissociate(address);
      return {};
    },

    ReleaseAddress: (call: Call, input: ec2.ReleaseAddressRequest): object => {
      const address = input.AllocationId
        ? registry.find(call, kinds.address, input.AllocationId)
        : byPublicIp(call, input.PublicIp);
      if (address.associationId) {
        throw new AwsError("InvalidIPAddress.InUse", `Address ${address.publicIp} is in use.`);
      }
      tables.addresses.delete(address.id);
      return {};
    },
  };
}
