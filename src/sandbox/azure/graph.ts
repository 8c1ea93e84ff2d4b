import type { Answer } from "../cloud/http-front.ts";
import { type AzureCloud, newSecret } from "./cloud.ts";
import { AzureError } from "./errors.ts";
import type { Identity } from "./identity.ts";
import type { ClientSecret, Json } from "./state.ts";

export const graphHost = "graph.microsoft.com";
const applicationPath = /^\/v1\.0\/applications\(appId='([^']+)'\)(?:\/(addPassword|removePassword))?$/;
/** A client secret is good for two years unless it is asked otherwise. */
const secretMs = 2 * 365 * 86_400_000;

/** Microsoft Graph, as far as an application changes its own passwords:
 *  https://learn.microsoft.com/graph/api/application-addpassword */
export function graph(
  cloud: AzureCloud,
  identity: Identity,
  {
    method,
    path,
    authorization,
    body,
  }: { method: string; path: string; authorization: string | undefined; body: Json },
): Answer {
  const caller = identity.authenticate(authorization, [`https://${graphHost}`]);
  const [, appId, action] = applicationPath.exec(decodeURIComponent(path)) ?? [];
  const { secrets, removedSecrets } = cloud.tables;
  if (appId === undefined || method !== (action === undefined ? "GET" : "POST"))
    throw new AzureError("Request_ResourceNotFound", `The sandbox has no ${method} ${path}.`, 404);
  // Application.ReadWrite.OwnedBy: an application owns itself here, and no other.
  if (appId !== caller.clientId)
    throw new AzureError("Authorization_RequestDenied", "Insufficient privileges to complete the operation.", 403);
  const own = secrets.where(({ clientId }) => clientId === appId);
  if (action === "addPassword") {
    const { displayName = "" } = (body.passwordCredential ?? {}) as { displayName?: string };
    const made = secrets.put(newSecret(appId, displayName));
    return json(200, { ...describe(made), secretText: made.value });
  }
  if (action === undefined) {
    // What changed just now is not shown yet: https://learn.microsoft.com/entra/architecture/architecture#data-consistency
    const { consistencyMs } = cloud.settings;
    const isNew = ({ createdAt }: ClientSecret) => createdAt > Date.now() - consistencyMs;
    for (const { id } of removedSecrets.where(({ removedAt }) => removedAt <= Date.now() - consistencyMs))
      removedSecrets.delete(id);
    const shown = [...own, ...removedSecrets.where(({ clientId }) => clientId === appId)].filter((key) => !isNew(key));
    return json(200, { appId, passwordCredentials: shown.map(describe) });
  }
  const known = own.find(({ id }) => id === body.keyId);
  if (!known) throw new AzureError("Request_BadRequest", "No credentials found to be removed.", 400);
  secrets.delete(known.id);
  removedSecrets.put({ ...known, removedAt: Date.now() });
  return { status: 204, headers: {} };
}

function describe({ id, value, displayName, createdAt }: ClientSecret): Json {
  const startDateTime = new Date(createdAt).toISOString();
  const endDateTime = new Date(createdAt + secretMs).toISOString();
  return { keyId: id, displayName, hint: value.slice(0, 3), startDateTime, endDateTime };
}

function json(status: number, body: object): Answer {
  return { status, headers: { "content-type": "application/json; charset=utf-8" }, body: JSON.stringify(body) };
}
