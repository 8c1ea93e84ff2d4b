import { mkdirSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { LongProcess } from "../../host/long-process.ts";
import { startLongProcess } from "../../host/long-process.ts";
import type { ProcessIdentity } from "../../host/process-identity.ts";
import { endProcess, isAlive, ownIdentity } from "../../host/process-identity.ts";
import type { LaunchSpec } from "../../host/server.ts";
import { notStarted, untilReady } from "../../host/server.ts";
import { componentVariable, findComponent, instanceVariable } from "./orphans.ts";
import type { ComponentState, ComponentStatus, StackState } from "./state.ts";
import { writeStackState } from "./state.ts";

/** One row of the table a supervisor works through. */
export interface Component {
  readonly name: string;
  /** Called before every start, so that it can clear up after a kill. */
  prepare(): Promise<LaunchSpec>;
}

/** The first restart is at once: a part killed in mid-work should cost as little time as it can. */
const firstDelayMs = 100;
const longestDelayMs = 10_000;
/** After this long in service the next death counts as the first again. */
const steadyAfterMs = 2_000;
/** Before it has ever served, a part that keeps dying is a fault to report, not to sit out. */
const attemptsToFirstReady = 5;
const adoptedPollMs = 50;
const largestLogBytes = 20 * 1024 * 1024;

interface Kept {
  status: ComponentStatus;
  /** Ends the current process and all further restarts. */
  stopped: boolean;
  loop?: Promise<void>;
}

/**
 * Starts the components of a table in order, each when the one before serves, starts again what dies, and stops all in
 * reverse order. A component's process that is already there (its supervisor was killed) is adopted.
 */
export class Supervisor {
  readonly #dir: string;
  readonly #components: readonly Component[];
  readonly #kept = new Map<string, Kept>();
  #state: StackState["state"] = "starting";
  #error: string | undefined;

  constructor(dir: string, components: readonly Component[]) {
    this.#dir = dir;
    this.#components = components;
    for (const { name } of components) {
      const since = new Date().toISOString();
      const status: ComponentStatus = {
        name,
        state: "waiting",
        restarts: 0,
        since,
        stopSignal: "SIGTERM",
        stopGraceMs: 10_000,
      };
      this.#kept.set(name, { status, stopped: false });
    }
  }

  /** Resolves when every component serves. @throws ProviderError of the one that could not be started. */
  async up(): Promise<void> {
    mkdirSync(join(this.#dir, "logs"), { recursive: true });
    this.#write();
    for (const component of this.#components) {
      if (this.#state !== "starting") {
        return;
      }
      await this.#startFirst(component);
    }
    if (this.#state === "starting") {
      this.#state = "up";
      this.#write();
    }
  }

  /** Records why the stack could not come up, then stops what did. */
  async fail(error: unknown): Promise<void> {
    this.#error = error instanceof Error ? error.message : String(error);
    await this.stop("failed");
  }

  async stop(final: "stopped" | "failed" = "stopped"): Promise<void> {
    this.#state = "stopping";
    this.#write();
    for (const component of [...this.#components].reverse()) {
      const kept = this.#of(component.name);
      kept.stopped = true;
      const running = kept.status.process;
      if (running) {
        const { stopSignal: signal, stopGraceMs: graceMs } = kept.status;
        await endProcess(running, { signal, graceMs });
      }
      await kept.loop;
      this.#set(component.name, kept.status.state === "failed" ? "failed" : "stopped", { process: undefined });
    }
    this.#state = final;
    this.#write();
  }

  /** Resolves once the component serves for the first time; from then on it is kept running in the background. */
  #startFirst(component: Component): Promise<void> {
    return new Promise((resolve, reject) => {
      const kept = this.#of(component.name);
      kept.loop = this.#keep(component, kept, resolve).catch((error: unknown) => {
        this.#set(component.name, "failed", { process: undefined });
        reject(error);
      });
      void kept.loop.then(resolve);
    });
  }

  async #keep(component: Component, kept: Kept, onReady: () => void): Promise<void> {
    const { name } = component;
    const logFile = join(this.#dir, "logs", `${name}.log`);
    let attempt = 1;
    let served = false;
    while (!kept.stopped) {
      this.#set(name, served ? "restarting" : "starting", { process: undefined });
      let end: string;
      let readyAt = Number.POSITIVE_INFINITY;
      try {
        const spec = await component.prepare();
        const running = await this.#adoptOrStart(component, spec, logFile);
        const { stopSignal, stopGraceMs } = spec;
        this.#set(name, kept.status.state, { process: running.identity, stopSignal, stopGraceMs });
        const failure = kept.stopped ? "late" : await untilReady(spec, running.identity, running.ended);
        if (failure === "late") {
          await endProcess(running.identity, { signal: stopSignal, graceMs: stopGraceMs });
        }
        if (failure !== undefined && !served && !kept.stopped) {
          if (failure === "late" || attempt >= attemptsToFirstReady) {
            throw notStarted(spec, failure, logFile, running.logStart);
          }
        }
        if (failure === undefined) {
          served = true;
          readyAt = Date.now();
          this.#set(name, "ready");
          onReady();
        }
        end = failure ?? (await running.ended);
      } catch (error) {
        if (!served) {
          throw error;
        }
        end = error instanceof Error ? error.message : String(error);
      }
      if (kept.stopped) {
        return;
      }
      attempt = Date.now() - readyAt >= steadyAfterMs ? 1 : attempt + 1;
      const lastEnd = end === "late" ? "it did not become ready in time" : end;
      const restarts = kept.status.restarts + 1;
      this.#set(name, served ? "restarting" : "starting", { process: undefined, lastEnd, restarts });
      await this.#pause(kept, Math.min(firstDelayMs * 2 ** (attempt - 1), longestDelayMs));
    }
  }

  async #adoptOrStart(component: Component, spec: LaunchSpec, logFile: string): Promise<LongProcess> {
    const orphan = findComponent(this.#dir, component.name);
    if (orphan) {
      if (await spec.ready(orphan)) {
        return { identity: orphan, ended: untilGone(orphan), logStart: 0 };
      }
      await endProcess(orphan, { signal: spec.stopSignal, graceMs: spec.stopGraceMs });
    }
    keepLogSmall(logFile);
    const env = { ...spec.env, [instanceVariable]: this.#dir, [componentVariable]: component.name };
    return await startLongProcess(spec.program, spec.args, { ...spec, env, logFile });
  }

  async #pause(kept: Kept, delayMs: number): Promise<void> {
    const until = Date.now() + delayMs;
    while (!kept.stopped && Date.now() < until) {
      await sleep(Math.min(50, until - Date.now()));
    }
  }

  #of(name: string): Kept {
    const kept = this.#kept.get(name);
    if (!kept) {
      throw new Error(`no component ${name}`);
    }
    return kept;
  }

  #set(name: string, state: ComponentState, changes: Partial<ComponentStatus> = {}): void {
    const kept = this.#of(name);
    const since = state === kept.status.state ? kept.status.since : new Date().toISOString();
    kept.status = { ...kept.status, ...changes, state, since };
    this.#write();
  }

  #write(): void {
    const components = [...this.#kept.values()].map(({ status }) => status);
    const error = this.#error === undefined ? {} : { error: this.#error };
    writeStackState(this.#dir, { version: 1, state: this.#state, supervisor: ownIdentity(), components, ...error });
  }
}

/** An adopted process is not our child: its end can only be looked for. */
async function untilGone(process: ProcessIdentity): Promise<string> {
  while (isAlive(process)) {
    await sleep(adoptedPollMs);
  }
  return "it ended";
}

function keepLogSmall(logFile: string): void {
  try {
    if (statSync(logFile).size > largestLogBytes) {
      renameSync(logFile, `${logFile}.1`);
    }
  } catch {
    // No log yet.
  }
}
