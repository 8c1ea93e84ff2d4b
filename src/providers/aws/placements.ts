import type { InstanceNetworkInterfaceSpecification, Subnet } from "@aws-sdk/client-ec2";
import { invalid, notFound, type Subject } from "../failures.ts";
import type { VmSpec } from "../provider.ts";
import type { Aws } from "./client.ts";
import type { Ec2View } from "./describe.ts";

/** Where new VMs and volumes go: subnets, their zones and security groups. */
export class Placements {
  readonly #aws: Aws;
  readonly #view: Ec2View;

  constructor(aws: Aws, view: Ec2View) {
    this.#aws = aws;
    this.#view = view;
  }

  /** The default VPC's own subnet of the first zone (or of the zone that is asked for). */
  async defaultSubnet(zone: string | undefined, subject: Subject, signal: AbortSignal): Promise<Subnet> {
    const defaults = await Array.fromAsync(
      this.#view.subnets([{ Name: "default-for-az", Values: ["true"] }], subject, signal),
    );
    const subnet = defaults
      .filter(({ AvailabilityZone }) => zone === undefined || AvailabilityZone === zone)
      .toSorted((a, b) => ((a.AvailabilityZone ?? "") < (b.AvailabilityZone ?? "") ? -1 : 1))[0];
    if (subnet) return subnet;
    throw invalid(
      subject,
      zone === undefined ? "the account has no default subnet" : `there is no default subnet in ${zone}`,
      "Name a subnet, or make one with `aws ec2 create-default-subnet`.",
    );
  }

  /** The network interfaces of a new VM, and the zone that they put it into. */
  async interfaces(
    spec: Pick<VmSpec, "nics" | "securityGroups" | "publicAddress">,
    zone: string | undefined,
    subject: Subject,
    signal: AbortSignal,
  ): Promise<{ interfaces: InstanceNetworkInterfaceSpecification[]; zone: string | undefined }> {
    const subnets =
      spec.nics.length === 0
        ? [await this.defaultSubnet(zone, subject, signal)]
        : await this.#subnets(
            spec.nics.map(({ networkId }) => networkId),
            subject,
            signal,
          );
    const elsewhere = subnets.find(({ AvailabilityZone }) => zone !== undefined && AvailabilityZone !== zone);
    if (elsewhere) {
      throw invalid(
        subject,
        `its volumes lie in ${zone}, and ${elsewhere.SubnetId} in ${elsewhere.AvailabilityZone}`,
        "Use a subnet of the volumes' zone.",
      );
    }
    const wanted = spec.securityGroups ?? this.#aws.entry.securityGroups ?? [];
    const interfaces = await Promise.all(
      subnets.map(async ({ SubnetId, VpcId = "" }, DeviceIndex) => ({
        DeviceIndex,
        SubnetId,
        DeleteOnTermination: true,
        ...(spec.nics[DeviceIndex]?.address !== undefined && { PrivateIpAddress: spec.nics[DeviceIndex].address }),
        ...(wanted.length > 0 && { Groups: await this.#groups(wanted, VpcId, subject, signal) }),
        ...(spec.publicAddress !== undefined && { AssociatePublicIpAddress: spec.publicAddress }),
      })),
    );
    return { interfaces, zone: subnets[0]?.AvailabilityZone };
  }

  async #subnets(ids: readonly string[], subject: Subject, signal: AbortSignal): Promise<Subnet[]> {
    const filter = { Name: "subnet-id", Values: [...new Set(ids)] };
    const found = new Map<string, Subnet>();
    for await (const subnet of this.#view.subnets([filter], subject, signal)) found.set(subnet.SubnetId ?? "", subnet);
    return ids.map((id) => {
      const subnet = found.get(id);
      if (subnet) return subnet;
      throw notFound(subject, `subnet ${id} does not exist`);
    });
  }

  async #groups(wanted: readonly string[], vpcId: string, subject: Subject, signal: AbortSignal): Promise<string[]> {
    const { SecurityGroups = [] } = await this.#aws.ec2.send(
      (sdk) => new sdk.DescribeSecurityGroupsCommand({ Filters: [{ Name: "vpc-id", Values: [vpcId] }] }),
      subject,
      signal,
    );
    return wanted.map((nameOrId) => {
      const group = SecurityGroups.find(({ GroupId, GroupName }) => GroupId === nameOrId || GroupName === nameOrId);
      if (group?.GroupId !== undefined) return group.GroupId;
      throw invalid(
        subject,
        `VPC ${vpcId} has no security group ${nameOrId}`,
        `It has: ${SecurityGroups.map(({ GroupName }) => GroupName).join(", ")}.`,
      );
    });
  }
}
