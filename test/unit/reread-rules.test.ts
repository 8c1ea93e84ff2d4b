import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { asyncLocalStorage, type Context } from "@temporalio/activity";
import type { ActivityDeps } from "../../src/activities/deps.ts";
import { rereadRulesActivities } from "../../src/activities/reread-rules.ts";
import { type FirewallRule, firewallVersion, networkRulesVersion, type VmFirewall } from "../../src/domain/firewall.ts";
import type { SecurityRule } from "../../src/domain/security-rule.ts";

const lets = (port: number): FirewallRule => ({
  ruleId: `r${port}`,
  ...({ direction: "ingress", action: "allow", protocol: "tcp" } as const),
  fromPort: port,
  toPort: port,
  peers: [{ kind: "cidr", cidr: "10.0.0.0/8" }],
});
const held = (rules: readonly FirewallRule[]): VmFirewall => ({
  nics: [{ nicId: "n", layers: [{ name: "g", rules, otherwise: { ingress: "deny", egress: "deny" } }] }],
  unread: [],
});
const everybody: FirewallRule = { ...lets(8080), ruleId: "all", peers: [{ kind: "cidr", cidr: "0.0.0.0/0" }] };

/** What the group is given when the plan saw port 22 and nothing of the network's own. */
async function reread(now: { rules: readonly FirewallRule[]; ofNetwork?: readonly FirewallRule[]; pinned?: boolean }) {
  const { rules, ofNetwork = [], pinned = true } = now;
  const set: [string, readonly SecurityRule[]][] = [];
  const plan = {
    inputs: { vm: "vm", vmName: "web", from: "a", to: "b", rules: "translate" },
    actions: [{ action: "create-vm", parameters: { nics: [{ networkId: "net" }] } }],
    observed: [
      { site: "a", kind: "vm-firewall", id: "vm", version: firewallVersion(held([lets(22)])) },
      ...(pinned ? [{ site: "b", kind: "network-rules", id: "net", version: networkRulesVersion([]) }] : []),
    ],
  };
  const source = { capabilities: {}, network: { firewallOf: async () => held(rules) } };
  const target = {
    capabilities: {},
    network: {
      async *listNetworks() {
        yield* [
          { networkId: "net", name: "net", active: true },
          { networkId: "other", name: "other", active: true },
        ];
      },
      networkRules: async () => ofNetwork,
    },
    networkAdmin: {
      async *listSecurityGroups() {},
      setSecurityRules: async (id: string, given: readonly SecurityRule[]) => void set.push([id, given]),
    },
  };
  const registry = { provider: async (site: string) => (site === "a" ? source : target) };
  const store = { plans: { get: async () => plan } };
  const { rereadRules } = rereadRulesActivities({ registry, store } as unknown as ActivityDeps);
  const context = { cancellationSignal: new AbortController().signal } as unknown as Context;
  const input = { planId: "p", from: "a", to: "b", vmId: "vm", securityGroupId: "sg" };
  return { set, ...(await asyncLocalStorage.run(context, () => rereadRules(input))) };
}

describe("the rules of a VM that was replicated for long", () => {
  test("are left as they were made while nothing changed", async () => {
    assert.deepEqual(await reread({ rules: [lets(22)] }), { set: [] });
    assert.deepEqual(await reread({ rules: [lets(22)], pinned: false }), { set: [] });
  });

  test("are what holds at the source now", async () => {
    const { set, changed } = await reread({ rules: [lets(22), lets(443)] });
    assert.deepEqual(
      set.map(([id, rules]) => [id, rules.map(({ fromPort }) => fromPort)]),
      [["sg", [22, 443]]],
    );
    assert.deepEqual(changed, ["in tcp 22 from 10.0.0.0/8", "in tcp 443 from 10.0.0.0/8"]);
  });

  test("keep the VM where it is when the target can't say them, or opens more by itself", async () => {
    const refused: FirewallRule = {
      ...lets(22),
      ruleId: "no",
      action: "deny",
      priority: 1,
      peers: [{ kind: "group", name: "x" }],
    };
    await assert.rejects(reread({ rules: [refused, { ...lets(22), priority: 2 }] }), { code: "Conflict" });
    await assert.rejects(reread({ rules: [lets(22)], ofNetwork: [everybody] }), /net at b lets through more/);
  });
});
