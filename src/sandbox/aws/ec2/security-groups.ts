import type * as ec2 from "@aws-sdk/client-ec2";
import type { Call } from "../cloud.ts";
import { AwsError, incorrectState, invalidParameter, missingParameter } from "../errors.ts";
import { accountId } from "../identity.ts";
import type { Resource, SecurityGroup, SecurityGroupRule } from "../state.ts";
import { allOut, ensureDefaultNetwork, resource } from "./default-network.ts";
import { matcher, pageOf } from "./filters.ts";
import { describeRule, isSameRule, type PermissionsInput, permissionsOf, rulesOf } from "./group-rules.ts";
import { type Registry, tagList } from "./registry.ts";
import { specifiedTags } from "./tags.ts";

const pageBounds = { least: 5, most: 1000 };
/** https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html: for each direction. */
const rulesAtMost = 60;

/** `onChange` is told of groups whose rules are others now. */
export function securityGroupOperations(registry: Registry, onChange: (groupId: string) => void) {
  const { cloud, kinds } = registry;
  const { tables } = cloud;

  const groupOf = (call: Call, input: { GroupId?: string; GroupName?: string }): SecurityGroup => {
    if (input.GroupId) return registry.find(call, kinds.group, input.GroupId);
    if (!input.GroupName) throw missingParameter("groupId");
    const vpc = ensureDefaultNetwork(cloud, call.region);
    const group = registry
      .all(call, kinds.group)
      .find(({ vpcId, name }) => vpcId === vpc?.id && name === input.GroupName);
    if (!group) {
      throw new AwsError(
        "InvalidGroup.NotFound",
        `The security group '${input.GroupName}' does not exist in default VPC`,
      );
    }
    return group;
  };
  const describe = (group: SecurityGroup): ec2.SecurityGroup => ({
    GroupId: group.id,
    GroupName: group.name,
    SecurityGroupArn: `arn:aws:ec2:${group.region}:${accountId}:security-group/${group.id}`,
    Description: group.description,
    OwnerId: accountId,
    VpcId: group.vpcId,
    IpPermissions: permissionsOf(group.rules.filter(({ egress }) => !egress)),
    IpPermissionsEgress: permissionsOf(group.rules.filter(({ egress }) => egress)),
    Tags: tagList(group.tags),
  });
  const authorize = (
    call: Call,
    input: PermissionsInput & { GroupId?: string; GroupName?: string },
    egress: boolean,
  ) => {
    const group = groupOf(call, input);
    const added = rulesOf(input, egress);
    for (const rule of added) {
      if (rule.groupId !== undefined) registry.find(call, kinds.group, rule.groupId);
      if (group.rules.some((known) => isSameRule(known, rule))) {
        const source = rule.cidr ?? rule.cidr6 ?? rule.groupId;
        const what = `peer: ${source}, ${rule.protocol.toUpperCase()}, from port: ${rule.fromPort}, to port: ${rule.toPort}, ALLOW`;
        throw new AwsError("InvalidPermission.Duplicate", `the specified rule "${what}" already exists`);
      }
    }
    const rules = [...group.rules, ...added];
    if (rules.filter((rule) => rule.egress === egress).length > rulesAtMost) {
      throw new AwsError(
        "RulesPerSecurityGroupLimitExceeded",
        `The maximum number of rules per security group has been reached.`,
      );
    }
    tables.groups.put({ ...group, rules });
    onChange(group.id);
    return { Return: true, SecurityGroupRules: added.map((rule) => describeRule(group, rule)) };
  };
  const revoke = (
    call: Call,
    input: PermissionsInput & { GroupId?: string; GroupName?: string; SecurityGroupRuleIds?: readonly string[] },
    egress: boolean,
  ) => {
    const group = groupOf(call, input);
    const gone = input.SecurityGroupRuleIds?.length
      ? input.SecurityGroupRuleIds.map((id) => {
          const rule = group.rules.find((known) => known.id === id && known.egress === egress);
          if (!rule)
            throw new AwsError(
              "InvalidSecurityGroupRuleId.NotFound",
              `The security group rule ID '${id}' does not exist`,
            );
          return rule;
        })
      : rulesOf(input, egress).map((wanted) => {
          const rule = group.rules.find((known) => isSameRule(known, wanted));
          if (!rule) {
            throw new AwsError(
              "InvalidPermission.NotFound",
              "The specified rule does not exist in this security group.",
            );
          }
          return rule;
        });
    tables.groups.put({ ...group, rules: group.rules.filter((rule) => !gone.includes(rule)) });
    onChange(group.id);
    return { Return: true };
  };

  return {
    CreateSecurityGroup: (call: Call, input: ec2.CreateSecurityGroupRequest): ec2.CreateSecurityGroupResult => {
      const vpc = input.VpcId ? registry.find(call, kinds.vpc, input.VpcId) : ensureDefaultNetwork(cloud, call.region);
      if (!vpc) throw new AwsError("VPCIdNotSpecified", "No default VPC for this user");
      const name = input.GroupName ?? "";
      if (!/^[\w .:\-/()#,@[\]+=&;{}!$*]{1,255}$/.test(name) || name.startsWith("sg-")) {
        throw invalidParameter("groupName", name);
      }
      if (tables.groups.find((group) => group.vpcId === vpc.id && group.name === name)) {
        throw new AwsError("InvalidGroup.Duplicate", `The security group '${name}' already exists for VPC '${vpc.id}'`);
      }
      const group = tables.groups.put({
        ...resource("sg", call.region, specifiedTags(input.TagSpecifications, "security-group")),
        vpcId: vpc.id,
        name,
        description: input.Description ?? "",
        rules: [allOut()],
      });
      return { GroupId: group.id, Tags: tagList(group.tags) };
    },

    DescribeSecurityGroups: (
      call: Call,
      input: ec2.DescribeSecurityGroupsRequest,
    ): ec2.DescribeSecurityGroupsResult => {
      ensureDefaultNetwork(cloud, call.region);
      const matches = matcher<SecurityGroup>(input.Filters, {
        "group-id": ({ id }) => id,
        "group-name": ({ name }) => name,
        description: ({ description }) => description,
        "vpc-id": ({ vpcId }) => vpcId,
        "owner-id": () => accountId,
        "ip-permission.cidr": ({ rules }) => rules.filter(({ egress }) => !egress).map(({ cidr }) => cidr),
        "ip-permission.from-port": ({ rules }) =>
          rules.filter(({ egress }) => !egress).map(({ fromPort }) => String(fromPort)),
        "ip-permission.to-port": ({ rules }) =>
          rules.filter(({ egress }) => !egress).map(({ toPort }) => String(toPort)),
        "ip-permission.protocol": ({ rules }) => rules.filter(({ egress }) => !egress).map(({ protocol }) => protocol),
      });
      const named = (input.GroupNames ?? []).map((GroupName) => groupOf(call, { GroupName }));
      const byId = (input.GroupIds ?? []).map((GroupId) => groupOf(call, { GroupId }));
      const wanted = named.length + byId.length > 0 ? [...byId, ...named] : registry.all(call, kinds.group);
      const { items, NextToken } = pageOf(wanted.filter(matches), input, pageBounds);
      return { SecurityGroups: items.map(describe), ...(NextToken ? { NextToken } : {}) };
    },

    DescribeSecurityGroupRules: (
      call: Call,
      input: ec2.DescribeSecurityGroupRulesRequest,
    ): ec2.DescribeSecurityGroupRulesResult => {
      type Row = Resource & { readonly group: SecurityGroup; readonly rule: SecurityGroupRule };
      const rows: Row[] = registry
        .all(call, kinds.group)
        .flatMap((group) => group.rules.map((rule) => ({ ...group, tags: {}, id: rule.id, group, rule })));
      const matches = matcher<Row>(input.Filters, {
        "group-id": ({ group }) => group.id,
        "security-group-rule-id": ({ id }) => id,
      });
      for (const id of input.SecurityGroupRuleIds ?? []) {
        if (rows.some((row) => row.id === id)) continue;
        throw new AwsError("InvalidSecurityGroupRuleId.NotFound", `The security group rule ID '${id}' does not exist`);
      }
      const wanted = input.SecurityGroupRuleIds?.length
        ? rows.filter(({ id }) => input.SecurityGroupRuleIds?.includes(id))
        : rows;
      const { items, NextToken } = pageOf(wanted.filter(matches), input, pageBounds);
      return {
        SecurityGroupRules: items.map(({ group, rule }) => describeRule(group, rule)),
        ...(NextToken ? { NextToken } : {}),
      };
    },

    DeleteSecurityGroup: (call: Call, input: ec2.DeleteSecurityGroupRequest): object => {
      const group = groupOf(call, input);
      if (group.name === "default") {
        throw new AwsError(
          "CannotDelete",
          `the specified group: "${group.id}" name: "default" cannot be deleted by a user`,
        );
      }
      const inUse = tables.interfaces.find(({ groupIds }) => groupIds.includes(group.id));
      const namedBy = tables.groups.find(
        ({ id, rules }) => id !== group.id && rules.some(({ groupId }) => groupId === group.id),
      );
      if (inUse ?? namedBy) {
        throw incorrectState("DependencyViolation", `resource ${group.id} has a dependent object`);
      }
      tables.groups.delete(group.id);
      return { Return: true, GroupId: group.id };
    },

    AuthorizeSecurityGroupIngress: (
      call: Call,
      input: ec2.AuthorizeSecurityGroupIngressRequest,
    ): ec2.AuthorizeSecurityGroupIngressResult => authorize(call, input, false),

    AuthorizeSecurityGroupEgress: (
      call: Call,
      input: ec2.AuthorizeSecurityGroupEgressRequest,
    ): ec2.AuthorizeSecurityGroupEgressResult => authorize(call, input, true),

    RevokeSecurityGroupIngress: (
      call: Call,
      input: ec2.RevokeSecurityGroupIngressRequest,
    ): ec2.RevokeSecurityGroupIngressResult => revoke(call, input, false),

    RevokeSecurityGroupEgress: (
      call: Call,
      input: ec2.RevokeSecurityGroupEgressRequest,
    ): ec2.RevokeSecurityGroupEgressResult => revoke(call, input, true),
  };
}
