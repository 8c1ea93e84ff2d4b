import { randomBytes } from "node:crypto";
import type * as core from "oci-core";
import { parseCidr } from "../../cloud/ipv4.ts";
import { conflict, invalid, limitExceeded, missing } from "../errors.ts";
import { type Operation, operations } from "../operation.ts";
import { type Registry, renamed } from "../registry.ts";
import type { Wire } from "../wire.ts";
import { type NetworkKinds, traffic } from "./network-kinds.ts";
import type { Rule, SecurityGroup } from "./network-state.ts";
import { readers } from "./readers.ts";

/** https://docs.oracle.com/en-us/iaas/Content/Network/Concepts/networksecuritygroups.htm */
const rulesAtMost = 120;
const rulesACall = 25;

/** `changed` is told of a group whose rules are others now. */
export function securityGroupOperations(
  registry: Registry,
  kinds: NetworkKinds,
  changed: (groupId: string) => void,
): Operation[] {
  const { tables } = registry.cloud;
  const operation = operations("core");
  const path = "/networkSecurityGroups/{networkSecurityGroupId}";

  const ruleOf = (details: Wire<core.models.AddSecurityRuleDetails>, id: string): Rule => {
    const { direction, protocol, description } = details;
    const inward = direction === "INGRESS";
    const peer = inward ? details.source : details.destination;
    const peerType = (inward ? details.sourceType : details.destinationType) ?? "CIDR_BLOCK";
    if (!peer) throw missing(inward ? "source" : "destination");
    if (direction !== "INGRESS" && direction !== "EGRESS") throw invalid("direction", "must be INGRESS or EGRESS");
    if (peerType === "CIDR_BLOCK" && !parseCidr(peer))
      throw invalid(inward ? "source" : "destination", `${peer} is no CIDR`);
    if (peerType === "NETWORK_SECURITY_GROUP") registry.related(kinds.group, peer, "source");
    if (protocol !== "all" && !/^\d{1,3}$/.test(protocol ?? "")) throw invalid("protocol", "must be all or a number");
    const options = protocol === "17" ? details.udpOptions : details.tcpOptions;
    if (options && protocol !== "6" && protocol !== "17")
      throw invalid("tcpOptions", `not with the protocol ${protocol}`);
    return {
      id,
      direction,
      protocol,
      peer,
      peerType,
      stateless: details.isStateless ?? false,
      ports: options?.destinationPortRange,
      sourcePorts: options?.sourcePortRange,
      icmp: details.icmpOptions,
      description,
      createdAt: Date.now(),
    };
  };
  const describeRule = (rule: Rule): Wire<core.models.SecurityRule> => ({
    ...traffic(rule),
    id: rule.id,
    direction: rule.direction,
    isValid: true,
    timeCreated: new Date(rule.createdAt),
    ...(rule.direction === "INGRESS"
      ? { source: rule.peer, sourceType: rule.peerType as `${core.models.SecurityRule.SourceType}` }
      : { destination: rule.peer, destinationType: rule.peerType as `${core.models.SecurityRule.DestinationType}` }),
  });
  const setRules = (group: SecurityGroup, rules: readonly Rule[]): void => {
    if (rules.length > rulesAtMost) throw limitExceeded("securityrules-per-networksecuritygroup-count");
    tables.groups.change(group.id, { rules });
    changed(group.id);
  };

  return [
    operation(
      "CreateNetworkSecurityGroup",
      "POST /networkSecurityGroups",
      { takes: "CreateNetworkSecurityGroupDetails", answers: "NetworkSecurityGroup" },
      (call) => {
        const details = call.json<Wire<core.models.CreateNetworkSecurityGroupDetails>>();
        const resource = registry.resource("networksecuritygroup", details);
        const vcn = registry.related(kinds.vcn, details.vcnId, "vcnId");
        return registry.one(kinds.group, tables.groups.put({ ...resource, vcnId: vcn.id, rules: [] }));
      },
    ),
    ...readers(registry, kinds.group, "NetworkSecurityGroup", path, { vcnId: ({ vcnId }) => vcnId }),
    operation(
      "UpdateNetworkSecurityGroup",
      `PUT ${path}`,
      { takes: "UpdateNetworkSecurityGroupDetails", answers: "NetworkSecurityGroup" },
      (call) => {
        const group = registry.live(call, kinds.group, call.params.networkSecurityGroupId);
        return registry.one(kinds.group, tables.groups.put({ ...group, ...renamed(call.json()) }));
      },
    ),
    operation("DeleteNetworkSecurityGroup", `DELETE ${path}`, {}, (call) => {
      const group = registry.live(call, kinds.group, call.params.networkSecurityGroupId);
      const vnic = tables.vnics.find(
        ({ deletedAt, groupIds }) => deletedAt === undefined && groupIds.includes(group.id),
      );
      if (vnic) throw conflict(`The network security group ${group.id} is used by the VNIC ${vnic.id}.`);
      tables.groups.change(group.id, { deletedAt: Date.now() });
      return {};
    }),
    operation(
      "ListNetworkSecurityGroupSecurityRules",
      `GET ${path}/securityRules`,
      { answers: "SecurityRule[]" },
      (call) => {
        const group = registry.find(kinds.group, call.params.networkSecurityGroupId);
        const direction = call.query.get("direction");
        const rules = group.rules.filter((rule) => direction === null || rule.direction === direction);
        const { items, headers } = registry.page(call, rules, ({ id }) => id);
        return { body: items.map(describeRule), headers };
      },
    ),
    operation(
      "AddNetworkSecurityGroupSecurityRules",
      `POST ${path}/actions/addSecurityRules`,
      { takes: "AddNetworkSecurityGroupSecurityRulesDetails", answers: "AddedNetworkSecurityGroupSecurityRules" },
      (call) => {
        const group = registry.live(call, kinds.group, call.params.networkSecurityGroupId);
        const { securityRules = [] } = call.json<Wire<core.models.AddNetworkSecurityGroupSecurityRulesDetails>>();
        if (securityRules.length < 1 || securityRules.length > rulesACall)
          throw invalid("securityRules", `must be 1 to ${rulesACall} rules`);
        const added = securityRules.map((details) => ruleOf(details, randomBytes(3).toString("hex").toUpperCase()));
        setRules(group, [...group.rules, ...added]);
        return { body: { securityRules: added.map(describeRule) } };
      },
    ),
    operation(
      "UpdateNetworkSecurityGroupSecurityRules",
      `POST ${path}/actions/updateSecurityRules`,
      { takes: "UpdateNetworkSecurityGroupSecurityRulesDetails", answers: "UpdatedNetworkSecurityGroupSecurityRules" },
      (call) => {
        const group = registry.live(call, kinds.group, call.params.networkSecurityGroupId);
        const { securityRules = [] } = call.json<Wire<core.models.UpdateNetworkSecurityGroupSecurityRulesDetails>>();
        const updated = securityRules.map((details) => {
          if (!group.rules.some(({ id }) => id === details.id))
            throw invalid("securityRules.id", `there is no rule ${details.id}`);
          return ruleOf(details, details.id);
        });
        setRules(
          group,
          group.rules.map((rule) => updated.find(({ id }) => id === rule.id) ?? rule),
        );
        return { body: { securityRules: updated.map(describeRule) } };
      },
    ),
    operation(
      "RemoveNetworkSecurityGroupSecurityRules",
      `POST ${path}/actions/removeSecurityRules`,
      { takes: "RemoveNetworkSecurityGroupSecurityRulesDetails" },
      (call) => {
        const group = registry.live(call, kinds.group, call.params.networkSecurityGroupId);
        const { securityRuleIds = [] } = call.json<Wire<core.models.RemoveNetworkSecurityGroupSecurityRulesDetails>>();
        for (const id of securityRuleIds) {
          if (!group.rules.some((rule) => rule.id === id)) throw invalid("securityRuleIds", `there is no rule ${id}`);
        }
        setRules(
          group,
          group.rules.filter(({ id }) => !securityRuleIds.includes(id)),
        );
        return {};
      },
    ),
    operation(
      "ListNetworkSecurityGroupVnics",
      `GET ${path}/vnics`,
      { answers: "NetworkSecurityGroupVnic[]" },
      (call) => {
        const group = registry.find(kinds.group, call.params.networkSecurityGroupId);
        const vnics = tables.vnics.where(
          ({ deletedAt, groupIds }) => deletedAt === undefined && groupIds.includes(group.id),
        );
        const { items, headers } = registry.page(call, vnics, ({ id }) => id);
        const body = items.map(
          ({ id, instanceId, createdAt }): Wire<core.models.NetworkSecurityGroupVnic> => ({
            vnicId: id,
            resourceId: instanceId,
            timeAssociated: new Date(createdAt),
          }),
        );
        return { body, headers };
      },
    ),
  ];
}
