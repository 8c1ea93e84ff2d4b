import { createHash } from "node:crypto";
import { open, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isProviderError, ProviderError } from "../../domain/errors.ts";
import type { VmSize } from "../../domain/operation.ts";
import { isolatedNetworkId, tagKeys, type Vm } from "../../domain/vm.ts";
import { conflict, invalid, notFound } from "../failures.ts";
import type { ComputeFacet, VmSnapshot, VmSpec } from "../provider.ts";
import { type DomainSpec, domainXml, isolatedNetdev, userNetworkId } from "./domain-xml.ts";
import { isOff, type SeenDomain } from "./domains.ts";
import { toolFailure } from "./errors.ts";
import type { Host } from "./host.ts";
import { metadataKey, metadataUri, metadataXml, type VmMetadata } from "./metadata.ts";
import { resizeDomain } from "./resize.ts";
import { listVmSnapshots } from "./snapshots.ts";
import { makeToolFolder } from "./tool-folder.ts";
import { freePort } from "./usernet.ts";

/** How often a guest is asked again: one that is still booting does not hear the power button. */
const askAgainMs = 2_000;
/** Each look costs the guest some of the processor that it needs for its end. */
const pollMs = 100;

export class LibvirtCompute implements ComputeFacet {
  readonly #host: Host;
  readonly #consoles = new Map<string, string>();

  constructor(host: Host) {
    this.#host = host;
  }

