import { createHmac, randomUUID, timingSafeEqual } from "node:crypto";
import type { AzureCloud } from "./cloud.ts";
import { AzureError } from "./errors.ts";

const tokenSeconds = 3_599;

/** Whom an access token was issued to, and for what. */
export interface Caller {
  readonly clientId: string;
  readonly audience: string;
}

export interface Roles {
  readonly actions: readonly string[];
  readonly notActions: readonly string[];
  readonly dataActions: readonly string[];
  readonly notDataActions: readonly string[];
}

/** The tenant: access tokens and what their holders may do. */
export class Identity {
  readonly #cloud: AzureCloud;

  constructor(cloud: AzureCloud) {
    this.#cloud = cloud;
  }

  /** A token's answer. @throws AzureError invalid_client, invalid_request, invalid_scope, unsupported_grant_type. */
  issue(form: URLSearchParams): object {
    const { account } = this.#cloud;
    const clientId = form.get("client_id") ?? "";
    if (form.get("grant_type") !== "client_credentials")
      throw new AzureError("unsupported_grant_type", "AADSTS70003: The app requested an unsupported grant type.");
    const known = [account, account.reader].find((client) => client.clientId === clientId);
    if (!known)
      throw new AzureError("unauthorized_client", `AADSTS700016: Application '${clientId}' was not found.`, 400);
    const secrets = this.#cloud.tables.secrets.where((secret) => secret.clientId === clientId);
    const given = form.get("client_secret");
    if (!form.has("client_assertion") && !secrets.some(({ value }) => value === given))
      throw new AzureError("invalid_client", "AADSTS7000215: Invalid client secret provided.", 401);
    if (form.has("client_assertion") && subjectOf(form.get("client_assertion")) === undefined)
      throw new AzureError("invalid_client", "AADSTS50027: JWT token is invalid or malformed.", 401);
    const scope = (form.get("scope") ?? "").split(" ").find((one) => one.endsWith("/.default"));
    if (scope === undefined) throw new AzureError("invalid_scope", "AADSTS70011: The provided scope is not valid.");
    return {
      token_type: "Bearer",
      expires_in: tokenSeconds,
      ext_expires_in: tokenSeconds,
      access_token: this.#token(clientId, scope.replace(/\/\.default$/, "")),
    };
  }

  /** What the metadata service of a VM answers: the token of its managed identity, which has the application's roles. */
  issueToMachine(audience: string): object {
    const expiresOn = Math.floor(Date.now() / 1000) + tokenSeconds;
    return {
      token_type: "Bearer",
      resource: audience,
      expires_in: String(tokenSeconds),
      expires_on: String(expiresOn),
      access_token: this.#token(this.#cloud.account.clientId, audience.replace(/\/$/, "")),
    };
  }

  /** @throws AzureError for a token that is missing, false, expired or for another audience. */
  authenticate(authorization: string | undefined, audiences: readonly string[]): Caller {
    const token = /^Bearer (\S+)$/i.exec(authorization ?? "")?.[1];
    if (token === undefined)
      throw new AzureError(
        "AuthenticationFailed",
        "Authentication failed. The 'Authorization' header is missing.",
        401,
      );
    const [head = "", claims = "", signature = ""] = token.split(".");
    const expected = this.#sign(`${head}.${claims}`);
    const given = Buffer.from(signature, "base64url");
    if (given.length !== expected.length || !timingSafeEqual(given, expected))
      throw new AzureError("InvalidAuthenticationToken", "The access token is invalid.", 401);
    const { appid, aud, exp } = JSON.parse(Buffer.from(claims, "base64url").toString("utf8"));
    if (exp * 1000 < Date.now())
      throw new AzureError(
        "ExpiredAuthenticationToken",
        "The access token expiry UTC time is earlier than current.",
        401,
      );
    if (!audiences.includes(aud)) {
      throw new AzureError(
        "InvalidAuthenticationTokenAudience",
        `The access token has been obtained for wrong audience or resource '${aud}'.`,
        401,
      );
    }
    return { clientId: appid, audience: aud };
  }

  rolesOf(caller: Caller): Roles {
    const { account, settings } = this.#cloud;
    return caller.clientId === account.reader.clientId ? readerRoles : settings;
  }

  /** https://learn.microsoft.com/azure/role-based-access-control/role-definitions: what actions allow and notActions
   *  don't take out; `*` stands for anything, and case makes no difference. */
  may(caller: Caller, action: string): boolean {
    const { actions, notActions } = this.rolesOf(caller);
    return names(actions, action) && !names(notActions, action);
  }

  /** The same of what a service holds, such as the bytes of blobs. */
  mayWithData(caller: Caller, action: string): boolean {
    const { dataActions, notDataActions } = this.rolesOf(caller);
    return names(dataActions, action) && !names(notDataActions, action);
  }

  #token(clientId: string, audience: string): string {
    const { tenantId } = this.#cloud.account;
    const now = Math.floor(Date.now() / 1000);
    const claims = {
      aud: audience,
      iss: `https://sts.windows.net/${tenantId}/`,
      iat: now,
      nbf: now,
      exp: now + tokenSeconds,
      appid: clientId,
      oid: clientId,
      tid: tenantId,
      uti: randomUUID(),
      ver: "1.0",
    };
    const text = [{ typ: "JWT", alg: "HS256" }, claims]
      .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
      .join(".");
    return `${text}.${this.#sign(text).toString("base64url")}`;
  }

  #sign(text: string): Buffer {
    return createHmac("sha256", Buffer.from(this.#cloud.account.tokenKey, "base64")).update(text).digest();
  }
}

function subjectOf(assertion: string | null): string | undefined {
  try {
    return JSON.parse(Buffer.from((assertion ?? "").split(".")[1] ?? "", "base64url").toString("utf8")).sub;
  } catch {
    return undefined;
  }
}

const readerRoles: Roles = { actions: ["*/read"], notActions: [], dataActions: ["*/read"], notDataActions: [] };

function names(patterns: readonly string[], action: string): boolean {
  return patterns.some((pattern) => matches(pattern, action));
}

function matches(pattern: string, action: string): boolean {
  const literal = pattern.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${literal.join(".*")}$`, "i").test(action);
}
