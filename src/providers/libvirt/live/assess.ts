import { join } from "node:path";
import type { LiveGuest } from "../../../domain/live.ts";
import type { SiteCheck } from "../../provider.ts";
import type { Host } from "../host.ts";
import { hostCpu, hypervisor, machineId } from "./guest.ts";
import { longestSocketPath, socketsOf } from "./sockets.ts";

const sameModel =
  "Give the VM a CPU model that both hosts have (`virsh hypervisor-cpu-baseline` finds it), or move it warm.";

/** Whether this host can take the guest over: one row for each thing that could keep it from that. */
export async function assess(host: Host, guest: LiveGuest, signal: AbortSignal): Promise<SiteCheck[]> {
  const checks: SiteCheck[] = [];
  const say = (check: string, problem: string | undefined, fine: string, remedy: string): void => {
    checks.push(
      problem === undefined
        ? { check, result: "pass", detail: fine }
        : { check, result: "fail", detail: problem, remedy },
    );
  };
  const { site } = host;
  const warm = "Move it warm.";
  const predecessor = await host.domains.find(guest.vmId, signal);
  say(
    "live-identity",
    predecessor &&
      `${site} has a VM of the same id: a guest keeps its id when it moves, and its predecessor is still there`,
    `${site} knows no VM of that id`,
    "Finalize or roll back the move that left it there, or move it warm.",
  );
  const own = await hypervisor(host, signal);
  const { name, version } = guest.hypervisor;
  say(
    "live-hypervisor",
    own.name !== name
      ? `${site} runs ${own.name}, and the guest ${name}`
      : isOlder(own.version, version)
        ? `${site} runs ${own.name} ${own.version}, older than the ${version} that the guest runs in`
        : undefined,
    `${name} ${version} there, ${own.version} at ${site}`,
    `Update the hypervisor at ${site}, or move it warm.`,
  );
  const { virtualisation, architecture, machine, cpu } = guest;
  const kind = ["--virttype", virtualisation, "--arch", architecture];
  const machines = await host.virsh.attempt(["domcapabilities", ...kind, "--machine", machine], signal);
  say(
    "live-machine",
    machines.exitCode === 0
      ? undefined
      : `${site} has no ${machine} under ${virtualisation}: ${machines.stderr.trim()}`,
    `${site} has ${machine} under ${virtualisation}`,
    `Install a QEMU that has it, or move it warm.`,
  );
  if (guest.cpuIs === "same-host") {
    const problem = await otherHostCpu(host, guest, own.version, signal);
    say("live-cpu", problem, "Both hosts give a guest the same processor", sameModel);
  } else {
    const compared = await host.virsh.attempt(
      ["hypervisor-cpu-compare", "/dev/stdin", ...kind, "--machine", machine, "--error"],
      signal,
      cpu,
    );
    say(
      "live-cpu",
      compared.exitCode === 0 ? undefined : `${site} lacks a feature of the guest's processor: ${oneLine(compared)}`,
      `${site} has every feature of the guest's processor`,
      sameModel,
    );
  }
  const path = join(host.runDir, socketsOf("x", guest.vmId).memory);
  const elsewhere = guest.machineId !== (await machineId());
  say(
    "live-path",
    elsewhere
      ? "The two hosts are not on one machine: hypervisors meet on sockets of it for now"
      : path.length > longestSocketPath
        ? `The path of a socket gets too long: ${path}`
        : undefined,
    "Memory and disks go over sockets of this machine; no port has to be open",
    elsewhere ? warm : "Let the state folder have a shorter path.",
  );
  return checks;
}

/** A guest that sees its host's processor only runs on at one that is the same. Emulated, it sees QEMU's. */
async function otherHostCpu(
  host: Host,
  guest: LiveGuest,
  version: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (guest.virtualisation === "qemu") {
    if (guest.hypervisor.version === version) return undefined;
    return `The guest sees all that QEMU ${guest.hypervisor.version} can emulate, and ${host.site} has QEMU ${version}`;
  }
  if ((await hostCpu(host, signal)) === guest.hostCpu) return undefined;
  return `The guest sees the processor of its host, and ${host.site} has another one`;
}

function isOlder(own: string, other: string): boolean {
  const [mine, theirs] = [own, other].map((version) => version.split(".").slice(0, 2).map(Number));
  const [major = 0, minor = 0] = mine ?? [];
  const [theirMajor = 0, theirMinor = 0] = theirs ?? [];
  return major < theirMajor || (major === theirMajor && minor < theirMinor);
}

function oneLine({ stdout, stderr }: { stdout: string; stderr: string }): string {
  return (stderr || stdout).trim().replaceAll(/\s*\n\s*/g, "; ");
}
