import type * as Authorization from "@azure/arm-authorization";
import type { ComputeManagementClient } from "@azure/arm-compute";
import type { DnsManagementClient } from "@azure/arm-dns";
import type { NetworkManagementClient } from "@azure/arm-network";
import type { TrafficManagerManagementClient } from "@azure/arm-trafficmanager";
import type { HttpClient } from "@azure/core-rest-pipeline";
import type * as Blob from "@azure/storage-blob";
import { ProviderError } from "../../domain/errors.ts";
import type { Subject } from "../failures.ts";
import type { ProviderContext } from "../provider.ts";
import { forBlobClient } from "./blob-http.ts";
import { blobSuffix } from "./budgets.ts";
import { SiteCredential } from "./credentials.ts";
import { azureFailure } from "./errors.ts";
import { BudgetedHttp } from "./http.ts";
import type { AzureEntry, AzurePatience } from "./settings.ts";

/** Shorter values could be any part of a sentence. */
const shortestSecret = 6;

/** What each call of Resource Manager's clients is given. */
export interface At {
  /** The site's resource group. */
  readonly group: string;
  readonly options: { readonly abortSignal: AbortSignal; readonly updateIntervalInMs: number };
}

export interface RestRequest {
  readonly method: "GET" | "POST" | "DELETE";
  readonly url: string;
  readonly body?: object | undefined;
  /** Of the token that it is sent with. */
  readonly scope: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The clients of one site; they share their connections and their budgets. Each is loaded when it is first used. */
export class Azure {
  readonly site: string;
  readonly entry: AzureEntry;
  readonly patience: AzurePatience;
  readonly #context: ProviderContext;
  readonly #made = new Map<string, Promise<unknown>>();
  #secrets: readonly string[] = [];

  constructor(entry: AzureEntry, context: ProviderContext, patience: AzurePatience) {
    this.site = context.site;
    this.entry = { ...entry, credentials: this.#remembering(entry.credentials) };
    this.patience = patience;
    this.#context = context;
  }

  /** As a person would look it up. */
  resource(kind: string, id: string): string {
    return `${this.site}/${kind}/${id}`;
  }

  /** The resource id of something in the site's resource group: `Microsoft.Compute/disks`. */
  id(type: string, name: string, group = this.entry.resourceGroup): string {
    return `/subscriptions/${this.entry.subscriptionId}/resourceGroups/${group}/providers/${type}/${name}`;
  }

  /** A call of compute's; a long operation is waited for. @throws ProviderError. */
  async compute<T>(
    subject: Subject,
    signal: AbortSignal,
    use: (client: ComputeManagementClient, at: At) => PromiseLike<T>,
  ): Promise<T> {
    return this.#call(subject, signal, async () => done(use(await this.#compute(), this.#at(signal)), signal));
  }

  async *computeList<T>(
    subject: Subject,
    signal: AbortSignal,
    use: (client: ComputeManagementClient, at: At) => AsyncIterable<T>,
  ): AsyncGenerator<T> {
    yield* this.#list(subject, signal, async () => use(await this.#compute(), this.#at(signal)));
  }

  async network<T>(
    subject: Subject,
    signal: AbortSignal,
    use: (client: NetworkManagementClient, at: At) => PromiseLike<T>,
  ): Promise<T> {
    return this.#call(subject, signal, async () => done(use(await this.#network(), this.#at(signal)), signal));
  }

  async *networkList<T>(
    subject: Subject,
    signal: AbortSignal,
    use: (client: NetworkManagementClient, at: At) => AsyncIterable<T>,
  ): AsyncGenerator<T> {
    yield* this.#list(subject, signal, async () => use(await this.#network(), this.#at(signal)));
  }

  async dns<T>(
    subject: Subject,
    signal: AbortSignal,
    use: (client: DnsManagementClient, at: At) => PromiseLike<T>,
  ): Promise<T> {
    return this.#call(subject, signal, async () => use(await this.#dns(), this.#at(signal)));
  }

  async *dnsList<T>(
    subject: Subject,
    signal: AbortSignal,
    use: (client: DnsManagementClient, at: At) => AsyncIterable<T>,
  ): AsyncGenerator<T> {
    yield* this.#list(subject, signal, async () => use(await this.#dns(), this.#at(signal)));
  }

  async trafficManager<T>(
    subject: Subject,
    signal: AbortSignal,
    use: (client: TrafficManagerManagementClient, at: At) => PromiseLike<T>,
  ): Promise<T> {
    return this.#call(subject, signal, async () => use(await this.#trafficManager(), this.#at(signal)));
  }

  async *trafficManagerList<T>(
    subject: Subject,
    signal: AbortSignal,
    use: (client: TrafficManagerManagementClient, at: At) => AsyncIterable<T>,
  ): AsyncGenerator<T> {
    yield* this.#list(subject, signal, async () => use(await this.#trafficManager(), this.#at(signal)));
  }

  async *permissions(subject: Subject, signal: AbortSignal): AsyncGenerator<Authorization.Permission> {
    yield* this.#list(subject, signal, async () => {
      const client = await this.#once("authorization", async () => {
        const [sdk, common] = await Promise.all([import("@azure/arm-authorization"), this.#common()]);
        return new sdk.AuthorizationManagementClient(common.credential, this.entry.subscriptionId, common.options);
      });
      const { group, options } = this.#at(signal);
      return client.permissions.listForResourceGroup(group, { abortSignal: options.abortSignal });
    });
  }

