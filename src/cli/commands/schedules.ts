import { randomUUID } from "node:crypto";
import { answerOf, connectApi } from "../client.ts";
import { show, table } from "../output.ts";
import { formatSeconds } from "../units.ts";
import type { CommonOptions } from "./options.ts";

export async function listSchedules(options: CommonOptions): Promise<void> {
  const { api } = connectApi(options);
  const { items } = await answerOf(api.GET("/v1/schedules"));
  await show(items, options.output, (schedules) =>
    table(
      schedules,
      [
        { head: "SCHEDULE", value: (line) => line.schedule_id },
        { head: "RUNS", value: ({ workflow }) => workflow },
        { head: "EVERY", align: "right", value: (line) => line.every_seconds && formatSeconds(line.every_seconds) },
        { head: "LAST", value: (line) => line.last_at },
        { head: "NEXT", value: (line) => (line.paused ? "paused" : line.next_at) },
      ],
      "Nothing is scheduled: no worker has started yet.",
    ),
  );
}

export async function triggerSchedule(id: string, options: CommonOptions): Promise<void> {
  const { api } = connectApi(options);
  const params = { path: { id }, header: { "Idempotency-Key": randomUUID() } };
  const begun = await answerOf(api.POST("/v1/schedules/{id}/trigger", { params }));
  await show(begun, options.output, async ({ schedule_id: scheduleId }) => `${scheduleId} is begun.`);
}
