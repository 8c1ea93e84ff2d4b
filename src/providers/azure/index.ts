import { capabilities } from "../capabilities.ts";
import { KeptDocuments } from "../documents.ts";
import type { CensusEntry, Provider, ProviderContext, SiteCheck } from "../provider.ts";
import { AzureAlarms } from "./alarms.ts";
import { Census } from "./census.ts";
import { checkSubscription } from "./checks.ts";
import { Azure } from "./client.ts";
import { AzureCompute } from "./compute.ts";
import { AzureCosts } from "./costs.ts";
import { AzureDisks } from "./disks.ts";
import { AzureDns } from "./dns.ts";
import { AzureTexts } from "./documents.ts";
import { AzureEvents } from "./events.ts";
import { Generations } from "./generations.ts";
import { AzureImages } from "./images.ts";
import { InstanceTypes } from "./instance-types.ts";
import { AzureKeys } from "./keys.ts";
import { Launcher } from "./launch.ts";
import { AzureLoadBalancers, AzureScalingGroups, AzureTunnels } from "./listed.ts";
import { AzureLoadBalancing } from "./load-balancing.ts";
import { AzureMetrics } from "./metrics.ts";
import { AzureNetwork } from "./network.ts";
import { AzureNetworkAdmin } from "./network-admin.ts";
import { AzureObjects } from "./objects.ts";
import { OwnImages } from "./own-images.ts";
import { Placements } from "./placements.ts";
import { Snapshots } from "./points.ts";
import { AzureQuotas } from "./quotas.ts";
import { ReplicaBlobs } from "./replica-blobs.ts";
import { type AzureEntry, type AzurePatience, patience } from "./settings.ts";
import { AzureSnapshots } from "./snapshots.ts";
import { vmTagRules } from "./tags.ts";
import { View } from "./view.ts";
import { Volumes } from "./volumes.ts";

export interface AzureProviderOptions {
  readonly entry: AzureEntry;
  readonly context: ProviderContext;
  /** Where it differs from {@link patience}. */
  readonly patience?: Partial<AzurePatience>;
}

/** One resource group in one region. Nothing is loaded or called before the first use. */
export function createAzureProvider(options: AzureProviderOptions): Provider {
  const azure = new Azure(options.entry, options.context, { ...patience, ...options.patience });
  return new AzureProvider(azure, options.context);
}

class AzureProvider implements Provider {
  readonly kind = "azure";
  readonly capabilities = capabilities.azure;
  readonly tagRules = vmTagRules;
  readonly site: string;
  readonly simulated: boolean;
  readonly compute: AzureCompute;
  readonly disks: AzureDisks;
  readonly network: AzureNetwork;
  readonly images: AzureImages;
  readonly snapshots: AzureSnapshots;
  readonly networkAdmin: AzureNetworkAdmin;
  readonly objects: AzureObjects;
  readonly documents: KeptDocuments;
  readonly quotas: AzureQuotas;
  readonly keys: AzureKeys;
  readonly events: AzureEvents;
  readonly metrics: AzureMetrics;
  readonly costs: AzureCosts;
  readonly alarms: AzureAlarms;
  readonly loadBalancers: AzureLoadBalancers;
  readonly scalingGroups: AzureScalingGroups;
  readonly tunnels: AzureTunnels;
  readonly dns: AzureDns;
  readonly loadBalancing: AzureLoadBalancing;
  readonly #azure: Azure;
  readonly #census: Census;
  readonly #placements: Placements;
  readonly #types: InstanceTypes;

  constructor(azure: Azure, context: ProviderContext) {
    this.#azure = azure;
    this.site = azure.site;
    this.simulated = azure.entry.simulated;
    const types = new InstanceTypes(azure);
    const view = new View(azure, types);
    const placements = new Placements(azure);
    const snapshots = new Snapshots(azure, view);
    const volumes = new Volumes(azure, { view, snapshots });
    const blobs = new ReplicaBlobs(azure);
    const generations = new Generations(azure, { blobs, snapshots });
    const images = new OwnImages(azure);
    const launcher = new Launcher(azure, { view, types, placements, volumes });
    this.compute = new AzureCompute(azure, { view, types, launcher });
    this.disks = new AzureDisks(azure, { view, snapshots, blobs, generations, images, volumes });
    this.network = new AzureNetwork(azure, placements, view);
    this.images = new AzureImages(azure, { images, generations, blobs });
    this.snapshots = new AzureSnapshots(azure, { view, snapshots });
    this.networkAdmin = new AzureNetworkAdmin(azure, placements);
    this.objects = new AzureObjects(azure);
    this.documents = new KeptDocuments(azure.site, new AzureTexts(azure, this.objects));
    this.quotas = new AzureQuotas(azure, types);
    this.keys = new AzureKeys(azure, context);
    this.events = new AzureEvents(azure);
    this.metrics = new AzureMetrics(azure);
    this.costs = new AzureCosts(azure);
    this.alarms = new AzureAlarms(azure);
    this.loadBalancers = new AzureLoadBalancers(azure);
    this.scalingGroups = new AzureScalingGroups(azure);
    this.tunnels = new AzureTunnels(azure);
    this.dns = new AzureDns(azure);
    this.loadBalancing = new AzureLoadBalancing(azure, placements);
    this.#census = new Census(azure, { view, snapshots, generations, images, placements, alarms: this.alarms });
    this.#placements = placements;
    this.#types = types;
  }

  check(signal: AbortSignal): Promise<readonly SiteCheck[]> {
    const parts = { azure: this.#azure, placements: this.#placements, quotas: this.quotas, types: this.#types };
    return checkSubscription(parts, signal);
  }

  census(signal: AbortSignal): AsyncIterable<CensusEntry> {
    return this.#census.list(signal);
  }

  async close(): Promise<void> {
    this.#azure.close();
  }
}
