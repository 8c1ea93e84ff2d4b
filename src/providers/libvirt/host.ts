import { readFileSync } from "node:fs";
import { chown, rm, writeFile } from "node:fs/promises";
import type { HostTools } from "../../host/tools.ts";
import type { ProviderContext } from "../provider.ts";
import type { Virsh } from "./client.ts";
import type { Domains } from "./domains.ts";
import type { Exports } from "./exports.ts";
import type { Images } from "./images.ts";
import type { LayerStore } from "./layers.ts";

/** One libvirt host with all that its facets share. */
export class Host {
  readonly site: string;
  readonly uri: string;
  readonly runDir: string;
  readonly tools: HostTools;
  readonly virsh: Virsh;
  readonly images: Images;
  readonly layers: LayerStore;
  readonly exports: Exports;
  readonly domains: Domains;
  readonly log: ProviderContext["log"];
  #domainType: "qemu" | "kvm" | undefined;

  constructor(parts: {
    site: string;
    uri: string;
    runDir: string;
    tools: HostTools;
    virsh: Virsh;
    images: Images;
    layers: LayerStore;
    exports: Exports;
    domains: Domains;
    log: ProviderContext["log"];
  }) {
    this.site = parts.site;
    this.uri = parts.uri;
    this.runDir = parts.runDir;
    this.tools = parts.tools;
    this.virsh = parts.virsh;
    this.images = parts.images;
    this.layers = parts.layers;
    this.exports = parts.exports;
    this.domains = parts.domains;
    this.log = parts.log;
  }

  /** A user's own daemon, not the system's. */
  get isSession(): boolean {
    return this.uri.includes("/session");
  }

  /** `kvm` only where the processor has it and libvirt offers it: /dev/kvm can open without the processor's support,
   *  and using it then takes the machine down. */
  async domainType(signal: AbortSignal): Promise<"qemu" | "kvm"> {
    if (!processorVirtualises()) return "qemu";
    this.#domainType ??=
      (await this.virsh.attempt(["domcapabilities", "--virttype", "kvm"], signal)).exitCode === 0 ? "kvm" : "qemu";
    return this.#domainType;
  }

  /** A file that a tool is to read. */
  async writeForTools(path: string, text: string): Promise<void> {
    await writeFile(path, text, { mode: 0o600 });
    const { account } = this.tools;
    if (account) await chown(path, account.uid, account.gid);
  }

  async removeFiles(...paths: readonly string[]): Promise<void> {
    for (const path of paths) await rm(path, { force: true });
  }

  /** Drops the bytes that nothing needs any more. */
  async sweep(signal: AbortSignal): Promise<void> {
    const layers = await this.layers.list();
    if (!layers.some((layer) => layer.deleted)) {
      await this.layers.sweep(new Set());
      return;
    }
    const used = await this.domains.usedPaths(signal);
    const deleted = new Set(layers.filter((layer) => layer.deleted).map((layer) => layer.id));
    await this.exports.endAll(({ kind, id }) => kind !== "source" && deleted.has(id), "revoke");
    await this.layers.sweep(new Set(used.keys()));
  }
}

function processorVirtualises(): boolean {
  try {
    const flags = /^flags\s*:.*$/m.exec(readFileSync("/proc/cpuinfo", "utf8"))?.[0] ?? "";
    return /\b(vmx|svm)\b/.test(flags);
  } catch {
    return false;
  }
}
