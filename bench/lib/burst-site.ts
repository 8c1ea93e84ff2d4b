import { once } from "node:events";
import { type AddressInfo, createServer, type Server } from "node:net";
import { ProviderError } from "../../src/domain/errors.ts";
import type { InstanceType } from "../../src/domain/instance-type.ts";
import type { Vm } from "../../src/domain/vm.ts";
import type { CensusEntry, Provider, VmSpec } from "../../src/providers/provider.ts";

interface MadeVm {
  readonly vm: Vm;
  readonly application: Server;
}

/** A site whose VMs are applications of this process: what a pool sees of a site, without a hypervisor. */
export class BurstSite {
  readonly site: string;
  readonly #types: readonly string[];
  readonly vms = new Map<string, MadeVm>();
  readonly volumes = new Map<string, Readonly<Record<string, string>>>();
  /** Each create fails with it while it is set. */
  refuses: "InsufficientCapacity" | "RateLimited" | "QuotaExceeded" | "Unknown" | undefined;
  /** A create acts, and its answer is lost. */
  losesAnswers = false;
  creates = 0;
  readonly bootMs: number;

  constructor(site: string, types: readonly string[], bootMs = 0) {
    this.site = site;
    this.#types = types;
    this.bootMs = bootMs;
  }

  get provider(): Provider {
    const { site } = this;
    const provider = {
      site,
      kind: "made-up",
      capabilities: {},
      compute: {
        listInstanceTypes: () => this.#listTypes(),
        listVms: () => this.#listVms(),
        getVm: async (vmId: string) => this.#made(vmId).vm,
        createVm: (spec: VmSpec, key: string) => this.#create(spec, key),
        startVm: async (vmId: string) => this.#made(vmId).vm,
        deleteVm: (vmId: string) => this.remove(vmId),
      },
      disks: {
        volumeSize: (bytes: number) => bytes,
        freeBytes: async () => undefined,
        deleteVolume: async (volumeId: string) => void this.volumes.delete(volumeId),
      },
      network: { listNetworks: async function* () {} },
      images: {
        resolve: async (name: string) => ({
          ...{ imageId: name, name, state: "available", architecture: "x86_64", firmware: "bios", own: true, tags: {} },
          sizeBytes: 2 ** 30,
        }),
      },
      census: () => this.#census(),
    };
    return provider as unknown as Provider;
  }

  /** As the site itself does with spot capacity. */
  async remove(vmId: string): Promise<void> {
    const made = this.vms.get(vmId);
    this.vms.delete(vmId);
    if (!made) return;
    made.application.close();
    await once(made.application, "close");
  }

  async close(): Promise<void> {
    for (const vmId of [...this.vms.keys()]) await this.remove(vmId);
  }

  #made(vmId: string): MadeVm {
    const made = this.vms.get(vmId);
    if (made) return made;
    throw this.#failure("NotFound", "read a VM", vmId);
  }

  async #create(spec: VmSpec, key: string): Promise<Vm> {
    const known = [...this.vms.values()].find(({ vm }) => vm.tags["novacron:key"] === key);
    if (known) return known.vm;
    this.creates += 1;
    if (this.refuses) throw this.#failure(this.refuses, "create a VM", spec.name);
    const application = createServer((client) => {
      client.on("error", () => client.destroy());
      client.end(`${this.site}/${spec.name}\n`);
    });
    application.listen(0, "127.0.0.1");
    await once(application, "listening");
    const vmId = `vm-${key}`;
    const tags = { ...spec.tags, "novacron:key": key };
    const volumeId = `volume-${key}`;
    this.volumes.set(volumeId, tags);
    const readyMs = Date.now() + this.bootMs;
    const { port } = application.address() as AddressInfo;
    const vm: Vm = {
      ...{ vmId, site: this.site, name: spec.name, state: "running", cpus: spec.cpus, memoryBytes: spec.memoryBytes },
      ...{ firmware: spec.firmware, architecture: spec.architecture, nics: [], publishPorts: spec.publishPorts, tags },
      ...(spec.instanceType === undefined ? {} : { instanceType: spec.instanceType }),
      disks: [{ diskId: "a", volumeId, sizeBytes: 2 ** 30, bus: "virtio-blk", boot: true }],
      /** Reached once it has booted. */
      get endpoints() {
        return Date.now() < readyMs
          ? []
          : spec.publishPorts.map((guestPort) => ({ guestPort, host: "127.0.0.1", port }));
      },
    };
    this.vms.set(vmId, { vm, application });
    if (this.losesAnswers) throw this.#failure("Unknown", "create a VM", spec.name);
    return vm;
  }

  async *#listTypes(): AsyncIterable<InstanceType> {
    for (const name of this.#types) {
      yield {
        ...{
          name,
          family: name,
          cpus: 2,
          memoryBytes: 8 * 2 ** 30,
          architecture: "x86_64",
          firmwares: ["bios", "uefi"],
        },
        ...{ diskBus: "nvme", nicModel: "ena", burstable: false, gpus: 0, bareMetal: false },
      };
    }
  }

  async *#listVms(): AsyncIterable<Vm> {
    for (const { vm } of this.vms.values()) yield vm;
  }

  async *#census(): AsyncIterable<CensusEntry> {
    for (const { vm } of this.vms.values()) yield { kind: "vm", id: vm.vmId, tags: vm.tags };
    for (const [id, tags] of this.volumes) yield { kind: "volume", id, tags };
  }

  #failure(code: "NotFound" | NonNullable<BurstSite["refuses"]>, operation: string, id: string): ProviderError {
    const reason = `the test's site says ${code}`;
    return new ProviderError(code, { operation, resource: `${this.site}/vm/${id}`, reason, action: "Go on." });
  }
}
