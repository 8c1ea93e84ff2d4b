import { createHash } from "node:crypto";
import { join } from "node:path";
import type { CostModel } from "../../domain/cost-model.ts";
import { tagKeys } from "../../domain/vm.ts";
import type { HostTools } from "../../host/tools.ts";
import { capabilities, nameServerGaps } from "../capabilities.ts";
import { KeptDocuments } from "../documents.ts";
import { FolderTexts } from "../folder-documents.ts";
import { ownMark } from "../processes.ts";
import type {
  Capabilities,
  CensusEntry,
  NameServerFacet,
  Provider,
  ProviderContext,
  SiteCheck,
  VpnGatewayFacet,
} from "../provider.ts";
import { checkHost } from "./checks.ts";
import { Virsh } from "./client.ts";
import { LibvirtCompute } from "./compute.ts";
import { LibvirtCosts } from "./costs.ts";
import { LibvirtDisks } from "./disks.ts";
import { Domains } from "./domains.ts";
import { LibvirtEvents } from "./events.ts";
import { Exports } from "./exports.ts";
import { RuntimeApi } from "./haproxy/runtime-api.ts";
import { Host } from "./host.ts";
import { Images } from "./images.ts";
import { type Layer, LayerStore } from "./layers.ts";
import { LibvirtLive } from "./live/index.ts";
import { HaproxyBalancing } from "./load-balancing.ts";
import { LibvirtMetrics } from "./metrics.ts";
import { LibvirtNetwork } from "./network.ts";

export interface LibvirtEntry {
  /** libvirt's connection URI; the host must be this machine. */
  readonly uri: string;
  /** Folder for replicas, points and clones; QEMU must be able to read it. */
  readonly storagePath: string;
  /** Where the runtime API of the site's HAProxy listens: a socket's path, or `host:port`. */
  readonly haproxy?: string | undefined;
  /** What the host costs, as its owner says. */
  readonly costModel?: CostModel | undefined;
}

export interface LibvirtProviderOptions {
  readonly entry: LibvirtEntry;
  readonly tools: HostTools;
  readonly context: ProviderContext;
  /** Short folder for sockets: their paths end at 107 bytes. */
  readonly runDir: string;
  /** Of zones that are kept beside the host. */
  readonly dns?: NameServerFacet | undefined;
  /** Beside the host. */
  readonly tunnels?: VpnGatewayFacet | undefined;
}

/** A local libvirt daemon takes far more. */
const callRate = { perSecond: 200 };
/** One process beside the traffic that it passes on. */
const haproxyRate = { perSecond: 50 };

/** A KVM host, driven by virsh, qemu-img and qemu-nbd on the same machine. */
export function createLibvirtProvider(options: LibvirtProviderOptions): Provider {
  const { entry, tools, context } = options;
  const { site, log } = context;
  const virsh = new Virsh(tools, entry.uri, context.budget("calls", callRate));
  const layers = new LayerStore(entry.storagePath, tools);
  const hash = createHash("sha256").update(entry.storagePath).digest("hex").slice(0, 6);
  const runDir = join(options.runDir, hash);
  const exports = new Exports(tools, runDir, () => layers.id());
  const domains = new Domains(site, virsh, layers);
  const images = new Images(tools);
  const host = new Host({ site, uri: entry.uri, runDir, tools, virsh, images, layers, exports, domains, log });
  const balancing =
    entry.haproxy === undefined
      ? undefined
      : new HaproxyBalancing(new RuntimeApi(entry.haproxy, context.budget("haproxy", haproxyRate)), site);
  const { costModel } = entry;
  const costs = costModel && context.metered ? new LibvirtCosts(site, costModel, context.metered) : undefined;
  return new LibvirtProvider(host, { balancing, dns: options.dns, tunnels: options.tunnels, costs });
}

/** What is there beside the host. */
interface Beside {
  readonly balancing: HaproxyBalancing | undefined;
  readonly dns: NameServerFacet | undefined;
  readonly tunnels: VpnGatewayFacet | undefined;
  readonly costs: LibvirtCosts | undefined;
}

