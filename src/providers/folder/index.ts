import { tagKeys } from "../../domain/vm.ts";
import { capabilities, nameServerGaps } from "../capabilities.ts";
import { KeptDocuments } from "../documents.ts";
import { FolderTexts } from "../folder-documents.ts";
import type {
  Capabilities,
  CensusEntry,
  NameServerFacet,
  Provider,
  ProviderContext,
  SiteCheck,
  VpnGatewayFacet,
} from "../provider.ts";
import { checkFolder } from "./checks.ts";
import { FolderCompute } from "./compute.ts";
import { FolderDisks, type FolderParts } from "./disks.ts";
import { Folder } from "./folder.ts";
import { Generations } from "./generations.ts";
import { Layers } from "./layers.ts";
import { FolderNetwork } from "./network.ts";
import { Points } from "./points.ts";
import { Retention } from "./retention.ts";
import { SourcePoints } from "./source-points.ts";
import { VmRecords } from "./vm-records.ts";
import { Volumes } from "./volumes.ts";

export interface FolderProviderOptions {
  /** An existing folder on a file system of this machine, which may be a mounted one. */
  readonly storagePath: string;
  readonly context: ProviderContext;
  /** Of zones that are kept beside it. */
  readonly dns?: NameServerFacet | undefined;
  /** Beside it. */
  readonly tunnels?: VpnGatewayFacet | undefined;
}

/** A folder of disks: real bytes, and no hypervisor. */
export function createFolderProvider({ storagePath, context, dns, tunnels }: FolderProviderOptions): Provider {
  const folder = new Folder(context, storagePath);
  const layers = new Layers(folder);
  const points = new Points(folder, layers);
  const volumes = new Volumes(folder, points);
  const vms = new VmRecords(folder, volumes);
  const generations = new Generations(folder, layers, points);
  const sourcePoints = new SourcePoints(folder, vms, volumes);
  const retention = new Retention(folder, layers, points, volumes);
  const parts = { folder, vms, volumes, points, generations, sourcePoints, retention };
  return new FolderProvider(parts, layers, { dns, tunnels });
}

/** On what was removed and is kept while something is built on it. */
const retained = { "novacron:retained": "built on by others" };

class FolderProvider implements Provider {
  readonly kind = "folder";
  readonly capabilities: Capabilities;
  readonly site: string;
  /** Also in the sandbox: its bytes are real. */
  readonly simulated = false;
  readonly compute: FolderCompute;
  readonly disks: FolderDisks;
  readonly network = new FolderNetwork();
  readonly documents: KeptDocuments;
  readonly dns?: NameServerFacet;
  readonly tunnels?: VpnGatewayFacet;
  readonly #parts: FolderParts;
  readonly #layers: Layers;

  constructor(parts: FolderParts, layers: Layers, { dns, tunnels }: Pick<FolderProviderOptions, "dns" | "tunnels">) {
    const { dns: noDns, tunnels: noTunnels, "tunnels.connect": noConnections, ...others } = capabilities.folder;
    this.capabilities = {
      ...(dns ? nameServerGaps : { dns: noDns }),
      ...(tunnels ? {} : { tunnels: noTunnels, "tunnels.connect": noConnections }),
      ...others,
    };
    if (dns) this.dns = dns;
    if (tunnels) this.tunnels = tunnels;
    this.#parts = parts;
    this.#layers = layers;
    this.site = parts.folder.site;
    this.compute = new FolderCompute(parts.folder, parts.vms, parts.volumes);
    this.disks = new FolderDisks(parts);
    const texts = new FolderTexts(async (signal) => {
      await parts.folder.begin(signal);
      return parts.folder.root;
    });
    this.documents = new KeptDocuments(this.site, texts);
  }

  async check(signal: AbortSignal): Promise<readonly SiteCheck[]> {
    const rows = await checkFolder(this.#parts.folder, this.disks, this.#parts.vms, signal);
    const beside = [this.dns, this.tunnels].filter((one) => one !== undefined);
    return [...rows, ...(await Promise.all(beside.map((one) => one.check(signal))))];
  }

  async *census(signal: AbortSignal): AsyncGenerator<CensusEntry> {
    const { folder, vms, volumes, points, sourcePoints, retention } = this.#parts;
    await folder.begin(signal);
    for (const { vmId, record } of (await vms.list()).records) {
      const { name, tags } = record;
      if (tags[tagKeys.managed] === "true") yield { kind: "vm", id: vmId, name, tags };
    }
    for (const { volumeId, tags, state } of await volumes.list()) {
      yield { kind: "volume", id: volumeId, tags: state === "deleted" ? { ...tags, ...retained } : tags };
    }
    for (const { id, file, tags } of await retention.listExternal()) {
      yield { kind: "volume", id, name: file, tags: { ...tags, ...retained } };
    }
    for (const { generationId, seal, deleted, tags } of await this.#layers.list()) {
      const kind = seal ? "recovery-point" : "generation";
      yield { kind, id: generationId, tags: deleted ? { ...tags, ...retained } : tags };
    }
    for (const { pointId, deleted, tags } of await points.listAdopted()) {
      yield { kind: "recovery-point", id: pointId, tags: deleted ? { ...tags, ...retained } : tags };
    }
    for (const { sourcePointId, key, vmId } of await sourcePoints.list()) {
      yield { kind: "source-point", id: sourcePointId, name: vmId, tags: { [tagKeys.key]: key } };
    }
  }

  async close(): Promise<void> {
    await this.#parts.generations.close();
    await this.#parts.sourcePoints.close();
  }
}
