import { setTimeout as sleep } from "node:timers/promises";
import type * as z from "zod";
import type { ScopedResource } from "../../domain/access.ts";
import type { KeptLine } from "../../domain/log-line.ts";
import { toWire } from "../../domain/wire.ts";
import type { LogFilter } from "../../store/index.ts";
import { openEventStream, readLastEventId } from "../event-stream.ts";
import { type Access, type Answer, route } from "../route.ts";
import { logFilterQuery, logListQuery, logListSchema } from "../schemas/logs.ts";
import { type ApiContext, defaultPageSize, isPassing, notFound, requireReach } from "./context.ts";

/** Lines come in batches, a few a second. */
const lookEveryMs = 500;
const linesAtOnce = 500;
/** A process may keep a line so much later than it said it. */
const lateMs = 2_000;
/** Then the listener comes back with `Last-Event-ID`, and with credentials that are looked at again. */
const longestMs = 600_000;
const onlyReached =
  "Who does not reach the whole installation names the run (`workflow_id`) of a migration, a wave or an operation that they reach.";

export function logRoutes(context: ApiContext) {
  const { store, limits } = context;
  return [
    route({
      method: "get",
      path: "/v1/logs",
      operationId: "listLogs",
      tag: "logs",
      summary: "What the processes said, the newest first",
      description: onlyReached,
      permission: "logs:read",
      actor: "signed-in",
      audit: undefined,
      query: logListQuery,
      responses: { 200: { description: "One page", schema: logListSchema } },
      async handle({ query: { limit = defaultPageSize, cursor, ...filter }, access }): Promise<Answer> {
        const reached = await reachedFilter(context, access, filter);
        const body = reached ? await store.logs.list({ ...reached, limit, cursor }) : { items: [] };
        return { status: 200, body };
      },
    }),
    route({
      method: "get",
      path: "/v1/logs/events",
      operationId: "followLogs",
      tag: "logs",
      summary: "What the processes say, as server-sent events",
      description: `What is kept after \`Last-Event-ID\` (from now on without one). Each \`data\` is a LogLine. ${onlyReached}`,
      permission: "logs:read",
      actor: "signed-in",
      audit: undefined,
      query: logFilterQuery,
      responses: {
        200: {
          description: "The stream; it ends after ten minutes, or some seconds after `until`",
          mediaType: "text/event-stream",
        },
      },
      async handle({ query, access, request, response, signal }): Promise<undefined> {
        const given = request.get("last-event-id");
        const after = given === undefined ? await store.logs.last() : readLastEventId(given);
        const filter = await reachedFilter(context, access, query);
        if (!filter)
          throw notFound("run", query.workflow_id ?? "", "Name one of a migration, wave or operation that you reach.");
        using stream = openEventStream(response, limits.heartbeatMs);
        const ends = AbortSignal.any([signal, AbortSignal.timeout(longestMs)]);
        for await (const line of linesAfter(context, after, filter, ends)) {
          await stream.write(`id: ${line.sequence}\ndata: ${JSON.stringify(toWire(line))}\n\n`, signal);
        }
        return undefined;
      },
    }),
  ];
}

/** Undefined where the caller reaches none of it. @throws ProblemError Forbidden without a run, unless all is reached. */
async function reachedFilter(
  context: ApiContext,
  access: Access,
  query: z.output<typeof logFilterQuery>,
): Promise<LogFilter | undefined> {
  const { workflow_id: workflowId, trace_id: traceId, request_id: requestId, ...rest } = query;
  const filter: LogFilter = { ...rest, workflowId, traceId, requestId };
  if (access.covers({})) return filter;
  if (workflowId === undefined) requireReach(access, {});
  const subjects = await subjectsOf(context, workflowId ?? "");
  return subjects && access.covers(subjects) ? filter : undefined;
}

/** What a run acts on, by the first two parts of its id: runs that belong to another have its id in front. */
async function subjectsOf({ store }: ApiContext, workflowId: string): Promise<readonly ScopedResource[] | undefined> {
  const [kind, id = ""] = workflowId.split("/");
  if (kind === "migration") return (await store.migrations.getScoped(id))?.subjects;
  if (kind === "operation") return (await store.operations.getScoped(id))?.subjects;
  if (kind === "wave") return (await store.waves.getScoped(id))?.subjects;
  return kind === "plan" ? (await store.plans.get(id))?.subjects : undefined;
}

/** Ends with the signal. */
async function* linesAfter(
  { store }: ApiContext,
  after: number,
  filter: LogFilter,
  signal: AbortSignal,
): AsyncGenerator<KeptLine> {
  for (let last = after; !signal.aborted; ) {
    const isOver = filter.until !== undefined && Date.parse(filter.until) + lateMs < Date.now();
    const lines = await store.logs.after(last, filter, linesAtOnce).catch((error: unknown) => {
      if (isPassing(error)) return [];
      throw error;
    });
    for (const line of lines) {
      yield line;
      last = line.sequence;
    }
    if (lines.length === linesAtOnce) continue;
    if (isOver) return;
    await sleep(lookEveryMs, undefined, { signal }).catch(() => undefined);
  }
}
