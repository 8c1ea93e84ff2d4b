import type * as ec2 from "@aws-sdk/client-ec2";
import { parseCidr } from "../../cloud/ipv4.ts";
import { AwsError, invalidParameter } from "../errors.ts";
import { accountId } from "../identity.ts";
import type { SecurityGroup, SecurityGroupRule } from "../state.ts";
import { newRule } from "./default-network.ts";
import { tagList } from "./registry.ts";

/** `IpPermissions`, or the older parameters that say one rule. */
export interface PermissionsInput {
  readonly IpPermissions?: readonly ec2.IpPermission[];
  readonly IpProtocol?: string;
  readonly FromPort?: number;
  readonly ToPort?: number;
  readonly CidrIp?: string;
}

/** One rule for each source of each permission. @throws AwsError InvalidPermission.Malformed, InvalidParameterValue. */
export function rulesOf(input: PermissionsInput, egress: boolean): SecurityGroupRule[] {
  const { IpProtocol, FromPort, ToPort, CidrIp } = input;
  const older =
    IpProtocol === undefined ? [] : [{ IpProtocol, FromPort, ToPort, IpRanges: CidrIp ? [{ CidrIp }] : [] }];
  const permissions: readonly ec2.IpPermission[] = [...(input.IpPermissions ?? []), ...older];
  if (permissions.length === 0) throw new AwsError("MissingParameter", "Source group ID missing.");
  return permissions.flatMap((permission) => {
    const ports = portsOf(permission);
    const base = () => ({ ...newRule(egress, protocolOf(permission.IpProtocol)), ...ports });
    const rules = [
      ...(permission.IpRanges ?? []).map(({ CidrIp: cidr, Description }) => {
        if (!cidr || !parseCidr(cidr)) {
          throw new AwsError("InvalidParameterValue", `CIDR block ${cidr} is malformed`);
        }
        return described({ ...base(), cidr }, Description);
      }),
      ...(permission.Ipv6Ranges ?? []).map(({ CidrIpv6, Description }) =>
        described({ ...base(), cidr6: CidrIpv6 }, Description),
      ),
      ...(permission.PrefixListIds ?? []).map(({ PrefixListId, Description }) =>
        described({ ...base(), prefixListId: PrefixListId }, Description),
      ),
      ...(permission.UserIdGroupPairs ?? []).map(({ GroupId, Description }) =>
        described({ ...base(), groupId: GroupId }, Description),
      ),
    ];
    if (rules.length === 0) throw new AwsError("InvalidPermission.Malformed", "A permission needs a source");
    return rules;
  });
}

function described(rule: SecurityGroupRule, description: string | undefined): SecurityGroupRule {
  return description === undefined ? rule : { ...rule, description };
}

function protocolOf(protocol: string | undefined): string {
  const names: Readonly<Record<string, string>> = { "6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6", all: "-1" };
  const name = names[protocol ?? ""] ?? protocol ?? "";
  if (!/^(tcp|udp|icmp|icmpv6|-1|\d{1,3})$/.test(name)) throw invalidParameter("IpProtocol", protocol);
  return name;
}

function portsOf({ IpProtocol, FromPort, ToPort }: ec2.IpPermission): { fromPort: number; toPort: number } {
  const protocol = protocolOf(IpProtocol);
  if (protocol !== "tcp" && protocol !== "udp") return { fromPort: FromPort ?? -1, toPort: ToPort ?? -1 };
  if (FromPort === undefined || ToPort === undefined || FromPort < 0 || ToPort > 65_535 || FromPort > ToPort) {
    throw new AwsError(
      "InvalidParameterValue",
      `Invalid value for portRange. Must specify both from and to ports with TCP/UDP.`,
    );
  }
  return { fromPort: FromPort, toPort: ToPort };
}

export function isSameRule(one: SecurityGroupRule, other: SecurityGroupRule): boolean {
  return (
    one.egress === other.egress &&
    one.protocol === other.protocol &&
    one.fromPort === other.fromPort &&
    one.toPort === other.toPort &&
    one.cidr === other.cidr &&
    one.cidr6 === other.cidr6 &&
    one.prefixListId === other.prefixListId &&
    one.groupId === other.groupId
  );
}

/** The rules of one direction as permissions: those that differ in their source only are one. */
export function permissionsOf(rules: readonly SecurityGroupRule[]): ec2.IpPermission[] {
  const permissions = new Map<
    string,
    Required<Pick<ec2.IpPermission, "IpRanges" | "Ipv6Ranges" | "PrefixListIds" | "UserIdGroupPairs">> &
      ec2.IpPermission
  >();
  for (const rule of rules) {
    const key = `${rule.protocol} ${rule.fromPort} ${rule.toPort}`;
    const permission = permissions.get(key) ?? {
      IpProtocol: rule.protocol,
      ...(rule.protocol === "-1" ? {} : { FromPort: rule.fromPort, ToPort: rule.toPort }),
      IpRanges: [],
      Ipv6Ranges: [],
      PrefixListIds: [],
      UserIdGroupPairs: [],
    };
    permissions.set(key, permission);
    const note = rule.description === undefined ? {} : { Description: rule.description };
    if (rule.cidr) permission.IpRanges.push({ CidrIp: rule.cidr, ...note });
    if (rule.cidr6) permission.Ipv6Ranges.push({ CidrIpv6: rule.cidr6, ...note });
    if (rule.prefixListId) permission.PrefixListIds.push({ PrefixListId: rule.prefixListId, ...note });
    if (rule.groupId) permission.UserIdGroupPairs.push({ GroupId: rule.groupId, UserId: accountId, ...note });
  }
  return [...permissions.values()];
}

export function describeRule(group: SecurityGroup, rule: SecurityGroupRule): ec2.SecurityGroupRule {
  return {
    SecurityGroupRuleId: rule.id,
    SecurityGroupRuleArn: `arn:aws:ec2:${group.region}:${accountId}:security-group-rule/${rule.id}`,
    GroupId: group.id,
    GroupOwnerId: accountId,
    IsEgress: rule.egress,
    IpProtocol: rule.protocol,
    FromPort: rule.fromPort,
    ToPort: rule.toPort,
    ...(rule.cidr ? { CidrIpv4: rule.cidr } : {}),
    ...(rule.cidr6 ? { CidrIpv6: rule.cidr6 } : {}),
    ...(rule.prefixListId ? { PrefixListId: rule.prefixListId } : {}),
    ...(rule.groupId ? { ReferencedGroupInfo: { GroupId: rule.groupId, UserId: accountId } } : {}),
    ...(rule.description === undefined ? {} : { Description: rule.description }),
    Tags: tagList({}),
  };
}
