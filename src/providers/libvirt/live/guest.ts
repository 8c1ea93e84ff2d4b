import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import type { LiveGuest, LiveObstacle } from "../../../domain/live.ts";
import { conflict, type Subject } from "../../failures.ts";
import { toolFailure } from "../errors.ts";
import type { Host } from "../host.ts";
import { attribute, child, children, type Element, parseXml, textOf } from "../xml.ts";

/** The hypervisor samples for so long how much of its memory a guest rewrites. */
const sampleSeconds = 1;
const pollMs = 200;

/** @throws NotFound; Conflict when it does not run. */
export async function describeGuest(
  host: Host,
  vmId: string,
  { measure }: { measure: boolean },
  signal: AbortSignal,
): Promise<LiveGuest> {
  const { domains, virsh } = host;
  const subject = domains.subject("look at the running VM", vmId);
  const seen = await domains.get(vmId, signal);
  if (seen.state !== "running") {
    throw conflict(subject, `it is ${seen.state}`, "Start the VM, or move it cold.");
  }
  const definition = await virsh.run(["dumpxml", vmId, "--migratable", "--security-info"], subject, signal);
  const domain = parseXml(definition, "domain");
  if (!domain) throw toolFailure("virsh", "it printed no definition", subject);
  const cpu = /<cpu\b[^>]*\/>|<cpu\b[\s\S]*?<\/cpu>/.exec(definition)?.[0] ?? "";
  const mode = attribute(child(domain, "cpu"), "mode");
  return {
    vmId,
    memoryBytes: seen.memoryBytes,
    definition,
    cpu,
    cpuIs: mode === "maximum" || mode === "host-passthrough" ? "same-host" : "model",
    hostCpu: await hostCpu(host, signal),
    virtualisation: attribute(domain, "type") ?? "qemu",
    architecture: attribute(child(domain, "os", "type"), "arch") ?? "x86_64",
    machine: attribute(child(domain, "os", "type"), "machine") ?? "",
    hypervisor: await hypervisor(host, signal),
    machineId: await machineId(),
    networkKinds: children(child(domain, "devices"), "interface").map(networkKind),
    obstacles: [...findObstacles(domain), ...(await momentaryObstacles(host, vmId, signal))],
    ...(measure ? { dirtyBytesPerSecond: await measureDirtying(host, vmId, signal) } : {}),
  };
}

/** In the words that networks are listed with. */
function networkKind(nic: Element): string {
  const type = attribute(nic, "type") ?? "unknown";
  return type === "network" ? "nat" : type;
}

/** Of this machine's running system. */
export async function machineId(): Promise<string> {
  return (await readFile("/proc/sys/kernel/random/boot_id", "utf8")).trim();
}

export async function hypervisor(host: Host, signal: AbortSignal): Promise<LiveGuest["hypervisor"]> {
  const subject: Subject = { operation: "ask for the hypervisor's version", resource: host.site };
  const output = await host.virsh.run(["version"], subject, signal);
  const [, name = "unknown", version = "0"] = /^Running hypervisor: (\S+) (\S+)/m.exec(output) ?? [];
  return { name, version };
}

export async function hostCpu(host: Host, signal: AbortSignal): Promise<string> {
  const subject: Subject = { operation: "ask for the host's processor", resource: host.site };
  const capabilities = await host.virsh.run(["capabilities"], subject, signal);
  return /<host>[\s\S]*?(<cpu>[\s\S]*?<\/cpu>)/.exec(capabilities)?.[1]?.replaceAll(/\s+/g, " ") ?? "";
}

/** What is bound to its host, and would be missing or meet nothing at the other. */
function findObstacles(domain: Element): LiveObstacle[] {
  const devices = child(domain, "devices");
  const warm = "Move it warm: it is then off for the last difference only.";
  const found: LiveObstacle[] = [];
  const note = (what: string, count: number, why: string, remedy: string): void => {
    if (count > 0) found.push({ what, why, remedy });
  };
  const nics = children(devices, "interface");
  const passed =
    children(devices, "hostdev").length + nics.filter((nic) => attribute(nic, "type") === "hostdev").length;
  note("passthrough", passed, `${passed} device(s) of the host are passed through to it`, `Detach them. ${warm}`);
  const disks = children(devices, "disk");
  const media = disks.filter((disk) => attribute(disk, "device") !== "disk" && child(disk, "source"));
  note("media", media.length, "a CD or floppy is inserted, which is a file of its host", "Eject it.");
  const remote = disks.filter((disk) => {
    const type = attribute(disk, "type");
    return attribute(disk, "device") === "disk" && type !== "file" && type !== "block";
  });
  note("disk-kind", remote.length, "a disk is neither a file nor a block device of its host", warm);
  const sharable = disks.filter((disk) => child(disk, "shareable") || child(disk, "transient"));
  note("shared-disk", sharable.length, "a disk is shared with other VMs, or forgets what is written", warm);
  for (const kind of ["filesystem", "tpm", "shmem", "nvram", "redirdev"]) {
    const why = `it has a device of the kind ${kind}, whose state lies at its host`;
    note(kind, children(devices, kind).length, why, warm);
  }
  const os = child(domain, "os");
  const uefi = attribute(os, "firmware") === "efi" || textOf(child(os, "nvram")) !== undefined;
  note("firmware", uefi ? 1 : 0, "its UEFI variables are a file of its host, which is not moved live", warm);
  return found;
}

async function momentaryObstacles(host: Host, vmId: string, signal: AbortSignal): Promise<LiveObstacle[]> {
  const found: LiveObstacle[] = [];
  // libvirt runs one job a domain at a time.
  if ((await host.virsh.attempt(["backup-dumpxml", vmId], signal)).exitCode === 0) {
    const why = "another migration or backup reads its disks at the moment";
    found.push({ what: "busy", why, remedy: "Wait until that has ended." });
  }
  const subject = host.domains.subject("look at the definition of VM", vmId);
  const kept = await host.virsh.run(["list", "--all", "--persistent", "--uuid"], subject, signal);
  if (!kept.includes(vmId)) {
    const why = "its host forgets it when it ends, and nothing of it would be left there until the move is final";
    found.push({ what: "transient", why, remedy: "Define it persistently (`virsh define`)." });
  }
  return found;
}

async function measureDirtying(host: Host, vmId: string, signal: AbortSignal): Promise<number | undefined> {
  const { virsh } = host;
  const begun = await virsh.attempt(["domdirtyrate-calc", vmId, "--seconds", String(sampleSeconds)], signal);
  if (begun.exitCode !== 0) return undefined;
  for (let left = (5 * sampleSeconds * 1000) / pollMs; left > 0; left--) {
    await sleep(pollMs, undefined, { signal });
    const stats = await virsh.attempt(["domstats", vmId, "--dirtyrate"], signal);
    // 2: measured.
    if (!/dirtyrate\.calc_status=2/.test(stats.stdout)) continue;
    const mib = /dirtyrate\.megabytes_per_second=(\d+)/.exec(stats.stdout)?.[1];
    return mib === undefined ? undefined : Number(mib) * 2 ** 20;
  }
  return undefined;
}
