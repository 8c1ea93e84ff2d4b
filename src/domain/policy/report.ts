import type { Control, EvidenceKind, Framework } from "./frameworks.ts";

/** What is known of a policy, for a report. */
export interface PolicyStanding {
  readonly name: string;
  readonly enabled: boolean;
  /** Absent: no scan has judged by it yet. */
  readonly judgedAt?: string;
  readonly judged?: number;
  readonly unknown?: number;
  readonly open: number;
  readonly exempt: number;
}

/** What the product can show, in a sentence; absent where it has nothing to show. */
export type Evidence = Readonly<Partial<Record<EvidenceKind, string>>>;

/** `violated`: a policy of it is broken. `no-violation`: none is, of what is looked at. `incomplete`: a policy of it isn't
 *  installed, is off, was never judged by, or couldn't judge everything. `not-checked`: nothing looks at it. It is never said
 *  to be met: that is for who looks at the rest. */
export type ControlStanding = "violated" | "no-violation" | "incomplete" | "not-checked";

export interface ReportedControl {
  readonly controlId: string;
  readonly title: string;
  readonly standing: ControlStanding;
  readonly policies: readonly (PolicyStanding & { readonly installed: boolean })[];
  /** Sentences. */
  readonly evidence: readonly string[];
  readonly missing: readonly string[];
  readonly notChecked: string;
}

export interface ComplianceReport {
  readonly framework: string;
  readonly title: string;
  readonly source: string;
  readonly generatedAt: string;
  readonly controls: readonly ReportedControl[];
  readonly outside: readonly string[];
  readonly summary: Readonly<Record<"violated" | "noViolation" | "incomplete" | "notChecked", number>>;
}

export function complianceReport(
  framework: Framework,
  policies: readonly PolicyStanding[],
  evidence: Evidence,
  generatedAt: string,
): ComplianceReport {
  const byName = new Map(policies.map((policy) => [policy.name, policy]));
  const controls = framework.controls.map((control) => reported(control, byName, evidence));
  const count = (standing: ControlStanding) => controls.filter((each) => each.standing === standing).length;
  return {
    framework: framework.frameworkId,
    title: framework.title,
    source: framework.source,
    generatedAt,
    controls,
    outside: framework.outside,
    summary: {
      violated: count("violated"),
      noViolation: count("no-violation"),
      incomplete: count("incomplete"),
      notChecked: count("not-checked"),
    },
  };
}

function reported(control: Control, known: ReadonlyMap<string, PolicyStanding>, evidence: Evidence): ReportedControl {
  const { controlId, title, notChecked } = control;
  const policies = control.policies.map((name) => {
    const policy = known.get(name);
    return policy
      ? { ...standing(policy), installed: true }
      : { name, enabled: false, open: 0, exempt: 0, installed: false };
  });
  const missing = [
    ...policies.flatMap(({ name, installed, enabled, judgedAt, unknown = 0, exempt }) => [
      ...(installed ? [] : [`Policy ${name} is not installed.`]),
      ...(installed && !enabled ? [`Policy ${name} is switched off.`] : []),
      ...(enabled && judgedAt === undefined ? [`No scan has judged by ${name} yet.`] : []),
      ...(unknown > 0 ? [`${name} could not judge ${unknown} resources.`] : []),
      ...(exempt > 0 ? [`${exempt} resources are exempt from ${name}.`] : []),
    ]),
    ...control.evidence.flatMap((kind) => (evidence[kind] === undefined ? [`There is nothing to show: ${kind}.`] : [])),
  ];
  const shown = control.evidence.flatMap((kind) => evidence[kind] ?? []);
  return {
    controlId,
    title,
    standing: standingOf(policies, shown, missing),
    policies,
    evidence: shown,
    missing,
    notChecked,
  };
}

/** No more of it than a report shows. */
function standing({ name, enabled, judgedAt, judged, unknown, open, exempt }: PolicyStanding): PolicyStanding {
  const scanned = judgedAt === undefined ? {} : { judgedAt, judged: judged ?? 0, unknown: unknown ?? 0 };
  return { name, enabled, ...scanned, open, exempt };
}

function standingOf(
  policies: ReportedControl["policies"],
  shown: readonly string[],
  missing: readonly string[],
): ControlStanding {
  if (policies.some(({ enabled, open }) => enabled && open > 0)) return "violated";
  const looked = shown.length > 0 || policies.some(({ enabled, judgedAt }) => enabled && judgedAt !== undefined);
  if (!looked) return "not-checked";
  return missing.length > 0 ? "incomplete" : "no-violation";
}
