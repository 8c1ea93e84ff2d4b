import type { GatewayView } from "../domain/connection.ts";
import type { CostModel } from "../domain/cost-model.ts";
import { ProviderError } from "../domain/errors.ts";
import type { Place } from "../domain/resource.ts";
import { isSimulated } from "../domain/simulated.ts";
import type { HostTools } from "../host/tools.ts";
import type { NameServerFacet, Provider, ProviderContext, VpnGatewayFacet } from "./provider.ts";

/** A site of the configuration, as providers are made from it. Options are those of its kind. */
export interface ProviderEntry {
  /** The site's id. */
  readonly site: string;
  readonly type: string;
  readonly enabled: boolean;
  readonly region?: string;
  readonly sandbox?: boolean;
  /** Nobody but workers of its own reaches it. */
  readonly ownWorkersOnly?: boolean;
  readonly uri?: string;
  readonly storagePath?: string;
  readonly haproxy?: string;
  readonly costModel?: CostModel;
  readonly costTag?: string;
  readonly billingTable?: string;
  readonly nameServer?: NameServerEntry;
  readonly vpnGateway?: VpnGatewayEntry;
  readonly endpoint?: string;
  readonly securityGroups?: readonly string[];
  readonly encryptionKey?: string;
  readonly compartment?: string;
  readonly projectId?: string;
  readonly zone?: string;
  readonly helperImage?: string;
  readonly helperNetwork?: string;
  readonly subscriptionId?: string;
  readonly resourceGroup?: string;
  readonly storageAccount?: string;
  /** Asked for whenever they are needed, as they may be rotated; undefined takes what the machine offers. */
  readonly credentials?: () => Promise<ProviderCredentials>;
}

/** A strongSwan daemon beside a site of ours. */
export interface VpnGatewayEntry extends GatewayView {
  /** The path of its VICI socket, or `host:port`. */
  readonly vici: string;
  readonly namespace?: string;
}

/** The primary of zones whose records the site keeps. */
export interface NameServerEntry {
  /** `host:port`. */
  readonly address: string;
  readonly zones: readonly string[];
  readonly keyName: string;
  readonly algorithm: "hmac-sha256" | "hmac-sha384" | "hmac-sha512";
  /** In base64; asked for whenever it is needed. */
  key(): Promise<string>;
}

/** Credentials in the clear: never kept, logged or put into an error. Keys are those of the configuration file. */
export interface ProviderCredentials {
  readonly type?: string;
  readonly values: Readonly<Record<string, string>>;
}

export interface RegistryDeps {
  readonly tools: HostTools;
  /** Short folder for sockets and process records. */
  readonly runDir: string;
  context(site: string): ProviderContext;
  /** What stands for a site that only its own workers reach, where we are none of them. */
  relayed?(entry: ProviderEntry): Promise<Provider>;
  /** What reaches a site's name server; without it a site has none. */
  nameServer?(entry: NameServerEntry, context: ProviderContext): NameServerFacet;
  /** What reaches a site's VPN gateway; without it a site has none. */
  vpnGateway?(entry: VpnGatewayEntry, context: ProviderContext): VpnGatewayFacet;
  /** What is used instead of a provider that was made; default itself. */
  onMade?(provider: Provider): Provider;
}

export interface Registry {
  readonly sites: readonly (Place & { readonly simulated: boolean })[];
  /** @throws ProviderError InvalidInput for a site that is not configured, with the ones that are. */
  provider(site: string): Promise<Provider>;
  close(): Promise<void>;
}

type Factory = (entry: ProviderEntry, deps: RegistryDeps) => Promise<Provider>;

