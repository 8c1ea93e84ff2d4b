import type { Answer } from "../cloud/http-front.ts";
import type { AzureCloud } from "./cloud.ts";
import { AzureError } from "./errors.ts";
import type { Identity } from "./identity.ts";

export const loginHost = "login.microsoftonline.com";

/** The token endpoint of Microsoft Entra ID, as far as @azure/identity asks it. */
export function login(cloud: AzureCloud, identity: Identity, path: string, body: Buffer): Answer {
  const { tenantId } = cloud.account;
  const base = `https://${loginHost}/${tenantId}`;
  const [tenant = "", ...rest] = path.slice(1).split("/");
  switch (rest.join("/")) {
    case "discovery/instance":
      return json(200, {
        tenant_discovery_endpoint: `${base}/v2.0/.well-known/openid-configuration`,
        "api-version": "1.1",
        metadata: [{ preferred_network: loginHost, preferred_cache: "login.windows.net", aliases: [loginHost] }],
      });
    case "v2.0/.well-known/openid-configuration":
      return json(200, {
        token_endpoint: `${base}/oauth2/v2.0/token`,
        authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
        end_session_endpoint: `${base}/oauth2/v2.0/logout`,
        jwks_uri: `${base}/discovery/v2.0/keys`,
        issuer: `${base}/v2.0`,
        subject_types_supported: ["pairwise"],
        response_types_supported: ["code"],
      });
    case "oauth2/v2.0/token":
      if (tenant !== tenantId)
        throw new AzureError("invalid_request", `AADSTS90002: Tenant '${tenant}' not found.`, 400);
      return json(200, identity.issue(new URLSearchParams(body.toString("utf8"))));
    default:
      throw new AzureError("invalid_request", `AADSTS90014: The sandbox has no ${path}.`, 404);
  }
}

/** Azure's way of saying what went wrong there. */
export function refuseLogin(error: AzureError): Answer {
  const code = Number(/^AADSTS(\d+)/.exec(error.message)?.[1] ?? 0);
  return json(error.status, { error: error.code, error_description: error.message, error_codes: [code] });
}

function json(status: number, body: object): Answer {
  return { status, headers: { "content-type": "application/json; charset=utf-8" }, body: JSON.stringify(body) };
}
