import { capabilities } from "../capabilities.ts";
import { KeptDocuments } from "../documents.ts";
import { Helpers } from "../helpers.ts";
import type { Capabilities, CensusEntry, Provider, ProviderContext, SiteCheck } from "../provider.ts";
import { GcpAlarms } from "./alarms.ts";
import { Census } from "./census.ts";
import { checkProject } from "./checks.ts";
import { Gcp } from "./client.ts";
import { GcpCompute } from "./compute.ts";
import { GcpCosts } from "./costs.ts";
import { GcpDisks } from "./disks.ts";
import { GcpDns } from "./dns.ts";
import { GcpTexts } from "./documents.ts";
import { GcpEvents } from "./events.ts";
import { Generations } from "./generations.ts";
import { GcpHelpers } from "./helper-instances.ts";
import { GcpImages } from "./images.ts";
import { GcpKeys } from "./keys.ts";
import { vmLabelRules } from "./labels.ts";
import { Launcher } from "./launch.ts";
import { GcpLoadBalancers, GcpScalingGroups, GcpTunnels } from "./listed.ts";
import { GcpLoadBalancing } from "./load-balancing.ts";
import { MachineTypes } from "./machine-types.ts";
import { GcpMetrics } from "./metrics.ts";
import { GcpNetwork } from "./network.ts";
import { GcpNetworkAdmin } from "./network-admin.ts";
import { GcpObjects } from "./objects.ts";
import { GcpQuotas } from "./quotas.ts";
import { type GcpEntry, type GcpPatience, patience } from "./settings.ts";
import { Snapshots } from "./snapshots.ts";
import { GcpSnapshots } from "./snapshots-facet.ts";
import { SourcePoints } from "./source-points.ts";
import { Volumes } from "./volumes.ts";

export interface GcpProviderOptions {
  readonly entry: GcpEntry;
  readonly context: ProviderContext;
  /** Where it differs from {@link patience}. */
  readonly patience?: Partial<GcpPatience>;
}

/** One zone of one project. Nothing is loaded or called before the first use. */
export function createGcpProvider(options: GcpProviderOptions): Provider {
  const gcp = new Gcp(options.entry, options.context, { ...patience, ...options.patience });
  return new GcpProvider(gcp, options.context);
}

class GcpProvider implements Provider {
  readonly kind = "gcp";
  readonly capabilities: Capabilities;
  readonly tagRules = vmLabelRules;
  readonly site: string;
  readonly simulated: boolean;
  readonly compute: GcpCompute;
  readonly disks: GcpDisks;
  readonly network: GcpNetwork;
  readonly images: GcpImages;
  readonly snapshots: GcpSnapshots;
  readonly networkAdmin: GcpNetworkAdmin;
  readonly objects: GcpObjects;
  readonly documents: KeptDocuments;
  readonly quotas: GcpQuotas;
  readonly dns: GcpDns;
  readonly loadBalancing: GcpLoadBalancing;
  readonly keys: GcpKeys;
  readonly events: GcpEvents;
  readonly metrics: GcpMetrics;
  readonly costs?: GcpCosts;
  readonly alarms: GcpAlarms;
  readonly loadBalancers: GcpLoadBalancers;
  readonly scalingGroups: GcpScalingGroups;
  readonly tunnels: GcpTunnels;
  readonly #gcp: Gcp;
  readonly #census: Census;

  constructor(gcp: Gcp, context: ProviderContext) {
    this.#gcp = gcp;
    this.site = gcp.site;
    this.simulated = gcp.entry.simulated;
    const types = new MachineTypes(gcp);
    const snapshots = new Snapshots(gcp);
    const { pollMs, helperStartMs: startWithinMs } = gcp.patience;
    const helpers = new Helpers(new GcpHelpers(gcp), { site: gcp.site, pollMs, startWithinMs, log: gcp.log });
    const volumes = new Volumes(gcp, { snapshots, helpers });
    const generations = new Generations(gcp, { snapshots, volumes, helpers });
    const sourcePoints = new SourcePoints(gcp, { snapshots, volumes, helpers });
    this.network = new GcpNetwork(gcp);
    this.images = new GcpImages(gcp, generations);
    const launcher = new Launcher(gcp, { types, images: this.images, network: this.network, volumes });
    this.compute = new GcpCompute(gcp, { types, launcher });
    this.disks = new GcpDisks(gcp, { generations, sourcePoints, volumes });
    this.snapshots = new GcpSnapshots(gcp, snapshots);
    this.networkAdmin = new GcpNetworkAdmin(gcp);
    this.objects = new GcpObjects(gcp);
    this.documents = new KeptDocuments(gcp.site, new GcpTexts(gcp, this.objects));
    this.quotas = new GcpQuotas(gcp, types);
    this.dns = new GcpDns(gcp);
    this.loadBalancing = new GcpLoadBalancing(gcp);
    this.keys = new GcpKeys(gcp, context);
    this.events = new GcpEvents(gcp);
    this.metrics = new GcpMetrics(gcp);
    const { billingTable } = gcp.entry;
    const { costs: unknownCosts, ...others } = capabilities.gcp;
    this.capabilities = billingTable === undefined ? { costs: unknownCosts, ...others } : others;
    if (billingTable !== undefined) this.costs = new GcpCosts(gcp, billingTable);
    this.alarms = new GcpAlarms(gcp);
    this.loadBalancers = new GcpLoadBalancers(gcp);
    this.scalingGroups = new GcpScalingGroups(gcp);
    this.tunnels = new GcpTunnels(gcp);
    this.#census = new Census(gcp, { snapshots, objects: this.objects, alarms: this.alarms });
  }

  check(signal: AbortSignal): Promise<readonly SiteCheck[]> {
    const { network, quotas } = this;
    return checkProject({ gcp: this.#gcp, network, quotas }, signal);
  }

  census(signal: AbortSignal): AsyncIterable<CensusEntry> {
    return this.#census.list(signal);
  }

  close(): Promise<void> {
    return this.#gcp.close();
  }
}
