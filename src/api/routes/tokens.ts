import type { TokenRecord } from "../../store/index.ts";
import { ProblemError } from "../problem.ts";
import { type Access, type Answer, route } from "../route.ts";
import { madeTokenSchema, pageQuery, rotateBody, tokenBody, tokenListSchema, tokenSchema } from "../schemas/access.ts";
import { readBinding, showBinding } from "../scopes.ts";
import { bootstrapTokenId, hashToken, newToken } from "../tokens.ts";
import { type ApiContext, defaultPageSize, idParams, notFound, requireReach } from "./context.ts";

const dayMs = 86_400_000;
const defaultDays = 90;
const defaultGraceSeconds = 3_600;

export function tokenRoutes(context: ApiContext) {
  const { store } = context;
  const known = async (access: Access, id: string): Promise<TokenRecord> => {
    const token = await store.tokens.get(id);
    if (token && access.covers(token.bindings.map(({ scope }) => scope))) return token;
    throw notFound("token", id, "GET /v1/tokens lists them.");
  };
  return [
    route({
      method: "get",
      path: "/v1/tokens",
      operationId: "listTokens",
      tag: "access",
      summary: "API tokens, without their secrets",
      permission: "access:read",
      actor: "signed-in",
      audit: undefined,
      query: pageQuery,
      responses: { 200: { description: "One page", schema: tokenListSchema } },
      async handle({ query: { limit = defaultPageSize, cursor }, access }): Promise<Answer> {
        const page = await store.tokens.list({ limit, cursor, scopes: access.scopes });
        return { status: 200, body: { ...page, items: page.items.map(show) } };
      },
    }),
    route({
      method: "get",
      path: "/v1/tokens/{id}",
      operationId: "getToken",
      tag: "access",
      summary: "One API token, without its secret",
      permission: "access:read",
      actor: "signed-in",
      audit: undefined,
      params: idParams,
      responses: { 200: { description: "The token", schema: tokenSchema } },
      async handle({ params: { id }, access }): Promise<Answer> {
        return { status: 200, body: show(await known(access, id)) };
      },
    }),
    route({
      method: "post",
      path: "/v1/tokens",
      operationId: "createToken",
      tag: "access",
      summary: "Make an API token",
      description: "The answer holds the secret, once. What it may do must lie within what the caller administers.",
      permission: "access:write",
      actor: "signed-in",
      audit: "token.create",
      duringFreeze: true,
      stepUp: true,
      idempotent: true,
      confidential: true,
      body: tokenBody,
      responses: { 201: { description: "The token with its secret", schema: madeTokenSchema } },
      async handle({ body, actor, access, stableId }): Promise<Answer> {
        const bindings = body.bindings.map(readBinding);
        requireReach(
          access,
          bindings.map(({ scope }) => scope),
        );
        if (body.user_id !== undefined && !(await store.users.get(body.user_id))) {
          throw notFound("user", body.user_id, "GET /v1/users lists them.");
        }
        const [tokenId, token] = [stableId("token"), newToken()];
        await store.tokens.create({
          tokenId,
          name: body.name,
          hash: hashToken(token),
          userId: body.user_id,
          bindings,
          permissions: body.permissions as TokenRecord["permissions"],
          createdBy: actor?.id ?? "",
          expiresAt: new Date(Date.now() + (body.expires_in_days ?? defaultDays) * dayMs).toISOString(),
        });
        const after = show(await known(access, tokenId));
        return { status: 201, body: { ...after, token }, after };
      },
    }),
    route({
      method: "post",
      path: "/v1/tokens/{id}/rotate",
      operationId: "rotateToken",
      tag: "access",
      summary: "Give an API token another secret; the one before goes on working for a while",
      permission: "access:write",
      actor: "signed-in",
      audit: "token.rotate",
      duringFreeze: true,
      stepUp: true,
      idempotent: true,
      confidential: true,
      params: idParams,
      body: rotateBody,
      responses: { 200: { description: "The token with its new secret", schema: madeTokenSchema } },
      async handle({ params: { id }, body, access }): Promise<Answer> {
        const before = show(await known(access, id));
        refuseBootstrap(id, "rotated");
        const token = newToken();
        if (!(await store.tokens.rotate(id, hashToken(token), (body.grace_seconds ?? defaultGraceSeconds) * 1_000))) {
          throw new ProblemError("Conflict", { detail: `The token ${id} is revoked`, action: "Make another one." });
        }
        const after = show(await known(access, id));
        return { status: 200, body: { ...after, token }, before, after };
      },
    }),
    route({
      method: "delete",
      path: "/v1/tokens/{id}",
      operationId: "revokeToken",
      tag: "access",
      summary: "Revoke an API token",
      description: "Every process stops accepting it within two seconds. It stays listed.",
      permission: "access:write",
      actor: "signed-in",
      audit: "token.revoke",
      duringFreeze: true,
      stepUp: true,
      idempotent: true,
      params: idParams,
      responses: { 200: { description: "The token, revoked", schema: tokenSchema } },
      async handle({ params: { id }, access }): Promise<Answer> {
        const before = show(await known(access, id));
        await store.tokens.revoke(id);
        const after = show(await known(access, id));
        return { status: 200, body: after, before, after };
      },
    }),
  ];
}

function show(token: TokenRecord) {
  return { ...token, bindings: token.bindings.map(showBinding) };
}

function refuseBootstrap(tokenId: string, what: string): void {
  if (tokenId !== bootstrapTokenId) return;
  throw new ProblemError("Conflict", {
    detail: `The bootstrap token is what its file says; it can't be ${what} here`,
    action: "Put another token into the file and start the API again, or revoke it.",
  });
}
