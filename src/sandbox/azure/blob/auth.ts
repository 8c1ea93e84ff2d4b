import { createHmac } from "node:crypto";
import { type AzureCloud, storageAccountName } from "../cloud.ts";
import { AzureError } from "../errors.ts";
import type { Identity } from "../identity.ts";
import { type BlobRequest, header } from "./request.ts";

const audiences = ["https://storage.azure.com", `https://${storageAccountName}.blob.core.windows.net`];
const data = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs";

/** Who may call the storage account: the holder of a token whose roles allow it, of the account's key, or of a service
 *  SAS made with that. @throws AzureError */
export function authorise(cloud: AzureCloud, identity: Identity, request: BlobRequest): void {
  const authorization = header(request, "authorization");
  if (authorization?.startsWith("Bearer ")) {
    const caller = identity.authenticate(authorization, audiences);
    const action = /^(GET|HEAD)$/.test(request.method) ? "read" : request.method === "DELETE" ? "delete" : "write";
    if (identity.mayWithData(caller, `${data}/${action}`)) return;
    throw new AzureError(
      "AuthorizationPermissionMismatch",
      "This request is not authorized to perform this operation using this permission.",
      403,
    );
  }
  const key = Buffer.from(cloud.account.storageKey, "base64");
  const sign = (text: string) => createHmac("sha256", key).update(text, "utf8").digest("base64");
  if (authorization?.startsWith("SharedKey ")) {
    if (authorization === `SharedKey ${storageAccountName}:${sign(sharedKeyText(request))}`) return;
    throw failed();
  }
  throw new AzureError(
    "NoAuthenticationInformation",
    "Server failed to authenticate the request. Please refer to the information in the www-authenticate header.",
    401,
    {
      "www-authenticate": `Bearer authorization_uri=https://login.microsoftonline.com/${cloud.account.tenantId}/oauth2/authorize resource_id=https://storage.azure.com`,
    },
  );
}

/** https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key */
function sharedKeyText(request: BlobRequest): string {
  const names = ["content-encoding", "content-language", "content-length", "content-md5", "content-type"];
  const more = ["date", "if-modified-since", "if-match", "if-none-match", "if-unmodified-since", "range"];
  const value = (name: string) => {
    const text = header(request, name) ?? "";
    return name === "content-length" && text === "0" ? "" : text;
  };
  // With x-ms-date, the date is left empty.
  const standard = [...names, ...more].map((name) => (name === "date" ? "" : value(name)));
  const own = Object.keys(request.request.headers)
    .filter((name) => name.startsWith("x-ms-"))
    .sort()
    .map((name) => `${name}:${header(request, name)?.trim()}\n`);
  const parameters = [...new Set([...request.query.keys()].map((name) => name.toLowerCase()))]
    .sort()
    .map((name) => `\n${name}:${request.query.getAll(name).sort().join(",")}`);
  const resource = `/${storageAccountName}${request.path}${parameters.join("")}`;
  return `${[request.method, ...standard].join("\n")}\n${own.join("")}${resource}`;
}

function failed(): AzureError {
  return new AzureError(
    "AuthenticationFailed",
    "Server failed to authenticate the request. Make sure the value of Authorization header is formed correctly including the signature.",
    403,
  );
}
