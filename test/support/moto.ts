import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { findOnPath } from "../../src/host/bring-in/find-on-path.ts";
import { pip } from "../../src/host/bring-in/pip.ts";
import { withLock } from "../../src/host/lock.ts";
import { cacheDir } from "../../src/host/paths.ts";
import { freePorts } from "../../src/host/ports.ts";

const version = "5.2.5";
const extras = "server,ec2,ebs,s3,sts,iam";

/** moto, an emulator of AWS that others wrote: a referee for what our adapter says. */
export class Moto {
  readonly endpoint: string;
  readonly #process: ChildProcess;

  private constructor(endpoint: string, process: ChildProcess) {
    this.endpoint = endpoint;
    this.#process = process;
  }

  /** Fetches it into the cache once. Why it can't be had; undefined when it is there. */
  static async bringIn(): Promise<string | undefined> {
    if (findOnPath("python3") === undefined) return "there is no Python for moto";
    const folder = home();
    if (existsSync(folder)) return undefined;
    mkdirSync(cacheDir(), { recursive: true });
    return withLock(join(cacheDir(), "moto.lock"), async () => {
      if (existsSync(folder)) return undefined;
      console.log(`# Bringing in moto ${version} for tests (nothing is installed)`);
      const partial = `${folder}.partial`;
      rmSync(partial, { recursive: true, force: true });
      const failure = await pip(cacheDir(), ["install", "--quiet", "--target", partial, `moto[${extras}]==${version}`]);
      if (failure !== undefined) return `moto can't be had: ${failure}`;
      renameSync(partial, folder);
      return undefined;
    });
  }

  static async start(logFile: string): Promise<Moto> {
    const [port] = await freePorts(1);
    const log = openSync(logFile, "a");
    const child = spawn("python3", ["-m", "moto.server", "-H", "127.0.0.1", "-p", String(port)], {
      env: { ...process.env, PYTHONPATH: home(), MOTO_EC2_ENABLE_INSTANCE_TYPE_VALIDATION: "true" },
      cwd: "/",
      stdio: ["ignore", log, log],
    });
    closeSync(log);
    const moto = new Moto(`http://127.0.0.1:${port}`, child);
    for (let tries = 0; tries < 400 && child.exitCode === null; tries++) {
      if (await moto.#answers()) return moto;
      await sleep(50);
    }
    throw new Error(`moto does not answer; see ${logFile}`);
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode !== null) return;
    const gone = new Promise((resolve) => this.#process.once("exit", resolve));
    this.#process.kill("SIGKILL");
    await gone;
  }

  async #answers(): Promise<boolean> {
    return fetch(`${this.endpoint}/moto-api/data.json`).then(
      (response) => response.ok,
      () => false,
    );
  }
}

function home(): string {
  return join(cacheDir(), `moto-${version}`);
}
