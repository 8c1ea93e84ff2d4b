import { Context } from "@temporalio/activity";
import type { ScopedResource } from "../domain/access.ts";
import { ProviderError } from "../domain/errors.ts";
import type { OperationPlanParts } from "../domain/operate-plan.ts";
import { operationItems } from "../domain/operation.ts";
import type { Plan } from "../domain/plan.ts";
import { readPolicies } from "../domain/policy/book.ts";
import type { Finding } from "../domain/policy/finding.ts";
import type { CompiledPolicy } from "../domain/policy/policy.ts";
import { planRemediation } from "../domain/policy/remediate-plan.ts";
import {
  defaultRemediated,
  mostRemediated,
  type RemediationRequest,
  remediationPlanKind,
  type SeenFinding,
} from "../domain/policy/remediation-request.ts";
import type { Subject } from "../domain/policy/subject.ts";
import { planUndoRemediation } from "../domain/policy/undo-remediation.ts";
import { vmResource } from "../domain/resource.ts";
import { toWire } from "../domain/wire.ts";
import type { Provider } from "../providers/provider.ts";
import { besideOf } from "./admission.ts";
import type { ActivityDeps } from "./deps.ts";
import { goneIsFine } from "./gone.ts";
import { hashOf } from "./pinned-plan.ts";

/** An operation that a standing approval lets begin. */
export interface ApprovedRemediation {
  readonly operationId: string;
  readonly planId: string;
  readonly planHash: string;
  readonly resources: number;
}

