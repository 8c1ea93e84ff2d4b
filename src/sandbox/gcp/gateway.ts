import type { IncomingMessage } from "node:http";
import { type Answer, BodyTooLarge, readBody } from "../cloud/http-front.ts";
import { type BigQuery, bigQueryPath } from "./bigquery/index.ts";
import type { GcpCloud } from "./cloud.ts";
import { type Compute, computePrefix } from "./compute/index.ts";
import { type Dns, dnsPrefix } from "./dns/index.ts";
import { GcpError } from "./errors.ts";
import { metadataAnswer, metadataPrefix } from "./metadata.ts";
import { type Monitoring, monitoringPath } from "./monitoring/index.ts";
import { perform } from "./perform.ts";
import { projectId } from "./places.ts";
import { type Storage, storagePrefix } from "./storage/index.ts";

const bodyLimit = 2 ** 20;
const jwtGrant = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/** Cloud Resource Manager's call, in its versions. */
const permissionsPath = /^\/v[13]\/projects\/([^/:]+):testIamPermissions$/;
/** IAM's: https://cloud.google.com/iam/docs/reference/rest/v1/projects.serviceAccounts.keys */
const keysPath = /^\/v1\/projects\/(?:-|[^/]+)\/serviceAccounts\/([^/]+)\/keys(?:\/([^/]+))?$/;

/** All of Google's APIs behind one address: finds whom a request is for, and whom it is from. */
export class Gateway {
  readonly #cloud: GcpCloud;
  readonly #compute: Compute;
  readonly #storage: Storage;
  readonly #dns: Dns;
  readonly #monitoring: Monitoring;
  readonly #bigQuery: BigQuery;

  constructor(
    cloud: GcpCloud,
    parts: { compute: Compute; storage: Storage; dns: Dns; monitoring: Monitoring; bigQuery: BigQuery },
  ) {
    const { compute, storage, dns, monitoring, bigQuery } = parts;
    this.#cloud = cloud;
    this.#compute = compute;
    this.#storage = storage;
    this.#dns = dns;
    this.#monitoring = monitoring;
    this.#bigQuery = bigQuery;
  }

  async handle(request: IncomingMessage): Promise<Answer> {
    const url = new URL(request.url ?? "/", "http://gcp");
    try {
      return await this.#route(request, url);
    } catch (error) {
      const refusal =
        error instanceof BodyTooLarge ? new GcpError(413, "uploadTooLarge", "The request is too large.") : error;
      if (!(refusal instanceof GcpError)) throw error;
      const oauth = url.pathname === "/token";
      return json(
        oauth ? { error: refusal.reason, error_description: refusal.message } : refusal.body(),
        refusal.status,
      );
    }
  }

  async #route(request: IncomingMessage, { pathname: path, searchParams: query }: URL): Promise<Answer> {
    if (path === "/token") return this.#token(request);
    if (path === "/" || path.startsWith(metadataPrefix)) return metadataAnswer(this.#cloud, request, path);
    const storage = storagePrefix.exec(path);
    if (storage) {
      // Whoever has a session's URI may upload: https://cloud.google.com/storage/docs/resumable-uploads#session-uris
      if (!query.has("upload_id")) this.#user(request);
      return this.#storage.handle(request, path.slice(storage[0].length), query, storage[1] === "upload/");
    }
    const user = this.#user(request);
    if (path.startsWith(computePrefix))
      return this.#compute.handle(request, path.slice(computePrefix.length), query, user);
    if (path.startsWith(dnsPrefix)) return this.#dns.handle(request, path.slice(dnsPrefix.length), query);
    const monitored = monitoringPath.exec(path);
    if (monitored) return this.#monitoring.handle(request, monitored, query);
    const queried = bigQueryPath.exec(path);
    if (queried) return this.#bigQuery.handle(request, queried, query);
    const asked = permissionsPath.exec(path);
    if (asked && request.method === "POST") return this.#permissions(request, asked[1] as string);
    const keys = keysPath.exec(path);
    if (keys) return this.#keys(request.method ?? "GET", decodeURIComponent(keys[1] as string), keys[2]);
    throw new GcpError(404, "notFound", `The sandbox simulates nothing at ${path}`);
  }

