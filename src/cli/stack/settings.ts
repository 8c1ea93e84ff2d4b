import { randomBytes } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parse } from "yaml";
import { makeSocketDir } from "../../host/paths.ts";
import { freePorts, isPortFree } from "../../host/ports.ts";
import type { TemporalPorts } from "../../host/temporal.ts";
import { freeTemporalPorts } from "../../host/temporal.ts";
import { StackError } from "./stack-error.ts";
import { readJson, writeJson } from "./state.ts";

/** `<instance>/settings.json` (0600): chosen at the first `up` and then kept for the instance's life. */
export interface InstanceSettings {
  readonly version: 1;
  readonly apiPort: number;
  readonly temporalPorts: TemporalPorts;
}

/** What the parts of a stack are started with: the settings plus what this `up` brings along. */
export interface StackPlan {
  readonly dir: string;
  readonly cache: string;
  readonly temporalProgram: string;
  readonly toolsManifest: string;
  readonly settings: InstanceSettings;
  readonly apiHost: string;
  readonly apiPort: number;
  /** How clients on this machine reach it, and what they trust. */
  readonly apiUrl: string;
  readonly apiCaFile?: string;
  readonly configFile?: string;
  /** Whether the configuration has listeners for a proxy of the stack's own. */
  readonly runsProxy?: boolean;
  /** A PostgreSQL of the user's own; ours is then not started. */
  readonly databaseUrl?: string;
  /** A Temporal of the user's own; ours is then not started. */
  readonly temporalAddress?: string;
  readonly temporalNamespace: string;
  readonly temporalUiUrl?: string;
  /** The console's build; absent where it could not be built. */
  readonly consoleDir?: string;
  readonly logLevel?: string;
}

export const planFile = (dir: string) => join(dir, "plan.json");
export const tokenFile = (dir: string) => join(dir, "token");
export const payloadKeysFile = (dir: string) => join(dir, "payload-keys.json");
export const sitesFile = (dir: string) => join(dir, "sites.json");
export const connectionFile = (dir: string) => join(dir, "connection.json");
/** Of a self-made certificate; the API makes it. */
const caFile = (dir: string) => join(dir, "tls/ca.pem");
export const runDir = (dir: string) => join(dir, "run");
export const proxyDir = (dir: string) => join(dir, "proxy");
export const proxySocket = (dir: string) => join(makeSocketDir(dir), "proxy.sock");
export const sandboxSocket = (dir: string) => join(makeSocketDir(dir), "sandbox.sock");

export async function keptSettings(dir: string): Promise<InstanceSettings> {
  const file = join(dir, "settings.json");
  const kept = readJson<InstanceSettings>(file);
  if (kept?.version === 1) {
    return kept;
  }
  const [apiPort = 0] = await freePorts(1);
  const settings: InstanceSettings = { version: 1, apiPort, temporalPorts: await freeTemporalPorts() };
  writeJson(file, settings, 0o600);
  return settings;
}

/** Where the API listens: the environment's word, else the configuration's, else the instance's own port; and how clients on
 *  this machine reach it there. */
export function apiAddress(
  env: NodeJS.ProcessEnv,
  configFile: string | undefined,
  settings: InstanceSettings,
  dir: string,
): Pick<StackPlan, "apiHost" | "apiPort" | "apiUrl" | "apiCaFile"> {
  const configured = configFile === undefined ? {} : apiSection(configFile);
  const port = Number(env.NOVACRON_API_PORT || configured.port || settings.apiPort);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new StackError(
      "bring the stack up",
      `${env.NOVACRON_API_PORT} is not a port`,
      "Set NOVACRON_API_PORT to 1–65535.",
    );
  }
  const host = env.NOVACRON_API_HOST || configured.host || "127.0.0.1";
  const at = `${hostForClients(host)}:${port}`;
  const { tls, publicUrl } = configured;
  if (tls === undefined) return { apiHost: host, apiPort: port, apiUrl: `http://${at}` };
  if (tls === "self_made") return { apiHost: host, apiPort: port, apiUrl: `https://${at}`, apiCaFile: caFile(dir) };
  // A certificate of the user's is for the name that they give it, not for an address.
  return { apiHost: host, apiPort: port, apiUrl: publicUrl ?? `https://${at}` };
}

/** Where the API is reached by a client on this machine. */
export function hostForClients(host: string): string {
  return host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host.includes(":") ? `[${host}]` : host;
}

interface ApiSection {
  readonly host?: string;
  readonly port?: number;
  readonly tls?: "self_made" | "files";
  readonly publicUrl?: string;
}

/** Only how it is reached; the API itself judges the file as a whole. */
function apiSection(configFile: string): ApiSection {
  try {
    const file = parse(readFileSync(configFile, "utf8")) as { api?: Readonly<Record<string, unknown>> } | null;
    const section = file?.api;
    const { tls, public_url: publicUrl } = section ?? {};
    return {
      ...(tls === "self_made" || tls === "files" ? { tls } : {}),
      ...(typeof publicUrl === "string" && !publicUrl.includes("$") ? { publicUrl } : {}),
      ...(typeof section?.host === "string" && !section.host.includes("$") ? { host: section.host } : {}),
      ...(typeof section?.port === "number" ? { port: section.port } : {}),
    };
  } catch {
    return {};
  }
}

/** Whether the file names listeners; what they are is the proxy's to read. */
export function hasListeners(configFile: string): boolean {
  try {
    const file = parse(readFileSync(configFile, "utf8")) as { traffic?: { listeners?: unknown } } | null;
    const listeners = file?.traffic?.listeners;
    return Array.isArray(listeners) && listeners.length > 0;
  } catch {
    return false;
  }
}

/** @throws StackError naming the port somebody else listens on. */
export async function requireFreePorts(plan: StackPlan): Promise<void> {
  const ours = plan.temporalAddress ? [] : Object.values(plan.settings.temporalPorts);
  for (const port of [plan.apiPort, ...ours]) {
    if (!(await isPortFree(port))) {
      throw new StackError(
        "bring the stack up",
        `port ${port} of 127.0.0.1 is taken by another program`,
        `End that program, or remove ${join(plan.dir, "settings.json")} so that other ports are chosen.`,
      );
    }
  }
}

/** The bootstrap token of the API, made once. */
export function ensureToken(dir: string): string {
  const file = tokenFile(dir);
  if (!existsSync(file)) {
    writeFileSync(file, `nvc_${randomBytes(32).toString("base64url")}\n`, { mode: 0o600, flag: "wx" });
  }
  chmodSync(file, 0o600);
  return file;
}

/** The keys that encrypt workflow payloads, made once. */
export function ensurePayloadKeys(dir: string): void {
  const file = payloadKeysFile(dir);
  if (existsSync(file)) return;
  const id = randomBytes(4).toString("hex");
  writeJson(file, { current: id, keys: { [id]: randomBytes(32).toString("base64") } }, 0o600);
}

/** @throws StackError when there is no such file. */
export function requireConfigFile(configFile: string): string {
  const path = resolve(configFile);
  if (!existsSync(path)) {
    throw new StackError(
      "bring the stack up",
      `there is no configuration file ${path}`,
      "Check --config or NOVACRON_CONFIG.",
    );
  }
  return path;
}

export function makeInstanceFolder(dir: string): void {
  // Others may pass through, not list: as root, Postgres and QEMU keep their folders below as another account.
  mkdirSync(dir, { recursive: true, mode: 0o711 });
  mkdirSync(runDir(dir), { recursive: true, mode: 0o711 });
  mkdirSync(join(dir, "logs"), { recursive: true, mode: 0o711 });
}
