import { listSchedules, triggerSchedule } from "../../temporal/listed-schedules.ts";
import { type Answer, route } from "../route.ts";
import { scheduleListSchema, triggeredSchema } from "../schemas/schedule.ts";
import { type ApiContext, idParams, notFound, requireReach } from "./context.ts";

/** What is done again and again by itself. */
export function scheduleRoutes({ temporal }: ApiContext) {
  return [
    route({
      method: "get",
      path: "/v1/schedules",
      operationId: "listSchedules",
      tag: "system",
      summary: "What is done by itself: how often, when last, with what outcome, when next",
      permission: "schedules:read",
      actor: "signed-in",
      audit: undefined,
      responses: { 200: { description: "All of them", schema: scheduleListSchema } },
      async handle({ access }): Promise<Answer> {
        requireReach(access, {});
        return { status: 200, body: { items: await listSchedules(temporal) } };
      },
    }),
    route({
      method: "post",
      path: "/v1/schedules/{id}/trigger",
      operationId: "triggerSchedule",
      tag: "system",
      summary: "Have it done now; one that is under way is not begun again",
      permission: "schedules:write",
      actor: "signed-in",
      audit: "schedule.trigger",
      // It reads, records and tidies up; what a schedule does to sites is held back by the freeze itself.
      duringFreeze: true,
      idempotent: true,
      params: idParams,
      responses: { 202: { description: "It is begun", schema: triggeredSchema } },
      async handle({ params: { id }, access }): Promise<Answer> {
        requireReach(access, {});
        if (!(await triggerSchedule(temporal, id))) throw notFound("schedule", id, "GET /v1/schedules lists them.");
        return { status: 202, body: { scheduleId: id } };
      },
    }),
  ];
}
