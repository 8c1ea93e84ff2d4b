import { answerOf, connectApi, type Schemas } from "../client.ts";
import { followLogs, type LogLine } from "../event-stream.ts";
import { show } from "../output.ts";
import { momentOf } from "../units.ts";
import type { CommonOptions } from "./options.ts";

export interface LogOptions {
  readonly workflow?: string;
  readonly trace?: string;
  readonly request?: string;
  readonly site?: string;
  readonly level?: Schemas["LogLine"]["level"];
  readonly text?: string;
  readonly since?: string;
  readonly limit?: string;
  readonly follow?: boolean;
}

const mostInOnePage = 200;

/** Oldest first, as a person reads a story. */
export async function showLogs(options: CommonOptions & LogOptions): Promise<void> {
  const connected = connectApi(options);
  const { workflow, trace, request, site, level, text, since } = options;
  const named = {
    workflow_id: workflow,
    trace_id: trace,
    request_id: request,
    site,
    level,
    text,
    since: since === undefined ? undefined : momentOf(since),
  };
  const filter = Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined));
  const limit = Math.min(mostInOnePage, Number(options.limit ?? 100));
  const { items } = await answerOf(connected.api.GET("/v1/logs", { params: { query: { ...filter, limit } } }));
  const lines = [...items].reverse();
  await show(lines, options.output, (shown) => shown.map(textOf).join("\n") || "No lines.");
  if (!options.follow) return;
  const onInterruption = (reason: string) => process.stderr.write(`connecting again: ${reason}\n`);
  for await (const line of followLogs(connected, filter as Record<string, string>, { onInterruption })) {
    process.stdout.write(`${options.output === "table" ? textOf(line) : JSON.stringify(line)}\n`);
  }
}

function textOf(line: LogLine): string {
  const { at, level, process: from, message, site, vm_id: vm, activity, attempt, facts } = line;
  const about = [site, vm, activity && (attempt && attempt > 1 ? `${activity} (attempt ${attempt})` : activity)];
  const more = Object.entries(facts).filter(([name]) => !plumbing.has(name));
  const told = more.map(([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`);
  return [at, level.toUpperCase().padEnd(5), from.padEnd(6), ...about.filter(Boolean), message, ...told].join(" ");
}

/** What tells a machine where a line came from, and a person nothing. */
const plumbing: ReadonlySet<string> = new Set([
  "pid",
  "host",
  "span_id",
  "workflow_type",
  "sdk_component",
  "activity_id",
]);
