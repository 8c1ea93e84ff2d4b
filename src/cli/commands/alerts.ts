import { answerOf, connectApi, type Schemas } from "../client.ts";
import { show, table } from "../output.ts";
import { readCount, readSeconds } from "../units.ts";
import type { CommonOptions } from "./options.ts";

type Alert = Schemas["Alert"];

export interface AlertFilter {
  readonly state?: Alert["state"];
  readonly rule?: string;
  readonly site?: string;
}

export async function listAlerts(options: CommonOptions & AlertFilter): Promise<void> {
  const { state, rule, site } = options;
  const query = { ...(state ? { state } : {}), ...(rule ? { rule } : {}), ...(site ? { site } : {}) };
  const answer = await answerOf(connectApi(options).api.GET("/v1/alerts", { params: { query } }));
  await show(answer, options.output, async ({ items, evaluated_at: at }) => {
    const rows = await table(
      items,
      [
        { head: "STATE", value: (row) => (row.silenced ? `${row.state} (silenced)` : row.state) },
        { head: "SEVERITY", value: (row) => row.severity },
        { head: "RULE", value: (row) => row.rule },
        { head: "RESOURCE", value: (row) => `${row.site}/${row.resource_id}` },
        { head: "VALUE", align: "right", value: (row) => row.value && Number(row.value.toPrecision(6)) },
        { head: "SINCE", value: (row) => row.since },
        { head: "", value: (row) => row.note ?? "" },
      ],
      "Nothing fires.",
    );
    return `${rows}\n\n${at === undefined ? "Rules were never looked at." : `Rules were looked at ${at}.`}`;
  });
}

export async function alertHistory(options: CommonOptions & AlertFilter & { limit: string }): Promise<void> {
  const { rule, site } = options;
  const query = { limit: readCount(options.limit), ...(rule ? { rule } : {}), ...(site ? { site } : {}) };
  const { items } = await answerOf(connectApi(options).api.GET("/v1/alerts/events", { params: { query } }));
  await show(items, options.output, (rows) =>
    table(
      rows,
      [
        { head: "AT", value: (row) => row.at },
        { head: "TO", value: (row) => row.to },
        { head: "RULE", value: (row) => row.rule_name },
        { head: "RESOURCE", value: (row) => `${row.site}/${row.resource_id}` },
        { head: "VALUE", align: "right", value: (row) => row.value && Number(row.value.toPrecision(6)) },
        { head: "", value: (row) => row.note ?? "" },
      ],
      "Nothing has fired yet.",
    ),
  );
}

/** One line a delivery: the log of who was told. */
export async function alertDeliveries(options: CommonOptions & AlertFilter & { limit: string }): Promise<void> {
  const { rule } = options;
  const query = { limit: readCount(options.limit), ...(rule ? { rule } : {}) };
  const { items } = await answerOf(connectApi(options).api.GET("/v1/alerts/notifications", { params: { query } }));
  await show(items, options.output, (found) =>
    table(
      found.flatMap((told) => told.deliveries.map((delivery) => ({ ...told, ...delivery, of: told.state }))),
      [
        { head: "AT", value: (row) => row.at },
        { head: "RULE", value: (row) => row.rule },
        { head: "SAYS", value: (row) => `${row.of}: ${row.firing.length} firing, ${row.resolved.length} resolved` },
        { head: "ACTION", value: (row) => row.action },
        { head: "DELIVERY", value: (row) => row.state },
        { head: "ATTEMPTS", align: "right", value: (row) => row.attempts },
        { head: "", value: (row) => row.last_error ?? "" },
      ],
      "Nobody was told anything yet.",
    ),
  );
}

export interface SilenceOptions {
  readonly rule?: string;
  readonly site?: string;
  readonly resource?: string;
  readonly severity?: Alert["severity"];
  readonly for: string;
  readonly reason: string;
}

export async function silence(options: CommonOptions & SilenceOptions): Promise<void> {
  const { rule, site, resource, severity, reason } = options;
  const until = new Date(Date.now() + readSeconds(options.for) * 1_000).toISOString();
  const body = {
    ...{ until, reason },
    ...(rule ? { rule } : {}),
    ...(site ? { site } : {}),
    ...(resource ? { resource_id: resource } : {}),
    ...(severity ? { severity } : {}),
  };
  const made = await answerOf(connectApi(options).api.POST("/v1/silences", { body }));
  await show(
    made,
    options.output,
    () => `Nobody is told until ${made.until}. novacron alerts unsilence ${made.silence_id} ends it.`,
  );
}

export async function listSilences(options: CommonOptions): Promise<void> {
  const { items } = await answerOf(connectApi(options).api.GET("/v1/silences"));
  await show(items, options.output, (rows) =>
    table(
      rows,
      [
        { head: "ID", value: (row) => row.silence_id },
        {
          head: "OF",
          value: (row) =>
            [row.rule_id, row.site, row.resource_id, row.severity].filter(Boolean).join(" ") || "everything",
        },
        { head: "UNTIL", value: (row) => row.until },
        { head: "BY", value: (row) => row.created_by },
        { head: "REASON", value: (row) => row.reason },
      ],
      "No silences.",
    ),
  );
}

export async function unsilence(id: string, options: CommonOptions): Promise<void> {
  const { api } = connectApi(options);
  const ended = await answerOf(api.DELETE("/v1/silences/{id}", { params: { path: { id } } }));
  await show(ended, options.output, () => "The silence is over; what still fires is told.");
}
