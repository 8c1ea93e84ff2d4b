import { createHash, randomBytes, randomUUID, timingSafeEqual } from "node:crypto";
import * as z from "zod";
import type { SignedIn } from "../../store/index.ts";
import { note } from "../audit.ts";
import type { Oidc } from "../auth/oidc.ts";
import {
  beginSignIn,
  csrfToken,
  dropSession,
  hashSecret,
  sessionOf,
  setSession,
  takeSignIn,
} from "../auth/sessions.ts";
import { ProblemError } from "../problem.ts";
import type { Actor, Answer, Route } from "../route.ts";
import { route } from "../route.ts";
import {
  madeSessionSchema,
  methodsSchema,
  redeemBody,
  sessionSchema,
  signedOutSchema,
  signInQuery,
} from "../schemas/auth.ts";
import { showScope } from "../scopes.ts";
import type { ApiContext } from "./context.ts";

const defaultReturn = "/v1/auth/session";

export function authRoutes(context: ApiContext): readonly Route[] {
  return [...signInRoutes(context), ...sessionRoutes(context)];
}

function signInRoutes(context: ApiContext): readonly Route[] {
  const { store, auth } = context;
  return [
    route({
      method: "get",
      path: "/v1/auth/methods",
      operationId: "listSignInMethods",
      tag: "auth",
      summary: "How people sign in here",
      permission: "public",
      actor: "anyone",
      audit: undefined,
      responses: { 200: { description: "The ways", schema: methodsSchema } },
      async handle(): Promise<Answer> {
        const issuer = auth.oidc?.settings.issuer;
        const breakGlass = (await store.guard.sealedAt()) !== undefined;
        return { status: 200, body: { oidc: issuer !== undefined, issuer, breakGlass } };
      },
    }),
    route({
      method: "get",
      path: "/v1/auth/sign-in",
      operationId: "beginSignIn",
      tag: "auth",
      summary: "Sign in at the identity provider: sends the browser there",
      description:
        "Authorization code flow with PKCE. With `cli_port`, the browser ends at `http://127.0.0.1:<port>/?code=…&state=…`, and the code is redeemed by POST /v1/auth/sessions.",
      permission: "public",
      actor: "anyone",
      audit: undefined,
      query: signInQuery,
      responses: { 302: { description: "To the provider", headers: { Location: "The provider's page" } } },
      async handle({ query, response }): Promise<Answer> {
        const oidc = configured(auth.oidc);
        const { cli_port: port, cli_challenge: challenge, cli_state: state } = query;
        if ((port === undefined) !== (challenge === undefined) || (port === undefined) !== (state === undefined)) {
          throw new ProblemError("InvalidInput", {
            detail: "cli_port, cli_challenge and cli_state come together or not at all",
            action: "Send all three, or none.",
          });
        }
        const cli = port !== undefined && challenge && state ? { port, challenge, state } : undefined;
        const secrets = beginSignIn(response);
        const stepUp = query.step_up === "true";
        const location = await oidc.authorizationUrl(secrets, stepUp);
        const returnTo = query.return_to ?? defaultReturn;
        await store.sessions.beginSignIn(hashSecret(secrets.state), { returnTo, stepUp, ...(cli ? { cli } : {}) });
        return { status: 302, headers: { Location: location } };
      },
    }),
    route({
      method: "get",
      path: "/v1/auth/callback",
      operationId: "finishSignIn",
      tag: "auth",
      summary: "Where the identity provider sends the browser back to",
      permission: "public",
      actor: "anyone",
      audit: undefined,
      query: z.looseObject({ state: z.string().max(500) }),
      responses: { 302: { description: "Signed in", headers: { Location: "Where it was to go" } } },
      async handle({ query, request, response, requestId }): Promise<Answer> {
        const oidc = configured(auth.oidc);
        const secrets = takeSignIn(request, response);
        const begun = secrets && (await store.sessions.takeSignIn(hashSecret(secrets.state)));
        if (!secrets || !begun || !same(secrets.state, query.state)) throw unexpected();
        const search = request.originalUrl.slice(request.originalUrl.indexOf("?"));
        const identity = await oidc.identify(search, secrets);
        const user = await store.users.signIn({ newId: randomUUID(), ...identity });
        const audit = (outcome: string) =>
          note(context, {
            at: new Date().toISOString(),
            actor: `user/${user.userId}`,
            actorName: user.name,
            action: begun.stepUp ? "auth.step-up" : "auth.sign-in",
            resource: request.path,
            requestId,
            outcome,
            address: request.ip,
            after: { groups: identity.groups, mfaAt: identity.mfaAt, by: begun.cli ? "cli" : "browser" },
          });
        if (user.disabledAt !== undefined || (begun.stepUp && identity.mfaAt === undefined)) {
          await audit("Forbidden");
          throw new ProblemError("Forbidden", {
            detail: user.disabledAt ? `${user.name} is disabled here` : "The provider did not confirm a second factor",
            action: user.disabledAt
              ? "Ask an administrator."
              : "Set up a second factor at the provider; docs/security.md says which claims count.",
          });
        }
        const kind = begun.cli ? "cli" : "browser";
        const { groups, mfaAt } = identity;
        const terms = auth.sessions.terms({ userId: user.userId, kind, groups, ...(mfaAt ? { mfaAt } : {}) });
        await audit("done");
        if (begun.cli) {
          const code = randomBytes(32).toString("base64url");
          await store.sessions.keepCode(hashSecret(code), begun.cli.challenge, terms);
          const { port, state } = begun.cli;
          return { status: 302, headers: { Location: `http://127.0.0.1:${port}/?code=${code}&state=${state}` } };
        }
        const before = sessionOf(request);
        if (before !== undefined) await end(context, before);
        setSession(response, await auth.sessions.begin(terms), Date.parse(terms.endsAt) - Date.now());
        return { status: 302, headers: { Location: begun.returnTo } };
      },
    }),
    route({
      method: "post",
      path: "/v1/auth/sessions",
      operationId: "redeemSignIn",
      tag: "auth",
      summary: "A command line's session, for the code that the browser brought it",
      permission: "public",
      actor: "anyone",
      audit: "auth.redeem",
      duringFreeze: true,
      idempotent: true,
      confidential: true,
      secretBody: true,
      body: redeemBody,
      responses: { 201: { description: "The session", schema: madeSessionSchema } },
      async handle({ body: { code, verifier } }): Promise<Answer> {
        const kept = await store.sessions.takeCode(hashSecret(code));
        const challenge = createHash("sha256").update(verifier).digest("base64url");
        if (!kept || !same(kept.challenge, challenge)) throw unexpected();
        return made(kept.session, await auth.sessions.begin(kept.session));
      },
    }),
  ];
}

