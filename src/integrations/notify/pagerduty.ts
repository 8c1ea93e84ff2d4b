import { subjectOf } from "../../domain/notification.ts";
import { toWire } from "../../domain/wire.ts";
import { post, type Send } from "./delivery.ts";

/** https://developer.pagerduty.com/docs/events-api-v2/trigger-events/ */
export const pagerDutyUrl = "https://events.pagerduty.com/v2/enqueue";
/** `summary` and `dedup_key` are cut there otherwise, or refused. */
const longestSummary = 1_024;
const longestKey = 255;

/** One incident for each group: `dedup_key` opens it once, and its end resolves it. */
export function pagerDuty(settings: { url: () => Promise<string>; channel: string; key: () => Promise<string> }): Send {
  return async (notification, signal) => {
    const { state, groupKey, severity, at, rule, firing, resolved } = notification;
    const [first] = state === "firing" ? firing : resolved;
    const event = {
      routing_key: await settings.key(),
      event_action: state === "firing" ? "trigger" : "resolve",
      dedup_key: `novacron/${groupKey}`.slice(0, longestKey),
      client: "NovaCron",
      payload: {
        summary: subjectOf(notification).slice(0, longestSummary),
        source: first === undefined ? "novacron" : `${first.site}/${first.resourceId}`,
        severity,
        timestamp: at,
        group: groupKey,
        class: rule,
        custom_details: toWire(notification),
      },
    };
    const resource = `pagerduty:${settings.channel}`;
    await post({ url: await settings.url(), resource }, JSON.stringify(event), {}, signal);
  };
}
