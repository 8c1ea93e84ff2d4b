import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { bringInConsole } from "../../host/bring-in/console.ts";
import { bringIn } from "../../host/bring-in/index.ts";
import { withLock } from "../../host/lock.ts";
import { startLongProcess } from "../../host/long-process.ts";
import { cacheDir, instanceDir } from "../../host/paths.ts";
import { endProcess, isAlive } from "../../host/process-identity.ts";
import { clearRunFiles, databaseUrlOf, temporalAddressOf, temporalUiUrlOf } from "./components.ts";
import { findComponent } from "./orphans.ts";
import type { StackPlan } from "./settings.ts";
import * as settings from "./settings.ts";
import { StackError } from "./stack-error.ts";
import type { StackState } from "./state.ts";
import { readJson, readStackState, stackFile, writeJson } from "./state.ts";
import type { Connection } from "./status.ts";

const daemon = fileURLToPath(new URL("./daemon.ts", import.meta.url));
/** More than every part's own grace together. */
const stopAllMs = 120_000;
const pollMs = 50;

export interface UpOptions {
  readonly instance: string;
  /** Path of the YAML configuration; `NOVACRON_CONFIG` by default. */
  readonly configFile?: string;
  /** One line a step. */
  readonly onProgress?: (line: string) => void;
}

/**
 * Brings an instance up and resolves when every part serves; one that is up already is left as it is. Parts whose
 * supervisor was killed are adopted. What this machine lacks is brought in first.
 * @throws StackError or ProviderError saying what could not be started, why, and what to do; nothing is left running.
 */
export async function upStack(options: UpOptions): Promise<Connection> {
  const onProgress = options.onProgress ?? (() => {});
  const { toolsManifest, temporal } = await bringIn({ onProgress });
  const consoleDir = await bringInConsole({ onProgress });
  const dir = instanceDir(options.instance);
  settings.makeInstanceFolder(dir);
  const wait = () => onProgress("Waiting for another up or down of this instance");
  const work = async () => bringUp({ ...options, onProgress }, dir, { toolsManifest, temporal, consoleDir });
  return await withLock(join(dir, "up.lock"), work, wait);
}

interface Found {
  readonly toolsManifest: string;
  readonly temporal: string;
  readonly consoleDir: string | undefined;
}

async function bringUp(
  options: UpOptions & { onProgress: (line: string) => void },
  dir: string,
  found: Found,
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

async function planStack(dir: string, found: Found, configFile: string | undefined): Promise<StackPlan> {
  const kept = await settings.keptSettings(dir);
  const config = configFile === undefined ? undefined : settings.requireConfigFile(configFile);
  const address = settings.apiAddress(process.env, config, kept, dir);
  settings.ensureToken(dir);
  settings.ensurePayloadKeys(dir);
  const { DATABASE_URL, TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_UI_URL, NOVACRON_LOG_LEVEL } = process.env;
  return {
    dir,
    cache: cacheDir(),
    temporalProgram: found.temporal,
    ...(found.consoleDir === undefined ? {} : { consoleDir: found.consoleDir }),
    toolsManifest: found.toolsManifest,
    settings: kept,
    ...address,
    temporalNamespace: TEMPORAL_NAMESPACE || "default",
    ...(config === undefined ? {} : { configFile: config, runsProxy: settings.hasListeners(config) }),
    ...(DATABASE_URL ? { databaseUrl: DATABASE_URL } : {}),
    ...(TEMPORAL_ADDRESS ? { temporalAddress: TEMPORAL_ADDRESS } : {}),
    ...(TEMPORAL_UI_URL ? { temporalUiUrl: TEMPORAL_UI_URL } : {}),
    ...(NOVACRON_LOG_LEVEL ? { logLevel: NOVACRON_LOG_LEVEL } : {}),
  };
}

function connectionOf(plan: StackPlan): Connection {
  const temporalUiUrl = temporalUiUrlOf(plan);
  return {
    apiUrl: plan.apiUrl,
    ...(plan.consoleDir === undefined ? {} : { consoleUrl: `${plan.apiUrl}/` }),
    ...(plan.apiCaFile === undefined ? {} : { caFile: plan.apiCaFile }),
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