export function remediationActivities(deps: ActivityDeps) {
  const { registry, store, defaults, settings } = deps;
  return {
    /** Looks at what breaks a policy as it is now, and stores the pinned plan that mends it (or takes an earlier run back).
     *  Repeating it for a known plan id returns the stored one. */
    async makeRemediationPlan(input: { planId: string; request: RemediationRequest }): Promise<Plan> {
      return make(input.planId, input.request);
    },

    /** Plans and registers what a standing approval allows of a policy's findings; undefined where it allows nothing, or there
     *  is nothing to mend. */
    async remediateByApproval(input: { scanId: string; policyId: string }): Promise<ApprovedRemediation | undefined> {
      const { scanId, policyId } = input;
      const at = new Date().toISOString();
      const policy = await store.policies.get(policyId);
      const [approval] = await store.policies.approvals({ policyId, at });
      if (!approval || !policy?.enabled || !policy.actions.includes("remediate") || policy.open === 0) return undefined;
      const operationId = `remediate-${scanId}-${policyId}`.slice(0, 100);
      const plan = await make(`plan-${operationId}`.slice(0, 100), { policy: policyId, most: approval.most });
      if (!plan.executable) return undefined;
      const resources = operationItems(plan).length;
      await store.operations.create({
        operationId,
        planId: plan.planId,
        workflowId: `operation/${operationId}`,
        kind: plan.kind,
        total: resources,
        subjects: plan.subjects ?? [],
        createdBy: `standing-approval/${approval.approvalId}`,
      });
      return { operationId, planId: plan.planId, planHash: plan.hash, resources };
    },
  };

  async function make(planId: string, request: RemediationRequest): Promise<Plan> {
    const known = await store.plans.get(planId);
    if (known) return known;
    const made = request.undo === undefined ? await mend(planId, request) : await takeBack(request.undo);
    const { parts, subjects } = made;
    const plan: Plan = { ...parts, planId, hash: hashOf(parts), subjects, createdAt: new Date().toISOString() };
    await store.plans.insert(plan);
    return (await store.plans.get(planId)) ?? plan;
  }

  async function mend(planId: string, request: RemediationRequest) {
    const { policy: name = "", findings, scopes } = request;
    const policy = await store.policies.get(name);
    if (!policy) throw refused("NotFound", `policy/${name}`, "there is no such policy", "See novacron policies list.");
    if (!policy.remediation || !policy.actions.includes("remediate")) {
      const reason = "its actions and its remediation don't say how it is mended";
      throw refused("Conflict", `policy/${policy.name}`, reason, policy.remedy);
    }
    const now = Date.now();
    const at = new Date(now).toISOString();
    const exemptions = await store.policies.exemptions({ policyId: policy.policyId, at });
    const [compiled] = readPolicies([policy], exemptions, now) as [CompiledPolicy];
    const most = Math.min(request.most ?? defaultRemediated, mostRemediated);
    const { items } = await store.findings.list({
      policyId: policy.policyId,
      state: "open",
      ...(findings ? { findingIds: findings } : {}),
      ...(scopes ? { scopes } : {}),
      limit: 1_000,
    });
    const oldest = items.toReversed();
    const seen = await lookAt(oldest.slice(0, most), now);
    const parts = planRemediation({ planId, compiled, seen, left: items.length - seen.length, most, now, defaults });
    return { parts, subjects: subjectsOf(seen) };
  }

  async function takeBack(operationId: string) {
    const operation = await store.operations.getScoped(operationId);
    const plan = operation && (await store.plans.get(operation.operation.planId));
    if (!plan || plan.kind !== remediationPlanKind) {
      const reason = "there is no such run of a remediation";
      throw refused("NotFound", `operation/${operationId}`, reason, "See novacron operations list.");
    }
    const ran = new Map((await store.operations.items(operationId)).map((item) => [item.item, item.state]));
    const wanted = operationItems(plan).filter(({ item }) => ran.get(item) === "done");
    const seen = await Promise.all(
      wanted.map(async ({ item, site, name }) => {
        const { kind = "vm", id = "" } =
          plan.actions.find(({ parameters }) => parameters.item === item)?.resource ?? {};
        const found = { findingId: "", site, kind, resourceId: id, name };
        return { item, ...(await lookAtOne(await registry.provider(site), found)) };
      }),
    );
    const parts: OperationPlanParts = planUndoRemediation(operationId, plan, seen);
    return { parts, subjects: subjectsOf(seen) };
  }

  async function lookAt(findings: readonly Finding[], now: number): Promise<(SeenFinding & { subject?: Subject })[]> {
    return Promise.all(
      findings.map(async (finding) => {
        const provider = await registry.provider(finding.site);
        const seen = await lookAtOne(provider, finding);
        const subject = await subjectOf(seen, now);
        return { ...seen, ...(subject ? { subject } : {}) };
      }),
    );
  }

  async function lookAtOne(
    provider: Provider,
    {
      findingId,
      site,
      kind,
      resourceId,
      name,
    }: Pick<Finding, "findingId" | "site" | "resourceId" | "name"> & { kind: string },
  ): Promise<SeenFinding> {
    const signal = Context.current().cancellationSignal;
    const base = { findingId, site, kind, resourceId, name, capabilityGaps: provider.capabilities };
    if (kind === "vm") {
      const vm = await goneIsFine(provider.compute.getVm(resourceId, signal));
      return { ...base, ...(vm ? { vm } : {}) };
    }
    if (kind !== "security-group" || !provider.networkAdmin) return base;
    for await (const group of provider.networkAdmin.listSecurityGroups(signal)) {
      if (group.securityGroupId === resourceId) return { ...base, group };
    }
    return base;
  }

  /** As it is now, with what the inventory knew of its states and times. */
  async function subjectOf({ site, vm, group }: SeenFinding, now: number): Promise<Subject | undefined> {
    const place = registry.sites.find((known) => known.site === site);
    if (!place || (!vm && !group)) return undefined;
    const { provider, region } = place;
    const at = { site, provider, ...(region === undefined ? {} : { region }) };
    const residency = settings(site).residency ?? [];
    if (group) {
      const { securityGroupId: resourceId, name, tags } = group;
      const row = await store.resources.get({ site, kind: "security-group", resourceId });
      const stamps = row
        ? { firstSeenAt: row.firstSeenAt, changedAt: row.changedAt }
        : { firstSeenAt: iso(now), changedAt: iso(now) };
      const resource = {
        ...at,
        kind: "security-group" as const,
        resourceId,
        name,
        tags,
        document: toWire({ ...group }),
      };
      return { resource: { ...resource, ...stamps }, residency };
    }
    if (!vm) return undefined;
    const row = await store.resources.get({ site, kind: "vm", resourceId: vm.vmId });
    const stamps = {
      firstSeenAt: row?.firstSeenAt ?? iso(now),
      changedAt: row?.changedAt ?? iso(now),
      ...(row?.stateSince === undefined || row.state !== vm.state ? {} : { stateSince: row.stateSince }),
    };
    const resource = { ...vmResource(at, vm, row?.monthlyCostMicros), ...stamps };
    const typed = vm.instanceType === undefined ? resource : { ...resource, type: vm.instanceType };
    return { resource: typed, residency, ...(await besideOf(store, site, vm.vmId)) };
  }
}

function subjectsOf(seen: readonly SeenFinding[]): ScopedResource[] {
  return seen.map(({ site, vm, group }) => ({ site, tags: vm?.tags ?? group?.tags ?? {} }));
}

function iso(now: number): string {
  return new Date(now).toISOString();
}

function refused(code: "NotFound" | "Conflict", resource: string, reason: string, action: string): ProviderError {
  return new ProviderError(code, { operation: "plan the remediation", resource, reason, action });
}
