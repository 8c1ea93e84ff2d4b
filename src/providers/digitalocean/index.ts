import { capabilities } from "../capabilities.ts";
import { Helpers } from "../helpers.ts";
import type { CensusEntry, Provider, ProviderContext, SiteCheck } from "../provider.ts";
import { Census } from "./census.ts";
import { checkTeam } from "./checks.ts";
import { DigitalOcean } from "./client.ts";
import { DigitalOceanCompute } from "./compute.ts";
import { DigitalOceanDisks } from "./disks.ts";
import { Droplets } from "./droplets.ts";
import { Generations } from "./generations.ts";
import { HelperDroplets } from "./helper-droplets.ts";
import { Images } from "./images.ts";
import { vmTagRules } from "./labels.ts";
import { Launcher } from "./launch.ts";
import { DigitalOceanNetwork } from "./network.ts";
import { DigitalOceanNetworkAdmin } from "./network-admin.ts";
import { DigitalOceanQuotas } from "./quotas.ts";
import { type DigitalOceanEntry, type DigitalOceanPatience, patience } from "./settings.ts";
import { Sizes } from "./sizes.ts";
import { Snapshots } from "./snapshots.ts";
import { DigitalOceanSnapshots } from "./snapshots-facet.ts";
import { SourcePoints } from "./source-points.ts";
import { Tagging } from "./tagging.ts";
import { Volumes } from "./volumes.ts";

export interface DigitalOceanProviderOptions {
  readonly entry: DigitalOceanEntry;
  readonly context: ProviderContext;
  /** Where it differs from {@link patience}. */
  readonly patience?: Partial<DigitalOceanPatience>;
}

/** One region of one team. Nothing is called before the first use. */
export function createDigitalOceanProvider(options: DigitalOceanProviderOptions): Provider {
  return new DigitalOceanProvider(
    new DigitalOcean(options.entry, options.context, { ...patience, ...options.patience }),
  );
}

class DigitalOceanProvider implements Provider {
  readonly kind = "digitalocean";
  readonly capabilities = capabilities.digitalocean;
  readonly tagRules = vmTagRules;
  readonly site: string;
  readonly simulated: boolean;
  readonly compute: DigitalOceanCompute;
  readonly disks: DigitalOceanDisks;
  readonly network: DigitalOceanNetwork;
  readonly snapshots: DigitalOceanSnapshots;
  readonly networkAdmin: DigitalOceanNetworkAdmin;
  readonly quotas: DigitalOceanQuotas;
  readonly #cloud: DigitalOcean;
  readonly #images: Images;
  readonly #census: Census;

  constructor(cloud: DigitalOcean) {
    this.#cloud = cloud;
    this.site = cloud.site;
    this.simulated = cloud.entry.simulated;
    const droplets = new Droplets(cloud);
    const images = new Images(cloud);
    const sizes = new Sizes(cloud);
    const tagging = new Tagging(cloud);
    const snapshots = new Snapshots(cloud, tagging);
    const { pollMs, helperStartMs: startWithinMs } = cloud.patience;
    const helpers = new Helpers(new HelperDroplets(cloud, { droplets, images }), {
      ...{ site: cloud.site, pollMs, startWithinMs, log: cloud.log },
    });
    const volumes = new Volumes(cloud, { snapshots, helpers, droplets });
    const generations = new Generations(cloud, { snapshots, volumes, helpers, tagging });
    const sourcePoints = new SourcePoints(cloud, { droplets, snapshots, volumes, helpers });
    this.network = new DigitalOceanNetwork(cloud);
    const launcher = new Launcher(cloud, { droplets, images, sizes, network: this.network });
    this.compute = new DigitalOceanCompute(cloud, { droplets, launcher, sizes, tagging, volumes });
    this.disks = new DigitalOceanDisks(cloud, { generations, sourcePoints, volumes });
    this.snapshots = new DigitalOceanSnapshots(cloud, snapshots);
    this.networkAdmin = new DigitalOceanNetworkAdmin(cloud, { network: this.network, tagging });
    this.quotas = new DigitalOceanQuotas(cloud);
    this.#images = images;
    this.#census = new Census(cloud, { droplets, volumes, snapshots, network: this.network });
  }

  check(signal: AbortSignal): Promise<readonly SiteCheck[]> {
    return checkTeam({ cloud: this.#cloud, images: this.#images, network: this.network, quotas: this.quotas }, signal);
  }

  census(signal: AbortSignal): AsyncIterable<CensusEntry> {
    return this.#census.list(signal);
  }

  async close(): Promise<void> {}
}
