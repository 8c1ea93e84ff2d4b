import { capabilities } from "../capabilities.ts";
import { KeptDocuments } from "../documents.ts";
import type { CensusEntry, Provider, ProviderContext, SiteCheck } from "../provider.ts";
import { AwsAlarms } from "./alarms.ts";
import { Census } from "./census.ts";
import { checkAccount } from "./checks.ts";
import { Aws } from "./client.ts";
import { AwsCompute } from "./compute.ts";
import { AwsCosts } from "./costs.ts";
import { Ec2View } from "./describe.ts";
import { AwsDisks } from "./disks.ts";
import { AwsDns } from "./dns.ts";
import { AwsTexts } from "./documents.ts";
import { AwsEvents } from "./events.ts";
import { Generations } from "./generations.ts";
import { AwsImages } from "./images.ts";
import { InstanceTypes } from "./instance-types.ts";
import { AwsKeys } from "./keys.ts";
import { Launcher } from "./launch.ts";
import { AwsLoadBalancers } from "./load-balancers.ts";
import { AwsLoadBalancing } from "./load-balancing.ts";
import { AwsMetrics } from "./metrics.ts";
import { AwsNetwork } from "./network.ts";
import { AwsNetworkAdmin } from "./network-admin.ts";
import { AwsObjects } from "./objects.ts";
import { OwnImages } from "./own-images.ts";
import { Placements } from "./placements.ts";
import { Snapshots } from "./points.ts";
import { AwsQuotas } from "./quotas.ts";
import { AwsScalingGroups } from "./scaling-groups.ts";
import { type AwsEntry, type AwsPatience, patience } from "./settings.ts";
import { AwsSnapshots } from "./snapshots.ts";
import { vmTagRules } from "./tags.ts";
import { AwsTunnels } from "./tunnels.ts";

export interface AwsProviderOptions {
  readonly entry: AwsEntry;
  readonly context: ProviderContext;
  /** Where it differs from {@link patience}. */
  readonly patience?: Partial<AwsPatience>;
}

/** One account in one region. Nothing is loaded or called before the first use. */
export function createAwsProvider(options: AwsProviderOptions): Provider {
  const aws = new Aws(options.entry, options.context, { ...patience, ...options.patience });
  return new AwsProvider(aws, options.context);
}

class AwsProvider implements Provider {
  readonly kind = "aws";
  readonly capabilities = capabilities.aws;
  readonly tagRules = vmTagRules;
  readonly site: string;
  readonly simulated: boolean;
  readonly compute: AwsCompute;
  readonly disks: AwsDisks;
  readonly network: AwsNetwork;
  readonly images: AwsImages;
  readonly snapshots: AwsSnapshots;
  readonly networkAdmin: AwsNetworkAdmin;
  readonly objects: AwsObjects;
  readonly documents: KeptDocuments;
  readonly quotas: AwsQuotas;
  readonly keys: AwsKeys;
  readonly loadBalancers: AwsLoadBalancers;
  readonly scalingGroups: AwsScalingGroups;
  readonly tunnels: AwsTunnels;
  readonly events: AwsEvents;
  readonly metrics: AwsMetrics;
  readonly costs: AwsCosts;
  readonly alarms: AwsAlarms;
  readonly dns: AwsDns;
  readonly loadBalancing: AwsLoadBalancing;
  readonly #aws: Aws;
  readonly #census: Census;
  readonly #placements: Placements;

  constructor(aws: Aws, context: ProviderContext) {
    this.#aws = aws;
    this.site = aws.site;
    this.simulated = aws.entry.simulated;
    const view = new Ec2View(aws);
    const types = new InstanceTypes(aws);
    const images = new OwnImages(aws, view);
    const placements = new Placements(aws, view);
    const snapshots = new Snapshots(aws, view);
    const generations = new Generations(aws, snapshots);
    const launcher = new Launcher(aws, { view, types, images, placements });
    this.compute = new AwsCompute(aws, { view, types, launcher });
    this.disks = new AwsDisks(aws, { view, snapshots, placements, generations });
    this.network = new AwsNetwork(aws, view);
    this.images = new AwsImages(aws, { view, images, generations });
    this.snapshots = new AwsSnapshots(aws, snapshots);
    this.networkAdmin = new AwsNetworkAdmin(aws, view);
    this.objects = new AwsObjects(aws);
    this.documents = new KeptDocuments(aws.site, new AwsTexts(aws, this.objects));
    this.keys = new AwsKeys(aws, context);
    this.loadBalancers = new AwsLoadBalancers(aws);
    this.scalingGroups = new AwsScalingGroups(aws);
    this.tunnels = new AwsTunnels(aws);
    this.events = new AwsEvents(aws);
    this.metrics = new AwsMetrics(aws);
    this.costs = new AwsCosts(aws);
    this.alarms = new AwsAlarms(aws, view);
    this.dns = new AwsDns(aws);
    this.loadBalancing = new AwsLoadBalancing(aws);
    this.quotas = new AwsQuotas(aws, { view, types });
    this.#census = new Census(aws, { view, snapshots, alarms: this.alarms });
    this.#placements = placements;
  }

  check(signal: AbortSignal): Promise<readonly SiteCheck[]> {
    const { quotas } = this;
    return checkAccount({ aws: this.#aws, placements: this.#placements, quotas }, signal);
  }

  census(signal: AbortSignal): AsyncIterable<CensusEntry> {
    return this.#census.list(signal);
  }

  async close(): Promise<void> {
    this.#aws.close();
  }
}
