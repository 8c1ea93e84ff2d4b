import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { bringIn } from "../../host/bring-in/index.ts";
import { withLock } from "../../host/lock.ts";
import { startLongProcess } from "../../host/long-process.ts";
import { cacheDir, instanceDir, instanceNames, socketDirPath } from "../../host/paths.ts";
import { endProcess, isAlive } from "../../host/process-identity.ts";
import { clearRunFiles, databaseUrlOf, hostForClients, temporalAddressOf, temporalUiUrlOf } from "./components.ts";
import { findComponent, sweep } from "./orphans.ts";
import type { StackPlan } from "./settings.ts";
import * as settings from "./settings.ts";
import { StackError } from "./stack-error.ts";
import type { ComponentStatus, StackState } from "./state.ts";
import { readJson, readStackState, stackFile, writeJson } from "./state.ts";

export { StackError } from "./stack-error.ts";
export type { ComponentStatus } from "./state.ts";

/** `<instance>/connection.json` (0600): how a client on this machine reaches a stack. */
export interface Connection {
  readonly apiUrl: string;
  readonly tokenFile: string;
  readonly temporalUiUrl?: string;
  readonly temporalAddress: string;
  readonly databaseUrl: string;
  readonly sandboxSocket: string;
}

export interface StackStatus {
  readonly instance: string;
  readonly dir: string;
  /** `degraded`: a part is being restarted. `orphaned`: parts run without their supervisor; `up` adopts them. */
  readonly state: "up" | "starting" | "stopping" | "degraded" | "orphaned" | "failed" | "down";
  readonly supervisorPid?: number;
  readonly components: readonly (ComponentStatus & { readonly alive: boolean })[];
  readonly connection?: Connection;
  readonly error?: string;
}

export interface UpOptions {
  readonly instance: string;
  /** Path of the YAML configuration; `NOVACRON_CONFIG` by default. */
  readonly configFile?: string;
  /** One line a step. */
  readonly onProgress?: (line: string) => void;
}

const daemon = fileURLToPath(new URL("./daemon.ts", import.meta.url));
/** More than every part's own grace together. */
const stopAllMs = 120_000;
const pollMs = 50;

/**
 * Brings an instance up and resolves when every part serves; one that is up already is left as it is. Parts whose
 * supervisor was killed are adopted. What this machine lacks is brought in first.
 * @throws StackError or ProviderError saying what could not be started, why, and what to do; nothing is left running.
 */
export async function upStack(options: UpOptions): Promise<Connection> {
  const onProgress = options.onProgress ?? (() => {});
  const { toolsManifest, temporal } = await bringIn({ onProgress });
  const dir = instanceDir(options.instance);
  settings.makeInstanceFolder(dir);
  const wait = () => onProgress("Waiting for another up or down of this instance");
  const work = async () => bringUp({ ...options, onProgress }, dir, { toolsManifest, temporal });
  return await withLock(join(dir, "up.lock"), work, wait);
}

async function bringUp(
  options: UpOptions & { onProgress: (line: string) => void },
  dir: string,
  found: { toolsManifest: string; temporal: string },
): Promise<Connection> {
  const configFile = options.configFile ?? (process.env.NOVACRON_CONFIG || undefined);
  const plan = await planStack(dir, found, configFile);
  const state = readStackState(dir);
  const connection = connectionOf(plan);
  if (state && isAlive(state.supervisor)) {
    const running = readJson<StackPlan>(settings.planFile(dir));
    if (running?.configFile !== plan.configFile) {
      throw new StackError(
        "bring the stack up",
        `the instance is up with ${running?.configFile ?? "no configuration file"}`,
        "Run ./novacron down first to change the configuration.",
      );
    }
  } else {
    const anythingLeft = state?.components.some(({ name }) => findComponent(dir, name)) ?? false;
    if (!anythingLeft) {
      clearRunFiles(dir);
      await settings.requireFreePorts(plan);
    }
    writeJson(settings.planFile(dir), plan, 0o600);
    writeJson(settings.connectionFile(dir), connection, 0o600);
    rmSync(stackFile(dir), { force: true });
    await startDaemon(dir);
  }
  await untilUp(dir, options.onProgress);
  return connection;
}

async function planStack(
  dir: string,
  found: { toolsManifest: string; temporal: string },
  configFile: string | undefined,
): Promise<StackPlan> {
  const kept = await settings.keptSettings(dir);
  const config = configFile === undefined ? undefined : settings.requireConfigFile(configFile);
  const { host, port } = settings.apiAddress(process.env, config, kept);
  settings.ensureToken(dir);
  const { DATABASE_URL, TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_UI_URL, NOVACRON_LOG_LEVEL } = process.env;
  return {
    dir,
    cache: cacheDir(),
    temporalProgram: found.temporal,
    toolsManifest: found.toolsManifest,
    settings: kept,
    apiHost: host,
    apiPort: port,
    temporalNamespace: TEMPORAL_NAMESPACE || "default",
    ...(config === undefined ? {} : { configFile: config }),
    ...(DATABASE_URL ? { databaseUrl: DATABASE_URL } : {}),
    ...(TEMPORAL_ADDRESS ? { temporalAddress: TEMPORAL_ADDRESS } : {}),
    ...(TEMPORAL_UI_URL ? { temporalUiUrl: TEMPORAL_UI_URL } : {}),
    ...(NOVACRON_LOG_LEVEL ? { logLevel: NOVACRON_LOG_LEVEL } : {}),
  };
}

