import { createHash } from "node:crypto";
import { Context } from "@temporalio/activity";
import { ProviderError } from "../domain/errors.ts";
import { firewallVersion, networkRulesVersion } from "../domain/firewall.ts";
import { canonicalJson, findDrift, type ObservedResource, type Plan, planContent } from "../domain/plan.ts";
import { rulesVersion } from "../domain/policy/closing.ts";
import { parsePoolTargetId, poolTargetKind, poolTargetVersion } from "../domain/traffic-pool-plan.ts";
import { vmVersion } from "../domain/vm.ts";
import type { Provider } from "../providers/provider.ts";
import type { DnsRecordType } from "../providers/traffic-facets.ts";
import type { ActivityDeps } from "./deps.ts";
import { goneIsFine } from "./gone.ts";
import { readPool } from "./look-at-traffic.ts";
import { hasSecurityGroup, isIntact } from "./plan-observations.ts";

export function hashOf(plan: Parameters<typeof planContent>[0]): string {
  return createHash("sha256")
    .update(canonicalJson(planContent(plan)))
    .digest("hex");
}

/** The plan, if it is the one that was approved and can be executed.
 *  @throws ProviderError NotFound, Conflict. */
export async function readApproved(
  store: ActivityDeps["store"],
  approved: { readonly planId: string; readonly planHash: string },
): Promise<Plan> {
  const plan = await store.plans.get(approved.planId);
  if (!plan) {
    throw new ProviderError("NotFound", {
      operation: "execute the plan",
      resource: `plan/${approved.planId}`,
      reason: "there is no such plan",
      action: "Make a new one with --dry-run.",
    });
  }
  if (plan.hash !== approved.planHash || hashOf(plan) !== plan.hash) {
    throw refusal(
      plan,
      "its content is not what was approved",
      "Look at the plan again and approve the hash it has now.",
    );
  }
  if (!plan.executable) {
    const failed = plan.checks.filter((check) => check.result === "fail");
    throw refusal(
      plan,
      `${failed.length} check(s) failed: ${failed.map((check) => check.detail).join("; ")}`,
      failed.map((check) => check.remedy).join(" "),
    );
  }
  return plan;
}

/** Looks at what the plan saw again. @throws ProviderError Conflict with what is not as it was. */
export async function refuseDrift(
  deps: Pick<ActivityDeps, "registry" | "store" | "proxy">,
  plan: Plan,
  observed: readonly ObservedResource[],
): Promise<void> {
  const now = await Promise.all(
    observed.map(async (resource) => ({ ...resource, version: await versionOf(deps, resource) })),
  );
  const drift = findDrift(observed, now);
  if (drift.length === 0) return;
  throw refusal(
    plan,
    `it has drifted: ${drift.map((d) => `${d.resource.site}/${d.resource.kind}/${d.resource.id}: ${d.difference}`).join("; ")}`,
    "Make a new plan and approve that.",
    { drift },
  );
}

async function versionOf(
  { registry, store, proxy }: Pick<ActivityDeps, "registry" | "store" | "proxy">,
  { site, kind, id }: ObservedResource,
): Promise<string> {
  const signal = Context.current().cancellationSignal;
  if (kind === "map") return String((await store.maps.get(id))?.version ?? "absent");
  // The epoch counts which site may write.
  if (kind === "protection-group") return String((await store.protection.get(id))?.epoch ?? "absent");
  if (kind === "proxy-listener") {
    const listener = await goneIsFine(proxy(site).listener(id, signal));
    return listener ? listener.backend : "absent";
  }
  const provider = await registry.provider(site);
  if (kind === "vm") {
    const vm = await goneIsFine(provider.compute.getVm(id, signal));
    return vm ? vmVersion(vm) : "absent";
  }
  if (kind === "vm-firewall") {
    const firewall = await goneIsFine(provider.network.firewallOf?.(id, signal) ?? Promise.resolve(undefined));
    return firewall ? firewallVersion(firewall) : "absent";
  }
  if (kind === "network-rules") {
    const rules = await goneIsFine(provider.network.networkRules?.(id, signal) ?? Promise.resolve(undefined));
    return rules ? networkRulesVersion(rules) : "absent";
  }
  if (kind === "dns-record") {
    const [zoneId = "", type, ...name] = id.split("/");
    const record = { zoneId, type: type as DnsRecordType, name: name.join("/") };
    return (
      (await goneIsFine(provider.dns?.getRecord(record, signal) ?? Promise.resolve(undefined)))?.version ?? "absent"
    );
  }
  if (kind === poolTargetKind) {
    const { poolId, ...owned } = parsePoolTargetId(id);
    const pool = await goneIsFine(readPool(provider, poolId, signal));
    return pool ? poolTargetVersion(pool, owned) : "absent";
  }
  // Of plans that were made before they told whose target of a pool is theirs.
  if (kind === "target-pool") return (await goneIsFine(readPool(provider, id, signal)))?.version ?? "absent";
  if (kind === "security-group-rules") return rulesOf(provider, id, signal);
  if (kind === "security-group") return (await hasSecurityGroup(provider, id, signal)) ? "present" : "absent";
  if (kind === "recovery-point") return (await isIntact(provider, id, signal)) ? "intact" : "changed or gone";
  for await (const network of provider.network.listNetworks(signal)) {
    if (network.networkId === id) return network.active ? "active" : "inactive";
  }
  return "absent";
}

async function rulesOf({ networkAdmin }: Provider, id: string, signal: AbortSignal): Promise<string> {
  if (!networkAdmin) return "absent";
  for await (const group of networkAdmin.listSecurityGroups(signal)) {
    if (group.securityGroupId === id) return rulesVersion(group.rules);
  }
  return "absent";
}

function refusal(plan: Plan, reason: string, action: string, facts?: Record<string, unknown>): ProviderError {
  const resource = `plan/${plan.planId}`;
  return new ProviderError("Conflict", { operation: "execute the plan", resource, reason, action, facts });
}
