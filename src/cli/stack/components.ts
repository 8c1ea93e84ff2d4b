import { existsSync, readFileSync, rmSync } from "node:fs";
import { request } from "node:http";
import { request as secureRequest } from "node:https";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { makeSocketDir } from "../../host/paths.ts";
import { postgresUrl, preparePostgres } from "../../host/postgres.ts";
import type { LaunchSpec } from "../../host/server.ts";
import { prepareTemporal } from "../../host/temporal.ts";
import type { StackPlan } from "./settings.ts";
import {
  hostForClients,
  payloadKeysFile,
  proxyDir,
  proxySocket,
  runDir,
  sandboxSocket,
  sitesFile,
  tokenFile,
} from "./settings.ts";
import type { Component } from "./supervisor.ts";

const source = fileURLToPath(new URL("../../", import.meta.url));
/** Guests are asked to shut down before they are ended. */
const sandboxGraceMs = 30_000;
const graceMs = 15_000;
/** The first start bundles the workflows and may wait for a busy machine. */
const readyWithinMs = 120_000;

/** The parts of a stack, in the order of starting. */
export function stackComponents(plan: StackPlan): Component[] {
  const { dir } = plan;
  const parts: Component[] = [];
  if (!plan.databaseUrl) {
    const prepare = async () => (await preparePostgres({ dir: join(dir, "postgres"), cache: plan.cache })).spec;
    parts.push({ name: "postgres", prepare });
  }
  if (!plan.temporalAddress) {
    const codecEndpoint = `${plan.apiUrl}/v1/codec`;
    const { temporalProgram: program, temporalNamespace: namespace } = plan;
    const options = {
      dir: join(dir, "temporal"),
      program,
      namespace,
      ports: plan.settings.temporalPorts,
      codecEndpoint,
    };
    parts.push({ name: "temporal", prepare: async () => prepareTemporal(options) });
  }
  const scheme = plan.apiUrl.startsWith("https:") ? "https" : "http";
  const healthUrl = `${scheme}://${hostForClients(plan.apiHost)}:${plan.apiPort}/v1/health`;
  parts.push(
    // First, and ended last: requests go through it while the rest comes up.
    ...(plan.runsProxy
      ? [nodeComponent(plan, "traffic", graceMs, () => socketAnswers(proxySocket(dir), "/health"))]
      : []),
    nodeComponent(plan, "sandbox", sandboxGraceMs, () => socketAnswers(sandboxSocket(dir), "/health")),
    nodeComponent(plan, "api", graceMs, () => urlAnswers(healthUrl)),
    {
      name: "worker",
      prepare: async () => {
        const readyFile = join(runDir(dir), "worker.ready");
        return nodeSpec(plan, "worker", graceMs, async ({ pid }) => namesPid(readyFile, pid));
      },
    },
  );
  return parts;
}

export function databaseUrlOf(plan: StackPlan): string {
  return plan.databaseUrl ?? postgresUrl(makeSocketDir(join(plan.dir, "postgres")));
}

export function temporalAddressOf(plan: StackPlan): string {
  return plan.temporalAddress ?? `127.0.0.1:${plan.settings.temporalPorts.frontend}`;
}

export function temporalUiUrlOf(plan: StackPlan): string | undefined {
  return (
    plan.temporalUiUrl ?? (plan.temporalAddress ? undefined : `http://127.0.0.1:${plan.settings.temporalPorts.ui}`)
  );
}

function nodeComponent(plan: StackPlan, name: string, stopGraceMs: number, ready: () => Promise<boolean>): Component {
  return { name, prepare: async () => nodeSpec(plan, name, stopGraceMs, ready) };
}

function nodeSpec(plan: StackPlan, name: string, stopGraceMs: number, ready: LaunchSpec["ready"]): LaunchSpec {
  return {
    name,
    program: process.execPath,
    args: [join(source, name, "main.ts")],
    env: { ...process.env, ...componentEnvironment(plan) },
    cwd: plan.dir,
    stopSignal: "SIGTERM",
    stopGraceMs,
    ready,
    readyWithinMs,
  };
}

function componentEnvironment(plan: StackPlan): Record<string, string | undefined> {
  return {
    NOVACRON_INSTANCE_DIR: plan.dir,
    DATABASE_URL: databaseUrlOf(plan),
    TEMPORAL_ADDRESS: temporalAddressOf(plan),
    TEMPORAL_NAMESPACE: plan.temporalNamespace,
    TEMPORAL_UI_URL: temporalUiUrlOf(plan),
    NOVACRON_CONSOLE_DIR: plan.consoleDir,
    NOVACRON_CONFIG: plan.configFile,
    NOVACRON_SITES: sitesFile(plan.dir),
    NOVACRON_API_HOST: plan.apiHost,
    NOVACRON_API_PORT: String(plan.apiPort),
    NOVACRON_TOKEN_FILE: tokenFile(plan.dir),
    NOVACRON_PAYLOAD_KEYS: payloadKeysFile(plan.dir),
    NOVACRON_TOOLS: plan.toolsManifest,
    NOVACRON_LOG_LEVEL: plan.logLevel,
    NOVACRON_PROXY_DIR: proxyDir(plan.dir),
    NOVACRON_PROXY_CONTROL: proxySocket(plan.dir),
  };
}

function socketAnswers(socketPath: string, path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const outgoing = request({ socketPath, path, timeout: 2_000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    outgoing.on("timeout", () => outgoing.destroy());
    outgoing.on("error", () => resolve(false));
    outgoing.end();
  });
}

function urlAnswers(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const ask = url.startsWith("https:") ? secureRequest : request;
    // Whether our own process answers, not who it is: nothing is sent, and its certificate may be for another name.
    const outgoing = ask(url, { timeout: 2_000, rejectUnauthorized: false }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    outgoing.on("timeout", () => outgoing.destroy());
    outgoing.on("error", () => resolve(false));
    outgoing.end();
  });
}

function namesPid(file: string, pid: number): boolean {
  return existsSync(file) && new RegExp(`\\b${pid}\\b`).test(readFileSync(file, "utf8"));
}

/** A socket file of an earlier life would only mislead. */
export function clearRunFiles(dir: string): void {
  rmSync(join(runDir(dir), "worker.ready"), { force: true });
}
