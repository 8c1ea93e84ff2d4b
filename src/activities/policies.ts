import { Context } from "@temporalio/activity";
import { readPolicies } from "../domain/policy/book.ts";
import type { JudgedCounts } from "../domain/policy/finding.ts";
import type { PolicyDraft } from "../domain/policy/policy.ts";
import type { TriedPolicy } from "../store/index.ts";
import type { ActivityDeps } from "./deps.ts";

const examplesShown = 50;

/** A policy that is kept, or one that somebody only thinks of. */
export interface PolicyToTry {
  readonly draft: PolicyDraft;
  /** Moments, ISO 8601; none: now. */
  readonly moments: readonly string[];
}

/** What a policy would have found at a moment. */
export interface TriedAt extends TriedPolicy {
  readonly at: string;
}

export function policyActivities({
  store,
  registry,
  settings,
  notify,
}: Pick<ActivityDeps, "store" | "registry" | "settings" | "notify">) {
  return {
    /** Registers the scan; what it judges by is settled now. */
    async beginScan(input: { scanId: string; askedBy: string }): Promise<{ policyIds: string[] }> {
      const workflowId = Context.current().info.workflowExecution?.workflowId ?? "";
      await store.findings.beginScan({ ...input, workflowId, startedAt: new Date().toISOString() });
      const policies = await store.policies.list({ enabled: true });
      return { policyIds: policies.map(({ policyId }) => policyId) };
    },

    /** One policy over everything that it is about. One that was removed or switched off meanwhile is left out. */
    async judgePolicy(input: {
      scanId: string;
      policyId: string;
    }): Promise<(JudgedCounts & { opened: number }) | undefined> {
      const policy = await store.policies.get(input.policyId);
      if (!policy?.enabled) return undefined;
      const now = Date.now();
      const at = new Date(now).toISOString();
      const [compiled] = readPolicies(
        [policy],
        await store.policies.exemptions({ policyId: policy.policyId, at }),
        now,
      );
      if (!compiled) return undefined;
      const counts = await store.findings.scan(compiled, { now, residency: residency() });
      await store.findings.recordResult(input.scanId, { policyId: policy.policyId, ...counts });
      if (policy.actions.includes("notify")) {
        // The same for every attempt of the scan.
        const notificationId = `${input.scanId}/${policy.policyId}`;
        await store.findings.tell(policy, { at, actions: notify.findings, notificationId });
      }
      return counts;
    },

    async endScan(input: { scanId: string; state: "done" | "failed"; reason?: string }): Promise<void> {
      const { scanId, ...end } = input;
      await store.findings.endScan(scanId, { ...end, endedAt: new Date().toISOString() });
    },

    /** What a policy would find now, or would have found; nothing is kept of it. */
    async tryPolicy(input: PolicyToTry): Promise<TriedAt[]> {
      const moments = input.moments.length > 0 ? input.moments : [undefined];
      const tried: TriedAt[] = [];
      for (const asOf of moments) {
        const now = asOf === undefined ? Date.now() : Date.parse(asOf);
        const at = new Date(now).toISOString();
        const policy = {
          ...input.draft,
          policyId: "",
          enabled: true,
          version: 0,
          createdBy: "",
          createdAt: at,
          updatedAt: at,
        };
        const [compiled] = readPolicies([policy], [], now);
        if (!compiled) continue;
        const when = { now, residency: residency(), ...(asOf === undefined ? {} : { asOf }) };
        tried.push({ at, ...(await store.findings.tryOut(compiled, when, examplesShown)) });
      }
      return tried;
    },
  };

  function residency(): Record<string, readonly string[]> {
    return Object.fromEntries(registry.sites.map(({ site }) => [site, settings(site).residency ?? []]));
  }
}
