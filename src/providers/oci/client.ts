import type { BlockstorageClient, ComputeClient, ComputeManagementClient, VirtualNetworkClient } from "oci-core";
import type { DnsClient } from "oci-dns";
import type { IdentityClient } from "oci-identity";
import type { LimitsClient } from "oci-limits";
import type { LoadBalancerClient } from "oci-loadbalancer";
import type { MonitoringClient } from "oci-monitoring";
import type { ObjectStorageClient } from "oci-objectstorage";
import type { UsageapiClient } from "oci-usageapi";
import type { WorkRequestClient } from "oci-workrequests";
import type { ProviderContext } from "../provider.ts";
import { Credentials } from "./credentials.ts";
import { SigningHttp } from "./http.ts";
import { OciService } from "./service.ts";
import type { OciEntry, OciPatience } from "./settings.ts";
import { StreamsClient } from "./streams.ts";

interface AnyClient {
  endpoint: string;
  regionId: string;
}

/** The services of one site; they share their signatures. */
export class Oci {
  readonly site: string;
  readonly entry: OciEntry;
  readonly patience: OciPatience;
  readonly compute: OciService<ComputeClient>;
  readonly management: OciService<ComputeManagementClient>;
  readonly block: OciService<BlockstorageClient>;
  readonly network: OciService<VirtualNetworkClient>;
  readonly identity: OciService<IdentityClient>;
  readonly limits: OciService<LimitsClient>;
  readonly work: OciService<WorkRequestClient>;
  readonly objects: OciService<ObjectStorageClient>;
  readonly dns: OciService<DnsClient>;
  readonly balancers: OciService<LoadBalancerClient>;
  readonly monitoring: OciService<MonitoringClient>;
  readonly streams: OciService<StreamsClient>;
  /** In the tenancy's home region: what it is asked for is told there only. */
  readonly usage: OciService<UsageapiClient>;
  readonly log: ProviderContext["log"];
  /** Oracle's clock less ours, as its last answer said; milliseconds. */
  clockSkewMs: number | undefined;
  readonly #credentials: Credentials;

  constructor(entry: OciEntry, context: ProviderContext, patience: OciPatience) {
    this.site = context.site;
    this.entry = entry;
    this.patience = patience;
    this.log = context.log;
    this.#credentials = new Credentials(entry, context.site, patience.credentialsKeptMs);
    const httpClient = new SigningHttp(this.#credentials, (date) => {
      this.clockSkewMs = new Date(date).getTime() - Date.now();
    });
    const redact = (text: string): string => this.#credentials.redact(text);
    const parts = { context, patience, carried: { bytes: 0 }, redact };
    type Made<C> = (parameters: { httpClient: SigningHttp }, settings: Awaited<ReturnType<typeof quiet>>) => C;
    const service = <C extends AnyClient>(
      name: string,
      load: () => Promise<Made<C>>,
      place = async () => entry.region,
    ) =>
      new OciService<C>(name, parts, async () => {
        const [make, settings] = await Promise.all([load(), quiet()]);
        const client = make({ httpClient }, settings);
        if (entry.endpoint === undefined) client.regionId = await place();
        else client.endpoint = entry.endpoint;
        return client;
      });
    this.compute = service("core", async () => {
      const sdk = await import("oci-core");
      return (parameters, settings) => new sdk.ComputeClient(parameters, settings);
    });
    this.management = service("core", async () => {
      const sdk = await import("oci-core");
      return (parameters, settings) => new sdk.ComputeManagementClient(parameters, settings);
    });
    this.block = service("core", async () => {
      const sdk = await import("oci-core");
      return (parameters, settings) => new sdk.BlockstorageClient(parameters, settings);
    });
    this.network = service("core", async () => {
      const sdk = await import("oci-core");
      return (parameters, settings) => new sdk.VirtualNetworkClient(parameters, settings);
    });
    this.identity = service("identity", async () => {
      const sdk = await import("oci-identity");
      return (parameters, settings) => new sdk.IdentityClient(parameters, settings);
    });
    this.limits = service("limits", async () => {
      const sdk = await import("oci-limits");
      return (parameters, settings) => new sdk.LimitsClient(parameters, settings);
    });
    this.work = service("workrequests", async () => {
      const sdk = await import("oci-workrequests");
      return (parameters, settings) => new sdk.WorkRequestClient(parameters, settings);
    });
    this.objects = service("objectstorage", async () => {
      const sdk = await import("oci-objectstorage");
      return (parameters, settings) => new sdk.ObjectStorageClient(parameters, settings);
    });
    this.dns = service("dns", async () => {
      const sdk = await import("oci-dns");
      return (parameters, settings) => new sdk.DnsClient(parameters, settings);
    });
    this.balancers = service("loadbalancer", async () => {
      const sdk = await import("oci-loadbalancer");
      return (parameters, settings) => new sdk.LoadBalancerClient(parameters, settings);
    });
    this.monitoring = service("monitoring", async () => {
      const sdk = await import("oci-monitoring");
      return (parameters, settings) => new sdk.MonitoringClient(parameters, settings);
    });
    this.usage = service(
      "usageapi",
      async () => {
        const sdk = await import("oci-usageapi");
        return (parameters, settings) => new sdk.UsageapiClient(parameters, settings);
      },
      () => this.#homeRegion(),
    );
    this.streams = service("streaming", async () => () => new StreamsClient(httpClient));
  }

  async tenancy(): Promise<string> {
    return (await this.#credentials.signing()).tenancy;
  }

  /** Where everything of ours is made. */
  async compartment(): Promise<string> {
    return this.entry.compartment ?? (await this.tenancy());
  }

  async #homeRegion(): Promise<string> {
    const subject = { operation: "look for the tenancy's home region", resource: this.site };
    const signal = AbortSignal.timeout(this.patience.requestTimeoutMs);
    const request = { tenancyId: await this.tenancy() };
    const { items } = await this.identity.call("listRegionSubscriptions", request, subject, signal);
    return items.find(({ isHomeRegion }) => isHomeRegion)?.regionName ?? this.entry.region;
  }

  /** As a person would look it up: `oci/vm/ocid1…`. */
  resource(kind: string, id: string): string {
    return `${this.site}/${kind}/${id}`;
  }
}

/** No retries and no circuit breaker of the SDK's: budgets, repetitions and their bounds are the service's. */
async function quiet() {
  const { CircuitBreaker, NoRetryConfigurationDetails } = await import("oci-common");
  return {
    retryConfiguration: NoRetryConfigurationDetails,
    circuitBreaker: new CircuitBreaker({ disableClientCircuitBreaker: true }),
  };
}
