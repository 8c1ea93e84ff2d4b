import { subjectOf, textOf } from "../../domain/notification.ts";
import { post, type Send } from "./delivery.ts";

/** A section's text ends there: https://docs.slack.dev/reference/block-kit/blocks/section-block */
const longestText = 2_900;

/** An incoming webhook, whose URL is the secret: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks */
export function slack(settings: { url: () => Promise<string>; channel: string }): Send {
  return async (notification, signal) => {
    const text = escapeText(textOf(notification)).slice(0, longestText);
    const subject = escapeText(subjectOf(notification));
    const body = {
      text: subject,
      blocks: [
        { type: "section", text: { type: "mrkdwn", text: `*${subject}*` } },
        { type: "section", text: { type: "mrkdwn", text } },
      ],
    };
    const where = { url: await settings.url(), resource: `slack:${settings.channel}` };
    await post(where, JSON.stringify(body), {}, signal);
  };
}

/** The three signs that mean something to Slack: https://docs.slack.dev/messaging/formatting-message-text */
function escapeText(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
