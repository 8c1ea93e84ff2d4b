import * as client from "openid-client";
import type { Binding } from "../../domain/access.ts";
import { ProblemError } from "../problem.ts";

export interface OidcSettings {
  readonly issuer: string;
  readonly clientId: string;
  /** Undefined for a public client, which PKCE alone protects. Asked for when it is needed, as it may be rotated. */
  readonly clientSecret: (() => Promise<string>) | undefined;
  readonly scopes: string;
  readonly groupsClaim: string;
  /** What the provider's groups may do here. */
  readonly roles: readonly { readonly group: string; readonly binding: Binding }[];
  /** A sign-in counts as one with a second factor when its `amr` has one of these, or its `acr` is one of those. */
  readonly mfaAmr: readonly string[];
  readonly mfaAcr: readonly string[];
  /** How long a confirmed second factor stands for the next destructive or approving action. */
  readonly mfaMaxAgeMs: number;
}

/** Who the provider says has signed in. */
export interface Identity {
  readonly issuer: string;
  readonly subject: string;
  readonly name: string;
  readonly email?: string;
  readonly groups: readonly string[];
  readonly mfaAt?: string;
}

/** What the browser keeps between the two halves of a sign-in, and nobody else. */
export interface SignInSecrets {
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: string;
}

const answerWithinSeconds = 10;

/** The identity provider: authorization code flow with PKCE. It is looked up when it is first needed, so that an API whose
 *  provider is down still starts. */
export class Oidc {
  readonly settings: OidcSettings;
  readonly #redirectUri: string;
  #discovered: { config: client.Configuration; secret: string | undefined } | undefined;

  constructor(settings: OidcSettings, publicUrl: string) {
    this.settings = settings;
    this.#redirectUri = `${publicUrl}/v1/auth/callback`;
  }

  /** Where the browser goes. With `stepUp`, the provider is asked for a fresh sign-in with a second factor. */
  async authorizationUrl(secrets: SignInSecrets, stepUp: boolean): Promise<string> {
    const { scopes, mfaAcr } = this.settings;
    const config = await this.#configuration();
    const url = client.buildAuthorizationUrl(config, {
      redirect_uri: this.#redirectUri,
      scope: scopes,
      state: secrets.state,
      nonce: secrets.nonce,
      code_challenge: await client.calculatePKCECodeChallenge(secrets.codeVerifier),
      code_challenge_method: "S256",
      ...(stepUp ? { prompt: "login", max_age: "0" } : {}),
      ...(stepUp && mfaAcr.length > 0 ? { acr_values: mfaAcr.join(" ") } : {}),
    });
    return url.href;
  }

  /** @throws ProblemError Unauthenticated when the provider's answer is not the one to our question. */
  async identify(query: string, secrets: SignInSecrets): Promise<Identity> {
    const config = await this.#configuration();
    try {
      const tokens = await client.authorizationCodeGrant(config, new URL(`${this.#redirectUri}${query}`), {
        expectedState: secrets.state,
        expectedNonce: secrets.nonce,
        pkceCodeVerifier: secrets.codeVerifier,
        idTokenExpected: true,
      });
      const claims = tokens.claims();
      if (!claims) throw new Error("the provider gave no ID token");
      const here = claims[this.settings.groupsClaim] !== undefined || !config.serverMetadata().userinfo_endpoint;
      const more = here ? {} : await client.fetchUserInfo(config, tokens.access_token, claims.sub);
      return this.#toIdentity({ ...more, ...claims });
    } catch (cause) {
      throw new ProblemError("Unauthenticated", {
        detail: `The identity provider did not confirm the sign-in${cause instanceof client.AuthorizationResponseError ? `: ${cause.error}` : ""}`,
        action: "Begin again with GET /v1/auth/sign-in; the API's log has the reason.",
        cause,
      });
    }
  }

  /** Where signing out at the provider itself begins; undefined when it can't. */
  async endSessionUrl(): Promise<string | undefined> {
    const config = await this.#configuration();
    if (!config.serverMetadata().end_session_endpoint) return undefined;
    return client.buildEndSessionUrl(config, { client_id: this.settings.clientId }).href;
  }

  #toIdentity(claims: client.IDToken): Identity {
    const { mfaAmr, mfaAcr, groupsClaim } = this.settings;
    const { iss: issuer, sub: subject, acr, amr, auth_time: authTime, iat, email } = claims;
    const text = (value: unknown) => (typeof value === "string" && value !== "" ? value : undefined);
    const byAmr = Array.isArray(amr) && amr.some((method) => mfaAmr.includes(text(method) ?? ""));
    const mfa = byAmr || (typeof acr === "string" && mfaAcr.includes(acr));
    const groups = claims[groupsClaim];
    return {
      issuer,
      subject,
      name: text(claims.name) ?? text(claims.preferred_username) ?? text(email) ?? subject,
      ...(text(email) === undefined ? {} : { email: email as string }),
      groups: (Array.isArray(groups) ? groups : [groups]).flatMap((group) => text(group) ?? []),
      ...(mfa ? { mfaAt: new Date((authTime ?? iat) * 1000).toISOString() } : {}),
    };
  }

  async #configuration(): Promise<client.Configuration> {
    const { issuer, clientId, clientSecret } = this.settings;
    try {
      const secret = await clientSecret?.();
      if (this.#discovered && this.#discovered.secret === secret) return this.#discovered.config;
      const url = new URL(issuer);
      const insecure = url.protocol === "http:" ? [client.allowInsecureRequests] : [];
      const config = await client.discovery(
        url,
        clientId,
        secret,
        secret === undefined ? client.None() : client.ClientSecretPost(secret),
        // The signature of the ID token is checked, although it comes straight from the provider.
        { execute: [...insecure, client.enableNonRepudiationChecks], timeout: answerWithinSeconds },
      );
      this.#discovered = { config, secret };
      return config;
    } catch (cause) {
      throw new ProblemError("Unavailable", {
        detail: `The identity provider ${issuer} cannot be reached`,
        action: "Try again when it is up. In an emergency: `novacron break-glass`, see docs/security.md.",
        cause,
      });
    }
  }
}
