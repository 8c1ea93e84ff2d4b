import type { ActivityDeps } from "../activities/deps.ts";
import type { Config } from "../config/config.ts";
import { ProviderError } from "../domain/errors.ts";
import { beat } from "../integrations/notify/heartbeat.ts";
import { Notifier, type NotifyChannel } from "../integrations/notify/index.ts";
import type { createSecrets } from "../integrations/secrets/create.ts";

type Secrets = ReturnType<typeof createSecrets>;

/** What tells people, as the configuration says. */
export function alertNotifier({ alerting, webhooks, policies }: Config, secrets: Secrets): ActivityDeps["notify"] {
  const { smtp, channels, heartbeatUrl } = alerting;
  const notifier = new Notifier({
    ...(smtp ? { smtp: { ...smtp, password: smtp.password && revealing(secrets, smtp.password) } } : {}),
    channels: channels.map((channel): NotifyChannel => {
      const { name } = channel;
      if (channel.type === "pagerduty") {
        const url = channel.url && revealing(secrets, channel.url);
        return { name, type: "pagerduty", key: revealing(secrets, channel.key), url };
      }
      const url = revealing(secrets, channel.url);
      if (channel.type === "slack") return { name, type: "slack", url };
      return {
        name,
        type: "webhook",
        url,
        key: async () => keyOf(webhooks.key && (await secrets.reveal(webhooks.key))),
      };
    }),
  });
  return {
    findings: policies.notify,
    send: (action, notification, signal) => notifier.send(action, notification, signal),
    ...(heartbeatUrl ? { beat: async (signal: AbortSignal) => beat(await secrets.reveal(heartbeatUrl), signal) } : {}),
  };
}

function revealing(secrets: Secrets, secret: Parameters<Secrets["reveal"]>[0]): () => Promise<string> {
  return () => secrets.reveal(secret);
}

function keyOf(key: string | undefined): string {
  if (key !== undefined) return key;
  throw new ProviderError("InvalidInput", {
    operation: "deliver a notification",
    resource: "webhooks.key",
    reason: "there is no key to sign with",
    action: "Set webhooks.key in the configuration.",
  });
}
