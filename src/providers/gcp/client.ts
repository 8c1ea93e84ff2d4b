import { randomUUID } from "node:crypto";
import type * as Compute from "@google-cloud/compute";
import type * as CloudStorage from "@google-cloud/storage";
import { isProviderError } from "../../domain/errors.ts";
import { invalid, type Subject } from "../failures.ts";
import type { ProviderContext } from "../provider.ts";
import { CallBudgets, callVendor } from "../vendor-calls.ts";
import { budgetOf } from "./budgets.ts";
import { type Signer, signerOf } from "./credentials.ts";
import { codeFailure, gcpFailure } from "./errors.ts";
import { type AnyClient, type Collection, loadClient, type Method, placeOf } from "./sdk.ts";
import { type GcpEntry, type GcpPatience, regionOf } from "./settings.ts";

export type Operation = Compute.protos.google.cloud.compute.v1.IOperation;

interface Page<T> {
  readonly items: readonly T[];
  readonly next?: string;
}

const pageSize = 500;

export interface RestRequest {
  /** As budgets and metrics name it. */
  readonly service: string;
  readonly method: string;
  /** Where it goes unless the site has an endpoint: `https://monitoring.googleapis.com`. */
  readonly host: string;
  /** Without the first slash. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Sent as JSON, with POST. */
  readonly body?: object;
  /** Default: `POST` with a body, `GET` without. */
  readonly verb?: "GET" | "POST" | "DELETE";
  /** In all; default the site's own patience. */
  readonly attempts?: number;
}

/** The services of one site. Each client is loaded with its first call. */
export class Gcp {
  readonly site: string;
  readonly entry: GcpEntry;
  readonly region: string;
  readonly patience: GcpPatience;
  readonly #context: ProviderContext;
  readonly #clients = new Map<Collection, Promise<AnyClient>>();
  readonly #budgets: CallBudgets;
  #signer: Promise<Signer> | undefined;
  #storage: Promise<CloudStorage.Storage> | undefined;
  #secrets: readonly string[] = [];

  constructor(entry: GcpEntry, context: ProviderContext, patience: GcpPatience) {
    this.site = context.site;
    this.entry = entry;
    this.region = regionOf(entry.zone);
    this.patience = patience;
    this.#context = context;
    this.#budgets = new CallBudgets(context);
  }

  /** As a person would look it up. */
  resource(kind: string, id: string): string {
    return `${this.site}/${kind}/${id}`;
  }

  get log(): ProviderContext["log"] {
    return this.#context.log;
  }

  /** One call of a collection, in the site's project and place. @throws ProviderError. */
  async call<T>(
    collection: Collection,
    method: string,
    request: object,
    subject: Subject,
    signal: AbortSignal,
  ): Promise<T> {
    const client = await this.#client(collection);
    const place = placeOf(collection, { project: await this.project(), zone: this.entry.zone, region: this.region });
    const timeout = method === "wait" ? this.patience.waitTimeoutMs : this.patience.requestTimeoutMs;
    return this.send(
      `compute:${collection}`,
      method,
      async () => {
        const called = client[method] as Method;
        // Repeating is decided in one place, below.
        const options = { retry: null, timeout, signal, autoPaginate: false };
        const [response] = await called.call(client, { ...place, ...request }, options);
        return response as T;
      },
      subject,
      signal,
    );
  }

  /** The call's resource; undefined when there is none of that name. */
  async find<T>(
    collection: Collection,
    request: object,
    subject: Subject,
    signal: AbortSignal,
  ): Promise<T | undefined> {
    return this.call<T>(collection, "get", request, subject, signal).catch((error: unknown) => {
      if (isProviderError(error, "NotFound")) return undefined;
      throw error;
    });
  }

  /** All pages of `list`, or of another method that has pages. */
  async *list<T>(
    collection: Collection,
    request: object,
    subject: Subject,
    signal: AbortSignal,
    method = "list",
  ): AsyncGenerator<T> {
    const client = await this.#client(collection);
    const place = placeOf(collection, { project: await this.project(), zone: this.entry.zone, region: this.region });
    for (let pageToken: string | undefined; ; ) {
      const asked = { ...place, maxResults: pageSize, ...request, ...(pageToken && { pageToken }) };
      const page: Page<T> = await this.send(
        `compute:${collection}`,
        method,
        async () => {
          const options = {
            retry: null,
            timeout: this.patience.requestTimeoutMs,
            signal,
            autoPaginate: false,
          };
          const [items, , raw] = await (client[method] as Method).call(client, asked, options);
          const next = (raw as { nextPageToken?: string } | undefined)?.nextPageToken;
          return { items: items as readonly T[], ...(next && { next }) };
        },
        subject,
        signal,
      );
      yield* page.items;
      if (page.next === undefined) return;
      pageToken = page.next;
    }
  }

  /**
   * A call that changes something, until its operation is done: that the request was accepted is no success here.
   * `requestId` makes a repeat the same request; without it this call's own repeats are one.
   */
  async change(
    collection: Collection,
    method: string,
    request: object,
    subject: Subject,
    signal: AbortSignal,
    requestId: string = randomUUID(),
  ): Promise<void> {
    const id = collection === "snapshots" && method === "setLabels" ? {} : { requestId };
    const answer = await this.call<{ latestResponse?: Operation } & Operation>(
      collection,
      method,
      { ...request, ...id },
      subject,
      signal,
    );
    await this.#done(answer.latestResponse ?? answer, subject, signal);
  }

