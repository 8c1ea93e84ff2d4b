import type * as Authorization from "@azure/arm-authorization";
import type { ComputeManagementClient } from "@azure/arm-compute";
import type { CostManagementClient } from "@azure/arm-costmanagement";
import type { DnsManagementClient } from "@azure/arm-dns";
import type { MonitorClient } from "@azure/arm-monitor";
import type { NetworkManagementClient } from "@azure/arm-network";
import type { TrafficManagerManagementClient } from "@azure/arm-trafficmanager";
import type { HttpClient } from "@azure/core-rest-pipeline";
import type { TokenCredential } from "@azure/identity";
import type { ProviderContext } from "../provider.ts";
import { forBlobClient } from "./blob-http.ts";
import { blobSuffix } from "./budgets.ts";
import { SiteCredential } from "./credentials.ts";
import { BudgetedHttp } from "./http.ts";
import type { AzureEntry, AzurePatience } from "./settings.ts";

type Manager<Client> = new (credential: TokenCredential, subscriptionId: string, options: ClientOptions) => Client;

interface ClientOptions {
  readonly httpClient: HttpClient;
  readonly retryOptions: { readonly maxRetries: number };
}

/** Azure's SDKs for one site: each is loaded when it is first used; they share connections, budgets and credential. */
export class AzureSdks {
  readonly #entry: AzureEntry;
  readonly #context: ProviderContext;
  readonly #patience: AzurePatience;
  readonly #made = new Map<string, Promise<unknown>>();

  constructor(entry: AzureEntry, context: ProviderContext, patience: AzurePatience) {
    this.#entry = entry;
    this.#context = context;
    this.#patience = patience;
  }

  compute(): Promise<ComputeManagementClient> {
    return this.#manager("compute", async () => (await import("@azure/arm-compute")).ComputeManagementClient);
  }

  network(): Promise<NetworkManagementClient> {
    return this.#manager("network", async () => (await import("@azure/arm-network")).NetworkManagementClient);
  }

  monitor(): Promise<MonitorClient> {
    return this.#manager("monitor", async () => (await import("@azure/arm-monitor")).MonitorClient);
  }

  /** Its scopes name the subscription. */
  costManagement(): Promise<CostManagementClient> {
    return this.#once("costManagement", async () => {
      const [sdk, { credential, options }] = await Promise.all([import("@azure/arm-costmanagement"), this.common()]);
      return new sdk.CostManagementClient(credential, options);
    });
  }

  dns(): Promise<DnsManagementClient> {
    return this.#manager("dns", async () => (await import("@azure/arm-dns")).DnsManagementClient);
  }

  trafficManager(): Promise<TrafficManagerManagementClient> {
    return this.#manager(
      "trafficManager",
      async () => (await import("@azure/arm-trafficmanager")).TrafficManagerManagementClient,
    );
  }

  authorization(): Promise<Authorization.AuthorizationManagementClient> {
    const load = async () => (await import("@azure/arm-authorization")).AuthorizationManagementClient;
    return this.#manager("authorization", load);
  }

  #manager<Client>(name: string, load: () => Promise<Manager<Client>>): Promise<Client> {
    return this.#once(name, async () => {
      const [Client, { credential, options }] = await Promise.all([load(), this.common()]);
      return new Client(credential, this.#entry.subscriptionId, options);
    });
  }

  blobs() {
    return this.#once("blobs", async () => {
      const [sdk, { credential, options }] = await Promise.all([import("@azure/storage-blob"), this.common()]);
      const pipeline = await import("@azure/core-rest-pipeline");
      const httpClient = forBlobClient(options.httpClient, pipeline);
      const blobOptions = { httpClient, retryOptions: { maxTries: 1 } };
      const url = `https://${this.#entry.storageAccount}${blobSuffix}`;
      return { sdk, service: new sdk.BlobServiceClient(url, credential, blobOptions), options: blobOptions };
    });
  }

  common() {
    return this.#once("common", async () => {
      const { createDefaultHttpClient } = await import("@azure/core-rest-pipeline");
      const { endpoint } = this.#entry;
      const inner = createDefaultHttpClient();
      const httpClient: HttpClient = new BudgetedHttp({
        context: this.#context,
        patience: this.#patience,
        inner,
        ...(endpoint !== undefined && { endpoint }),
      });
      const credential = new SiteCredential(
        this.#entry,
        this.#context.site,
        this.#patience.credentialsKeptMs,
        httpClient,
      );
      // Repeating is decided in one place, `http.ts`.
      return { credential, options: { httpClient, retryOptions: { maxRetries: 0 } } };
    });
  }

  /** A failure to load is not kept: the next call tries again. */
  #once<T>(name: string, make: () => Promise<T>): Promise<T> {
    const known = this.#made.get(name) as Promise<T> | undefined;
    if (known) return known;
    const making = make();
    this.#made.set(name, making);
    making.catch(() => this.#made.delete(name));
    return making;
  }

  forget(): void {
    this.#made.clear();
  }
}