function sessionRoutes(context: ApiContext): readonly Route[] {
  return [
    route({
      method: "get",
      path: "/v1/auth/session",
      operationId: "getSession",
      tag: "auth",
      summary: "Who the caller is, and what they may do where",
      permission: "self",
      actor: "signed-in",
      audit: undefined,
      responses: { 200: { description: "The caller", schema: sessionSchema } },
      async handle({ actor, request }): Promise<Answer> {
        const { kind, id, name, grants, mfaAt, endsAt } = actor as Actor;
        const may = [...grants].map(([permission, scopes]) => ({ permission, scopes: scopes.map(showScope) }));
        const secret = request.get("authorization") === undefined ? sessionOf(request) : undefined;
        const csrf = secret === undefined ? {} : { csrfToken: csrfToken(secret) };
        return { status: 200, body: { kind, id, name, mfaAt, endsAt, ...csrf, may } };
      },
    }),
    route({
      method: "post",
      path: "/v1/auth/sign-out",
      operationId: "signOut",
      tag: "auth",
      summary: "End the caller's session, everywhere within two seconds",
      permission: "self",
      actor: "signed-in",
      audit: "auth.sign-out",
      duringFreeze: true,
      idempotent: true,
      responses: { 200: { description: "Signed out", schema: signedOutSchema } },
      async handle({ actor, request, response }): Promise<Answer> {
        if (actor?.kind === "token") {
          throw new ProblemError("Conflict", {
            detail: "A token is not a session",
            action: "Revoke it with DELETE /v1/tokens/{id}.",
          });
        }
        const bearer = request.get("authorization")?.split(" ").at(-1);
        await end(context, bearer ?? sessionOf(request) ?? "");
        if (bearer === undefined) dropSession(response);
        const { oidc } = context.auth;
        // The session is over whether or not the provider can be asked.
        const endSessionUrl = actor?.kind === "user" ? await oidc?.endSessionUrl().catch(() => undefined) : undefined;
        return { status: 200, body: { endSessionUrl } };
      },
    }),
  ];
}

async function end({ store, auth }: ApiContext, secret: string): Promise<void> {
  await store.sessions.end(hashSecret(secret));
  auth.forget(hashSecret(secret));
}

function made({ endsAt }: SignedIn, token: string): Answer {
  return { status: 201, body: { token, endsAt } };
}

function configured(oidc: Oidc | undefined): Oidc {
  if (oidc) return oidc;
  throw new ProblemError("UnsupportedCapability", {
    detail: "No identity provider is configured",
    action: "Use an API token, or configure `oidc`: docs/configuration.md.",
  });
}

function unexpected(): ProblemError {
  return new ProblemError("Unauthenticated", {
    detail: "This is not the answer to a sign-in that was begun here a short while ago",
    action: "Begin again with GET /v1/auth/sign-in.",
  });
}

function same(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}