/** One line a kind of site. Each is loaded when its first site is used: vendors' SDKs are heavy. */
export const factories: Readonly<Record<string, Factory>> = {
  aws: async (entry, deps) => {
    const { createAwsProvider } = await import("./aws/index.ts");
    const { site, region = "us-east-1", endpoint, securityGroups, encryptionKey, credentials } = entry;
    const { costTag } = entry;
    const simulated = isSimulated(entry);
    return createAwsProvider({
      entry: { region, endpoint, simulated, securityGroups, encryptionKey, costTag, credentials },
      context: deps.context(site),
    });
  },
  gcp: async (entry, deps) => {
    const { createGcpProvider } = await import("./gcp/index.ts");
    const { site, region = "us-central1", projectId, zone = `${region}-a`, ...rest } = entry;
    const { endpoint, securityGroups, encryptionKey, helperImage, helperNetwork, billingTable, credentials } = rest;
    const simulated = isSimulated(entry);
    return createGcpProvider({
      entry: {
        ...{ project: projectId, zone, endpoint, simulated },
        ...{ securityGroups, encryptionKey, helperImage, helperNetwork, billingTable, credentials },
      },
      context: deps.context(site),
    });
  },
  digitalocean: async (entry, deps) => {
    const { createDigitalOceanProvider } = await import("./digitalocean/index.ts");
    const { site, region = "nyc3", endpoint, securityGroups, helperImage, helperNetwork, credentials } = entry;
    const simulated = isSimulated(entry);
    return createDigitalOceanProvider({
      entry: { region, endpoint, simulated, securityGroups, helperImage, helperNetwork, credentials },
      context: deps.context(site),
    });
  },
  azure: async (entry, deps) => {
    const { createAzureProvider } = await import("./azure/index.ts");
    const { site, region = "eastus", endpoint, securityGroups, encryptionKey, credentials } = entry;
    const { costTag } = entry;
    const simulated = isSimulated(entry);
    const subscriptionId = needed(entry, "subscriptionId", "subscription_id");
    const resourceGroup = needed(entry, "resourceGroup", "resource_group");
    const storageAccount = needed(entry, "storageAccount", "storage_account");
    const place = { region, subscriptionId, resourceGroup, storageAccount };
    return createAzureProvider({
      entry: { ...place, endpoint, simulated, securityGroups, encryptionKey, costTag, credentials },
      context: deps.context(site),
    });
  },
  libvirt: async (entry, deps) => {
    const { createLibvirtProvider } = await import("./libvirt/index.ts");
    const { uri = "qemu:///system", storagePath = "/var/lib/novacron/storage", haproxy, costModel } = entry;
    const context = deps.context(entry.site);
    return createLibvirtProvider({
      entry: { uri, storagePath, haproxy, costModel },
      tools: deps.tools,
      context,
      runDir: deps.runDir,
      dns: nameServerOf(entry, deps),
      tunnels: vpnGatewayOf(entry, deps),
    });
  },
  oci: async (entry, deps) => {
    const { createOciProvider } = await import("./oci/index.ts");
    const { site, region = "us-ashburn-1", endpoint, compartment, securityGroups, encryptionKey } = entry;
    const { helperImage, helperNetwork, credentials, costTag } = entry;
    const simulated = isSimulated(entry);
    return createOciProvider({
      entry: {
        ...{ region, endpoint, simulated, compartment, securityGroups, encryptionKey },
        ...{ helperImage, helperNetwork, costTag, credentials },
      },
      context: deps.context(site),
    });
  },
  folder: async (entry, deps) => {
    const { createFolderProvider } = await import("./folder/index.ts");
    const { storagePath = "/var/lib/novacron/storage" } = entry;
    const beside = { dns: nameServerOf(entry, deps), tunnels: vpnGatewayOf(entry, deps) };
    return createFolderProvider({ storagePath, context: deps.context(entry.site), ...beside });
  },
};

function nameServerOf({ site, nameServer }: ProviderEntry, deps: RegistryDeps): NameServerFacet | undefined {
  return nameServer && deps.nameServer?.(nameServer, deps.context(site));
}

function vpnGatewayOf({ site, vpnGateway }: ProviderEntry, deps: RegistryDeps): VpnGatewayFacet | undefined {
  return vpnGateway && deps.vpnGateway?.(vpnGateway, deps.context(site));
}

function needed(entry: ProviderEntry, key: "subscriptionId" | "resourceGroup" | "storageAccount", written: string) {
  const value = entry[key];
  if (value !== undefined) return value;
  throw new ProviderError("InvalidInput", {
    operation: "use the site",
    resource: entry.site,
    reason: `its ${written} is missing`,
    action: `Add ${written} to the site's entry in the configuration.`,
  });
}

export function createRegistry(entries: readonly ProviderEntry[], deps: RegistryDeps): Registry {
  const enabled = entries.filter((entry) => entry.enabled);
  const made = new Map<string, Promise<Provider>>();
  return {
    sites: enabled.map(({ site, type, region, sandbox }) => ({
      site,
      provider: type,
      ...(region === undefined ? {} : { region }),
      simulated: isSimulated({ type, sandbox }),
    })),
    provider(site) {
      const known = made.get(site);
      if (known) return known;
      const making = make(enabled, site, deps);
      made.set(site, making);
      // A failure to load is not kept: the next call tries again.
      making.catch(() => made.delete(site));
      return making;
    },
    async close() {
      const providers = await Promise.allSettled(made.values());
      for (const result of providers) if (result.status === "fulfilled") await result.value.close();
    },
  };
}

async function make(entries: readonly ProviderEntry[], site: string, deps: RegistryDeps): Promise<Provider> {
  const entry = entries.find((candidate) => candidate.site === site);
  const subject = { operation: "use the site", resource: site };
  if (!entry) {
    throw new ProviderError("InvalidInput", {
      ...subject,
      reason: "there is no such site in the configuration",
      action: `Use one of: ${entries.map((other) => other.site).join(", ") || "none is configured"}.`,
    });
  }
  const factory = factories[entry.type];
  if (!factory) {
    throw new ProviderError("InvalidInput", {
      ...subject,
      reason: `there is no kind of site called ${entry.type}`,
      action: `Use one of the types: ${Object.keys(factories).join(", ")}.`,
    });
  }
  const relayed = entry.ownWorkersOnly ? deps.relayed?.(entry) : undefined;
  const provider = await (relayed ?? factory(entry, deps));
  return deps.onMade?.(provider) ?? provider;
}