function connectionOf(plan: StackPlan): Connection {
  const temporalUiUrl = temporalUiUrlOf(plan);
  return {
    apiUrl: `http://${hostForClients(plan.apiHost)}:${plan.apiPort}`,
    tokenFile: settings.tokenFile(plan.dir),
    ...(temporalUiUrl === undefined ? {} : { temporalUiUrl }),
    temporalAddress: temporalAddressOf(plan),
    databaseUrl: databaseUrlOf(plan),
    sandboxSocket: settings.sandboxSocket(plan.dir),
  };
}

async function startDaemon(dir: string): Promise<void> {
  const logFile = join(dir, "logs/supervisor.log");
  const started = await startLongProcess(process.execPath, [daemon, dir], { logFile, env: process.env, cwd: dir });
  let end: string | undefined;
  void started.ended.then((text) => {
    end = text;
  });
  while (!existsSync(stackFile(dir))) {
    if (end !== undefined) {
      throw new StackError("bring the stack up", `its supervisor did not start (${end})`, `${logFile} tells more.`);
    }
    await sleep(pollMs);
  }
}

async function untilUp(dir: string, onProgress: (line: string) => void): Promise<void> {
  const told = new Set<string>();
  for (;;) {
    const state = readStackState(dir);
    for (const { name, state: part } of state?.components ?? []) {
      if ((part === "starting" || part === "ready") && !told.has(`${name} ${part}`)) {
        told.add(`${name} ${part}`);
        if (part === "starting") {
          onProgress(`Starting ${name}`);
        }
      }
    }
    if (state?.state === "up") {
      return;
    }
    if (state?.state === "failed") {
      await untilDead(state);
      throw new StackError(
        "bring the stack up",
        state.error?.replace(/\.$/, "") ?? "unknown",
        "Nothing was left running.",
      );
    }
    if (!state || !isAlive(state.supervisor)) {
      throw new StackError("bring the stack up", "its supervisor was ended", "Run ./novacron up again.");
    }
    await sleep(pollMs);
  }
}

async function untilDead(state: StackState): Promise<void> {
  await endProcess(state.supervisor, { graceMs: stopAllMs });
}

/**
 * Ends everything of an instance, also what a killed supervisor or sandbox left behind; data is kept unless `wipe`.
 * Resolves when no process of it is left. Harmless when it is down.
 */
export async function downStack(options: { instance: string; wipe?: boolean }): Promise<void> {
  const dir = instanceDir(options.instance);
  if (!existsSync(dir)) {
    return;
  }
  await withLock(join(dir, "up.lock"), async () => {
    const state = readStackState(dir);
    if (state) {
      await endProcess(state.supervisor, { graceMs: stopAllMs });
      await endLeftovers(dir, state);
    }
    await sweep(dir);
    rmSync(settings.connectionFile(dir), { force: true });
    clearRunFiles(dir);
    for (const owner of [dir, join(dir, "postgres")]) {
      rmSync(socketDirPath(owner), { recursive: true, force: true });
    }
    if (state) {
      rmSync(stackFile(dir), { force: true });
    }
  });
  if (options.wipe) {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Without its supervisor each part still gets its own way and time of ending, the last started first. */
async function endLeftovers(dir: string, state: StackState): Promise<void> {
  for (const { name, stopSignal: signal, stopGraceMs: graceMs } of [...state.components].reverse()) {
    const left = findComponent(dir, name);
    if (left) {
      await endProcess(left, { signal, graceMs });
    }
  }
}

export function stackStatus(options: { instance: string }): StackStatus {
  const dir = instanceDir(options.instance);
  const state = readStackState(dir);
  const base = { instance: options.instance, dir };
  if (!state) {
    return { ...base, state: "down", components: [] };
  }
  const supervised = isAlive(state.supervisor);
  const components = state.components.map((component) => ({
    ...component,
    alive: component.process !== undefined && isAlive(component.process),
  }));
  const connection = readJson<Connection>(settings.connectionFile(dir));
  return {
    ...base,
    state: overallState(state, supervised, components),
    ...(supervised ? { supervisorPid: state.supervisor.pid } : {}),
    components,
    ...(connection && (supervised || components.some(({ alive }) => alive)) ? { connection } : {}),
    ...(state.error === undefined ? {} : { error: state.error }),
  };
}

function overallState(
  state: StackState,
  supervised: boolean,
  components: readonly { state: string; alive: boolean }[],
): StackStatus["state"] {
  if (!supervised) {
    if (state.state === "failed") {
      return "failed";
    }
    return components.some(({ alive }) => alive) ? "orphaned" : "down";
  }
  if (state.state === "starting" || state.state === "stopping" || state.state === "failed") {
    return state.state;
  }
  return components.every((component) => component.state === "ready" && component.alive) ? "up" : "degraded";
}

/**
 * How to reach a stack: the named instance; else `NOVACRON_INSTANCE`; else `default` when it is up; else the only one
 * that is. Undefined when there is none.
 * @throws StackError when several are up and none was chosen.
 */
export function readConnection(options: { instance?: string } = {}): Connection | undefined {
  const chosen = options.instance ?? (process.env.NOVACRON_INSTANCE || undefined);
  if (chosen !== undefined) {
    return stackStatus({ instance: chosen }).connection;
  }
  const up = instanceNames().filter((instance) => stackStatus({ instance }).connection !== undefined);
  const [only] = up.includes("default") ? ["default"] : up;
  if (up.length > 1 && only !== "default") {
    throw new StackError(
      "choose a stack",
      `${up.join(" and ")} are up`,
      "Name one with --instance or NOVACRON_INSTANCE.",
    );
  }
  return only === undefined ? undefined : stackStatus({ instance: only }).connection;
}
