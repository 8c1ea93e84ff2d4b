import * as z from "zod";
import type { CloudAlarmRequest } from "../../domain/cloud-alarm.ts";
import { fromWire } from "../../domain/wire.ts";
import { type Answer, route } from "../route.ts";
import { alarmBody, alarmListSchema, alarmParams, alarmSchema, deletedAlarmSchema } from "../schemas/alarms.ts";
import { siteId } from "../schemas/common.ts";
import { oneVm } from "../subjects.ts";
import { type ApiContext, configuredSite } from "./context.ts";

const siteParams = z.strictObject({ site: siteId });

/** The alarms that clouds have of their own. */
export function alarmRoutes(context: ApiContext) {
  const { runs } = context;
  return [
    route({
      method: "get",
      path: "/v1/sites/{site}/alarms",
      operationId: "listAlarms",
      tag: "alerts",
      summary: "The alarms that a site has of its own, ours or not, looked at now",
      permission: "alerts:read",
      actor: "signed-in",
      audit: undefined,
      params: siteParams,
      responses: { 200: { description: "All of them", schema: alarmListSchema } },
      async handle({ params: { site }, access }): Promise<Answer> {
        configuredSite(context, access, site, "whole");
        return { status: 200, body: { site, items: await runs.listAlarms({ site }) } };
      },
    }),
    route({
      method: "post",
      path: "/v1/sites/{site}/alarms",
      operationId: "createAlarm",
      tag: "alerts",
      summary: "Have a site watch a figure of one of its VMs by itself",
      description:
        "The cloud judges it and tells whom its actions name, whether or not NovaCron is there. What a kind of site can't is refused, with its reason.",
      permission: "alerts:write",
      actor: "signed-in",
      audit: "alarm.create",
      idempotent: true,
      params: siteParams,
      body: alarmBody,
      responses: { 201: { description: "As the site shows it", schema: alarmSchema } },
      async handle({ params: { site }, body, access, stableId }): Promise<Answer> {
        configuredSite(context, access, site, "whole");
        const { vm, ...asked } = body;
        const alarm = {
          ...fromWire<Omit<CloudAlarmRequest, "vmId">>(asked),
          vmId: await oneVm(context, { site, vm }, () => true),
        };
        const made = await runs.createAlarm({ site, alarm, key: stableId("alarm") });
        return { status: 201, body: made, after: made };
      },
    }),
    route({
      method: "delete",
      path: "/v1/sites/{site}/alarms/{alarm}",
      operationId: "deleteAlarm",
      tag: "alerts",
      summary: "Delete an alarm that NovaCron has made; one that is gone is fine",
      permission: "alerts:write",
      actor: "signed-in",
      audit: "alarm.delete",
      stepUp: true,
      idempotent: true,
      params: alarmParams,
      responses: { 200: { description: "Deleted", schema: deletedAlarmSchema } },
      async handle({ params: { site, alarm: alarmId }, access }): Promise<Answer> {
        configuredSite(context, access, site, "whole");
        await runs.deleteAlarm({ site, alarmId });
        return { status: 200, body: { site, alarmId }, after: { alarmId } };
      },
    }),
  ];
}