  /** Deletes; what is gone is fine. */
  async drop(collection: Collection, request: object, subject: Subject, signal: AbortSignal): Promise<void> {
    await this.change(collection, "delete", request, subject, signal).catch((error: unknown) => {
      if (!isProviderError(error, "NotFound")) throw error;
    });
  }

  /** Any request, of a service that is no part of Compute Engine. */
  async send<T>(
    service: string,
    method: string,
    work: () => Promise<T>,
    subject: Subject,
    signal: AbortSignal,
    { attempts = this.patience.attempts }: { attempts?: number | undefined } = {},
  ): Promise<T> {
    const [family = "", collection = family] = service.split(":");
    const { name, rate } = budgetOf(collection, method);
    const operation = `${collection}.${method}`;
    const repeats = {
      ...{ call: `${family}:${operation}`, operation, attempts, firstRetryMs: this.patience.firstRetryMs },
      budget: this.#budgets.of(name, rate),
      failureOf: (error: unknown) => gcpFailure(error, subject, (text) => this.#redact(text)),
      // Every change has its request id, so that a repeat makes nothing twice.
      isHarmless: () => true,
    };
    return callVendor(repeats, this.#context, signal, work);
  }

  /** A request of a service that none of the SDK's clients here is for; the answer's JSON. @throws ProviderError. */
  async rest<T>(request: RestRequest, subject: Subject, signal: AbortSignal): Promise<T> {
    const { service, method, host, path, query = {}, body, verb = body ? "POST" : "GET", attempts } = request;
    const { entry, patience } = this;
    const { auth } = await this.signer();
    const url = new URL(`${entry.endpoint ?? host}/${path}`);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    const ask = async (): Promise<T> => {
      const limit = AbortSignal.timeout(patience.requestTimeoutMs);
      try {
        const answer = await auth.request<T>({
          url: url.href,
          ...{ method: verb, ...(body && { data: body }) },
          signal: AbortSignal.any([signal, limit]),
          // Repeating is decided in one place.
          retryConfig: { retry: 0, noResponseRetries: 0 },
        });
        return answer.data;
      } catch (error) {
        if (!limit.aborted) throw error;
        throw Object.assign(new Error("no answer came in time", { cause: error }), { code: "ETIMEDOUT" });
      }
    };
    return this.send(service, method, ask, subject, signal, { attempts });
  }

  async storage(): Promise<CloudStorage.Storage> {
    this.#storage ??= (async () => {
      const [{ Storage }, { auth }] = await Promise.all([import("@google-cloud/storage"), this.signer()]);
      const { endpoint } = this.entry;
      const project = await this.project();
      return new Storage({
        projectId: project,
        authClient: (await auth.getClient()) as never,
        retryOptions: { autoRetry: false },
        ...(endpoint && { apiEndpoint: endpoint, useAuthWithCustomEndpoint: true }),
      });
    })();
    this.#storage.catch(() => {
      this.#storage = undefined;
    });
    return this.#storage;
  }

  async signer(): Promise<Signer> {
    this.#signer ??= signerOf(this.entry, this.site, this.patience.credentialsKeptMs);
    this.#signer.catch(() => {
      this.#signer = undefined;
    });
    const signer = await this.#signer;
    this.#secrets = signer.secrets;
    return signer;
  }

  async close(): Promise<void> {
    const made = await Promise.allSettled(this.#clients.values());
    for (const result of made) if (result.status === "fulfilled") await result.value.close();
  }

  /** @throws ProviderError InvalidInput where neither the configuration nor the credentials name it. */
  async project(): Promise<string> {
    const project = this.entry.project ?? (await this.signer()).project;
    if (project !== undefined) return project;
    throw invalid(
      { operation: "call Google Cloud", resource: this.site },
      "neither the site's entry nor its credentials name a project",
      "Add project_id to the site's entry.",
    );
  }

  #client(collection: Collection): Promise<AnyClient> {
    const known = this.#clients.get(collection);
    if (known) return known;
    const making = this.signer().then(({ auth }) => loadClient(collection, this.entry.endpoint, auth));
    this.#clients.set(collection, making);
    making.catch(() => this.#clients.delete(collection));
    return making;
  }

  async #done(operation: Operation, subject: Subject, signal: AbortSignal): Promise<void> {
    let seen = operation;
    while (seen.status !== "DONE") {
      const collection = seen.zone ? "zoneOperations" : seen.region ? "regionOperations" : "globalOperations";
      // Answers when it is done, or after two minutes at most.
      seen = await this.call<Operation>(collection, "wait", { operation: operation.name }, subject, signal);
    }
    const [first] = seen.error?.errors ?? [];
    if (first) throw codeFailure(first.code ?? "", first.message ?? "", subject, seen.httpErrorStatusCode ?? undefined);
  }

  #redact(text: string): string {
    return this.#secrets.reduce((clean, secret) => clean.replaceAll(secret, "***"), text);
  }
}
