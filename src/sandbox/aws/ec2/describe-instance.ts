import type * as ec2 from "@aws-sdk/client-ec2";
import type { AwsCloud } from "../cloud.ts";
import { accountId } from "../identity.ts";
import { zoneId } from "../regions.ts";
import type { Instance, InstanceStateName, NetworkInterface } from "../state.ts";
import { matcher } from "./filters.ts";
import { instanceType } from "./instance-types.ts";
import { privateName, publicAddressOf, publicName } from "./public-addresses.ts";
import { tagList } from "./registry.ts";

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_InstanceState.html */
const stateCodes: Readonly<Record<InstanceStateName, number>> = {
  pending: 0,
  running: 16,
  "shutting-down": 32,
  terminated: 48,
  stopping: 64,
  stopped: 80,
};

export function instanceState(name: InstanceStateName): ec2.InstanceState {
  return { Code: stateCodes[name], Name: name };
}

export function describeInstance({ tables }: AwsCloud, instance: Instance): ec2.Instance {
  const { region, id, state } = instance;
  const gone = state === "terminated";
  const interfaces = tables.interfaces
    .where(({ attachment }) => attachment?.instanceId === id)
    .sort((a, b) => (a.attachment?.deviceIndex ?? 0) - (b.attachment?.deviceIndex ?? 0));
  const [primary] = interfaces;
  const publicIp = primary && publicAddressOf(tables, primary.id);
  const groups = (eni: NetworkInterface | undefined): ec2.GroupIdentifier[] =>
    (eni?.groupIds ?? []).map((groupId) => ({ GroupId: groupId, GroupName: tables.groups.get(groupId)?.name ?? "" }));
  return {
    InstanceId: id,
    ImageId: instance.imageId,
    InstanceType: instance.type as ec2._InstanceType,
    State: instanceState(state),
    StateTransitionReason: instance.transitionReason,
    ...(instance.stateReason
      ? { StateReason: { Code: instance.stateReason.code, Message: instance.stateReason.message } }
      : {}),
    LaunchTime: new Date(instance.launchedAt),
    AmiLaunchIndex: instance.launchIndex,
    Architecture: instance.architecture as ec2.ArchitectureValues,
    ...(instance.bootMode ? { BootMode: instance.bootMode as ec2.BootModeValues } : {}),
    CurrentInstanceBootMode: instance.uefi ? "uefi" : "legacy-bios",
    ClientToken: instance.clientToken ?? "",
    CpuOptions: cpuOptions(instanceType(instance.type)?.vcpus ?? 1),
    EbsOptimized: instance.ebsOptimized,
    EnaSupport: instance.enaSupport,
    Hypervisor: "xen",
    VirtualizationType: "hvm",
    RootDeviceType: "ebs",
    RootDeviceName: instance.rootDeviceName,
    Monitoring: { State: instance.monitoring ? "enabled" : "disabled" },
    Placement: {
      AvailabilityZone: instance.zone,
      AvailabilityZoneId: zoneId(instance.zone),
      GroupName: "",
      Tenancy: "default",
    },
    MetadataOptions: {
      State: "applied",
      HttpTokens: instance.metadataTokensRequired ? "required" : "optional",
      HttpEndpoint: "enabled",
      HttpPutResponseHopLimit: 1,
    },
    ...(instance.keyName ? { KeyName: instance.keyName } : {}),
    ...(instance.profileArn ? { IamInstanceProfile: { Arn: instance.profileArn } } : {}),
    ...(instance.spot ? { InstanceLifecycle: "spot" as const } : {}),
    PrivateDnsName: primary && !gone ? privateName(primary.privateIp, region) : "",
    PublicDnsName: publicIp ? publicName(publicIp, region) : "",
    ...(primary && !gone ? { PrivateIpAddress: primary.privateIp, SourceDestCheck: primary.sourceDestCheck } : {}),
    ...(publicIp ? { PublicIpAddress: publicIp } : {}),
    ...(gone ? {} : { SubnetId: instance.subnetId, VpcId: instance.vpcId }),
    SecurityGroups: groups(primary),
    NetworkInterfaces: interfaces.map((eni) => describeInterface(tables, eni, groups(eni))),
    BlockDeviceMappings: tables.volumes
      .where(({ attachment }) => attachment?.instanceId === id)
      .sort((a, b) => ((a.attachment?.device ?? "") < (b.attachment?.device ?? "") ? -1 : 1))
      .map(({ id: volumeId, attachment }) => ({
        DeviceName: attachment?.device,
        Ebs: {
          VolumeId: volumeId,
          Status: attachment?.state === "busy" ? "detaching" : attachment?.state,
          AttachTime: new Date(attachment?.at ?? 0),
          DeleteOnTermination: attachment?.deleteOnTermination,
        },
      })),
    Tags: tagList(instance.tags),
  };
}

