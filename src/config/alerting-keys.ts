import { actionProblem, type NotifyTarget } from "../domain/alert-rule.ts";
import { ConfigError } from "./config-error.ts";
import type { Config } from "./config-types.ts";
import type { ConfigKey } from "./keys.ts";
import type { FileContent } from "./schema.ts";
import { type ConfigSource, formatPath, type Path } from "./source.ts";

const test = "alerting says where people are told";
const secretly = "Kept secret: never logged, shown or stored.";

/** `alerting`: how people are told of alerts. */
export const alertingKeys: Readonly<Record<string, ConfigKey>> = {
  "alerting.interval": {
    description: "How often all rules are looked at, and our own work is measured.",
    unit: "duration",
    default: "30s",
    example: "15s",
    effect: { now: "the worker's watch over alerts" },
    test,
  },
  "alerting.smtp_url": {
    description:
      "The mail server for `email:` actions. `smtp://` takes STARTTLS where it is offered, `smtps://` is TLS from the start.",
    example: "smtp://mail.internal:587",
    effect: { now: "workers hand messages to it" },
    test,
  },
  "alerting.smtp_from": {
    description: "Whom messages are from. Needed with a mail server.",
    example: "NovaCron <novacron@example.com>",
    effect: { now: "the sender of messages" },
    test,
  },
  "alerting.smtp_user": {
    description: "Who we are to the mail server. With one, TLS is required.",
    example: "novacron",
    effect: { now: "signs in at the mail server" },
    test,
  },
  "alerting.smtp_password": {
    description: `The password for it. ${secretly}`,
    example: "${A_VARIABLE}",
    effect: { now: "signs in at the mail server; fetched anew each time, as it may be rotated" },
    test,
  },
  "alerting.channels[].name": {
    description: "Name of a place that rules' actions call: `pagerduty:NAME`, `slack:NAME`, `webhook:NAME`.",
    example: "oncall",
    effect: { now: "names the channel in rules" },
    test,
  },
  "alerting.channels[].type": {
    description:
      "`pagerduty` (Events API v2), `slack` (an incoming webhook) or `webhook` (JSON, signed with `webhooks.key`).",
    example: "pagerduty",
    effect: { now: "how it is told" },
    test,
  },
  "alerting.channels[].key": {
    description: `PagerDuty's integration key (its routing key). ${secretly}`,
    example: "${A_VARIABLE}",
    effect: { now: "goes with each event" },
    test,
  },
  "alerting.channels[].url": {
    description: `Where a webhook is called; of Slack, the incoming webhook's URL; of PagerDuty another address than its own. ${secretly}`,
    example: "https://hooks.example.com/novacron",
    effect: { now: "workers POST there" },
    test,
  },
  "alerting.heartbeat_url": {
    description: `A dead man's switch: somebody outside who raises the alarm when nobody POSTs there any more. ${secretly}`,
    example: "https://hc-ping.example.com/0d3a",
    effect: { now: "the worker POSTs there after all rules were looked at" },
    test,
  },
  "alerting.heartbeat_interval": {
    description: "How often it is told.",
    unit: "duration",
    default: "1m",
    example: "5m",
    effect: { now: "the worker's watch over alerts" },
    test,
  },
};

/** @throws ConfigError for a channel that lacks what its type needs, and for two of one name and type. */
export function toAlerting(content: FileContent, source: ConfigSource): Config["alerting"] {
  const { alerting: given } = content;
  const { smtp_url: url, smtp_from: from, smtp_user: user, smtp_password: password } = given;
  if (url !== undefined && from === undefined) {
    throw refusal(source, ["alerting"], "smtp_from is missing", "Say whom messages are from.");
  }
  const channels = (given.channels ?? []).map((channel, index): Config["alerting"]["channels"][number] => {
    const { name, type, key, url: at } = channel;
    const refuse = (problem: string, fix: string) => refusal(source, ["alerting", "channels", index], problem, fix);
    const isTwin = given.channels?.some((other, at) => at < index && other.name === name && other.type === type);
    if (isTwin) throw refuse(`there is another ${type} channel ${name}`, "Give one of them another name.");
    if (type === "pagerduty") {
      if (!key) throw refuse("its key is missing", "Add the integration key of PagerDuty's service.");
      return { name, type, key, ...(at === undefined ? {} : { url: at }) };
    }
    if (!at) throw refuse("its url is missing", "Add the URL that is called.");
    if (type === "webhook" && !content.webhooks?.key) {
      throw refuse("there is no key to sign its calls with", "Set webhooks.key.");
    }
    return { name, type, url: at };
  });
  return {
    intervalMs: given.interval,
    ...(url === undefined || from === undefined ? {} : { smtp: { url, from, user, password } }),
    channels,
    heartbeatUrl: given.heartbeat_url,
    heartbeatMs: given.heartbeat_interval,
  };
}

/** @throws ConfigError for somebody that `alerting` can't tell. */
export function toPolicies(content: FileContent, source: ConfigSource): Config["policies"] {
  const { scan_interval: scanIntervalMs, notify } = content.policies;
  const targets = targetsOf({ alerting: toAlerting(content, source) });
  for (const [index, action] of notify.entries()) {
    const problem = actionProblem(action, targets);
    const fix = "Name somebody that alerting has, or add it there.";
    if (problem !== undefined) throw refusal(source, ["policies", "notify", index], problem, fix);
  }
  return { scanIntervalMs, notify };
}

/** What rules may name. */
export function targetsOf({ alerting }: Pick<Config, "alerting">): readonly NotifyTarget[] {
  const mail: readonly NotifyTarget[] = alerting.smtp ? [{ kind: "email" }] : [];
  return [...mail, ...alerting.channels.map(({ type, name }): NotifyTarget => ({ kind: type, name }))];
}

function refusal(source: ConfigSource, path: Path, problem: string, fix: string): ConfigError {
  return new ConfigError({ file: source.file, ...source.position(path), key: formatPath(path), problem, fix });
}
