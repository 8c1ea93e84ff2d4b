import { describeFirewallRule, type VmFirewall } from "./firewall.ts";
import type { CreateGroupParameters, MigrationObservations, TargetNetwork } from "./migration-parts.ts";
import { canonicalJson, type PlanAction, type PlanCheck, type PlanChoice } from "./plan.ts";
import { describeRule, type SecurityRule } from "./security-rule.ts";
import { beyond, type TranslatedRule, translateRules } from "./translate-rules.ts";

export interface PlannedRules {
  readonly actions: readonly PlanAction[];
  readonly choices: readonly PlanChoice[];
  readonly checks: readonly PlanCheck[];
}

/** What they are translated from, and to. */
export interface RuleObservations extends Pick<MigrationObservations, "request" | "firewall"> {
  readonly vm: Pick<MigrationObservations["vm"], "name">;
  readonly source: Pick<MigrationObservations["source"], "capabilityGaps">;
  readonly target: Pick<MigrationObservations["target"], "capabilityGaps" | "securityGroups" | "networkRules">;
}

const none: PlannedRules = { actions: [], choices: [], checks: [] };
const check = "target-security-rules";

/** Whether the rules of the source are to be said at the target. */
export function translatesRules({ request }: Pick<MigrationObservations, "request">): boolean {
  return request.rules === "translate";
}

/** What the rules of the source become at the target: a group of the VM's own. */
export function planRules(seen: RuleObservations, networks: readonly TargetNetwork[]): PlannedRules {
  if (!translatesRules(seen)) return none;
  const { request, vm, firewall, target, source } = seen;
  const fail = (detail: string, remedy: string): PlannedRules => {
    return { ...none, checks: [{ check, result: "fail", detail, remedy }] };
  };
  if (request.securityGroups) {
    return fail(
      "The source's rules are to be translated, and groups are named that would go instead",
      "Say one of the two.",
    );
  }
  const leave = "Leave the rules as they are (rules: leave), and name groups of yours where the target has such.";
  const gap = target.capabilityGaps["network.security-groups"];
  if (gap !== undefined) return fail(gap, leave);
  if (!target.securityGroups) {
    return fail(
      `${request.to} shows its groups and rules to workers of its own only, and they have to be looked at here`,
      leave,
    );
  }
  if (!firewall) return fail(source.capabilityGaps["network.firewall"] ?? `${request.from} tells no rules`, leave);
  const [nic, ...others] = firewall.nics;
  if (!nic) return fail(`${vm.name} has no network interface whose rules could be translated`, leave);
  if (firewall.nics.some(({ layers }) => layers.length === 0)) {
    return fail(
      `${request.from} holds nothing back from ${vm.name}, so there are no rules to translate; a group that says so would open it to everybody`,
      leave,
    );
  }
  const unlike = others.find(({ layers }) => canonicalJson(layers) !== canonicalJson(nic.layers));
  if (unlike) {
    return fail(
      `Its network interfaces have different rules, and at ${request.to} the rules are the VM's: what one lets in the others would, too`,
      "Name groups of yours, or move it with one network interface.",
    );
  }
  const virtualNetworks = new Set(networks.map(({ virtualNetworkId }) => virtualNetworkId));
  if (virtualNetworks.size > 1) {
    return fail(
      `Its target networks lie in different virtual networks (${[...virtualNetworks].join(", ")}), and a group holds in one`,
      "Map its networks to ones of the same virtual network, or name groups of yours.",
    );
  }
  const noIcmpTypes = target.capabilityGaps["network.rules.icmp-types"];
  const { rules, story } = translateRules(nic, {
    ...(request.peerMap ? { peerMap: request.peerMap } : {}),
    noGroups: {
      ...noGroups(target.capabilityGaps["network.rules.group-peers"], ["ingress", "egress"]),
      ...noGroups(target.capabilityGaps["network.rules.egress-group-peers"], ["egress"]),
    },
    ...(noIcmpTypes === undefined ? {} : { noIcmpTypes }),
  });
  const parameters: CreateGroupParameters = {
    name: freeName(`${vm.name}-rules`, target.securityGroups),
    description: `Rules of ${vm.name} as they were at ${request.from}`,
    virtualNetworkId: networks[0]?.virtualNetworkId ?? "",
    rules,
  };
  return {
    actions: [
      {
        action: "create-security-group",
        resource: { site: request.to, kind: "security-group", id: parameters.name },
        detail: `Create the security group ${parameters.name} with ${rules.length} rule(s), for ${vm.name} alone`,
        parameters: { ...parameters },
      },
    ],
    choices: [
      {
        what: "security groups",
        chosen: `${parameters.name}, made for it`,
        why: "the source's rules are to be translated",
      },
      ...story.map(choiceOf),
    ],
    checks: [
      { check, result: "pass", detail: `${rules.length} rule(s) at ${request.to} say what ${story.length} said` },
      ...story.flatMap((line) => checkOf(line, request.untranslatableRules ?? "block")),
      ...unreadCheck(seen, firewall),
      ...networkChecks(seen, networks, rules),
    ],
  };
}

