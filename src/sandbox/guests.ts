import { randomUUID } from "node:crypto";
import { chownSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ProviderError } from "../domain/errors.ts";
import { tagKeys } from "../domain/vm.ts";
import type { HostTools } from "../host/tools.ts";
import { type DomainDisk, sandboxDomainXml } from "./domain.ts";
import { demoGuest, guestImage } from "./guest/image.ts";
import { bootMarker, guestPort } from "./guest/scripts.ts";
import type { LibvirtHost } from "./libvirt-host.ts";
import { writeScattered } from "./scattered.ts";
import type { CreatedVm, DataVmInput, GuestInput } from "./site.ts";
import { virsh } from "./virsh.ts";

/** Makes the VMs that a sandbox site starts with, as an administrator of that host would have. */
export class Guests {
  readonly #tools: HostTools;
  readonly #templates: string;

  constructor(tools: HostTools, templates: string) {
    this.#tools = tools;
    this.#templates = templates;
  }

  async createGuest(host: LibvirtHost, input: GuestInput): Promise<CreatedVm> {
    const recipe = {
      ...demoGuest,
      drivers: input.drivers ?? demoGuest.drivers,
      ...(input.agent ? { agent: true } : {}),
      ...(input.firmware ? { firmware: input.firmware } : {}),
    };
    const template = await guestImage(this.#tools, this.#templates, recipe);
    const vmId = randomUUID();
    const path = join(host.guestDir, `${vmId}.qcow2`);
    await this.#qemuImg(["convert", "-f", "raw", "-O", "qcow2", template, path]);
    await this.#define(host, {
      vmId,
      name: input.name,
      memoryMib: input.memoryMib,
      disks: [{ path, boot: true }],
      network: true,
      publishPorts: [guestPort],
      tags: { [tagKeys.bootMarker]: bootMarker },
      ...(input.firmware ? { firmware: input.firmware } : {}),
      ...(input.agent ? { agentSocket: join(host.socketDir, `${vmId.slice(0, 8)}.ga`) } : {}),
    });
    if (input.start) await this.start(host, vmId);
    return { vmId, name: input.name };
  }

  /** Starts a VM and publishes the ports that its metadata names on loopback. */
  async start(host: LibvirtHost, vmId: string): Promise<void> {
    await virsh(this.#tools, host.uri, ["start", vmId]);
    const xml = await virsh(this.#tools, host.uri, ["dumpxml", vmId]);
    for (const [, port] of xml.matchAll(/<novacron:publish port=['"](\d+)['"]/g)) {
      const forward = `hostfwd_add hostnet0 tcp:127.0.0.1:${await freePort()}-:${port}`;
      await virsh(this.#tools, host.uri, ["qemu-monitor-command", "--hmp", vmId, forward]);
    }
  }

  /** A stopped VM whose disks hold random data at their start, in their middle and at their end. */
  async createDataVm(host: LibvirtHost, input: DataVmInput): Promise<CreatedVm> {
    const vmId = randomUUID();
    const disks: DomainDisk[] = [];
    for (const [index, { sizeBytes, dataBytes }] of input.disks.entries()) {
      const raw = join(host.guestDir, `${vmId}-${index}.raw`);
      const path = join(host.guestDir, `${vmId}-${index}.qcow2`);
      await writeScattered(raw, sizeBytes, dataBytes);
      if (this.#tools.account) chownSync(raw, this.#tools.account.uid, this.#tools.account.gid);
      await this.#qemuImg(["convert", "-f", "raw", "-O", "qcow2", raw, path]);
      rmSync(raw);
      disks.push({ path, boot: index === 0 });
    }
    await this.#define(host, { vmId, ...input, disks, network: false, publishPorts: [], tags: {} });
    return { vmId, name: input.name };
  }

  /** Image files of a VM's disks, in order. */
  async diskPaths(host: LibvirtHost, vmId: string): Promise<string[]> {
    const listed = await virsh(this.#tools, host.uri, ["domblklist", vmId, "--details"]);
    return listed.split("\n").flatMap((line) => line.trim().split(/\s+/)[3] ?? []);
  }

  /** Ends and removes a VM of the host with all its disks; one that is gone is fine. */
  async remove(host: LibvirtHost, vmId: string): Promise<void> {
    const all = (await virsh(this.#tools, host.uri, ["list", "--all", "--uuid"])).split("\n");
    if (!all.includes(vmId)) return;
    const paths = await this.diskPaths(host, vmId);
    await virsh(this.#tools, host.uri, ["destroy", vmId]).catch(() => undefined);
    await virsh(this.#tools, host.uri, ["undefine", vmId, "--nvram", "--checkpoints-metadata"]);
    for (const path of paths) if (path.startsWith(`${host.guestDir}/`)) rmSync(path, { force: true });
  }

  async #define(host: LibvirtHost, spec: Omit<Parameters<typeof sandboxDomainXml>[0], "consolePath">): Promise<void> {
    const consolePath = join(host.guestDir, `${spec.vmId}.console`);
    writeFileSync(consolePath, "");
    if (this.#tools.account) chownSync(consolePath, this.#tools.account.uid, this.#tools.account.gid);
    const xml = join(host.guestDir, `${spec.vmId}.xml`);
    writeFileSync(xml, sandboxDomainXml({ ...spec, consolePath }), { mode: 0o644 });
    try {
      await virsh(this.#tools, host.uri, ["define", xml]);
    } finally {
      rmSync(xml, { force: true });
    }
  }

  async #qemuImg(args: readonly string[]): Promise<void> {
    const { exitCode, stderr } = await this.#tools.run("qemu-img", args);
    if (exitCode === 0) return;
    throw new ProviderError("Unavailable", {
      operation: "make a guest's disk",
      resource: args.at(-1) ?? "disk",
      reason: stderr.trim(),
      action: "Check the free space of the state folder.",
    });
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  // Another process could take it meanwhile; QEMU then refuses, and that is reported.
  await sleep(0);
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}
