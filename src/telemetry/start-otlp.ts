import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import type { Otlp } from "./otlp/index.ts";
import type { Scrubber } from "./scrub.ts";

export interface OtlpTarget {
  readonly endpoint: string;
  /** Fetches `NAME=VALUE,NAME=VALUE`. */
  readonly headers?: (() => Promise<string>) | undefined;
  readonly metricsEveryMs: number;
}

/** As configured; `reveal` fetches a secret when it is needed. */
export function otlpTarget<Source>(
  configured:
    | { readonly endpoint: string; readonly headers?: Source | undefined; readonly metricsEveryMs: number }
    | undefined,
  reveal: (source: Source) => Promise<string>,
): OtlpTarget | undefined {
  if (!configured) return undefined;
  const { endpoint, headers, metricsEveryMs } = configured;
  return { endpoint, metricsEveryMs, headers: headers && (() => reveal(headers)) };
}

/** What sends to a collector, where there is one; loaded only then. */
export async function startOtlp(
  name: string,
  target: OtlpTarget | undefined,
  scrubber: Scrubber,
): Promise<Otlp | undefined> {
  if (!target) return undefined;
  const { Otlp: Sender } = await import("./otlp/index.ts");
  const { endpoint, headers, metricsEveryMs } = target;
  return new Sender({
    endpoint,
    metricsEveryMs,
    clean: (text) => scrubber.clean(text),
    async headers() {
      const wanted = headers ? readHeaders(await headers()) : {};
      for (const value of Object.values(wanted)) scrubber.remember(value);
      return wanted;
    },
    resource: { service: `novacron-${name}`, instance: instanceId(), version: ownVersion(), host: hostname() },
  });
}

/** As OTEL_EXPORTER_OTLP_HEADERS has them. */
export function readHeaders(text: string): Record<string, string> {
  const pairs = text.split(",").flatMap((part) => {
    const at = part.indexOf("=");
    return at > 0 ? [[part.slice(0, at).trim(), decoded(part.slice(at + 1).trim())] as const] : [];
  });
  return Object.fromEntries(pairs);
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

function instanceId(): string {
  return `${hostname()}/${process.pid}`;
}

function ownVersion(): string {
  const file = new URL("../../package.json", import.meta.url);
  return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
}
