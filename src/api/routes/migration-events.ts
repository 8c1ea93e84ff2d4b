import { isMigrationEnded, type MigrationEvent, type MigrationState } from "../../domain/migration.ts";
import { toWire } from "../../domain/wire.ts";
import { openEventStream, readLastEventId } from "../event-stream.ts";
import { type Answer, route } from "../route.ts";
import { type ApiContext, idParams } from "./context.ts";
import { knownMigration } from "./migrations.ts";

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

        using stream = openEventStream(response, limits.heartbeatMs);
        for await (const event of store.migrations.subscribe(id, after, signal)) {
          await stream.write(format(event), signal);
          if (isMigrationEnded(event.data.state as MigrationState) && (await isLast(event.sequence))) break;
        }
        return undefined;
      },
    }),
  ];
}

function format(event: MigrationEvent): string {
  return `id: ${event.sequence}\nevent: ${event.type}\ndata: ${JSON.stringify(toWire(event))}\n\n`;
}
