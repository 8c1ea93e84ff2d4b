import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { command, lastLine } from "../../src/host/bring-in/command.ts";
import { findOnPath } from "../../src/host/bring-in/find-on-path.ts";
import { withLock } from "../../src/host/lock.ts";
import { cacheDir } from "../../src/host/paths.ts";
import { freePorts } from "../../src/host/ports.ts";

const version = "0.165.0";
const sources = fileURLToPath(new URL("collector/", import.meta.url));
const asked = "NOVACRON_IT_COLLECTOR=1";

/** The OpenTelemetry Collector of its makers' own parts (`collector/main.go`): a referee for what we send. It takes OTLP
 *  over HTTP and sends it on in JSON, as it has understood it. */
export class OtelCollector {
  readonly endpoint: string;
  readonly #process: ChildProcess;

  private constructor(endpoint: string, process: ChildProcess) {
    this.endpoint = endpoint;
    this.#process = process;
  }

  /** Builds it into the cache once, if that is asked for. Why it can't be had; undefined when it is there. */
  static async bringIn(): Promise<string | undefined> {
    if (program() !== undefined) return undefined;
    if (process.env.NOVACRON_IT_COLLECTOR !== "1") return `no otelcol is here; ${asked} builds one with Go, in minutes`;
    const go = findOnPath("go");
    if (go === undefined || !isNewEnough(go)) return "there is no Go 1.26 to build the collector with";
    mkdirSync(cacheDir(), { recursive: true });
    return withLock(join(cacheDir(), "otelcol.lock"), async () => (program() === undefined ? build(go) : undefined));
  }

  static async start(dir: string, to: string): Promise<OtelCollector> {
    const [port = 0] = await freePorts(1);
    const config = join(dir, "otelcol.json");
    const pipeline = { receivers: ["otlp"], exporters: ["otlp_http"] };
    const settings = {
      receivers: { otlp: { protocols: { http: { endpoint: `127.0.0.1:${port}` } } } },
      exporters: { otlp_http: { endpoint: to, encoding: "json", compression: "none" } },
      service: {
        telemetry: { metrics: { level: "none" } },
        pipelines: { traces: pipeline, logs: pipeline, metrics: pipeline },
      },
    };
    writeFileSync(config, JSON.stringify(settings));
    const logFile = join(dir, "otelcol.log");
    const log = openSync(logFile, "a");
    const child = spawn(program() ?? "", ["--config", config], { stdio: ["ignore", log, log] });
    closeSync(log);
    process.once("exit", () => child.kill("SIGKILL"));
    const collector = new OtelCollector(`http://127.0.0.1:${port}`, child);
    for (let tries = 0; tries < 600 && child.exitCode === null; tries++) {
      if (await collector.#answers()) return collector;
      await sleep(100);
    }
    throw new Error(`the collector does not answer; see ${logFile}`);
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode !== null) return;
    const gone = new Promise((resolve) => this.#process.once("exit", resolve));
    this.#process.kill("SIGKILL");
    await gone;
  }

  async #answers(): Promise<boolean> {
    const headers = { "content-type": "application/json" };
    return fetch(`${this.endpoint}/v1/traces`, { method: "POST", headers, body: '{"resourceSpans":[]}' }).then(
      ({ ok }) => ok,
      () => false,
    );
  }
}

function cached(): string {
  return join(cacheDir(), `otelcol-${version}`);
}

function program(): string | undefined {
  return existsSync(cached()) ? cached() : findOnPath("otelcol");
}

function isNewEnough(go: string): boolean {
  const env = { ...process.env, GOTOOLCHAIN: "local" };
  const [, minor = 0] = /go1\.(\d+)/.exec(execFileSync(go, ["version"], { encoding: "utf8", env })) ?? [];
  return Number(minor) >= 26;
}

async function build(go: string): Promise<string | undefined> {
  console.log(`# Building the OpenTelemetry Collector ${version} for tests`);
  const work = mkdtempSync(join(cacheDir(), "otelcol-"));
  try {
    for (const name of ["main.go", "go.mod"]) copyFileSync(join(sources, name), join(work, name));
    const env = {
      GOPATH: join(work, "path"),
      GOCACHE: join(work, "objects"),
      GOFLAGS: "-mod=mod -modcacherw -trimpath",
      GOTOOLCHAIN: "local",
      CGO_ENABLED: "0",
      HOME: work,
    };
    const built = join(work, "otelcol");
    for (const args of [
      ["-C", work, "mod", "tidy"],
      ["-C", work, "build", "-o", built, "."],
    ]) {
      const done = await command(go, args, { env, timeoutMs: 1_800_000 });
      if (done.exitCode !== 0) return `the collector can't be built: ${lastLine(done.output)}`;
    }
    renameSync(built, cached());
    return undefined;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
