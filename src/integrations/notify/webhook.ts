import { createHmac } from "node:crypto";
import { signedText, webhookHeaders } from "../../domain/webhook.ts";
import { toWire } from "../../domain/wire.ts";
import { post, type Send } from "./delivery.ts";

/** The whole notification as JSON, signed as the scripts of recovery plans are called: HMAC-SHA-256 over `TIMESTAMP.BODY`. */
export function webhook(settings: { url: () => Promise<string>; channel: string; key: () => Promise<string> }): Send {
  return async (notification, signal) => {
    const body = JSON.stringify(toWire(notification));
    const at = Math.floor(Date.now() / 1_000);
    const signature = createHmac("sha256", await settings.key())
      .update(signedText(at, body))
      .digest("hex");
    const headers = webhookHeaders(notification.notificationId, at, signature);
    await post({ url: await settings.url(), resource: `webhook:${settings.channel}` }, body, headers, signal);
  };
}
