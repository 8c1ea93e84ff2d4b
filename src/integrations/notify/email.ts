import { ProviderError } from "../../domain/errors.ts";
import { subjectOf, textOf } from "../../domain/notification.ts";
import { reasonOf, type Send } from "./delivery.ts";

export interface SmtpSettings {
  /** `smtp://HOST:PORT`, which takes STARTTLS where it is offered; `smtps://` is TLS from the first byte. */
  readonly url: string;
  readonly from: string;
  readonly user?: string | undefined;
  /** Asked for whenever it is needed, as it may be rotated. */
  readonly password?: (() => Promise<string>) | undefined;
}

const waitMs = 15_000;

/** One message to one address. Its Message-ID is the notification's, so that a mailbox can tell a repeat. */
export function emailTo(settings: SmtpSettings, address: string): Send {
  return async (notification, signal) => {
    const { createTransport } = await import("nodemailer");
    const { hostname, port, protocol } = new URL(settings.url);
    const secure = protocol === "smtps:";
    const pass = await settings.password?.();
    signal.throwIfAborted();
    const transport = createTransport({
      ...{ host: hostname, port: Number(port) || (secure ? 465 : 587), secure },
      // Credentials go over TLS only.
      ...(settings.user === undefined ? {} : { auth: { user: settings.user, pass: pass ?? "" }, requireTLS: !secure }),
      ...{ connectionTimeout: waitMs, greetingTimeout: waitMs, socketTimeout: waitMs },
    });
    const { notificationId, groupKey, severity, state } = notification;
    const domain = settings.from.split("@").at(-1)?.replace(/>$/, "") ?? "novacron";
    const end = () => transport.close();
    signal.addEventListener("abort", end);
    try {
      await transport.sendMail({
        ...{ from: settings.from, to: address, subject: subjectOf(notification), text: textOf(notification) },
        messageId: `<${notificationId}@${domain}>`,
        // One conversation from firing to resolved.
        references: `<group-${Buffer.from(groupKey).toString("base64url")}@${domain}>`,
        headers: { "X-NovaCron-State": state, "X-NovaCron-Severity": severity, "Auto-Submitted": "auto-generated" },
      });
    } catch (error) {
      signal.throwIfAborted();
      throw mailFailure(error, address);
    } finally {
      signal.removeEventListener("abort", end);
      transport.close();
    }
  };
}

/** 4xx is "try again later", 5xx is final (RFC 5321, 4.2.1); without an answer the server was not reached. */
function mailFailure(error: unknown, address: string): ProviderError {
  const { responseCode, code } = error as { responseCode?: number; code?: string };
  const isFinal = responseCode === undefined ? code === "EAUTH" || code === "EENVELOPE" : responseCode >= 500;
  return new ProviderError(isFinal ? "InvalidInput" : "Unavailable", {
    operation: "deliver a notification",
    resource: `email:${address}`,
    reason: reasonOf(error),
    action: isFinal
      ? "Look at the address, and at alerting.smtp_* of the configuration."
      : "Nothing: it is tried again.",
    cause: error,
  });
}
