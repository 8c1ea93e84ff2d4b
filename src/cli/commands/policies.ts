import { randomUUID } from "node:crypto";
import { parse } from "yaml";
import { answerOf, connectApi, type Schemas } from "../client.ts";
import { confirm } from "../confirm.ts";
import { usageError } from "../failure.ts";
import { fields, show, table } from "../output.ts";
import { readTextFile } from "../text-file.ts";
import type { CommonOptions } from "./options.ts";

type Policy = Schemas["Policy"];

export async function listPolicies(options: CommonOptions): Promise<void> {
  const { api } = connectApi(options);
  const { items } = await answerOf(api.GET("/v1/policies"));
  await show(items, options.output, policyTable);
}

function policyTable(policies: readonly Policy[]): Promise<string> {
  return table(
    policies,
    [
      { head: "POLICY", value: (row) => row.name },
      { head: "TYPE", value: (row) => row.type },
      { head: "SEVERITY", value: (row) => row.severity },
      { head: "ACTIONS", value: (row) => row.actions.join(", ") },
      { head: "ON", value: (row) => (row.enabled ? "yes" : "no") },
      { head: "JUDGED", align: "right", value: (row) => numberOr(row.judged) },
      { head: "OPEN", align: "right", value: (row) => numberOr(row.judged === undefined ? undefined : row.open) },
      { head: "EXEMPT", align: "right", value: (row) => numberOr(row.judged === undefined ? undefined : row.exempt) },
      { head: "UNKNOWN", align: "right", value: (row) => numberOr(row.unknown) },
    ],
    "No policies. See novacron policies packs.",
  );
}

export async function showPolicy(name: string, options: CommonOptions): Promise<void> {
  const { api } = connectApi(options);
  const policy = await answerOf(api.GET("/v1/policies/{id}", { params: { path: { id: name } } }));
  await show(policy, options.output, async (row) =>
    fields([
      ["Policy", row.name],
      ["Why", row.description],
      ["Type", `${row.type}, ${row.severity}`],
      ["Scope", row.scope === "" ? "everything that has what the rule asks of" : row.scope],
      ["Rule", JSON.stringify(row.requirement)],
      ["Actions", row.actions.join(", ")],
      ["Remedy", row.remedy],
      ["Remediation", row.remediation && JSON.stringify(row.remediation)],
      ["Source", row.source],
      ["Pack", row.pack],
      ["On", row.enabled ? "yes" : "no"],
      ["Newest scan", row.judged_at],
      ["Judged", row.judged_at && `${row.judged}: ${row.open} open, ${row.exempt} exempt, ${row.unknown} unknown`],
      ["ID", row.policy_id],
    ]),
  );
}

/** Makes the policies of a file, YAML or JSON: one, or a list; those whose names are there are changed. */
export async function applyPolicies(file: string, options: CommonOptions): Promise<void> {
  const { api } = connectApi(options);
  const drafts = readDrafts(await readTextFile(file), file);
  const there = new Set((await answerOf(api.GET("/v1/policies"))).items.map(({ name }) => name));
  const applied: (Policy & { change: string })[] = [];
  for (const body of drafts) {
    const header = { "Idempotency-Key": randomUUID() };
    const changed = there.has(body.name);
    const policy = changed
      ? await answerOf(api.POST("/v1/policies/{id}", { params: { path: { id: body.name }, header }, body }))
      : await answerOf(api.POST("/v1/policies", { body, params: { header } }));
    applied.push({ ...policy, change: changed ? "changed" : "made" });
  }
  await show(applied, options.output, async (rows) =>
    rows.map(({ name, change }) => `${name} is ${change}.`).join("\n"),
  );
}

export async function readDraft(file: string): Promise<Schemas["NewPolicy"]> {
  const [draft, second] = readDrafts(await readTextFile(file), file);
  if (draft && !second) return draft;
  throw usageError(`${file} has not exactly one policy`, "Name a file with one.");
}

function readDrafts(text: string, file: string): Schemas["NewPolicy"][] {
  const read: unknown = parse(text);
  const all = Array.isArray(read) ? (read as unknown[]) : [read];
  if (all.every((each) => typeof each === "object" && each !== null && "name" in each)) {
    // What it says beyond a name is for the API to check.
    return all as Schemas["NewPolicy"][];
  }
  throw usageError(`${file} has no policies`, "docs/policies.md shows one.");
}

export async function switchPolicy(name: string, enabled: boolean, options: CommonOptions): Promise<void> {
  const { api } = connectApi(options);
  const header = { "Idempotency-Key": randomUUID() };
  const params = { path: { id: name }, header };
  const policy = await answerOf(api.POST("/v1/policies/{id}", { params, body: { enabled } }));
  await show(policy, options.output, async (row) => `${row.name} is ${row.enabled ? "on" : "off"}.`);
}

export async function removePolicy(name: string, options: CommonOptions & { yes?: boolean }): Promise<void> {
  const { api } = connectApi(options);
  await confirm(`Remove the policy ${name} with its findings, exemptions and approvals?`, options.yes ?? false);
  const policy = await answerOf(api.DELETE("/v1/policies/{id}", { params: { path: { id: name } } }));
  await show(policy, options.output, async (row) => `${row.name} is removed.`);
}

export async function listPacks(options: CommonOptions): Promise<void> {
  const { api } = connectApi(options);
  const { items } = await answerOf(api.GET("/v1/policy-packs"));
  const rows = items.flatMap(({ pack_id: pack, policies }) => policies.map((policy) => ({ pack, ...policy })));
  await show(rows, options.output, (all) =>
    table(
      all,
      [
        { head: "PACK", value: (row) => row.pack },
        { head: "POLICY", value: (row) => row.name },
        { head: "SEVERITY", value: (row) => row.severity },
        { head: "WHY", value: (row) => row.description },
        { head: "SOURCE", value: (row) => row.source ?? "" },
      ],
      "No packs.",
    ),
  );
}

export async function installPack(pack: string, options: CommonOptions): Promise<void> {
  const { api } = connectApi(options);
  const params = { path: { id: pack }, header: { "Idempotency-Key": randomUUID() } };
  const { items } = await answerOf(api.POST("/v1/policy-packs/{id}/install", { params }));
  await show(items, options.output, policyTable);
}

function numberOr(value: number | undefined): string {
  return value === undefined ? "–" : `${value}`;
}
