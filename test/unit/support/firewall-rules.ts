import type { FirewallLayer, FirewallPeer, FirewallRule } from "../../../src/domain/firewall.ts";
import { describeRule } from "../../../src/domain/security-rule.ts";
import { type TargetWords, translateRules } from "../../../src/domain/translate-rules.ts";

export const cidr = (text: string): FirewallPeer => ({ kind: "cidr", cidr: text });
export const group = (name: string): FirewallPeer => ({ kind: "group", name });
const everybody = cidr("0.0.0.0/0");
let made = 0;

export function rule(over: Partial<FirewallRule>): FirewallRule {
  return {
    ruleId: `r${(made += 1)}`,
    direction: "ingress",
    action: "allow",
    protocol: "tcp",
    peers: [everybody],
    ...over,
  };
}

export function layer(rules: readonly FirewallRule[], over: Partial<FirewallLayer> = {}): FirewallLayer {
  return { name: "web", rules, otherwise: { ingress: "deny", egress: "deny" }, ...over };
}

export function translate(layers: readonly FirewallLayer[], words: TargetWords = {}) {
  const { rules, story } = translateRules({ nicId: "n", layers }, words);
  return {
    rules,
    said: rules.map(describeRule),
    story: Object.fromEntries(story.map(({ rule: { ruleId }, result }) => [ruleId, result])),
    whole: story,
  };
}
