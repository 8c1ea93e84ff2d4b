import { Context } from "@temporalio/activity";
import { ProviderError } from "../domain/errors.ts";
import type { FirewallRule } from "../domain/firewall.ts";
import { firewallVersion, networkRulesVersion } from "../domain/firewall.ts";
import type { MigrationRequest } from "../domain/migration.ts";
import type { CreateGroupParameters, CreateVmParameters } from "../domain/migration-parts.ts";
import { actionParameters } from "../domain/migration-plan.ts";
import { planRules } from "../domain/migration-rules.ts";
import { describeRule } from "../domain/security-rule.ts";
import type { ActivityDeps } from "./deps.ts";

export function rereadRulesActivities({ registry, store }: Pick<ActivityDeps, "registry" | "store">) {
  return {
    /** Gives the group that was made for a VM what holds at its source now, if that is not what its plan saw. Answers with
     *  the rules when they are others.
     *  @throws ProviderError Conflict where the target can't say them, or lets through more by itself. */
    async rereadRules(input: {
      planId: string;
      from: string;
      to: string;
      vmId: string;
      securityGroupId: string;
    }): Promise<{ changed?: readonly string[] }> {
      const signal = Context.current().cancellationSignal;
      const { from, to, vmId, securityGroupId } = input;
      const plan = await store.plans.get(input.planId);
      const request = plan?.inputs as (MigrationRequest & { readonly vmName: string }) | undefined;
      if (!plan || !request) return {};
      const [source, target] = await Promise.all([registry.provider(from), registry.provider(to)]);
      const firewall = await source.network.firewallOf?.(vmId, signal);
      const used = new Set(
        actionParameters<CreateVmParameters>(plan, "create-vm").nics.map(({ networkId }) => networkId),
      );
      const all = await Array.fromAsync(target.network.listNetworks(signal));
      const networks = all.filter(({ networkId }) => used.has(networkId));
      const networkRules: Record<string, readonly FirewallRule[]> = {};
      for (const { networkId } of networks) {
        networkRules[networkId] = (await target.network.networkRules?.(networkId, signal)) ?? [];
      }
      const pinned = (kind: string, id: string) =>
        plan.observed.find((seen) => seen.kind === kind && seen.id === id)?.version;
      const same =
        (!firewall || firewallVersion(firewall) === pinned("vm-firewall", vmId)) &&
        Object.entries(networkRules).every(([id, rules]) => {
          const before = pinned("network-rules", id);
          // Plans were made before they held on to these.
          return before === undefined || before === networkRulesVersion(rules);
        });
      if (same) return {};
      const groups = target.networkAdmin && (await Array.fromAsync(target.networkAdmin.listSecurityGroups(signal)));
      const planned = planRules(
        {
          request,
          ...(firewall ? { firewall } : {}),
          vm: { name: request.vmName },
          source: { capabilityGaps: source.capabilities },
          target: { capabilityGaps: target.capabilities, networkRules, ...(groups ? { securityGroups: groups } : {}) },
        },
        networks,
      );
      const failed = planned.checks.filter(({ result }) => result === "fail");
      const [action] = planned.actions;
      if (failed.length > 0 || !action) throw unsayable(request, failed);
      const { rules } = action.parameters as unknown as CreateGroupParameters;
      await target.networkAdmin?.setSecurityRules(securityGroupId, rules, signal);
      return { changed: rules.map(describeRule) };
    },
  };
}

function unsayable(
  { from, to, vm }: MigrationRequest,
  failed: readonly { readonly detail: string; readonly remedy?: string }[],
): ProviderError {
  return new ProviderError("Conflict", {
    operation: "take the rules of the VM along",
    resource: `${from}/vm/${vm}`,
    reason: `they changed since the plan, and ${to} can't say them so: ${failed.map(({ detail }) => detail).join("; ")}`,
    action: failed.flatMap(({ remedy }) => remedy ?? []).join(" ") || "Change them back, or plan anew.",
  });
}
