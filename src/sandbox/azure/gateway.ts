import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { type Answer, BodyTooLarge, readBody } from "../cloud/http-front.ts";
import type { ArmAnswer } from "./arm/request.ts";
import { armHost, type Router } from "./arm/router.ts";
import type { BlobService } from "./blob/service.ts";
import { blobHost } from "./blob/sources.ts";
import type { AzureCloud } from "./cloud.ts";
import { isManagedHost } from "./disks/grants.ts";
import { AzureError, PlainAzureError } from "./errors.ts";
import { type Queues, queueHost } from "./events/queues.ts";
import { graph, graphHost } from "./graph.ts";
import type { Identity } from "./identity.ts";
import { login, loginHost, refuseLogin } from "./login.ts";
import { refusalFor } from "./refusals.ts";
import type { Json } from "./state.ts";

const bodyLimit = 4 * 2 ** 20;
const metadataHost = "169.254.169.254";

/**
 * All hosts of Azure behind one port. Azure's clients send tokens over https only, so they keep the real addresses, and
 * what carries their requests here says in `x-forwarded-host` where they were meant to go.
 */
export class Gateway {
  readonly #cloud: AzureCloud;
  readonly #identity: Identity;
  readonly #router: Router;
  readonly #blobs: BlobService;
  readonly #queues: Queues;

  constructor(
    cloud: AzureCloud,
    identity: Identity,
    { router, blobs, queues }: { router: Router; blobs: BlobService; queues: Queues },
  ) {
    this.#cloud = cloud;
    this.#identity = identity;
    this.#router = router;
    this.#blobs = blobs;
    this.#queues = queues;
  }

  async handle(request: IncomingMessage): Promise<Answer> {
    const requestId = randomUUID();
    const url = request.url ?? "/";
    const [path = "/", ...rest] = url.split("?");
    const query = new URLSearchParams(rest.join("?"));
    const method = request.method ?? "GET";
    const host = (request.headers["x-forwarded-host"]?.toString() ?? armHost).toLowerCase().replace(/:443$/, "");
    if (host === blobHost || isManagedHost(host)) {
      // Blob names may hold an encoded question mark, never a bare one.
      return this.#blobs.handle({ request, method, host, path, query, requestId });
    }
    if (host === queueHost) return this.#queues.handle({ request, method, host, path, query, requestId });
    if (host === loginHost) return this.#login(request, path);
    if (host === graphHost) return this.#graph(request, { method, path, requestId });
    if (host === metadataHost) return this.#metadata(request, path, query);
    return this.#arm(request, { method, url, path, query, host, requestId });
  }

  async #arm(
    request: IncomingMessage,
    given: { method: string; url: string; path: string; query: URLSearchParams; host: string; requestId: string },
  ): Promise<Answer> {
    const common = { "x-ms-request-id": given.requestId, "x-ms-correlation-request-id": given.requestId };
    const send = ({ status, headers, body }: ArmAnswer): Answer => ({
      status,
      headers: { ...common, ...(body ? { "content-type": "application/json; charset=utf-8" } : {}), ...headers },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    try {
      if (given.host !== armHost) {
        throw new AzureError("InvalidHostName", `The sandbox does not simulate the host ${given.host}.`, 404);
      }
      const body = jsonOf(await readBody(request, bodyLimit));
      const { method, url, path, query } = given;
      const origin = `https://${armHost}`;
      return send(await this.#router.handle({ method, origin, url, query, body, headers: request.headers }, path));
    } catch (error) {
      const refusal = error instanceof BodyTooLarge ? new AzureError("RequestEntityTooLarge", "", 413) : error;
      if (!(refusal instanceof AzureError)) throw error;
      const { status, headers, code, message } = refusal;
      const said = { code, message };
      return send({ status, headers, body: refusal instanceof PlainAzureError ? said : { error: said } });
    }
  }

  async #graph(
    request: IncomingMessage,
    { method, path, requestId }: { method: string; path: string; requestId: string },
  ): Promise<Answer> {
    try {
      const body = jsonOf(await readBody(request, bodyLimit));
      const { authorization } = request.headers;
      const call = { service: "graph", operation: path.split("/").at(-1) ?? "", region: "" };
      return await this.#cloud.faults.around(
        call,
        () => graph(this.#cloud, this.#identity, { method, path, authorization, body }),
        (kind) => refusalFor(kind, call, this.#cloud.settings),
      );
    } catch (error) {
      if (!(error instanceof AzureError)) throw error;
      const headers = { "content-type": "application/json; charset=utf-8", "request-id": requestId };
      const text = JSON.stringify({ error: { code: error.code, message: error.message } });
      return { status: error.status, headers: { ...headers, ...error.headers }, body: text };
    }
  }

  async #login(request: IncomingMessage, path: string): Promise<Answer> {
    try {
      const body = await readBody(request, bodyLimit);
      const call = { service: "login", operation: path.endsWith("/token") ? "token" : "discovery", region: "" };
      return await this.#cloud.faults.around(
        call,
        () => login(this.#cloud, this.#identity, path, body),
        (kind) => {
          if (kind === "unauthorised")
            return new AzureError("invalid_client", "AADSTS7000222: The provided client secret keys are expired.", 401);
          const { status, headers } = refusalFor(kind, call, this.#cloud.settings);
          return new AzureError(
            "temporarily_unavailable",
            "AADSTS90033: A transient error has occurred.",
            status,
            headers,
          );
        },
      );
    } catch (error) {
      if (error instanceof AzureError) return refuseLogin(error);
      throw error;
    }
  }

  /** https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token */
  #metadata(request: IncomingMessage, path: string, query: URLSearchParams): Answer {
    const send = (status: number, body: object): Answer => ({
      status,
      headers: { "content-type": "application/json; charset=utf-8" },
      body: JSON.stringify(body),
    });
    const resource = query.get("resource");
    if (request.headers.metadata !== "true" || path !== "/metadata/identity/oauth2/token" || resource === null)
      return send(400, { error: "invalid_request", error_description: "Required metadata header not specified" });
    return send(200, this.#identity.issueToMachine(resource));
  }
}

/** @throws AzureError InvalidRequestContent */
function jsonOf(body: Buffer): Json {
  if (body.length === 0) return {};
  try {
    const parsed: unknown = JSON.parse(body.toString("utf8"));
    if (typeof parsed === "object" && parsed !== null) return parsed as Json;
  } catch {
    // Told below.
  }
  throw new AzureError("InvalidRequestContent", "The request content was invalid and could not be deserialized.");
}
