import { capabilities } from "../capabilities.ts";
import { KeptDocuments } from "../documents.ts";
import { Helpers } from "../helpers.ts";
import type { CensusEntry, Provider, ProviderContext, SiteCheck } from "../provider.ts";
import { OciAlarms } from "./alarms.ts";
import { Backups } from "./backups.ts";
import { Blank } from "./blank.ts";
import { Census } from "./census.ts";
import { checkTenancy } from "./checks.ts";
import { Oci } from "./client.ts";
import { OciCompute } from "./compute.ts";
import { OciCosts } from "./costs.ts";
import { OciDisks } from "./disks.ts";
import { OciDns } from "./dns.ts";
import { OciTexts } from "./documents.ts";
import { OciEvents } from "./events.ts";
import { Generations } from "./generations.ts";
import { OciHelpers } from "./helper-instances.ts";
import { OciImages } from "./images.ts";
import { OciKeys } from "./keys.ts";
import { Launcher } from "./launch.ts";
import { OciLoadBalancers, OciScalingGroups, OciTunnels } from "./listed.ts";
import { OciLoadBalancing } from "./load-balancing.ts";
import { OciMetrics } from "./metrics.ts";
import { OciNetwork } from "./network.ts";
import { OciNetworkAdmin } from "./network-admin.ts";
import { OciObjects } from "./objects.ts";
import { Placements } from "./placements.ts";
import { Points } from "./points.ts";
import { OciQuotas } from "./quotas.ts";
import { Readings } from "./readings.ts";
import { type OciEntry, type OciPatience, patience } from "./settings.ts";
import { Shapes } from "./shapes.ts";
import { OciSnapshots } from "./snapshots.ts";
import { SourcePoints } from "./source-points.ts";
import { vmTagRules } from "./tags.ts";
import { OciView } from "./view.ts";
import { VolumeView } from "./volume-view.ts";
import { Volumes } from "./volumes.ts";

export interface OciProviderOptions {
  readonly entry: OciEntry;
  readonly context: ProviderContext;
  /** Where it differs from {@link patience}. */
  readonly patience?: Partial<OciPatience>;
}

/** One compartment in one region. Nothing is loaded or called before the first use. */
export function createOciProvider(options: OciProviderOptions): Provider {
  const oci = new Oci(options.entry, options.context, { ...patience, ...options.patience });
  return new OciProvider(oci, options.context);
}

class OciProvider implements Provider {
  readonly kind = "oci";
  readonly capabilities = capabilities.oci;
  readonly tagRules = vmTagRules;
  readonly site: string;
  readonly simulated: boolean;
  readonly compute: OciCompute;
  readonly disks: OciDisks;
  readonly network: OciNetwork;
  readonly images: OciImages;
  readonly snapshots: OciSnapshots;
  readonly networkAdmin: OciNetworkAdmin;
  readonly objects: OciObjects;
  readonly documents: KeptDocuments;
  readonly quotas: OciQuotas;
  readonly dns: OciDns;
  readonly loadBalancing: OciLoadBalancing;
  readonly keys: OciKeys;
  readonly events: OciEvents;
  readonly metrics: OciMetrics;
  readonly costs: OciCosts;
  readonly alarms: OciAlarms;
  readonly loadBalancers: OciLoadBalancers;
  readonly scalingGroups: OciScalingGroups;
  readonly tunnels: OciTunnels;
  readonly #oci: Oci;
  readonly #view: OciView;
  readonly #placements: Placements;
  readonly #census: Census;

  constructor(oci: Oci, context: ProviderContext) {
    this.#oci = oci;
    this.site = oci.site;
    this.simulated = oci.entry.simulated;
    const view = new OciView(oci);
    const shapes = new Shapes(oci);
    const placements = new Placements(oci, view);
    const volumeView = new VolumeView(oci);
    const volumes = new Volumes(oci, { view, volumes: volumeView });
    const backups = new Backups(oci, view);
    const points = new Points(oci, { backups, volumes });
    const objects = new OciObjects(oci);
    const images = new OciImages(oci, { backups, points });
    const launcher = new Launcher(oci, { view, shapes, placements, volumeView, volumes, backups });
    const blank = new Blank(oci, { view, shapes, placements, objects, volumeView, volumes, backups });
    const machines = new OciHelpers(oci, { view, volumeView, shapes, placements, images, launcher });
    const { pollMs, helperStartMs } = oci.patience;
    const helpers = new Helpers(machines, { site: oci.site, pollMs, startWithinMs: helperStartMs, log: oci.log });
    const readings = new Readings(oci, { placements, volumeView, volumes, helpers });
    const sourcePoints = new SourcePoints(oci, { view, volumeView, backups, points, readings });
    const generations = new Generations(oci, {
      ...{ view, placements, volumeView, volumes, backups, points, blank, helpers },
    });
    this.compute = new OciCompute(oci, { view, shapes, volumeView, launcher });
    this.disks = new OciDisks(oci, {
      ...{ view, placements, volumeView, volumes, points, sourcePoints, generations, readings, blank },
    });
    this.network = new OciNetwork(oci, view);
    this.images = images;
    this.snapshots = new OciSnapshots(oci, backups);
    this.networkAdmin = new OciNetworkAdmin(oci, view);
    this.objects = objects;
    this.documents = new KeptDocuments(oci.site, new OciTexts(oci, this.objects));
    this.quotas = new OciQuotas(oci, { view, shapes });
    this.dns = new OciDns(oci);
    this.loadBalancing = new OciLoadBalancing(oci, view);
    this.keys = new OciKeys(oci, context);
    this.events = new OciEvents(oci);
    this.metrics = new OciMetrics(oci);
    this.costs = new OciCosts(oci);
    this.alarms = new OciAlarms(oci);
    this.loadBalancers = new OciLoadBalancers(oci);
    this.scalingGroups = new OciScalingGroups(oci);
    this.tunnels = new OciTunnels(oci);
    this.#view = view;
    this.#placements = placements;
    this.#census = new Census(oci, { view, volumeView, backups, objects, alarms: this.alarms });
  }

  check(signal: AbortSignal): Promise<readonly SiteCheck[]> {
    const { objects, quotas } = this;
    return checkTenancy({ oci: this.#oci, view: this.#view, placements: this.#placements, objects, quotas }, signal);
  }

  census(signal: AbortSignal): AsyncIterable<CensusEntry> {
    return this.#census.list(signal);
  }

  async close(): Promise<void> {}
}
