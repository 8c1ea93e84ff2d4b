import { instanceDir, instanceNames } from "../../host/paths.ts";
import { isAlive } from "../../host/process-identity.ts";
import { connectionFile } from "./settings.ts";
import { StackError } from "./stack-error.ts";
import type { ComponentStatus, StackState } from "./state.ts";
import { readJson, readStackState } from "./state.ts";

/** `<instance>/connection.json` (0600): how a client on this machine reaches a stack. */
export interface Connection {
  readonly apiUrl: string;
  /** Where a browser finds the console; absent where it could not be built. */
  readonly consoleUrl?: string;
  /** The authority of its self-made certificate. */
  readonly caFile?: string;
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
  const connection = readJson<Connection>(connectionFile(dir));
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
 * The instance a command is about: the named one; else `NOVACRON_INSTANCE`; else `default` when it is up; else the only
 * one that is. Undefined when none is up.
 * @throws StackError when several are up and none was chosen.
 */
export function chooseInstance(named: string | undefined): string | undefined {
  const chosen = named ?? (process.env.NOVACRON_INSTANCE || undefined);
  if (chosen !== undefined) return chosen;
  const up = instanceNames().filter((instance) => stackStatus({ instance }).connection !== undefined);
  if (up.length > 1 && !up.includes("default")) {
    throw new StackError(
      "choose a stack",
      `${up.join(" and ")} are up`,
      "Name one with --instance or NOVACRON_INSTANCE.",
    );
  }
  return up.includes("default") ? "default" : up[0];
}

/** How to reach the stack that {@link chooseInstance} chooses. Undefined when there is none. */
export function readConnection(options: { instance?: string } = {}): Connection | undefined {
  const instance = chooseInstance(options.instance);
  return instance === undefined ? undefined : stackStatus({ instance }).connection;
}
