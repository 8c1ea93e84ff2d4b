import { readFileSync } from "node:fs";
import { answerOf, apiUrlOf, connectApi, publicApi, type Schemas } from "../client.ts";
import { confirm } from "../confirm.ts";
import { usageError } from "../failure.ts";
import { keepLogin } from "../login-file.ts";
import { show } from "../output.ts";
import type { CommonOptions } from "./options.ts";

export async function freeze(options: CommonOptions & { reason?: string }): Promise<void> {
  const { api } = connectApi(options);
  if (!options.reason) {
    await show(await answerOf(api.GET("/v1/freeze")), options.output, async (now) => freezeText(now));
    return;
  }
  const now = await answerOf(api.POST("/v1/freeze", { body: { reason: options.reason } }));
  await show(now, options.output, async () => freezeText(now));
}

export async function unfreeze(options: CommonOptions): Promise<void> {
  const { api } = connectApi(options);
  await show(await answerOf(api.DELETE("/v1/freeze")), options.output, async (now) => freezeText(now));
}

export async function decidePlan(
  decision: "approve" | "reject",
  id: string,
  options: CommonOptions & { hash?: string; note?: string; yes?: boolean },
): Promise<void> {
  const { api } = connectApi(options);
  const path = { id };
  const plan = await answerOf(api.GET("/v1/plans/{id}", { params: { path } }));
  if (options.hash && options.hash !== plan.hash) {
    throw usageError("The plan has another hash", `Look at it: novacron plans show ${id}.`);
  }
  const steps = plan.actions.map(({ detail }) => `  ${detail}`).join("\n");
  await confirm(`${decision === "approve" ? "Approve" : "Reject"} this plan?\n${steps}\n`, options.yes ?? false);
  const body = { plan_hash: plan.hash, decision, ...(options.note ? { note: options.note } : {}) };
  const now = await answerOf(api.POST("/v1/plans/{id}/approvals", { params: { path }, body }));
  await show(now, options.output, async ({ items }) =>
    items.map((item) => `${item.decided_by_name}: ${item.decision} at ${item.decided_at}`).join("\n"),
  );
}

export async function sealBreakGlass(options: CommonOptions & { yes?: boolean }): Promise<void> {
  await confirm("Make a new secret for emergencies? The one before opens nothing any more.", options.yes ?? false);
  const { api } = connectApi(options);
  await show(await answerOf(api.POST("/v1/break-glass")), options.output, async ({ secret }) => {
    return `${secret}\n\nThis is shown once. Print it, seal it, and keep it where the runbook says (docs/security.md).`;
  });
}

/** The secret comes from a file or from stdin, so that no other process sees it among the arguments. */
export async function openBreakGlass(options: CommonOptions & { reason?: string; file?: string }): Promise<void> {
  if (!options.reason) throw usageError("Say why", "Add --reason TEXT; it goes into the audit trail.");
  const secret = readFileSync(options.file ?? 0, "utf8").trim();
  const baseUrl = apiUrlOf(options);
  const body = { secret, reason: options.reason };
  const made = await answerOf(publicApi(baseUrl).POST("/v1/auth/break-glass", { body }));
  keepLogin(baseUrl, made.token);
  await show({ ends_at: made.ends_at }, options.output, async () => {
    return `You hold every role everywhere until ${made.ends_at}. Everything you do is on record.\nAfterwards: novacron logout, and novacron break-glass seal.`;
  });
}

function freezeText({ frozen, since, by, reason }: Schemas["Freeze"]): string {
  return frozen ? `All changes are frozen since ${since} by ${by}: ${reason}` : "Changes are allowed.";
}
