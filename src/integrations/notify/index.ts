import { parseAction } from "../../domain/alert-rule.ts";
import { ProviderError } from "../../domain/errors.ts";
import type { Notification } from "../../domain/notification.ts";
import type { Send } from "./delivery.ts";
import { emailTo, type SmtpSettings } from "./email.ts";
import { pagerDuty, pagerDutyUrl } from "./pagerduty.ts";
import { slack } from "./slack.ts";
import { webhook } from "./webhook.ts";

/** Somewhere that people are told, by its name. Secrets are asked for whenever they are needed. */
export type NotifyChannel = { readonly name: string } & (
  | {
      readonly type: "pagerduty";
      readonly key: () => Promise<string>;
      readonly url?: (() => Promise<string>) | undefined;
    }
  | { readonly type: "slack"; readonly url: () => Promise<string> }
  | { readonly type: "webhook"; readonly url: () => Promise<string>; readonly key: () => Promise<string> }
);

export interface NotifySettings {
  readonly smtp?: SmtpSettings | undefined;
  readonly channels: readonly NotifyChannel[];
}

/** Tells people by the actions of rules: `email:ADDRESS`, `pagerduty:CHANNEL`, `slack:CHANNEL`, `webhook:CHANNEL`. */
export class Notifier {
  readonly #settings: NotifySettings;

  constructor(settings: NotifySettings) {
    this.#settings = settings;
  }

  /** @throws ProviderError InvalidInput for an action that is configured no more, and as the place says. */
  async send(action: string, notification: Notification, signal: AbortSignal): Promise<void> {
    await this.#way(action)(notification, signal);
  }

  #way(action: string): Send {
    const parsed = parseAction(action);
    if (!parsed) throw notConfigured(action, "it is no action", "Write it as email:, pagerduty:, slack: or webhook:.");
    const { kind, to } = parsed;
    const { smtp, channels } = this.#settings;
    if (kind === "email") {
      if (!smtp) throw notConfigured(action, "no mail server is configured", "Set alerting.smtp_url and smtp_from.");
      return emailTo(smtp, to);
    }
    const channel = channels.find((each) => each.name === to && each.type === kind);
    switch (channel?.type) {
      case "pagerduty":
        return pagerDuty({ url: channel.url ?? (async () => pagerDutyUrl), channel: to, key: channel.key });
      case "slack":
        return slack({ url: channel.url, channel: to });
      case "webhook":
        return webhook({ url: channel.url, channel: to, key: channel.key });
      case undefined:
        throw notConfigured(action, "no channel of that name and type is configured", "See alerting.channels.");
    }
  }
}

function notConfigured(action: string, reason: string, remedy: string): ProviderError {
  const operation = "deliver a notification";
  return new ProviderError("InvalidInput", { operation, resource: action, reason, action: remedy });
}
