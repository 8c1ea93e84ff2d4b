import { setTimeout as sleep } from "node:timers/promises";
import { answerOf, type ConnectedApi, connectApi, type Schemas } from "../client.ts";
import { CliError } from "../failure.ts";
import { fields, show, table } from "../output.ts";
import type { CommonOptions } from "./options.ts";

type Operation = Schemas["Operation"];
type Item = Schemas["OperationItem"];

const pollMs = 500;

export async function listOperations(
  options: CommonOptions & { state?: Schemas["OperationRow"]["state"] },
): Promise<void> {
  const { api } = connectApi(options);
  const query = { limit: 100, ...(options.state ? { state: options.state } : {}) };
  const page = await answerOf(api.GET("/v1/operations", { params: { query } }));
  await show(page, options.output, ({ items }) =>
    table(
      items,
      [
        { head: "ID", value: (row) => row.operation_id },
        { head: "WHAT", value: (row) => row.kind },
        { head: "STATE", value: (row) => row.state },
        { head: "VMS", align: "right", value: (row) => row.total },
        { head: "DONE", align: "right", value: (row) => row.done },
        { head: "FAILED", align: "right", value: (row) => row.failed },
        { head: "BY", value: (row) => row.created_by },
        { head: "STARTED", value: (row) => row.created_at },
      ],
      "No operations.",
    ),
  );
}

export async function showOperation(id: string, options: CommonOptions & { watch?: boolean }): Promise<void> {
  const connected = connectApi(options);
  const operation = options.watch ? await watchOperation(connected, id) : await readOperation(connected, id);
  await show(operation, options.output, describeOperation);
  if (options.watch) requireDone(operation);
}

export async function cancelOperation(id: string, options: CommonOptions): Promise<void> {
  const { api } = connectApi(options);
  const told = await answerOf(api.POST("/v1/operations/{id}/cancel", { params: { path: { id } } }));
  await show(told, options.output, describeOperation);
}

/** Shows on stderr what its VMs are at, as it changes, until it has ended. */
export async function watchOperation(connected: ConnectedApi, id: string): Promise<Operation> {
  const told = new Map<number, string>();
  for (;;) {
    const operation = await readOperation(connected, id);
    for (const item of operation.items) {
      const line = describeItem(item);
      if (told.get(item.item) !== line && item.state !== "waiting") process.stderr.write(`${line}\n`);
      told.set(item.item, line);
    }
    if (operation.state !== "running") return operation;
    await sleep(pollMs);
  }
}

/** @throws CliError unless all of it is done. */
export function requireDone({ state, operation_id: id, done, total, items }: Operation): void {
  if (state === "done") return;
  const left = items.flatMap(({ problem }) => problem?.left_behind ?? []);
  const action =
    left.length > 0
      ? `Left behind:\n${left.map(({ resource, remove }) => `  ${resource}\n    remove it: ${remove}`).join("\n")}`
      : `See all of it: novacron operations show ${id}`;
  throw new CliError(`The operation is ${state}: ${done} of ${total} done`, action);
}

export async function describeOperation(operation: Operation): Promise<string> {
  const { operation_id: id, plan_id: plan, kind, state, done, failed, total, created_by: by, items } = operation;
  const rows = await table(
    items,
    [
      { head: "VM", value: (item) => item.name },
      { head: "SITE", value: (item) => item.site },
      { head: "ID", value: (item) => item.vm_id },
      { head: "STATE", value: (item) => item.state },
      { head: "DETAIL", value: (item) => item.problem?.message ?? item.step },
    ],
    "Nothing had to be done.",
  );
  const head = fields([
    ["Operation", id],
    ["Plan", plan],
    ["What", kind],
    ["State", state],
    ["Done", `${done} of ${total}${failed > 0 ? `, ${failed} failed` : ""}`],
    ["By", by],
  ]);
  return `${head}\n\n${rows}`;
}

function describeItem({ name, site, state, step, problem }: Item): string {
  const what = problem?.message ?? (state === "running" ? step : undefined);
  return `${name} at ${site}: ${state}${what ? `: ${what}` : ""}`;
}

function readOperation({ api }: ConnectedApi, id: string): Promise<Operation> {
  return answerOf(api.GET("/v1/operations/{id}", { params: { path: { id } } }));
}