class LibvirtProvider implements Provider {
  readonly kind = "libvirt";
  readonly capabilities: Capabilities;
  readonly site: string;
  /** Also in the sandbox: its hosts are real hypervisors. */
  readonly simulated = false;
  readonly compute: LibvirtCompute;
  readonly disks: LibvirtDisks;
  readonly network: LibvirtNetwork;
  readonly events: LibvirtEvents;
  readonly live: LibvirtLive;
  readonly documents: KeptDocuments;
  readonly metrics: LibvirtMetrics;
  readonly loadBalancing?: HaproxyBalancing;
  readonly dns?: NameServerFacet;
  readonly tunnels?: VpnGatewayFacet;
  readonly costs?: LibvirtCosts;
  readonly #host: Host;

  constructor(host: Host, { balancing, dns, tunnels, costs }: Beside) {
    this.#host = host;
    const { "load-balancing": noBalancing, dns: noDns, costs: noCosts, ...rest } = capabilities.libvirt;
    const { tunnels: noTunnels, "tunnels.connect": noConnections, ...others } = rest;
    this.capabilities = {
      ...(costs ? {} : { costs: noCosts }),
      ...(balancing ? {} : { "load-balancing": noBalancing }),
      ...(dns ? nameServerGaps : { dns: noDns }),
      ...(tunnels ? {} : { tunnels: noTunnels, "tunnels.connect": noConnections }),
      ...others,
    };
    if (balancing) this.loadBalancing = balancing;
    if (dns) this.dns = dns;
    if (tunnels) this.tunnels = tunnels;
    if (costs) this.costs = costs;
    this.site = host.site;
    this.compute = new LibvirtCompute(host);
    this.disks = new LibvirtDisks(host);
    this.network = new LibvirtNetwork(host);
    this.events = new LibvirtEvents(host);
    this.live = new LibvirtLive(host, this.compute);
    this.metrics = new LibvirtMetrics(host);
    const texts = new FolderTexts(async (signal) => {
      signal.throwIfAborted();
      await host.layers.id();
      return host.layers.root;
    });
    this.documents = new KeptDocuments(host.site, texts);
  }

  async check(signal: AbortSignal): Promise<readonly SiteCheck[]> {
    const rows = await checkHost(this.#host, () => this.disks.freeBytes(), signal);
    const beside = [this.loadBalancing, this.dns, this.tunnels].filter((one) => one !== undefined);
    return [...rows, ...(await Promise.all(beside.map((one) => one.check(signal))))];
  }

  async *census(signal: AbortSignal): AsyncGenerator<CensusEntry> {
    for await (const domain of this.#host.domains.list(signal)) {
      const { tags, name } = domain.metadata;
      if (tags[tagKeys.managed] === "true") yield { kind: "vm", id: domain.uuid, name: name ?? domain.name, tags };
    }
    for (const layer of await this.#host.layers.list()) {
      yield { kind: censusKind(layer), id: layer.id, tags: censusTags(layer) };
    }
    for (const { sourcePointId, key, vmId } of await this.disks.sourcePoints.list()) {
      yield { kind: "source-point", id: sourcePointId, name: vmId, tags: { [tagKeys.key]: key } };
    }
    await this.#host.exports.reap();
    for (const { kind, id, attempt, process } of await this.#host.exports.list()) {
      yield { kind: "export", id: `${kind}/${id}/${attempt}`, name: `qemu-nbd (pid ${process.pid})`, tags: {} };
    }
  }

  async close(): Promise<void> {
    const mine = ownMark();
    await this.#host.exports.endAll(({ owner }) => owner === mine, "finish");
    await this.#host.virsh.close();
  }
}

function censusKind(layer: Layer): CensusEntry["kind"] {
  if (layer.kind === "generation") return layer.sealedAt === undefined ? "generation" : "recovery-point";
  return layer.kind === "adopted" ? "recovery-point" : "volume";
}

function censusTags(layer: Layer): Record<string, string> {
  return layer.deleted ? { ...layer.tags, "novacron:retained": "built on by others" } : { ...layer.tags };
}