  /** A call of an interface that none of the SDK's clients is for; the answer's JSON. @throws ProviderError. */
  async rest<T>(request: RestRequest, subject: Subject, signal: AbortSignal): Promise<T> {
    return (parsed(await this.request(request, subject, signal)) ?? {}) as T;
  }

  /** The same; the answer as it is. */
  async request(request: RestRequest, subject: Subject, signal: AbortSignal): Promise<string> {
    return this.#call(subject, signal, async () => {
      const [sdk, { credential, options }] = await Promise.all([import("@azure/core-rest-pipeline"), this.#common()]);
      const { method, url, body, scope, headers = {} } = request;
      const { token = "" } = (await credential.getToken(scope, { abortSignal: signal })) ?? {};
      const sent = sdk.createPipelineRequest({ method, url, abortSignal: signal });
      sent.headers.set("authorization", `Bearer ${token}`);
      for (const [name, value] of Object.entries(headers)) sent.headers.set(name, value);
      if (body) {
        sent.headers.set("content-type", "application/json");
        sent.body = JSON.stringify(body);
      }
      const answer = await options.httpClient.sendRequest(sent);
      if (answer.status >= 200 && answer.status < 300) return answer.bodyAsText ?? "";
      const { status: statusCode, bodyAsText } = answer;
      const failure = new sdk.RestError(`it answers ${statusCode}`, { statusCode, request: sent, response: answer });
      // The storage services' own word stands in a header.
      const code = answer.headers.get("x-ms-error-code");
      failure.details = code === undefined ? parsed(bodyAsText ?? "") : { errorCode: code };
      throw failure;
    });
  }

