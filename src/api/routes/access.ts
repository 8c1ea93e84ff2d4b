import type { BindingRecord, UserRecord } from "../../store/index.ts";
import { type Access, type Answer, type Route, route } from "../route.ts";
import {
  pageQuery,
  roleBindingBody,
  roleBindingListQuery,
  roleBindingListSchema,
  roleBindingSchema,
  userBody,
  userListSchema,
  userSchema,
} from "../schemas/access.ts";
import { readScope, showScope } from "../scopes.ts";
import { type ApiContext, defaultPageSize, idParams, notFound, requireReach } from "./context.ts";

export function accessRoutes(context: ApiContext): readonly Route[] {
  return [...userRoutes(context), ...bindingRoutes(context)];
}

function userRoutes({ store }: ApiContext): readonly Route[] {
  /** Who administers a part only sees those who hold something in it. */
  const known = async (access: Access, id: string): Promise<UserRecord> => {
    const user = await store.users.get(id);
    const reached =
      user &&
      (access.covers({}) || (await store.bindings.of([`user/${id}`])).some(({ scope }) => access.covers(scope)));
    if (user && reached) return user;
    throw notFound("user", id, "GET /v1/users lists them.");
  };
  const switched = (order: "disable" | "enable", summary: string) =>
    route({
      method: "post",
      path: `/v1/users/{id}/${order}`,
      operationId: `${order}User`,
      tag: "access",
      summary,
      permission: "access:write",
      actor: "signed-in",
      audit: `user.${order}`,
      duringFreeze: true,
      stepUp: true,
      idempotent: true,
      params: idParams,
      responses: { 200: { description: "The user", schema: userSchema } },
      async handle({ params: { id }, access }): Promise<Answer> {
        const before = await known(access, id);
        requireReach(access, {});
        await store.users.setDisabled(before.userId, order === "disable");
        const after = await known(access, id);
        return { status: 200, body: after, before, after };
      },
    });
  return [
    route({
      method: "get",
      path: "/v1/users",
      operationId: "listUsers",
      tag: "access",
      summary: "People who signed in or were entered",
      permission: "access:read",
      actor: "signed-in",
      audit: undefined,
      query: pageQuery,
      responses: { 200: { description: "One page", schema: userListSchema } },
      async handle({ query: { limit = defaultPageSize, cursor }, access }): Promise<Answer> {
        return { status: 200, body: await store.users.list({ limit, cursor, scopes: access.scopes }) };
      },
    }),
    route({
      method: "get",
      path: "/v1/users/{id}",
      operationId: "getUser",
      tag: "access",
      summary: "One person",
      permission: "access:read",
      actor: "signed-in",
      audit: undefined,
      params: idParams,
      responses: { 200: { description: "The user", schema: userSchema } },
      async handle({ params: { id }, access }): Promise<Answer> {
        return { status: 200, body: await known(access, id) };
      },
    }),
    route({
      method: "post",
      path: "/v1/users",
      operationId: "createUser",
      tag: "access",
      summary: "Enter somebody who uses tokens only",
      permission: "access:write",
      actor: "signed-in",
      audit: "user.create",
      duringFreeze: true,
      stepUp: true,
      idempotent: true,
      body: userBody,
      responses: { 201: { description: "The user", schema: userSchema } },
      async handle({ body, access, stableId }): Promise<Answer> {
        requireReach(access, {});
        const after = await store.users.create({ userId: stableId("user"), ...body });
        return { status: 201, body: after, after };
      },
    }),
    switched("disable", "Accept nothing of a person's any more: no session, no token"),
    switched("enable", "Accept a person again"),
  ];
}

function bindingRoutes({ store }: ApiContext): readonly Route[] {
  return [
    route({
      method: "get",
      path: "/v1/role-bindings",
      operationId: "listRoleBindings",
      tag: "access",
      summary: "Who holds which role where",
      description: "Beside these, the configuration may give roles to groups of the identity provider.",
      permission: "access:read",
      actor: "signed-in",
      audit: undefined,
      query: roleBindingListQuery,
      responses: { 200: { description: "One page", schema: roleBindingListSchema } },
      async handle({ query: { limit = defaultPageSize, ...query }, access }): Promise<Answer> {
        const page = await store.bindings.list({ ...query, limit, scopes: access.scopes });
        return { status: 200, body: { ...page, items: page.items.map(show) } };
      },
    }),
    route({
      method: "post",
      path: "/v1/role-bindings",
      operationId: "createRoleBinding",
      tag: "access",
      summary: "Give a role within a scope",
      description:
        "The scope must lie within what the caller administers. A binding that is there already is answered.",
      permission: "access:write",
      actor: "signed-in",
      audit: "role-binding.create",
      duringFreeze: true,
      stepUp: true,
      idempotent: true,
      body: roleBindingBody,
      responses: { 201: { description: "The binding", schema: roleBindingSchema } },
      async handle({ body: { holder, role, scope: asked }, actor, access, stableId }): Promise<Answer> {
        const scope = readScope(asked);
        requireReach(access, scope);
        await requireHolder(holder);
        const bindingId = stableId("binding");
        const binding = await store.bindings.add({ bindingId, holder, role, scope, createdBy: actor?.id ?? "" });
        return { status: 201, body: show(binding), after: show(binding) };
      },
    }),
    route({
      method: "delete",
      path: "/v1/role-bindings/{id}",
      operationId: "removeRoleBinding",
      tag: "access",
      summary: "Take a role back",
      permission: "access:write",
      actor: "signed-in",
      audit: "role-binding.remove",
      duringFreeze: true,
      stepUp: true,
      idempotent: true,
      params: idParams,
      responses: { 200: { description: "The binding that was removed", schema: roleBindingSchema } },
      async handle({ params: { id }, access }): Promise<Answer> {
        const binding = await store.bindings.get(id);
        if (!binding || !access.covers(binding.scope)) {
          throw notFound("role-binding", id, "GET /v1/role-bindings lists them.");
        }
        await store.bindings.remove(id);
        return { status: 200, body: show(binding), before: show(binding) };
      },
    }),
  ];

  async function requireHolder(holder: string): Promise<void> {
    const [kind, id = ""] = holder.split(/\/(.*)/s);
    // A group is whatever the identity provider says of those who sign in.
    if (kind === "group") return;
    const there = kind === "user" ? await store.users.get(id) : await store.tokens.get(id);
    if (!there) throw notFound(kind ?? "holder", id, `GET /v1/${kind}s lists them.`);
  }
}

function show(binding: BindingRecord) {
  return { ...binding, scope: showScope(binding.scope) };
}
