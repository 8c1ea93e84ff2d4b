import type { Kind, Kinds } from "../arm/kinds.ts";
import { page } from "../arm/paging.ts";
import type { ArmRequest, Route } from "../arm/request.ts";
import { AzureError } from "../errors.ts";
import type { Json, Resource } from "../state.ts";
import { type Child, childrenOf, idOf, showChild, showChildren } from "./lists.ts";
import { networkType } from "./virtual-networks.ts";

export const groupType = "Microsoft.Network/networkSecurityGroups";
const ruleType = `${groupType}/securityRules`;

/** https://learn.microsoft.com/azure/virtual-network/network-security-groups-overview#default-security-rules */
const defaults = (
  [
    ["AllowVnetInBound", 65_000, "Allow", "Inbound", "VirtualNetwork", "VirtualNetwork"],
    ["AllowAzureLoadBalancerInBound", 65_001, "Allow", "Inbound", "AzureLoadBalancer", "*"],
    ["DenyAllInBound", 65_500, "Deny", "Inbound", "*", "*"],
    ["AllowVnetOutBound", 65_000, "Allow", "Outbound", "VirtualNetwork", "VirtualNetwork"],
    ["AllowInternetOutBound", 65_001, "Allow", "Outbound", "*", "Internet"],
    ["DenyAllOutBound", 65_500, "Deny", "Outbound", "*", "*"],
  ] as const
).map(([name, priority, access, direction, from, to]) => ({
  name,
  properties: {
    protocol: "*",
    sourcePortRange: "*",
    destinationPortRange: "*",
    sourceAddressPrefix: from,
    destinationAddressPrefix: to,
    access,
    priority,
    direction,
  },
}));

/** Network security groups: https://learn.microsoft.com/rest/api/virtualnetwork/network-security-groups. A PUT says all
 *  rules there are to be. */
export function securityGroupKind(kinds: Kinds): Kind<object> {
  return {
    service: "network",
    type: groupType,
    collection: "networkSecurityGroups",
    lists: ["list", "listAll"],
    tagsOnly: true,
    write(_request, wish) {
      const securityRules = childrenOf(wish.properties.securityRules);
      checkRules(securityRules);
      return { resource: { ...wish, properties: { securityRules } } };
    },
    checkRemoval({ id, path }) {
      const interfaces = kinds.of("Microsoft.Network/networkInterfaces");
      const user =
        interfaces.find(({ properties }) => idOf(properties.networkSecurityGroup) === id) ??
        kinds
          .of(networkType)
          .find(({ properties }) =>
            childrenOf(properties.subnets).some((subnet) => idOf(subnet.properties.networkSecurityGroup) === id),
          );
      if (!user) return;
      throw new AzureError(
        "InUseNetworkSecurityGroupCannotBeDeleted",
        `Network security group ${path} cannot be deleted because it is in use by ${user.path}.`,
        400,
      );
    },
    view: ({ path, etag, properties }) => ({
      securityRules: showChildren(properties.securityRules, path, etag, ruleType, "securityRules"),
      defaultSecurityRules: showChildren(
        defaults,
        path,
        etag,
        `${groupType}/defaultSecurityRules`,
        "defaultSecurityRules",
      ),
    }),
  };
}

/** Rules on their own. */
export function ruleRoutes(kinds: Kinds): Route[] {
  const base = "resourcegroups/:group/providers/microsoft.network/networksecuritygroups/:name/securityrules";
  const group = (request: ArmRequest) => kinds.find<object>(groupType, request);
  const rulesOf = ({ properties }: Resource) => childrenOf(properties.securityRules);
  const show = ({ path, etag }: Resource, rule: Child) => showChild(rule, path, etag, ruleType, "securityRules");
  const change = (request: ArmRequest, one: Resource, securityRules: readonly Child[]) => {
    kinds.put({ ...one, properties: { securityRules } });
    const { location, id } = one;
    return kinds.operations.begin(request, {
      resourceId: id,
      location,
      showsResource: false,
      run: async () => undefined,
    });
  };
  const route = (verb: string, method: string, path: string, right: string, run: Route["run"]): Route => ({
    service: "network",
    operation: `securityRules.${verb}`,
    action: `${ruleType}/${right}`,
    method,
    path,
    run,
  });
  const named = (request: ArmRequest) => (rule: Child) =>
    rule.name.toLowerCase() === request.params.rule?.toLowerCase();
  return [
    route("list", "GET", base, "read", (request) => {
      const one = group(request);
      return page(request, rulesOf(one), 100, (rule) => show(one, rule));
    }),
    route("get", "GET", `${base}/:rule`, "read", (request) => {
      const one = group(request);
      const rule = rulesOf(one).find(named(request));
      if (!rule)
        throw new AzureError("NotFound", `Resource ${one.path}/securityRules/${request.params.rule} not found.`, 404);
      return { status: 200, body: show(one, rule) };
    }),
    route("createOrUpdate", "PUT", `${base}/:rule`, "write", (request) => {
      const one = group(request);
      const rule = { name: request.params.rule ?? "", properties: (request.body.properties ?? {}) as Json };
      const rules = [...rulesOf(one).filter((other) => !named(request)(other)), rule];
      checkRules(rules);
      return { status: 201, headers: change(request, one, rules), body: show(one, rule) };
    }),
    route("delete", "DELETE", `${base}/:rule`, "delete", (request) => {
      const one = group(request);
      const left = rulesOf(one).filter((other) => !named(request)(other));
      if (left.length === rulesOf(one).length) return { status: 204 };
      return { status: 202, headers: change(request, one, left) };
    }),
  ];
}

function checkRules(rules: readonly Child[]): void {
  const taken = new Map<string, string>();
  for (const { name, properties } of rules) {
    const { priority, direction, access, protocol } = properties;
    if (!Number.isInteger(priority) || Number(priority) < 100 || Number(priority) > 4096) {
      throw new AzureError(
        "SecurityRuleInvalidPriority",
        `Security rule ${name} has invalid priority ${String(priority)}. The valid range is 100-4096.`,
      );
    }
    for (const [field, value] of Object.entries({ direction, access, protocol }))
      if (typeof value !== "string")
        throw new AzureError("InvalidRequestFormat", `Security rule ${name} has no ${field}.`);
    const key = `${String(direction)} ${String(priority)}`;
    const other = taken.get(key);
    if (other !== undefined) {
      throw new AzureError(
        "SecurityRuleConflict",
        `Security rule ${name} conflicts with rule ${other}. Rules cannot have the same Priority and Direction.`,
      );
    }
    taken.set(key, name);
  }
}