/** EC2 takes each name once in a virtual network, and one that a VM left behind may be there. */
function freeName(wanted: string, groups: readonly { readonly name: string }[]): string {
  const taken = new Set(groups.map(({ name }) => name.toLowerCase()));
  let name = wanted;
  for (let number = 2; taken.has(name.toLowerCase()); number++) name = `${wanted}-${number}`;
  return name;
}

function noGroups(reason: string | undefined, directions: readonly ("ingress" | "egress")[]) {
  return reason === undefined ? {} : Object.fromEntries(directions.map((direction) => [direction, reason]));
}

function choiceOf({ layer, rule, becomes, result, why }: TranslatedRule): PlanChoice {
  const chosen =
    becomes.length > 0 ? becomes.map(describeRule).join("; ") : result === "resolved" ? "no rule is needed" : "nothing";
  return { what: `rule ${layer}/${rule.ruleId}: ${describeFirewallRule(rule)}`, chosen, why };
}

/** What is let through less is a warning. What can't be refused exactly would open the VM, were it left out: then either the
 *  plan fails, or all that it may touch is left out as well. */
function checkOf({ layer, rule, result, why, remedy = "" }: TranslatedRule, choice: "block" | "narrow"): PlanCheck[] {
  if (result === "same" || result === "resolved") return [];
  const refuses = rule.action === "deny";
  const blocks = refuses && choice === "block";
  const name = `${layer}/${rule.ruleId} (${describeFirewallRule(rule)})`;
  return [
    {
      check: "security-rule",
      result: blocks ? "fail" : "warn",
      detail: refuses
        ? `${name} can't be refused exactly: ${why}`
        : `${name} is let through ${result === "narrowed" ? "in part only" : "no more"}: ${why}`,
      remedy: blocks
        ? `${remedy} With untranslatable_rules: narrow, what it may touch is let through no more.`
        : remedy,
    },
  ];
}

/** Where a network lets through by itself what the source does not, no group of a VM keeps it out. */
function networkChecks(
  { request, target }: RuleObservations,
  networks: readonly TargetNetwork[],
  rules: readonly SecurityRule[],
): PlanCheck[] {
  return networks.flatMap(({ networkId, name }): PlanCheck[] => {
    const more = beyond(rules, target.networkRules?.[networkId] ?? []);
    if (more.length === 0) return [];
    return [
      {
        check: "target-network-rules",
        result: "fail",
        detail: `${name} at ${request.to} lets through more than the source, whatever the VM's group says: ${more.map((rule) => `${rule.ruleId} (${describeFirewallRule(rule)})`).join("; ")}`,
        remedy: "Map it to another network, or take these rules out there.",
      },
    ];
  });
}

function unreadCheck({ request }: RuleObservations, { unread }: VmFirewall): PlanCheck[] {
  if (unread.length === 0) return [];
  return [
    {
      check: "security-rules-unread",
      result: "warn",
      detail: `What else may hold traffic back at ${request.from} was not read: ${unread.join(", ")}`,
      remedy: "Look at it there; what it refuses is let through at the target where the rules above say so.",
    },
  ];
}