  async *listVms(signal: AbortSignal): AsyncGenerator<Vm> {
    for await (const domain of this.#host.domains.list(signal)) yield await this.#host.domains.toVm(domain, signal);
  }

  async getVm(vmId: string, signal: AbortSignal): Promise<Vm> {
    return this.#host.domains.toVm(await this.#host.domains.get(vmId, signal), signal);
  }

  async createVm(spec: VmSpec, key: string, signal: AbortSignal): Promise<Vm> {
    const { domains, virsh, site } = this.#host;
    const uuid = uuidOfKey(site, await this.#host.layers.id(), key);
    const existing = await domains.find(uuid, signal);
    if (existing) return domains.toVm(existing, signal);
    const consoles = await this.#consoleFolder();
    const definition: DomainSpec = {
      uuid,
      name: "",
      type: await this.#host.domainType(signal),
      cpus: spec.cpus,
      memoryBytes: spec.memoryBytes,
      firmware: spec.firmware,
      architecture: spec.architecture,
      disks: await Promise.all(spec.disks.map((disk) => this.#resolveDisk(disk, spec.name))),
      nics: spec.nics,
      consolePath: join(consoles, `${uuid}.log`),
      guestAgent: !this.#host.isSession,
      metadata: {
        name: spec.name,
        createdAt: new Date().toISOString(),
        tags: { ...spec.tags, [tagKeys.managed]: "true", [tagKeys.key]: key },
        publishPorts: spec.publishPorts,
      },
    };
    const plain = spec.name.replaceAll(/[/\s]/g, "-");
    const names = [plain, `${plain}-${uuid.slice(0, 8)}`];
    const taken = await domains.names(signal);
    for (const name of names.filter((candidate, index) => index > 0 || !taken.has(candidate))) {
      const xml = domainXml({ ...definition, name });
      const result = await virsh.attempt(["define", "--validate", "/dev/stdin"], signal, xml);
      if (result.exitCode === 0) return this.getVm(uuid, signal);
      const failure = toolFailure("virsh", result.stderr, { operation: "create VM", resource: `${site}/vm/${name}` });
      // Somebody took the name between the look and the call.
      if (!isProviderError(failure, "Conflict") || name !== plain) throw failure;
    }
    throw conflict(
      { operation: "create VM", resource: `${site}/vm/${spec.name}` },
      "its name and the name with a suffix are both taken",
      "Remove or rename the other domain.",
    );
  }

  async startVm(vmId: string, signal: AbortSignal): Promise<Vm> {
    const { domains, virsh } = this.#host;
    const subject = domains.subject("start VM", vmId);
    const domain = await domains.get(vmId, signal);
    const holder = domain.metadata.tags[tagKeys.fencedBy];
    if (holder !== undefined) {
      throw conflict(
        subject,
        `it is fenced by migration ${holder}: its successor may run elsewhere`,
        `Roll back migration ${holder}, or finalize it.`,
      );
    }
    if (domain.state === "paused") await virsh.run(["resume", vmId], subject, signal);
    if (domain.state !== "running" && domain.state !== "paused") {
      await this.#ensureConsole(domain);
      const result = await virsh.attempt(["start", vmId], signal);
      if (result.exitCode !== 0 && !/already (active|running)/i.test(result.stderr)) {
        throw toolFailure("virsh", result.stderr, subject);
      }
    }
    const running = await domains.get(vmId, signal);
    await this.publish(running, signal);
    return domains.toVm(running, signal);
  }

  async stopVm(
    vmId: string,
    options: { graceMs: number; onWaiting?: () => void },
    signal: AbortSignal,
  ): Promise<{ forced: boolean }> {
    const { domains, virsh } = this.#host;
    const subject = domains.subject("stop VM", vmId);
    const domain = await domains.get(vmId, signal);
    if (isOff(domain)) return { forced: false };
    if (domain.state === "paused") await virsh.attempt(["resume", vmId], signal);
    const deadline = Date.now() + options.graceMs;
    for (let askedAt = 0; Date.now() < deadline; ) {
      if (Date.now() - askedAt >= askAgainMs) {
        options.onWaiting?.();
        await virsh.attempt(["shutdown", vmId, "--mode", "acpi"], signal);
        askedAt = Date.now();
      }
      if (isOff(await domains.get(vmId, signal))) return { forced: false };
      await sleep(Math.min(pollMs, Math.max(0, deadline - Date.now())), undefined, { signal });
    }
    if (isOff(await domains.get(vmId, signal))) return { forced: false };
    await this.#destroy(vmId, signal);
    const after = await domains.get(vmId, signal);
    if (!isOff(after))
      throw conflict(subject, `it is still ${after.state} after it was turned off`, "Look at the host.");
    return { forced: true };
  }

  async resizeVm(vmId: string, size: VmSize, signal: AbortSignal): Promise<Vm> {
    await resizeDomain(this.#host, vmId, size, signal);
    return this.getVm(vmId, signal);
  }

  async deleteVm(vmId: string, signal: AbortSignal): Promise<void> {
    const { domains, virsh } = this.#host;
    const subject = domains.subject("delete VM", vmId);
    const domain = await domains.find(vmId, signal);
    if (!domain) return;
    if (!isOff(domain)) await this.#destroy(vmId, signal);
    const flags = ["--managed-save", "--snapshots-metadata", "--checkpoints-metadata", "--nvram"];
    const result = await virsh.attempt(["undefine", vmId, ...flags], signal);
    const failure = toolFailure("virsh", result.stderr, subject);
    if (result.exitCode !== 0 && failure.code !== "NotFound") throw failure;
    if (domain.consolePath?.startsWith(`${this.#host.layers.root}/`)) await rm(domain.consolePath, { force: true });
    await this.#host.sweep(signal);
  }

  async setTags(vmId: string, tags: Readonly<Record<string, string | undefined>>, signal: AbortSignal): Promise<void> {
    const { domains, virsh } = this.#host;
    const domain = await domains.get(vmId, signal);
    const merged: Record<string, string | undefined> = { ...domain.metadata.tags, ...tags };
    const kept = Object.entries(merged).filter((entry): entry is [string, string] => entry[1] !== undefined);
    const metadata: VmMetadata = { ...domain.metadata, tags: Object.fromEntries(kept) };
    const live = isOff(domain) ? [] : ["--live"];
    const set = ["--key", metadataKey, "--set", metadataXml(metadata, false)];
    const subject = domains.subject("tag VM", vmId);
    const result = await virsh.attempt(["metadata", vmId, metadataUri, "--config", ...live, ...set], signal);
    if (result.exitCode === 0) return;
    const failure = toolFailure("virsh", result.stderr, subject);
    if (live.length === 0 || !/not running/i.test(result.stderr)) throw failure;
    // It stopped meanwhile.
    await virsh.run(["metadata", vmId, metadataUri, "--config", ...set], subject, signal);
  }

  async consoleOutput(vmId: string, maxBytes: number, signal: AbortSignal): Promise<string> {
    // Asked several times a second while a guest boots: the file's place does not change, so libvirt is asked once.
    const consolePath = this.#consoles.get(vmId) ?? (await this.#host.domains.get(vmId, signal)).consolePath;
    const subject = this.#host.domains.subject("read console output", vmId);
    if (consolePath === undefined) {
      throw new ProviderError("UnsupportedCapability", {
        ...subject,
        reason: "its serial console does not go to a file",
        action: "Give the domain a serial device of type file, or verify the move without the console.",
      });
    }
    this.#consoles.set(vmId, consolePath);
    try {
      const file = await open(consolePath, "r");
      try {
        const { size } = await file.stat();
        const length = Math.min(size, maxBytes);
        const bytes = Buffer.alloc(length);
        const { bytesRead } = await file.read(bytes, 0, length, size - length);
        return bytes.subarray(0, bytesRead).toString("utf8");
      } finally {
        await file.close();
      }
    } catch (error) {
      // Never started, or the VM is gone.
      this.#consoles.delete(vmId);
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
      throw error;
    }
  }

  listVmSnapshots(signal: AbortSignal): AsyncIterable<VmSnapshot> {
    return listVmSnapshots(this.#host, signal);
  }

  async #resolveDisk(disk: VmSpec["disks"][number], vm: string): Promise<DomainSpec["disks"][number]> {
    const subject = { operation: "create VM", resource: `${this.#host.site}/vm/${vm}` };
    if (disk.bus === "nvme" || disk.bus === "xen" || disk.bus === "hyperv") {
      throw new ProviderError("UnsupportedCapability", {
        ...subject,
        reason:
          disk.bus === "nvme"
            ? "libvirt can't give a guest an emulated NVMe disk from a file"
            : "KVM has no disks of Xen's or Hyper-V's kind",
        action: "Use virtio-blk, virtio-scsi or sata for the disk.",
      });
    }
    const { volumeId, bus, boot } = disk;
    if (volumeId.startsWith("/")) {
      const info = await this.#host.images.info(volumeId, AbortSignal.timeout(60_000));
      return { path: volumeId, format: info.format, bus, boot };
    }
    const layer = await this.#host.layers.get(volumeId);
    if (!layer || layer.deleted || !layer.made) throw notFound(subject, `volume ${volumeId} does not exist`);
    if (layer.kind !== "volume") {
      throw invalid(subject, `${volumeId} is a recovery point`, "Materialise it and use the volume that comes out.");
    }
    return { path: layer.path, format: layer.format, bus, boot };
  }

  /** Forwards a free port of this host to each published port that has none yet. One that isn't running has none. */
  async publish(domain: SeenDomain, signal: AbortSignal): Promise<void> {
    const { publishPorts } = domain.metadata;
    const netdev = forwarding(domain);
    if (publishPorts.length === 0 || netdev === undefined) return;
    const { domains, virsh } = this.#host;
    const subject = domains.subject("publish ports of VM", domain.uuid);
    const published = new Set((await domains.endpoints(domain, signal)).map(({ guestPort }) => guestPort));
    for (const guestPort of publishPorts.filter((port) => !published.has(port))) {
      await this.#retryBusyPort(async () => {
        const forward = `hostfwd_add ${netdev} tcp:127.0.0.1:${await freePort()}-:${guestPort}`;
        const answer = (await virsh.hmp(domain.uuid, forward, subject, signal)).trim();
        if (answer !== "") throw toolFailure("qemu", answer, subject);
      });
    }
  }

  /** Another process may take a free port before QEMU does. */
  async #retryBusyPort(forward: () => Promise<void>): Promise<void> {
    for (let left = 3; ; left--) {
      try {
        await forward();
        return;
      } catch (error) {
        if (left === 0 || !/Could not set up host forwarding/i.test(String(error))) throw error;
      }
    }
  }

  async #destroy(vmId: string, signal: AbortSignal): Promise<void> {
    const result = await this.#host.virsh.attempt(["destroy", vmId], signal);
    if (result.exitCode === 0 || /not running|failed to get domain/i.test(result.stderr)) return;
    throw toolFailure("virsh", result.stderr, this.#host.domains.subject("turn off VM", vmId));
  }

  async #consoleFolder(): Promise<string> {
    return this.#host.layers.folder("consoles");
  }

  /** Its folder may have been removed with the store. */
  async #ensureConsole(domain: SeenDomain): Promise<void> {
    const folder = domain.consolePath?.replace(/\/[^/]*$/, "");
    if (!folder?.startsWith(`${this.#host.layers.root}/`)) return;
    await makeToolFolder(folder, 0o750, this.#host.tools);
  }
}

/** QEMU's name of the user-mode network that ports of the host can be forwarded to. */
function forwarding({ nics }: SeenDomain): string | undefined {
  const index = nics.findIndex((nic) => nic.networkId === userNetworkId);
  if (index >= 0) return `hostnet${index}`;
  return nics.some((nic) => nic.networkId === isolatedNetworkId) ? isolatedNetdev : undefined;
}

/** The same key, the same UUID: a repeated create finds what the first one made. */
function uuidOfKey(...parts: readonly string[]): string {
  const hex = createHash("sha256").update(JSON.stringify(parts)).digest("hex");
  const variant = ((Number.parseInt(hex.slice(16, 17), 16) & 3) | 8).toString(16);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    variant + hex.slice(17, 20),
    hex.slice(20, 32),
  ].join("-");
}
