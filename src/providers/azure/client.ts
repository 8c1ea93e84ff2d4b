import type * as Authorization from "@azure/arm-authorization";
import type { ComputeManagementClient } from "@azure/arm-compute";
import type { CostManagementClient } from "@azure/arm-costmanagement";
import type { DnsManagementClient } from "@azure/arm-dns";
import type { MonitorClient } from "@azure/arm-monitor";
import type { NetworkManagementClient } from "@azure/arm-network";
import type { TrafficManagerManagementClient } from "@azure/arm-trafficmanager";
import type * as Blob from "@azure/storage-blob";
import { ProviderError } from "../../domain/errors.ts";
import type { Subject } from "../failures.ts";
import type { ProviderContext } from "../provider.ts";
import { blobSuffix } from "./budgets.ts";
import { azureFailure } from "./errors.ts";
import { untilDone } from "./long-operations.ts";
import { AzureSdks } from "./sdks.ts";
import type { AzureEntry, AzurePatience } from "./settings.ts";

/** Shorter values could be any part of a sentence. */
const shortestSecret = 6;

/** What each call of Resource Manager's clients is given. */
export interface At {
  /** The site's resource group. */
  readonly group: string;
  readonly options: { readonly abortSignal: AbortSignal };
}

/** What is asked of one of Resource Manager's clients. */
type Call<Client, T> = [subject: Subject, signal: AbortSignal, use: (client: Client, at: At) => PromiseLike<T>];
type ListCall<Client, T> = [subject: Subject, signal: AbortSignal, use: (client: Client, at: At) => AsyncIterable<T>];

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
  readonly #sdks: AzureSdks;
  #secrets: readonly string[] = [];

  constructor(entry: AzureEntry, context: ProviderContext, patience: AzurePatience) {
    this.site = context.site;
    this.entry = { ...entry, credentials: this.#remembering(entry.credentials) };
    this.patience = patience;
    this.#context = context;
    this.#sdks = new AzureSdks(this.entry, context, patience);
  }

  /** As a person would look it up. */
  resource(kind: string, id: string): string {
    return `${this.site}/${kind}/${id}`;
  }

  /** The resource id of something in the site's resource group: `Microsoft.Compute/disks`. */
  id(type: string, name: string, group = this.entry.resourceGroup): string {
    return `/subscriptions/${this.entry.subscriptionId}/resourceGroups/${group}/providers/${type}/${name}`;
  }

  compute<T>(...call: Call<ComputeManagementClient, T>): Promise<T> {
    return this.#ask(() => this.#sdks.compute(), call);
  }

  computeList<T>(...call: ListCall<ComputeManagementClient, T>): AsyncGenerator<T> {
    return this.#askAll(() => this.#sdks.compute(), call);
  }

  network<T>(...call: Call<NetworkManagementClient, T>): Promise<T> {
    return this.#ask(() => this.#sdks.network(), call);
  }

  networkList<T>(...call: ListCall<NetworkManagementClient, T>): AsyncGenerator<T> {
    return this.#askAll(() => this.#sdks.network(), call);
  }

  monitor<T>(...call: Call<MonitorClient, T>): Promise<T> {
    return this.#ask(() => this.#sdks.monitor(), call);
  }

  costManagement<T>(...call: Call<CostManagementClient, T>): Promise<T> {
    return this.#ask(() => this.#sdks.costManagement(), call);
  }

  monitorList<T>(...call: ListCall<MonitorClient, T>): AsyncGenerator<T> {
    return this.#askAll(() => this.#sdks.monitor(), call);
  }

  dns<T>(...call: Call<DnsManagementClient, T>): Promise<T> {
    return this.#ask(() => this.#sdks.dns(), call);
  }

  dnsList<T>(...call: ListCall<DnsManagementClient, T>): AsyncGenerator<T> {
    return this.#askAll(() => this.#sdks.dns(), call);
  }

  trafficManager<T>(...call: Call<TrafficManagerManagementClient, T>): Promise<T> {
    return this.#ask(() => this.#sdks.trafficManager(), call);
  }

  trafficManagerList<T>(...call: ListCall<TrafficManagerManagementClient, T>): AsyncGenerator<T> {
    return this.#askAll(() => this.#sdks.trafficManager(), call);
  }

  permissions(subject: Subject, signal: AbortSignal): AsyncGenerator<Authorization.Permission> {
    return this.#askAll(
      () => this.#sdks.authorization(),
      [
        subject,
        signal,
        ({ permissions }, { group }) => permissions.listForResourceGroup(group, { abortSignal: signal }),
      ],
    );
  }

  /** A call of an interface that none of the SDK's clients is for; the answer's JSON. @throws ProviderError. */
  async rest<T>(request: RestRequest, subject: Subject, signal: AbortSignal): Promise<T> {
    return (parsed(await this.request(request, subject, signal)) ?? {}) as T;
  }

  /** The same; the answer as it is. */
  async request(request: RestRequest, subject: Subject, signal: AbortSignal): Promise<string> {
    return this.#call(subject, signal, async () => {
      const [sdk, { credential, options }] = await Promise.all([
        import("@azure/core-rest-pipeline"),
        this.#sdks.common(),
      ]);
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
      const { service, sdk } = await this.#sdks.blobs();
      return use(service, sdk);
    });
  }

  async *blobList<T>(
    subject: Subject,
    signal: AbortSignal,
    use: (service: Blob.BlobServiceClient) => AsyncIterable<T>,
  ): AsyncGenerator<T> {
    yield* this.#list(subject, signal, async () => use((await this.#sdks.blobs()).service));
  }

  /** A blob by an address that is signed itself, such as a managed disk's. @throws ProviderError. */
  async signed<T>(
    url: string,
    subject: Subject,
    signal: AbortSignal,
    use: (blob: Blob.PageBlobClient) => PromiseLike<T>,
  ): Promise<T> {
    return this.#call(subject, signal, async () => {
      const { sdk, options } = await this.#sdks.blobs();
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
    this.#sdks.forget();
  }

  #at(abortSignal: AbortSignal): At {
    return { group: this.entry.resourceGroup, options: { abortSignal } };
  }

  /** A long operation is waited for. */
  #ask<Client, T>(load: () => Promise<Client>, [subject, signal, use]: Call<Client, T>): Promise<T> {
    return this.#call(subject, signal, async () =>
      untilDone(use(await load(), this.#at(signal)), this.patience, signal),
    );
  }

  #askAll<Client, T>(load: () => Promise<Client>, [subject, signal, use]: ListCall<Client, T>): AsyncGenerator<T> {
    return this.#list(subject, signal, async () => use(await load(), this.#at(signal)));
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
