/** Rules of policies as an editor has them: what they can speak of, and how what is typed becomes a value. */

type FieldKind = "text" | "number" | "bytes" | "money" | "boolean" | "time" | "age" | "cidr" | "ports" | "protocol";

/** What rules can speak of; a test holds the list to the domain's. `tags.KEY` is any tag. */
export const policyFields: Readonly<Record<string, FieldKind>> = {
  name: "text",
  id: "text",
  site: "text",
  provider: "text",
  region: "text",
  kind: "text",
  state: "text",
  type: "text",
  owner: "text",
  project: "text",
  "tags.KEY": "text",
  created: "time",
  changed: "time",
  first_seen: "time",
  state_since: "time",
  monthly_cost: "money",
  cpus: "number",
  memory: "bytes",
  size: "bytes",
  zone: "text",
  capacity_type: "text",
  in_use: "boolean",
  encrypted: "boolean",
  public_ip: "boolean",
  internet_facing: "boolean",
  backup_age: "age",
  residency: "text",
  cidr: "cidr",
  "disks.size": "bytes",
  "disks.type": "text",
  "disks.bus": "text",
  "nics.network": "text",
  "nics.address": "cidr",
  "security_group.ingress.protocol": "protocol",
  "security_group.ingress.port": "ports",
  "security_group.ingress.source": "cidr",
  "security_group.egress.protocol": "protocol",
  "security_group.egress.port": "ports",
  "security_group.egress.destination": "cidr",
};

type Scalar = string | number | boolean;
export type RuleValue = Scalar | readonly Scalar[] | undefined;

const listed = /^(?:not_)?(?:in|between)$/;
const numeric: ReadonlySet<FieldKind> = new Set(["number", "bytes", "money", "ports"]);

export function takesValue(operator: string): boolean {
  return !operator.endsWith("exists");
}

/** What the field of a form holds, as the API wants it: numbers as numbers, lists by their commas. */
export function readRuleValue(field: string, operator: string, typed: string): RuleValue {
  if (!takesValue(operator)) return undefined;
  if (listed.test(operator)) {
    const parts = typed.split(",").map((part) => part.trim());
    return parts.filter((part) => part !== "").map((part) => scalar(field, part));
  }
  return scalar(field, typed);
}

export function showRuleValue(value: RuleValue): string {
  if (value === undefined) return "";
  return Array.isArray(value) ? value.join(", ") : String(value);
}

function scalar(field: string, typed: string): Scalar {
  const kind = policyFields[field] ?? "text";
  const text = typed.trim();
  if (kind === "boolean" && (text === "true" || text === "false")) return text === "true";
  return numeric.has(kind) && /^-?\d+(?:\.\d+)?$/.test(text) ? Number(text) : typed;
}

export interface Condition {
  readonly field: string;
  readonly operator: string;
  readonly value?: RuleValue;
}
export type Rule =
  | Condition
  | { readonly all: readonly Rule[] }
  | { readonly any: readonly Rule[] }
  | { readonly not: Rule };

/** A rule in one line, as people say it. */
export function ruleText(rule: Rule): string {
  if ("all" in rule) return rule.all.map(part).join(" and ");
  if ("any" in rule) return rule.any.map(part).join(" or ");
  if ("not" in rule) return `not ${part(rule.not)}`;
  const operator = rule.operator.replaceAll("_", " ");
  return takesValue(rule.operator)
    ? `${rule.field} ${operator} ${showRuleValue(rule.value)}`
    : `${rule.field} ${operator}`;
}

function part(rule: Rule): string {
  const several = ("all" in rule && rule.all.length > 1) || ("any" in rule && rule.any.length > 1);
  return several ? `(${ruleText(rule)})` : ruleText(rule);
}
