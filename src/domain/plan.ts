import type { ScopedResource } from "./access.ts";
import type { Subject } from "./policy/subject.ts";
import type { Cost } from "./prices.ts";

/**
 * The generic pinned plan: what would be done, to which resources as they were seen, and why. A dry run makes one; a
 * person approves it by id and hash; executing carries out exactly that and refuses what has drifted since.
 * Migrations, deletes, remediations, cost actions and failovers all use it. Pure data, canonical JSON.
 */
export interface PlanCheck {
  /** Stable name for programs: `target-free-space`. */
  readonly check: string;
  readonly result: "pass" | "warn" | "fail";
  readonly detail: string;
  /** What to do about it; present unless it passed. */
  readonly remedy?: string;
}

export interface PlanChoice {
  /** What had to be chosen: `target network for nic net0`. */
  readonly what: string;
  readonly chosen: string;
  readonly why: string;
}

/** A resource as it was seen when the plan was made. `version` is compared literally; `absent` means it must not exist. */
export interface ObservedResource {
  readonly site: string;
  readonly kind: string;
  readonly id: string;
  readonly version: string;
}

export interface PlanAction {
  /** Imperative, stable: `copy-disk`, `create-vm`. */
  readonly action: string;
  readonly resource: { readonly site: string; readonly kind: string; readonly id: string };
  /** A sentence for a person. */
  readonly detail: string;
  /** What the executor needs; plain JSON. */
  readonly parameters: Readonly<Record<string, unknown>>;
}

export interface PlanEstimates {
  /** Bytes that will be read and sent: allocated or changed, never nominal. */
  readonly bytesToMove: number;
  readonly bytesNominal: number;
  /** Absent where nothing was measured that a prediction could rest on. */
  readonly seconds?: number;
  readonly downtimeSeconds?: number;
  /** What the prediction rests on, for a person. */
  readonly basis: string;
  /** Earlier moves that the predicted times rest on; 0: they are assumed. Absent where there are none to predict. */
  readonly moves?: number;
  /** At the target, for a month; absent where nothing has a price. */
  readonly monthly?: Cost;
  /** Of the traffic out of the source; absent where it has no price. */
  readonly egress?: Cost;
}

/** What the hash covers: everything that decides what will be done. */
export interface PlanContent {
  readonly kind: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly observed: readonly ObservedResource[];
  readonly choices: readonly PlanChoice[];
  readonly actions: readonly PlanAction[];
  /** What would be there afterwards, as policies judge it; judged again when the plan is executed. Absent in plans that they
   *  don't judge. */
  readonly judged?: readonly Subject[];
}

export interface Plan extends PlanContent {
  readonly planId: string;
  /** SHA-256 in hex over the canonical JSON of the content. */
  readonly hash: string;
  readonly createdAt: string;
  /** What it touches, for deciding who may see and execute it: a resource a site, with the tags of what is moved or
   *  changed. Without any, only who reaches everything does. */
  readonly subjects?: readonly ScopedResource[];
  readonly checks: readonly PlanCheck[];
  readonly estimates: PlanEstimates;
  /** False when a check failed; such a plan is never executed. */
  readonly executable: boolean;
}

export interface Drift {
  readonly resource: { readonly site: string; readonly kind: string; readonly id: string };
  readonly planned: string;
  readonly observed: string;
  /** The difference in words: `state: running → stopped`. */
  readonly difference: string;
}

/** JSON with object keys sorted at every level and `undefined` members left out: equal content, equal text. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    member !== null && typeof member === "object" && !Array.isArray(member)
      ? Object.fromEntries(
          Object.entries(member)
            .filter(([, inner]) => inner !== undefined)
            .sort(([a], [b]) => (a < b ? -1 : 1)),
        )
      : member,
  );
}

/** The part of a plan that its hash covers. */
export function planContent(plan: PlanContent): PlanContent {
  const { kind, inputs, observed, choices, actions, judged } = plan;
  return { kind, inputs, observed, choices, actions, ...(judged ? { judged } : {}) };
}

/** What changed between the plan's view and today's, resource by resource. */
export function findDrift(
  planned: readonly ObservedResource[],
  observedNow: readonly ObservedResource[],
): readonly Drift[] {
  const now = new Map(observedNow.map((resource) => [resourceKey(resource), resource.version]));
  return planned.flatMap((resource) => {
    const version = now.get(resourceKey(resource)) ?? "absent";
    if (version === resource.version) return [];
    const { site, kind, id } = resource;
    return [
      {
        resource: { site, kind, id },
        planned: resource.version,
        observed: version,
        difference: describeDifference(resource.version, version),
      },
    ];
  });
}

function resourceKey(resource: { site: string; kind: string; id: string }): string {
  return JSON.stringify([resource.site, resource.kind, resource.id]);
}

function describeDifference(planned: string, observed: string): string {
  if (observed === "absent") return "it does not exist any more";
  if (planned === "absent") return "it exists now";
  const [before, after] = [parseObject(planned), parseObject(observed)];
  if (!before || !after) return `${planned} → ${observed}`;
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return keys
    .filter((key) => canonicalJson(before[key]) !== canonicalJson(after[key]))
    .map((key) => `${key}: ${canonicalJson(before[key])} → ${canonicalJson(after[key])}`)
    .join("; ");
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return value !== null && typeof value === "object" ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
