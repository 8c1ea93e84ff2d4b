import { chmodSync, lstatSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { searchAttributes } from "../domain/search-attributes.ts";
import { toolAccount } from "./account.ts";
import { makeToolDir } from "./paths.ts";
import { freePorts } from "./ports.ts";
import type { LaunchSpec, RunningServer } from "./server.ts";
import { startServer } from "./server.ts";

/** The CLI's words for the types of search attributes. */
const typeNames = { KEYWORD: "Keyword", INT: "Int" } as const;

/** Without these the dev server's queue readers poll 20 times a second, about 40 ms for every dispatch. */
const dynamicConfig = [
  "history.transferProcessorMaxPollRPS=1000",
  "history.timerProcessorMaxPollRPS=1000",
  "history.visibilityProcessorMaxPollRPS=1000",
  "system.enableActivityEagerExecution=true",
];

export interface TemporalPorts {
  readonly frontend: number;
  readonly http: number;
  readonly ui: number;
  readonly metrics: number;
}

export interface TemporalOptions {
  /** The folder that keeps the database and, for {@link startTemporal}, the log. */
  readonly dir: string;
  /** The Temporal CLI. */
  readonly program: string;
  /** Free ones are chosen when left out. */
  readonly ports?: TemporalPorts;
  readonly namespace?: string;
  /** Where the web UI has payloads decrypted. */
  readonly codecEndpoint?: string;
  /** Leaves the web UI out. Default false. */
  readonly headless?: boolean;
}

export interface TemporalServer extends RunningServer {
  /** `host:port` of the frontend. */
  readonly address: string;
  readonly uiUrl: string | undefined;
  readonly ports: TemporalPorts;
}

export async function freeTemporalPorts(): Promise<TemporalPorts> {
  const [frontend = 0, http = 0, ui = 0, metrics = 0] = await freePorts(4);
  return { frontend, http, ui, metrics };
}

/**
 * Starts Temporal's dev server with a database file, so that a kill and a restart on the same folder carry on.
 * @throws ProviderError when it can't be started; the reason holds the log's end.
 */
export async function startTemporal(options: TemporalOptions): Promise<TemporalServer> {
  const ports = options.ports ?? (await freeTemporalPorts());
  const server = await startServer(prepareTemporal({ ...options, ports }), join(options.dir, "temporal.log"));
  return {
    ...server,
    ports,
    address: `127.0.0.1:${ports.frontend}`,
    uiUrl: options.headless ? undefined : `http://127.0.0.1:${ports.ui}`,
  };
}

/** Makes the folder the server needs and says how to start it. */
export function prepareTemporal(options: TemporalOptions & { ports: TemporalPorts }): LaunchSpec {
  const { ports, namespace = "default" } = options;
  const account = toolAccount();
  mkdirSync(options.dir, { recursive: true, mode: 0o711 });
  if (account && lstatSync(options.dir).uid === 0) {
    chmodSync(options.dir, lstatSync(options.dir).mode | 0o011);
  }
  const data = makeToolDir(join(options.dir, "data"));
  const args = [
    ["server", "start-dev", "--disable-config-file", "--disable-config-env"],
    ["--ip", "127.0.0.1", "--port", String(ports.frontend), "--http-port", String(ports.http)],
    ["--metrics-port", String(ports.metrics), "--namespace", namespace],
    ["--db-filename", join(data, "temporal.db"), "--log-level", "warn", "--log-format", "json"],
    options.headless ? ["--headless"] : ["--ui-ip", "127.0.0.1", "--ui-port", String(ports.ui)],
    options.codecEndpoint && !options.headless ? ["--ui-codec-endpoint", options.codecEndpoint] : [],
    dynamicConfig.flatMap((value) => ["--dynamic-config-value", value]),
    Object.entries(searchAttributes).flatMap(([name, type]) => ["--search-attribute", `${name}=${typeNames[type]}`]),
  ].flat();
  return {
    name: "temporal",
    program: options.program,
    args,
    env: { PATH: "/usr/bin:/bin", HOME: data, LANG: "C.UTF-8" },
    cwd: dirname(data),
    ...(account ? { uid: account.uid, gid: account.gid } : {}),
    stopSignal: "SIGTERM",
    stopGraceMs: 10_000,
    ready: () => serves(ports.http, namespace),
    readyWithinMs: 60_000,
    // A killed predecessor may hold the ports for a moment.
    startAttempts: 8,
  };
}

/** The namespace and all our search attributes are there. */
async function serves(httpPort: number, namespace: string): Promise<boolean> {
  try {
    const url = `http://127.0.0.1:${httpPort}/api/v1/namespaces/${namespace}/search-attributes`;
    const answer = await fetch(url, { signal: AbortSignal.timeout(2_000) });
    const body = (await answer.json()) as { customAttributes?: Record<string, string> };
    return answer.ok && Object.keys(searchAttributes).every((name) => body.customAttributes?.[name] !== undefined);
  } catch {
    return false;
  }
}
