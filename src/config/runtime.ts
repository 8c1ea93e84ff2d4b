import { z } from "zod";
import { ConfigError } from "./config-error.ts";

const port = z.coerce.number().int().min(0).max(65_535);
const text = z.string().min(1);

const runtimeSchema = z.object({
  NOVACRON_INSTANCE_DIR: text.optional(),
  DATABASE_URL: text.optional(),
  TEMPORAL_ADDRESS: text.default("127.0.0.1:7233"),
  TEMPORAL_NAMESPACE: text.default("default"),
  TEMPORAL_UI_URL: text.optional(),
  NOVACRON_CONSOLE_DIR: text.optional(),
  NOVACRON_PAYLOAD_KEYS: text.optional(),
  NOVACRON_CONFIG: text.optional(),
  NOVACRON_SITES: text.optional(),
  NOVACRON_API_HOST: text.optional(),
  NOVACRON_API_PORT: port.optional(),
  NOVACRON_TOKEN_FILE: text.optional(),
  NOVACRON_TOOLS: text.optional(),
  NOVACRON_SITE_DIR: text.optional(),
  NOVACRON_JOIN_TOKEN_FILE: text.optional(),
  NOVACRON_DATA_LISTEN: text.optional(),
  NOVACRON_WATCHDOG: z.enum(["true", "false"]).optional(),
  NOVACRON_DATA_ADDRESS: text.optional(),
  NOVACRON_PROXY_DIR: text.optional(),
  NOVACRON_PROXY_LISTENERS: text.optional(),
  NOVACRON_PROXY_CONTROL: text.optional(),
  NOVACRON_PROXY_CERT_FILE: text.optional(),
  NOVACRON_PROXY_KEY_FILE: text.optional(),
  NOVACRON_LOG_LEVEL: z.enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"]).optional(),
});

/** The settings of one process, from its environment. What the process can't do without, it asks {@link required} for. */
export interface Runtime {
  readonly instanceDir?: string;
  readonly databaseUrl?: string;
  readonly temporalAddress: string;
  readonly temporalNamespace: string;
  readonly temporalUiUrl?: string;
  /** Folder with the console's build, which the API serves. */
  readonly consoleDir?: string;
  /** File with the keys that encrypt payloads, where the configuration names none. */
  readonly payloadKeysFile?: string;
  /** Path of the YAML configuration file. */
  readonly configFile?: string;
  /** Path of the JSON file with the sandbox's providers. */
  readonly sitesFile?: string;
  /** Wins over the configuration's `api.host`. */
  readonly apiHost?: string;
  /** Wins over the configuration's `api.port`. 0: any free port. */
  readonly apiPort?: number;
  readonly tokenFile?: string;
  readonly toolsManifest?: string;
  /** Of a worker of a site: the folder that is its own. */
  readonly siteDir?: string;
  /** What it joins with, the first time. */
  readonly joinTokenFile?: string;
  /** `HOST:PORT` that it takes connections of other sites' workers at, and how they reach that. */
  readonly dataListen?: string;
  readonly dataAddress?: string;
  /** `true`: it stands behind the leases of its site's protected groups, and cuts them off. */
  readonly watchdog?: "true" | "false";
  /** Of a proxy: the folder that is its own, and one listener a line. */
  readonly proxyDir?: string;
  readonly proxyListeners?: string;
  /** `HOST:PORT`, or the path of a socket, that it takes orders at. */
  readonly proxyControl?: string;
  /** What it shows there, in PEM. */
  readonly proxyCertFile?: string;
  readonly proxyKeyFile?: string;
  /** Wins over the configuration's `logging.level`. */
  readonly logLevel?: "trace" | "debug" | "info" | "warn" | "error" | "fatal" | "silent";
}

const variables = {
  instanceDir: "NOVACRON_INSTANCE_DIR",
  databaseUrl: "DATABASE_URL",
  temporalAddress: "TEMPORAL_ADDRESS",
  temporalNamespace: "TEMPORAL_NAMESPACE",
  temporalUiUrl: "TEMPORAL_UI_URL",
  consoleDir: "NOVACRON_CONSOLE_DIR",
  payloadKeysFile: "NOVACRON_PAYLOAD_KEYS",
  configFile: "NOVACRON_CONFIG",
  sitesFile: "NOVACRON_SITES",
  apiHost: "NOVACRON_API_HOST",
  apiPort: "NOVACRON_API_PORT",
  tokenFile: "NOVACRON_TOKEN_FILE",
  toolsManifest: "NOVACRON_TOOLS",
  siteDir: "NOVACRON_SITE_DIR",
  joinTokenFile: "NOVACRON_JOIN_TOKEN_FILE",
  dataListen: "NOVACRON_DATA_LISTEN",
  watchdog: "NOVACRON_WATCHDOG",
  dataAddress: "NOVACRON_DATA_ADDRESS",
  proxyDir: "NOVACRON_PROXY_DIR",
  proxyListeners: "NOVACRON_PROXY_LISTENERS",
  proxyControl: "NOVACRON_PROXY_CONTROL",
  proxyCertFile: "NOVACRON_PROXY_CERT_FILE",
  proxyKeyFile: "NOVACRON_PROXY_KEY_FILE",
  logLevel: "NOVACRON_LOG_LEVEL",
} as const satisfies Record<keyof Runtime, keyof z.infer<typeof runtimeSchema>>;

/** An empty variable counts as not set. Other variables are left alone.
 *  @throws ConfigError naming the variable. */
export function readRuntime(env: NodeJS.ProcessEnv): Runtime {
  const ours = Object.values(variables).flatMap((name) => (env[name] ? [[name, env[name]]] : []));
  const parsed = runtimeSchema.safeParse(Object.fromEntries(ours));
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new ConfigError({
      file: "the environment",
      key: String(issue?.path[0] ?? ""),
      problem: issue?.message ?? "it is not valid",
      fix: "Correct the variable or unset it.",
    });
  }
  return Object.fromEntries(
    Object.entries(variables).map(([key, name]) => [key, parsed.data[name]]),
  ) as unknown as Runtime;
}

/** The setting's value.
 *  @throws ConfigError naming the variable when it is not set. */
export function required<K extends keyof Runtime>(runtime: Runtime, key: K): NonNullable<Runtime[K]> {
  const value = runtime[key];
  if (value === undefined) {
    throw new ConfigError({
      file: "the environment",
      key: variables[key],
      problem: "it is not set and this process needs it",
      fix: `Set ${variables[key]}, or start the process through \`novacron up\`, which sets it.`,
    });
  }
  return value;
}
