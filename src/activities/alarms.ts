import { Context } from "@temporalio/activity";
import type { CloudAlarm, CloudAlarmRequest } from "../domain/cloud-alarm.ts";
import { ProviderError } from "../domain/errors.ts";
import { tagKeys } from "../domain/vm.ts";
import type { AlarmsFacet } from "../providers/alarms-facet.ts";
import type { SiteDeps } from "./deps.ts";

/** The alarms of sites themselves. */
export function alarmActivities({ registry }: SiteDeps) {
  return {
    async listAlarms(input: { site: string }): Promise<CloudAlarm[]> {
      const facet = await facetOf(input.site, "list alarms");
      return Array.fromAsync(facet.listAlarms(Context.current().cancellationSignal));
    },

    async createAlarm(input: { site: string; alarm: CloudAlarmRequest; key: string }): Promise<CloudAlarm> {
      const { site, alarm, key } = input;
      const facet = await facetOf(site, "create alarm");
      const tags = { [tagKeys.managed]: "true" };
      return facet.createAlarm({ ...alarm, key, tags }, Context.current().cancellationSignal);
    },

    async deleteAlarm(input: { site: string; alarmId: string }): Promise<void> {
      const facet = await facetOf(input.site, "delete alarm");
      await facet.deleteAlarm(input.alarmId, Context.current().cancellationSignal);
    },
  };

  async function facetOf(site: string, operation: string): Promise<AlarmsFacet> {
    const { alarms, capabilities } = await registry.provider(site);
    if (alarms) return alarms;
    throw new ProviderError("UnsupportedCapability", {
      operation,
      resource: site,
      reason: capabilities.alarms ?? "the site has no alarms of its own",
      action: "Make an alert rule of NovaCron's (novacron alerts rules create).",
    });
  }
}
