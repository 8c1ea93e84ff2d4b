import { isProviderError, type ProviderError } from "../../domain/errors.ts";
import { invalid, type Subject } from "../failures.ts";
import { poll } from "../poll.ts";
import type { CallBudget, CallRate, ProviderContext } from "../provider.ts";
import { callVendor } from "../vendor-calls.ts";
import { actionFailure, failureOf, Refusal } from "./errors.ts";
import type { DigitalOceanEntry, DigitalOceanPatience } from "./settings.ts";
import type { Action } from "./wire.ts";

const publicEndpoint = "https://api.digitalocean.com";
/** "Rate Limit": 5,000 requests an hour and 250 a minute for a token, whatever they are. */
const rate: CallRate = { perSecond: 5_000 / 3_600, burst: 250 };
/** "Links & Pagination": at most 200. */
const pageSize = 200;

type Query = Readonly<Record<string, string | number>>;

/** A request, by the name that DigitalOcean's published description gives the operation. */
export interface Request {
  readonly operation: string;
  readonly method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Behind `/v2/`. */
  readonly path: string;
  readonly query?: Query;
  readonly body?: object;
  /** That it may be made again without harm when its answer got lost; default all but POST. */
  readonly repeatable?: boolean;
}

/** DigitalOcean's API v2 for one site: a thin layer over HTTP, as there is no client of DigitalOcean's own for Node. */
export class DigitalOcean {
  readonly site: string;
  readonly entry: DigitalOceanEntry;
  readonly patience: DigitalOceanPatience;
  readonly #context: ProviderContext;
  readonly #base: string;
  #budget: CallBudget | undefined;
  #token: Promise<string> | undefined;
  #tokenAt = 0;
  #secret = "";

  constructor(entry: DigitalOceanEntry, context: ProviderContext, patience: DigitalOceanPatience) {
    this.site = context.site;
    this.entry = entry;
    this.patience = patience;
    this.#context = context;
    this.#base = `${(entry.endpoint ?? publicEndpoint).replace(/\/+$/, "")}/v2/`;
  }

  /** As a person would look it up. */
  resource(kind: string, id: string): string {
    return `${this.site}/${kind}/${id}`;
  }

  get log(): ProviderContext["log"] {
    return this.#context.log;
  }

  /** @throws ProviderError. */
  async call<T>(request: Request, subject: Subject, signal: AbortSignal): Promise<T> {
    const { operation, method = "GET", repeatable = method !== "POST" } = request;
    this.#budget ??= this.#context.budget("api", rate);
    const { attempts, firstRetryMs } = this.patience;
    const repeats = {
      ...{ call: `digitalocean:${operation}`, operation, attempts, firstRetryMs, budget: this.#budget },
      failureOf: (error: unknown) => failureOf(error, subject, (text) => this.#redact(text)),
      // What was turned away because of its rate has not been looked at.
      isHarmless: (failure: ProviderError) => repeatable || failure.code === "RateLimited",
    };
    return callVendor(repeats, this.#context, signal, () => this.#send<T>(request, signal));
  }

  /** What the answer holds as `member`; undefined when there is none of that id. */
  async find<T>(
    operation: string,
    path: string,
    member: string,
    subject: Subject,
    signal: AbortSignal,
  ): Promise<T | undefined> {
    try {
      const answer = await this.call<Readonly<Record<string, T>>>({ operation, path }, subject, signal);
      return answer[member];
    } catch (error) {
      if (isProviderError(error, "NotFound")) return undefined;
      throw error;
    }
  }

  /** All pages. */
  async *list<T>(
    request: Request & { readonly member: string },
    subject: Subject,
    signal: AbortSignal,
  ): AsyncGenerator<T> {
    const { member, query, ...rest } = request;
    for (let page = 1; ; page++) {
      const asked = { ...rest, query: { ...query, page, per_page: pageSize } };
      const answer = await this.call<Readonly<Record<string, readonly T[] | null>> & Paged>(asked, subject, signal);
      yield* answer[member] ?? [];
      if (answer.links?.pages?.next === undefined) return;
    }
  }

  /** Deletes; what is gone is fine. */
  async drop(operation: string, path: string, subject: Subject, signal: AbortSignal): Promise<void> {
    await this.call({ operation, method: "DELETE", path }, subject, signal).catch((error: unknown) => {
      if (!isProviderError(error, "NotFound")) throw error;
    });
  }

  /** Waits for the end of an action. @throws Conflict for one that failed. */
  async done(action: Action, subject: Subject, signal: AbortSignal): Promise<void> {
    let seen: Action | undefined = action;
    await poll(
      async () => {
        if (seen?.status === "completed") return true;
        if (seen?.status === "errored") throw actionFailure(action.type, subject);
        seen = await this.find<Action>("actions_get", `actions/${action.id}`, "action", subject, signal);
        return seen?.status === "completed" ? true : undefined;
      },
      this.patience,
      signal,
    );
  }

  async #send<T>(request: Request, signal: AbortSignal): Promise<T> {
    const { method = "GET", path, query = {}, body } = request;
    const url = new URL(path, this.#base);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, String(value));
    const response = await fetch(url, {
      method,
      headers: {
        authorization: `Bearer ${await this.#bearer()}`,
        accept: "application/json",
        ...(body && { "content-type": "application/json" }),
      },
      ...(body && { body: JSON.stringify(body) }),
      signal: AbortSignal.any([signal, AbortSignal.timeout(this.patience.requestTimeoutMs)]),
    });
    const text = await response.text();
    if (!response.ok) throw new Refusal(response, text);
    return (text === "" ? {} : JSON.parse(text)) as T;
  }

  #bearer(): Promise<string> {
    if (this.#token && performance.now() - this.#tokenAt < this.patience.credentialsKeptMs) return this.#token;
    const asking = this.#askToken();
    this.#token = asking;
    this.#tokenAt = performance.now();
    asking.catch(() => {
      if (this.#token === asking) this.#token = undefined;
    });
    return asking;
  }

  async #askToken(): Promise<string> {
    const subject = { operation: "call DigitalOcean", resource: this.site };
    const { type = "api_token", values } = (await this.entry.credentials?.()) ?? { values: {} };
    if (type !== "api_token") {
      throw invalid(subject, `DigitalOcean has no credentials of the type ${type}`, "Use api_token.");
    }
    const { token } = values;
    if (!token) throw invalid(subject, "credentials.token is missing", "Add it to the site's entry.");
    this.#secret = token;
    return token;
  }

  #redact(text: string): string {
    return this.#secret === "" ? text : text.replaceAll(this.#secret, "***");
  }
}

interface Paged {
  readonly links?: { readonly pages?: { readonly next?: string } };
}