  #user(request: IncomingMessage): string {
    return this.#cloud.identity.authenticate(request.headers.authorization);
  }

  /** https://developers.google.com/identity/protocols/oauth2/service-account#authorizingrequests */
  async #token(request: IncomingMessage): Promise<Answer> {
    const body = (await readBody(request, bodyLimit)).toString("utf8");
    const form = body.startsWith("{") ? new Map(Object.entries(JSON.parse(body) as object)) : new URLSearchParams(body);
    const { identity, settings, endpoint } = this.#cloud;
    const called = { service: "oauth2", operation: "token", region: "global", scope: "token" } as const;
    return perform(this.#cloud, called, () => {
      if (form.get("grant_type") !== jwtGrant)
        throw new GcpError(400, "unsupported_grant_type", "Only the JWT grant is simulated");
      const access_token = identity.exchange(String(form.get("assertion")), endpoint, settings.tokenMs);
      return json({ access_token, expires_in: Math.floor(settings.tokenMs / 1000), token_type: "Bearer" });
    });
  }

  #keys(method: string, email: string, keyId: string | undefined): Promise<Answer> {
    const { identity, endpoint, settings } = this.#cloud;
    const verb = method === "POST" ? "create" : method === "DELETE" ? "delete" : "list";
    const called = { service: "iam", operation: `serviceAccountKeys.${verb}`, region: "global", scope: email } as const;
    const nameOf = (id: string) => `projects/${projectId}/serviceAccounts/${email}/keys/${id}`;
    return perform(this.#cloud, called, () => {
      if (email !== identity.email) throw new GcpError(404, "notFound", `Service account ${email} does not exist.`);
      if (verb === "list") {
        const validAfterTime = (createdAt: number) => `${new Date(createdAt).toISOString().slice(0, -5)}Z`;
        return json({
          keys: identity.keys.map(({ id, createdAt }) => ({
            name: nameOf(id),
            validAfterTime: validAfterTime(createdAt),
            keyType: "USER_MANAGED",
          })),
        });
      }
      if (verb === "create" && keyId === undefined) {
        const key = identity.createKey(endpoint, settings.newKeyMs);
        const text = JSON.stringify(key, undefined, 2);
        return json({
          name: nameOf(key.private_key_id),
          privateKeyType: "TYPE_GOOGLE_CREDENTIALS_FILE",
          privateKeyData: Buffer.from(text).toString("base64"),
          keyAlgorithm: "KEY_ALG_RSA_2048",
        });
      }
      if (verb === "delete" && keyId !== undefined && identity.deleteKey(keyId)) return json({});
      throw new GcpError(404, "notFound", `Service account key ${keyId} does not exist.`);
    });
  }

  /** https://cloud.google.com/resource-manager/reference/rest/v3/projects/testIamPermissions */
  async #permissions(request: IncomingMessage, project: string): Promise<Answer> {
    const body = (await readBody(request, bodyLimit)).toString("utf8");
    const { permissions = [] } = JSON.parse(body || "{}") as { permissions?: string[] };
    const called = {
      service: "resourcemanager",
      operation: "projects.testIamPermissions",
      region: "global",
      scope: project,
    } as const;
    return perform(this.#cloud, called, () => {
      if (project !== projectId)
        throw new GcpError(403, "forbidden", "The caller does not have permission", {
          statusName: "PERMISSION_DENIED",
        });
      const held = permissions.filter((permission) => !this.#cloud.settings.deniedPermissions.includes(permission));
      return json(held.length > 0 ? { permissions: held } : {});
    });
  }
}

function json(value: object, status = 200): Answer {
  return { status, headers: { "content-type": "application/json; charset=UTF-8" }, body: JSON.stringify(value) };
}
