import { AwsError } from "./errors.ts";

/** An IAM policy document, as far as it is evaluated here. */
interface Statement {
  readonly Effect: "Allow" | "Deny";
  readonly Action?: string | readonly string[];
  readonly NotAction?: string | readonly string[];
  readonly Resource?: string | readonly string[];
  readonly NotResource?: string | readonly string[];
  readonly Principal?: unknown;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

export type Decision = "allowed" | "implicitDeny" | "explicitDeny";

/** AWS's own policies that are known here, by ARN. */
export const managedPolicies: Readonly<Record<string, string>> = {
  "arn:aws:iam::aws:policy/AdministratorAccess": allowing("*"),
  "arn:aws:iam::aws:policy/AmazonEC2FullAccess": allowing("ec2:*", "cloudwatch:*"),
  "arn:aws:iam::aws:policy/AmazonS3FullAccess": allowing("s3:*"),
  "arn:aws:iam::aws:policy/ReadOnlyAccess": allowing("*:Describe*", "*:Get*", "*:List*"),
};

function allowing(...actions: readonly string[]): string {
  return JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: actions, Resource: "*" }] });
}

/**
 * Evaluates identity policies: an explicit denial wins, else an allowance is needed
 * (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html). Of conditions only
 * StringEquals and StringLike are known; a statement with another one doesn't apply.
 */
export function decide(
  policies: readonly string[],
  action: string,
  resource: string,
  context: Readonly<Record<string, string>> = {},
): Decision {
  let allowed = false;
  for (const statement of policies.flatMap(statementsOf)) {
    if (!matchesAction(statement, action) || !matchesResource(statement, resource)) continue;
    if (!meetsConditions(statement, context)) continue;
    if (statement.Effect === "Deny") return "explicitDeny";
    allowed = true;
  }
  return allowed ? "allowed" : "implicitDeny";
}

const parsed = new Map<string, readonly Statement[]>();

/** @throws AwsError MalformedPolicyDocument. */
export function statementsOf(policy: string): readonly Statement[] {
  const known = parsed.get(policy);
  if (known) return known;
  const statements = parseStatements(policy);
  if (parsed.size > 1_000) parsed.clear();
  parsed.set(policy, statements);
  return statements;
}

function parseStatements(policy: string): readonly Statement[] {
  try {
    const { Statement } = JSON.parse(policy) as { Statement: Statement | readonly Statement[] };
    const statements = Array.isArray(Statement) ? (Statement as readonly Statement[]) : [Statement as Statement];
    if (statements.every(({ Effect }) => Effect === "Allow" || Effect === "Deny")) return statements;
  } catch {
    // Said below.
  }
  throw new AwsError("MalformedPolicyDocument", "Syntax errors in policy.");
}

function matchesAction({ Action, NotAction }: Statement, action: string): boolean {
  const matches = (pattern: string) => wildcard(pattern.toLowerCase(), action.toLowerCase());
  return NotAction === undefined ? list(Action).some(matches) : !list(NotAction).some(matches);
}

function matchesResource({ Resource, NotResource, Principal }: Statement, resource: string): boolean {
  // Trust policies name principals instead.
  if (Resource === undefined && NotResource === undefined) return Principal !== undefined;
  const matches = (pattern: string) => resource === "*" || wildcard(pattern, resource);
  return NotResource === undefined ? list(Resource).some(matches) : !list(NotResource).some(matches);
}

function meetsConditions({ Condition = {} }: Statement, context: Readonly<Record<string, string>>): boolean {
  return Object.entries(Condition).every(([operator, keys]) => {
    if (operator !== "StringEquals" && operator !== "StringLike") return false;
    return Object.entries(keys).every(([key, wanted]) => {
      const value = context[key];
      if (value === undefined) return false;
      return list(wanted).some((pattern) => (operator === "StringLike" ? wildcard(pattern, value) : pattern === value));
    });
  });
}

function list(value: string | readonly string[] | undefined): readonly string[] {
  return value === undefined ? [] : typeof value === "string" ? [value] : value;
}

/** `*` for any text, `?` for any character. */
export function wildcard(pattern: string, text: string): boolean {
  if (pattern === "*" || pattern === text) return true;
  if (!/[*?]/.test(pattern)) return false;
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${source}$`, "s").test(text);
}