  /** A call at the site's storage account. @throws ProviderError. */
  async blobs<T>(
    subject: Subject,
    signal: AbortSignal,
    use: (service: Blob.BlobServiceClient, sdk: typeof Blob) => PromiseLike<T>,
  ): Promise<T> {
    return this.#call(subject, signal, async () => {
      const { service, sdk } = await this.#blobs();
      return use(service, sdk);
    });
  }

  async *blobList<T>(
    subject: Subject,
    signal: AbortSignal,
    use: (service: Blob.BlobServiceClient) => AsyncIterable<T>,
  ): AsyncGenerator<T> {
    yield* this.#list(subject, signal, async () => use((await this.#blobs()).service));
  }

  /** A blob by an address that is signed itself, such as a managed disk's. @throws ProviderError. */
  async signed<T>(
    url: string,
    subject: Subject,
    signal: AbortSignal,
    use: (blob: Blob.PageBlobClient) => PromiseLike<T>,
  ): Promise<T> {
    return this.#call(subject, signal, async () => {
      const { sdk, options } = await this.#blobs();
      return use(new sdk.PageBlobClient(url, new sdk.AnonymousCredential(), options));
    });
  }

  blobUrl(container: string, name: string): string {
    const path = [container, ...name.split("/")].map(encodeURIComponent).join("/");
    return `https://${this.entry.storageAccount}${blobSuffix}/${path}`;
  }

  /** For what nobody is told of else. */
  warn(message: string, facts?: object): void {
    this.#context.log("warn", message, facts);
  }

  close(): void {
    this.#made.clear();
  }

  #at(abortSignal: AbortSignal): At {
    const updateIntervalInMs = this.patience.pollMs.first;
    return { group: this.entry.resourceGroup, options: { abortSignal, updateIntervalInMs } };
  }

  #compute(): Promise<ComputeManagementClient> {
    return this.#once("compute", async () => {
      const [sdk, { credential, options }] = await Promise.all([import("@azure/arm-compute"), this.#common()]);
      return new sdk.ComputeManagementClient(credential, this.entry.subscriptionId, options);
    });
  }

  #network(): Promise<NetworkManagementClient> {
    return this.#once("network", async () => {
      const [sdk, { credential, options }] = await Promise.all([import("@azure/arm-network"), this.#common()]);
      return new sdk.NetworkManagementClient(credential, this.entry.subscriptionId, options);
    });
  }

  #dns(): Promise<DnsManagementClient> {
    return this.#once("dns", async () => {
      const [sdk, { credential, options }] = await Promise.all([import("@azure/arm-dns"), this.#common()]);
      return new sdk.DnsManagementClient(credential, this.entry.subscriptionId, options);
    });
  }

  #trafficManager(): Promise<TrafficManagerManagementClient> {
    return this.#once("traffic manager", async () => {
      const [sdk, { credential, options }] = await Promise.all([import("@azure/arm-trafficmanager"), this.#common()]);
      return new sdk.TrafficManagerManagementClient(credential, this.entry.subscriptionId, options);
    });
  }

  #blobs() {
    return this.#once("blobs", async () => {
      const [sdk, { credential, options }] = await Promise.all([import("@azure/storage-blob"), this.#common()]);
      const pipeline = await import("@azure/core-rest-pipeline");
      const httpClient = forBlobClient(options.httpClient, pipeline);
      const blobOptions = { httpClient, retryOptions: { maxTries: 1 } };
      const url = `https://${this.entry.storageAccount}${blobSuffix}`;
      return { sdk, service: new sdk.BlobServiceClient(url, credential, blobOptions), options: blobOptions };
    });
  }

  #common() {
    return this.#once("common", async () => {
      const { createDefaultHttpClient } = await import("@azure/core-rest-pipeline");
      const { endpoint } = this.entry;
      const inner = createDefaultHttpClient();
      const httpClient: HttpClient = new BudgetedHttp({
        context: this.#context,
        patience: this.patience,
        inner,
        ...(endpoint !== undefined && { endpoint }),
      });
      const credential = new SiteCredential(this.entry, this.site, this.patience.credentialsKeptMs, httpClient);
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

  async #call<T>(subject: Subject, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      throw this.#failure(error, subject, signal);
    }
  }

  async *#list<T>(subject: Subject, signal: AbortSignal, begin: () => Promise<AsyncIterable<T>>): AsyncGenerator<T> {
    signal.throwIfAborted();
    try {
      yield* await begin();
    } catch (error) {
      throw this.#failure(error, subject, signal);
    }
  }

  #failure(error: unknown, subject: Subject, signal: AbortSignal): ProviderError {
    // An abort is the caller's own reason, not a failure of Azure.
    signal.throwIfAborted();
    if (error instanceof ProviderError) return error;
    const failure = azureFailure(error, subject, (text) => this.#redact(text));
    if (failure.code === "Unknown") this.warn(failure.message, failure.details.facts);
    return failure;
  }

  /** Notes what must never show up in an error. */
  #remembering(credentials: AzureEntry["credentials"]): AzureEntry["credentials"] {
    if (!credentials) return undefined;
    return async () => {
      const given = await credentials();
      this.#secrets = Object.values(given.values).filter((value) => value.length >= shortestSecret);
      return given;
    };
  }

  /** Takes credentials, and the signatures of signed addresses, out of what Azure says. */
  #redact(text: string): string {
    const clean = text.replace(/([?&]sig=)[^&\s"']+/gi, "$1***");
    return this.#secrets.reduce((rest, secret) => rest.replaceAll(secret, "***"), clean);
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A long operation is polled by the SDK, which waits as Azure asks it to, and ends with the signal. */
function done<T>(result: PromiseLike<T>, abortSignal: AbortSignal): PromiseLike<T> {
  if (!("pollUntilDone" in result)) return result;
  return (result as unknown as { pollUntilDone(o: object): Promise<T> }).pollUntilDone({ abortSignal });
}
