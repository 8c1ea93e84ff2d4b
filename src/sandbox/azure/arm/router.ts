import { TornConnection } from "../../cloud/faults.ts";
import type { AzureCloud } from "../cloud.ts";
import { AzureError } from "../errors.ts";
import type { Identity } from "../identity.ts";
import { refusalFor, throttled } from "../refusals.ts";
import { internalError } from "./operations.ts";
import type { ArmAnswer, ArmRequest, Route } from "./request.ts";

export const armHost = "management.azure.com";
const audiences = ["https://management.azure.com", "https://management.core.windows.net"];

/** Each of a subscription's buckets, by what a call does:
 *  https://learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling */
const rates = {
  reads: { capacity: 250, perSecond: 25 },
  writes: { capacity: 200, perSecond: 10 },
  deletes: { capacity: 200, perSecond: 10 },
} as const;

/** Finds the operation a call is, and lets it through rates, roles and faults. */
export class Router {
  readonly #cloud: AzureCloud;
  readonly #identity: Identity;
  readonly #routes: readonly { readonly route: Route; readonly parts: readonly string[] }[];

  constructor(cloud: AzureCloud, identity: Identity, routes: readonly Route[]) {
    this.#cloud = cloud;
    this.#identity = identity;
    this.#routes = routes.map((route) => ({ route, parts: route.path.split("/") }));
  }

  async handle(
    request: Omit<ArmRequest, "service" | "operation" | "params" | "apiVersion" | "caller">,
    path: string,
  ): Promise<ArmAnswer> {
    const authorization = request.headers.authorization?.toString();
    const caller = this.#identity.authenticate(authorization, audiences);
    const parts = path.split("/").slice(1).map(decodeURIComponent);
    const [root, subscription = "", ...rest] = parts;
    const { account, settings, buckets } = this.#cloud;
    if (root?.toLowerCase() !== "subscriptions") throw noSuchPath(path);
    if (subscription.toLowerCase() !== account.subscriptionId) {
      throw new AzureError("SubscriptionNotFound", `The subscription '${subscription}' could not be found.`, 404);
    }
    const apiVersion = request.query.get("api-version");
    if (apiVersion === null) {
      throw new AzureError(
        "MissingApiVersionParameter",
        "The api-version query parameter (?api-version=) is required for all requests.",
      );
    }
    const { route, params } = this.#find(request.method, rest, path);
    const { service, operation } = route;
    const call = { service, operation, region: params.location ?? "" };
    const action = typeof route.action === "string" ? route.action : route.action(params);
    try {
      return await this.#cloud.faults.around(
        call,
        () => {
          const kind = request.method === "GET" ? "reads" : request.method === "DELETE" ? "deletes" : "writes";
          if (settings.throttling && !buckets.take(kind, rates[kind])) throw throttled(settings.retryAfterSeconds);
          if (!this.#identity.may(caller, action)) throw unauthorised(caller.clientId, action, path);
          return route.run({ ...request, service, operation, params, apiVersion, caller });
        },
        (refusal) => refusalFor(refusal, call, settings),
      );
    } catch (error) {
      if (error instanceof AzureError || error instanceof TornConnection) throw error;
      this.#cloud.parts.log("An operation failed unexpectedly", { operation, error });
      throw internalError();
    }
  }

  #find(method: string, given: readonly string[], path: string) {
    let known = false;
    for (const { route, parts } of this.#routes) {
      if (parts.length !== given.length) continue;
      const params: Record<string, string> = {};
      const fits = parts.every((part, index) => {
        const text = given[index] ?? "";
        if (!part.startsWith(":")) return part === text.toLowerCase();
        params[part.slice(1)] = text;
        return text !== "";
      });
      if (!fits) continue;
      known = true;
      if (route.method === method) return { route, params };
    }
    if (known) throw new AzureError("MethodNotAllowed", `The sandbox does not simulate ${method} of ${path}`, 405);
    throw noSuchPath(path);
  }
}

function unauthorised(clientId: string, action: string, scope: string): AzureError {
  return new AzureError(
    "AuthorizationFailed",
    `The client '${clientId}' with object id '${clientId}' does not have authorization to perform action '${action}' over scope '${scope}' or the scope is invalid. If access was recently granted, please refresh your credentials.`,
    403,
  );
}

function noSuchPath(path: string): AzureError {
  return new AzureError("InvalidResourceType", `The sandbox does not simulate ${path}`, 404);
}