function describeInterface(
  tables: AwsCloud["tables"],
  eni: NetworkInterface,
  groups: ec2.GroupIdentifier[],
): ec2.InstanceNetworkInterface {
  const publicIp = publicAddressOf(tables, eni.id);
  const elastic = tables.addresses.find(({ interfaceId }) => interfaceId === eni.id);
  const association = publicIp && {
    PublicIp: publicIp,
    PublicDnsName: publicName(publicIp, eni.region),
    IpOwnerId: elastic ? accountId : "amazon",
  };
  return {
    NetworkInterfaceId: eni.id,
    SubnetId: eni.subnetId,
    VpcId: eni.vpcId,
    OwnerId: accountId,
    Description: eni.description,
    MacAddress: eni.mac,
    PrivateIpAddress: eni.privateIp,
    PrivateDnsName: privateName(eni.privateIp, eni.region),
    SourceDestCheck: eni.sourceDestCheck,
    Status: "in-use",
    InterfaceType: "interface",
    Groups: groups,
    ...(association ? { Association: association } : {}),
    ...(eni.attachment
      ? {
          Attachment: {
            AttachmentId: eni.attachment.id,
            DeviceIndex: eni.attachment.deviceIndex,
            DeleteOnTermination: eni.attachment.deleteOnTermination,
            AttachTime: new Date(eni.attachment.at),
            Status: "attached" as const,
            NetworkCardIndex: 0,
          },
        }
      : {}),
    PrivateIpAddresses: [
      {
        Primary: true,
        PrivateIpAddress: eni.privateIp,
        PrivateDnsName: privateName(eni.privateIp, eni.region),
        ...(association ? { Association: association } : {}),
      },
    ],
  };
}

export function instanceMatcher(
  { tables }: AwsCloud,
  filters: readonly ec2.Filter[] | undefined,
): (instance: Instance) => boolean {
  const interfaces = (id: string) => tables.interfaces.where(({ attachment }) => attachment?.instanceId === id);
  const volumes = (id: string) => tables.volumes.where(({ attachment }) => attachment?.instanceId === id);
  return matcher<Instance>(filters, {
    "instance-id": ({ id }) => id,
    "instance-type": ({ type }) => type,
    "instance-state-name": ({ state }) => state,
    "instance-state-code": ({ state }) => stateCodes[state],
    "instance-lifecycle": ({ spot }) => (spot ? "spot" : undefined),
    "image-id": ({ imageId }) => imageId,
    "availability-zone": ({ zone }) => zone,
    "subnet-id": ({ subnetId }) => subnetId,
    "vpc-id": ({ vpcId }) => vpcId,
    "client-token": ({ clientToken }) => clientToken,
    "key-name": ({ keyName }) => keyName,
    architecture: ({ architecture }) => architecture,
    "reservation-id": ({ reservationId }) => reservationId,
    "owner-id": () => accountId,
    "root-device-name": ({ rootDeviceName }) => rootDeviceName,
    "root-device-type": () => "ebs",
    "launch-time": ({ launchedAt }) => new Date(launchedAt).toISOString(),
    "private-ip-address": ({ id }) => interfaces(id).map(({ privateIp }) => privateIp),
    "ip-address": ({ id }) => interfaces(id).map((eni) => publicAddressOf(tables, eni.id)),
    "instance.group-id": ({ id }) => interfaces(id).flatMap(({ groupIds }) => groupIds),
    "network-interface.network-interface-id": ({ id }) => interfaces(id).map((eni) => eni.id),
    "block-device-mapping.volume-id": ({ id }) => volumes(id).map((volume) => volume.id),
    "block-device-mapping.device-name": ({ id }) => volumes(id).map(({ attachment }) => attachment?.device),
  });
}

/** Cores of two threads, except where there is a single one. */
function cpuOptions(vcpus: number) {
  return vcpus % 2 === 0 ? { CoreCount: vcpus / 2, ThreadsPerCore: 2 } : { CoreCount: vcpus, ThreadsPerCore: 1 };
}
