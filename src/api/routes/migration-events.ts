import type { Response } from "express";
import { isMigrationEnded, type MigrationEvent, type MigrationState } from "../../domain/migration.ts";
import { toWire } from "../../domain/wire.ts";
import { ProblemError } from "../problem.ts";
import { type Answer, route } from "../route.ts";
import { type ApiContext, idParams } from "./context.ts";
import { knownMigration } from "./migrations.ts";

/** How soon an EventSource comes back after a broken connection. */
const reconnectMs = 1_000;

export function eventRoutes(context: ApiContext) {
  const { store, limits } = context;
  return [
    route({
      method: "get",
      path: "/v1/migrations/{id}/events",
      operationId: "followMigration",
      tag: "migrations",
      summary: "A migration's story as server-sent events",
      description:
        "Everything after `Last-Event-ID` (from the beginning without one), then what happens, until a terminal state. Each `data` is a MigrationEvent. 204: nothing more will come.",
      permission: "migrations:read",
      actor: "signed-in",
      audit: undefined,
      params: idParams,
      responses: {
        200: { description: "The stream", mediaType: "text/event-stream" },
        204: { description: "It has ended and all of it was seen" },
      },
      async handle({ params: { id }, access, request, response, signal }): Promise<Answer | undefined> {
        const after = readLastEventId(request.get("last-event-id"));
        const { state } = await knownMigration(context, access, id);
        const isLast = async (sequence: number) => (await store.migrations.events(id, sequence, 1)).length === 0;
        if (isMigrationEnded(state) && (await isLast(after))) return { status: 204 };

        response.status(200).setHeader("Content-Type", "text/event-stream; charset=utf-8");
        response.setHeader("X-Accel-Buffering", "no");
        response.write(`retry: ${reconnectMs}\n\n`);
        const heartbeat = setInterval(() => response.write(": alive\n\n"), limits.heartbeatMs);
        try {
          for await (const event of store.migrations.subscribe(id, after, signal)) {
            await write(response, format(event), signal);
            if (isMigrationEnded(event.data.state as MigrationState) && (await isLast(event.sequence))) break;
          }
        } finally {
          clearInterval(heartbeat);
          response.end();
        }
        return undefined;
      },
    }),
  ];
}

function format(event: MigrationEvent): string {
  return `id: ${event.sequence}\nevent: ${event.type}\ndata: ${JSON.stringify(toWire(event))}\n\n`;
}

function readLastEventId(header: string | undefined): number {
  if (header === undefined || header === "") return 0;
  const sequence = Number(header);
  if (Number.isSafeInteger(sequence) && sequence >= 0) return sequence;
  throw new ProblemError("InvalidInput", {
    detail: "Last-Event-ID is not the id of an event of this stream",
    action: "Send the newest `id` that was received, or leave the header out.",
  });
}

/** Waits for a slow reader instead of buffering for it. */
async function write(response: Response, text: string, signal: AbortSignal): Promise<void> {
  if (response.write(text) || signal.aborted) return;
  await new Promise<void>((resolve) => {
    const done = () => {
      response.off("drain", done);
      signal.removeEventListener("abort", done);
      resolve();
    };
    response.once("drain", done);
    signal.addEventListener("abort", done);
  });
}
