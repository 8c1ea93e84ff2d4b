import { answerOf, connectApi, type Schemas } from "../client.ts";
import { confirm } from "../confirm.ts";
import { usageError } from "../failure.ts";
import { show, table } from "../output.ts";
import { readSeconds } from "../units.ts";
import { type LimitOptions, limitOf, signs } from "./alert-limits.ts";
import type { CommonOptions } from "./options.ts";

type Alarm = Schemas["Alarm"];

export interface AlarmOptions extends LimitOptions {
  readonly site: string;
  readonly vm?: string;
  readonly metric?: Schemas["AlarmRequest"]["metric"];
  readonly for: string;
  readonly action?: readonly string[];
}

export async function listAlarms(options: CommonOptions & { readonly site: string }): Promise<void> {
  const path = { site: options.site };
  const answer = await answerOf(connectApi(options).api.GET("/v1/sites/{site}/alarms", { params: { path } }));
  await show(answer, options.output, ({ items }) =>
    table(
      items,
      [
        { head: "STATE", value: (row) => (row.enabled ? (row.state ?? "not told") : "off") },
        { head: "NAME", value: (row) => row.name },
        { head: "CONDITION", value: conditionOf },
        { head: "VM", value: (row) => row.vm_id ?? "" },
        { head: "TELLS", value: (row) => row.actions.join(", ") || "nobody" },
        { head: "ID", value: (row) => row.alarm_id },
      ],
      `${options.site} has no alarms of its own.`,
    ),
  );
}

export async function createAlarm(name: string, options: CommonOptions & AlarmOptions): Promise<void> {
  const { site, vm, metric, action = [] } = options;
  const limit = limitOf(options);
  if (vm === undefined || metric === undefined || !limit) {
    throw usageError(
      "An alarm wants a VM, a metric and a limit",
      "Add --vm NAME, --metric NAME and one of --over, --under, --at-least, --at-most, --equals.",
    );
  }
  const duration = Math.round(readSeconds(options.for));
  const body = { name, vm, metric, ...limit, duration_seconds: duration, actions: [...action] };
  const { api } = connectApi(options);
  const made = await answerOf(api.POST("/v1/sites/{site}/alarms", { params: { path: { site } }, body }));
  await show(made, options.output, () => {
    const tells = made.actions.join(", ") || "nobody";
    return `${made.name} (${made.alarm_id}): ${conditionOf(made)}. ${site} watches it and tells ${tells}.`;
  });
}

export async function deleteAlarm(
  id: string,
  options: CommonOptions & { readonly site: string; readonly yes?: boolean },
): Promise<void> {
  const { site } = options;
  await confirm(`Delete the alarm ${id} of ${site}?`, options.yes ?? false);
  const { api } = connectApi(options);
  const path = { site, alarm: id };
  const deleted = await answerOf(api.DELETE("/v1/sites/{site}/alarms/{alarm}", { params: { path } }));
  await show(deleted, options.output, () => `${site} has no alarm ${id} any more.`);
}

function conditionOf({ metric, comparison, threshold, duration_seconds: duration }: Alarm): string {
  if (comparison === undefined || threshold === undefined) return metric;
  return `${metric} ${signs[comparison]} ${threshold}${duration ? ` for ${duration} s` : ""}`;
}
