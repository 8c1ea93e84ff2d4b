import { randomUUID } from "node:crypto";
import { allPages, answerOf, connectApi, type Schemas } from "../client.ts";
import { confirm } from "../confirm.ts";
import { usageError } from "../failure.ts";
import { fields, show, table } from "../output.ts";
import type { CommonOptions } from "./options.ts";

type Sample = Schemas["HealthSample"];

export async function showHealth(site: string, options: CommonOptions): Promise<void> {
  const { api } = connectApi(options);
  const health = await answerOf(api.GET("/v1/sites/{site}/health", { params: { path: { site } } }));
  await show(health, options.output, async ({ verdict, reasons, failure_domain: domain, vantages, ...rest }) =>
    [
      fields([
        ["site", site],
        ["failure domain", domain],
        ["verdict", verdict],
        ["since", rest.decided_at],
        ["automatic failover", rest.automatic_failover ? "possible" : "off: too few failure domains look at it"],
      ]),
      ...reasons.map((reason) => `  ${reason}`),
      "",
      await table(
        vantages,
        [
          { head: "FROM", value: ({ vantage }) => vantage },
          { head: "DOMAIN", value: (sample) => sample.failure_domain },
          { head: "SEES", value: ({ sees }) => sees },
          { head: "AT", value: ({ at }) => at },
          { head: "PROBES", value: probesOf },
        ],
        "Nobody looks at it now: no group that is protected is served there.",
      ),
    ].join("\n"),
  );
}

export async function listDecisions(site: string, options: CommonOptions): Promise<void> {
  const { api } = connectApi(options);
  const items = await allPages(async (cursor) => {
    const query = cursor === undefined ? {} : { cursor };
    return answerOf(api.GET("/v1/sites/{site}/health/decisions", { params: { path: { site }, query } }));
  });
  await show({ items }, options.output, () =>
    table(
      items,
      [
        { head: "AT", value: ({ at }) => at },
        { head: "DECISION", value: (decision) => decision.decision_id },
        { head: "GROUP", value: (decision) => decision.group_id },
        { head: "VERDICT", value: ({ verdict }) => verdict },
        {
          head: "ACTION",
          value: ({ action, answer }) => (answer ? `${action}, ${answer.failover ? "yes" : "no"}` : action),
        },
        { head: "WHY", value: ({ reasons }) => reasons[0] },
      ],
      "Nothing was decided about it.",
    ),
  );
}

export async function answerOutage(
  site: string,
  decision: string,
  options: CommonOptions & { failover?: boolean; madeSureOf?: string; yes?: boolean },
): Promise<void> {
  const { failover } = options;
  if (failover === undefined) throw usageError("An answer is yes or no", "Add --failover or --no-failover.");
  const { api } = connectApi(options);
  if (failover) {
    const all = await answerOf(api.GET("/v1/sites/{site}/health/decisions", { params: { path: { site } } }));
    const asked = all.items.find(({ decision_id: id }) => id === decision);
    for (const each of asked?.make_sure_of ?? []) process.stderr.write(`Make sure that ${each}.\n`);
    await confirm("Is all of that so?", options.yes ?? false);
  }
  const params = { path: { site, decision }, header: { "Idempotency-Key": randomUUID() } };
  const body = { failover, ...(options.madeSureOf === undefined ? {} : { made_sure_of: options.madeSureOf }) };
  const answered = await answerOf(api.POST("/v1/sites/{site}/health/decisions/{decision}/answer", { params, body }));
  await show(answered, options.output, () => (failover ? "The failover begins." : "Nothing is done."));
}

export async function releaseGroup(
  group: string,
  options: CommonOptions & { madeSureOf?: string; yes?: boolean },
): Promise<void> {
  const { madeSureOf } = options;
  if (madeSureOf === undefined) {
    throw usageError(
      "Say what you made sure of",
      'For example --made-sure-of "the link is back, and nothing else runs as shop".',
    );
  }
  const { api } = connectApi(options);
  await confirm(`Release the VMs of ${group}, so that they may be started again`, options.yes ?? false);
  const params = { path: { id: group }, header: { "Idempotency-Key": randomUUID() } };
  const body = { made_sure_of: madeSureOf };
  const released = await answerOf(api.POST("/v1/protection-groups/{id}/release", { params, body }));
  await show(
    released,
    options.output,
    ({ site, vm_ids: ids }) =>
      `Released at ${site}: ${ids.join(", ")}. They are off; start them with novacron vms start.`,
  );
}

export async function showLease(group: string, options: CommonOptions): Promise<void> {
  const { api } = connectApi(options);
  const found = await answerOf(api.GET("/v1/protection-groups/{id}/lease", { params: { path: { id: group } } }));
  await show(found, options.output, ({ at, lease }) =>
    fields([
      ["group", group],
      ["lies at", at],
      ["holder", lease?.holder ?? "none yet"],
      ["epoch", lease?.epoch],
      [
        "watchdog",
        lease && (lease.watched ? `cuts off after ${lease.duration_ms / 1_000} s` : "none stands behind it"),
      ],
      ["renewed", lease?.renewed_at],
      ["taken", lease?.taken_at],
      ["because", lease?.proof],
      ["confirmed by", lease?.confirmed_by],
    ]),
  );
}

function probesOf({ probes }: Sample): string {
  return probes.map(({ target, result, reason }) => `${target} ${result}${reason ? ` (${reason})` : ""}`).join("; ");
}
