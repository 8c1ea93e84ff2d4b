import { readdirSync, readFileSync } from "node:fs";
import { socketDirPath } from "../../host/paths.ts";
import type { ProcessIdentity } from "../../host/process-identity.ts";
import { endProcess, identify } from "../../host/process-identity.ts";

/** Set in the environment of everything a stack starts: found again even when nothing recorded it. */
export const instanceVariable = "NOVACRON_INSTANCE_DIR";
export const componentVariable = "NOVACRON_COMPONENT";

/** Programs the sandbox and the providers leave running by design; their environment is not ours to set everywhere. */
const tools = /^(tini|libvirtd|virtlogd|virtlockd|qemu-|dnsmasq|passt)/;

interface Process {
  readonly pid: number;
  readonly name: string;
  readonly commandLine: string;
  readonly environment: ReadonlyMap<string, string>;
}

/** The living process of a component of the instance in `dir`. */
export function findComponent(dir: string, name: string): ProcessIdentity | undefined {
  const candidates = [...processes()].filter(
    ({ environment }) => environment.get(instanceVariable) === dir && environment.get(componentVariable) === name,
  );
  // A component's children inherit its variables: it is the one whose parent is none of them.
  const pids = new Set(candidates.map(({ pid }) => pid));
  const first = candidates.find(({ pid }) => !pids.has(parentOf(pid)));
  return first && identify(first.pid);
}

/** Every process that belongs to the instance in `dir`: tagged ones, and tools that work in its folders. */
export function processesOf(dir: string): ProcessIdentity[] {
  const folders = [`${dir}/`, `${socketDirPath(dir)}/`];
  return [...processes()]
    .filter((candidate) => {
      const { environment, commandLine, name } = candidate;
      const tagged = environment.get(instanceVariable) === dir;
      if (tagged && (environment.has(componentVariable) || tools.test(name))) {
        return true;
      }
      const mentions = (text: string) => folders.some((folder) => `${text}/`.includes(folder));
      return tools.test(name) && (mentions(commandLine) || [...environment.values()].some(mentions));
    })
    .flatMap(({ pid }) => identify(pid) ?? []);
}

/** Ends all of them; returns how many there were. */
export async function sweep(dir: string, graceMs = 5_000): Promise<number> {
  const ended = new Set<number>();
  for (;;) {
    const left = processesOf(dir);
    if (left.length === 0) {
      return ended.size;
    }
    for (const { pid } of left) {
      ended.add(pid);
    }
    await Promise.all(left.map((process) => endProcess(process, { graceMs })));
  }
}

function* processes(): Generator<Process> {
  for (const entry of readdirSync("/proc")) {
    const pid = Number(entry);
    if (!Number.isInteger(pid) || pid === process.pid) {
      continue;
    }
    try {
      yield {
        pid,
        name: readFileSync(`/proc/${pid}/comm`, "utf8").trim(),
        commandLine: readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " "),
        environment: parseEnvironment(readFileSync(`/proc/${pid}/environ`, "utf8")),
      };
    } catch {
      // It ended, or belongs to somebody else.
    }
  }
}

function parseEnvironment(text: string): Map<string, string> {
  const environment = new Map<string, string>();
  for (const line of text.split("\0")) {
    const at = line.indexOf("=");
    if (at > 0) {
      environment.set(line.slice(0, at), line.slice(at + 1));
    }
  }
  return environment;
}

function parentOf(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    return 0;
  }
}
