import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, describe, test } from "node:test";
import { hashToken } from "../../src/api/tokens.ts";
import { type Permission, permissionRoles, type Role, roles, type Scope } from "../../src/domain/access.ts";
import { requests, walked } from "./support/access-walk.ts";
import { startTestApi } from "./support/harness.ts";

const api = await startTestApi({ after });
const { store } = api;

/** What belongs to the test is at onprem-a (a move: from there to onprem-b) and carries env=prod and project=web. */
const bindings: Readonly<Record<string, readonly Scope[]>> = {
  everything: [{}],
  bothSites: [{ site: "onprem-a" }, { site: "onprem-b" }],
  oneSite: [{ site: "onprem-a" }],
  tag: [{ tags: { env: "prod" } }],
  project: [{ tags: { project: "web" } }],
  siteAndTag: [{ site: "onprem-a", tags: { env: "prod" } }],
  otherSite: [{ site: "onprem-c" }],
  otherTag: [{ tags: { env: "test" } }],
  otherProject: [{ tags: { project: "web2" } }],
  noMatch: [{ site: "onprem-a", tags: { env: "prod", project: "web2" } }],
};

const reachedBy = {
  /** The caller itself, or what everyone may know. */
  self: Object.keys(bindings),
  nobody: [],
  /** That a site is there: whoever may reach anything at it. */
  site: Object.keys(bindings).filter((scope) => scope !== "otherSite"),
  wholeSite: ["everything", "bothSites", "oneSite"],
  vm: ["everything", "bothSites", "oneSite", "tag", "project", "siteAndTag"],
  move: ["everything", "bothSites", "tag", "project"],
  /** Two whole sites, whatever is at them. */
  pair: ["everything", "bothSites"],
  installation: ["everything"],
} as const satisfies Record<string, readonly string[]>;

interface Caller {
  readonly role: Role;
  readonly scope: string;
  readonly token: string;
}

async function makeCaller(role: Role, scope: string): Promise<Caller> {
  const token = `walker-${role}-${scope}-0123456789abcdef`;
  await store.tokens.create({
    tokenId: `walker-${role}-${scope}`,
    name: `walker ${role} ${scope}`,
    hash: hashToken(token),
    bindings: (bindings[scope] ?? []).map((each) => ({ role, scope: each })),
    createdBy: "token/bootstrap",
  });
  return { role, scope, token };
}

const callers: Caller[] = [];
for (const role of roles) for (const scope of Object.keys(bindings)) callers.push(await makeCaller(role, scope));
const world = await walked(api);

interface Operation {
  readonly method: string;
  readonly path: string;
  readonly operationId: string;
  readonly permission: Permission | "public" | "self";
}

const written = JSON.parse(await readFile(new URL("../../docs/openapi.json", import.meta.url), "utf8")) as {
  paths: Record<string, Record<string, { operationId: string; "x-novacron-permission": Operation["permission"] }>>;
};
const operations: readonly Operation[] = Object.entries(written.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, { operationId, "x-novacron-permission": permission }]) => ({
    method: method.toUpperCase(),
    path,
    operationId,
    permission,
  })),
);

/**
 * Where a permission reaches is a matter of the scope, whichever role brought it: one holder walks them all, the others
 * the widest, one that reaches and one that doesn't. A role without it is refused in the widest.
 */
function walks(holders: readonly Role[], role: Role, scope: string): boolean {
  if (role === holders[0] || scope === "everything") return true;
  return holders.includes(role) && (scope === "oneSite" || scope === "otherTag");
}

describe("every route of the OpenAPI file × every role × the scopes", () => {
  test("has its row in the walk, and the walk has no other", () => {
    const guarded = operations.filter(({ permission }) => permission !== "public");
    assert.deepEqual(Object.keys(requests).sort(), guarded.map(({ operationId }) => operationId).sort());
    const used = new Set(guarded.map(({ permission }) => permission));
    for (const permission of Object.keys(permissionRoles)) {
      assert.ok(used.has(permission as Permission), `${permission} guards a route`);
    }
  });

  for (const { method, path, operationId, permission } of operations) {
    if (permission === "public") continue;
    test(`${method} ${path} (${permission})`, async () => {
      await store.guard.unfreeze();
      const row = requests[operationId];
      assert.ok(row, "it has a row");
      const holders: readonly Role[] = permission === "self" ? roles : permissionRoles[permission];
      for (const { role, scope, token } of callers) {
        if (!walks(holders, role, scope)) continue;
        if (permission === "system:freeze") await store.guard.unfreeze();
        const asked = await row.ask(world);
        const answer = await api.call(method, asked.path, { token, body: asked.body });
        const who = `${role} of ${scope}: ${answer.status} ${JSON.stringify(answer.body)?.slice(0, 300)}`;
        if (!holders.includes(role)) {
          assert.equal(answer.status, 403, who);
          continue;
        }
        const administers: boolean = row.byAdmin === true && role === "admin" && scope === "everything";
        const reached: boolean = administers || (reachedBy[row.reach] as readonly string[]).includes(scope);
        if (row.lists) {
          assert.equal(answer.status, 200, who);
          assert.equal(JSON.stringify(answer.body).includes(row.lists), reached, who);
        } else if (reached) {
          assert.ok(![401, 403, 404].includes(answer.status), who);
        } else {
          assert.equal(answer.status, row.makes ? 403 : 404, who);
          if (row.makes) continue;
          const { detail, action } = answer.body;
          assert.ok(!/db-1|env|prod/.test(`${detail} ${action}`.replace(asked.path.split("/").at(-1) ?? "", "")), who);
        }
      }
    });
  }

  test("answers what is not reached as it answers what does not exist", async () => {
    const { token } = callers.find(({ role, scope }) => role === "viewer" && scope === "otherTag") as Caller;
    for (const [there, absent] of world.twins) {
      const [one, other] = [await api.call("GET", there, { token }), await api.call("GET", absent, { token })];
      assert.equal(one.status, 404);
      const neutral = (path: string, body: unknown) =>
        JSON.stringify({ ...(body as object), request_id: "" }).replaceAll(path.split("/").at(-1) ?? "", "ID");
      assert.equal(neutral(there, one.body), neutral(absent, other.body));
    }
  });
});

test("nobody hands on more than they administer, nor through a token of somebody who may less", async () => {
  const { token } = callers.find(({ role, scope }) => role === "admin" && scope === "oneSite") as Caller;
  const within = { role: "operator", scope: { site: "onprem-a", project: "web" } };
  const post = (path: string, body: object) => api.call("POST", path, { token, body });
  assert.equal((await post("/v1/role-bindings", { holder: "group/ops", ...within })).status, 201);
  for (const scope of [{}, { site: "onprem-b" }, { project: "web" }]) {
    const beyond = await post("/v1/role-bindings", { holder: "group/ops", role: "operator", scope });
    assert.equal(beyond.status, 403, JSON.stringify(scope));
    const made = await post("/v1/tokens", { name: "x", bindings: [within, { role: "viewer", scope }] });
    assert.equal(made.status, 403, JSON.stringify(scope));
  }
});

test("a personal token does no more than its person, and nothing once the person is disabled", async () => {
  const user = (await api.call("POST", "/v1/users", { body: { name: "Ada" } })).body as unknown as { user_id: string };
  const holder = `user/${user.user_id}`;
  const scope = { site: "onprem-a" };
  assert.equal((await api.call("POST", "/v1/role-bindings", { body: { holder, role: "viewer", scope } })).status, 201);
  const made = await api.call("POST", "/v1/tokens", {
    body: { name: "Ada laptop", user_id: user.user_id, bindings: [{ role: "operator", scope: {} }] },
  });
  const { token } = made.body as unknown as { token: string };
  const me = (await api.call("GET", "/v1/auth/session", { token })).body as unknown as {
    may: { permission: string; scopes: object[] }[];
  };
  assert.deepEqual(me.may.map(({ permission }) => permission).sort(), [
    "alerts:read",
    "bursts:read",
    "certificates:read",
    "costs:read",
    "inventory:read",
    "metrics:read",
    "migrations:read",
    "networks:read",
    "operations:read",
    "plans:read",
    "policies:read",
    "prices:read",
    "protection:read",
    "schedules:read",
  ]);
  for (const { scopes } of me.may) assert.deepEqual(scopes, [scope]);
  await api.call("POST", `/v1/users/${user.user_id}/disable`);
  await api.untilForgotten();
  assert.equal((await api.call("GET", "/v1/auth/session", { token })).status, 401);
});

test("a token is shown once, rotated with an overlap, revoked for good, and ends by itself", async () => {
  const body = { name: "ci", bindings: [{ role: "viewer", scope: {} }] };
  const headers = { "idempotency-key": "make-ci" };
  const made = (await api.call("POST", "/v1/tokens", { body, headers })).body as unknown as {
    token: string;
    token_id: string;
    expires_at: string;
  };
  assert.equal((await api.call("POST", "/v1/tokens", { body, headers })).status, 409, "not shown again");
  assert.equal((await api.call("POST", "/v1/tokens", { body })).status, 409, "the name is taken");
  const kept = await api.sql<{ text: string }>(
    "select jsonb_agg(k)::text || (select jsonb_agg(t)::text from tokens t) as text from idempotency_keys k",
  );
  assert.ok(!kept[0]?.text.includes(made.token), "the store does not have it");

  const rotate = (grace: number) =>
    api.call("POST", `/v1/tokens/${made.token_id}/rotate`, { body: { grace_seconds: grace } });
  const rotated = (await rotate(60)).body as unknown as { token: string };
  for (const token of [made.token, rotated.token])
    assert.equal((await api.call("GET", "/v1/auth/session", { token })).status, 200);
  const last = (await rotate(0)).body as unknown as { token: string };
  await api.untilForgotten();
  assert.equal((await api.call("GET", "/v1/auth/session", { token: rotated.token })).status, 401);
  assert.equal((await api.call("GET", "/v1/auth/session", { token: last.token })).status, 200);
  const listed = (await api.call("GET", `/v1/tokens/${made.token_id}`)).body as unknown as { last_used_at: string };
  assert.ok(listed.last_used_at);

  await api.sql("update tokens set expires_at = now() - interval '1 second' where token_id = $1", made.token_id);
  await api.untilForgotten();
  assert.equal((await api.call("GET", "/v1/auth/session", { token: last.token })).status, 401, "past its end");
  await api.sql("update tokens set expires_at = null where token_id = $1", made.token_id);
  assert.equal((await api.call("GET", "/v1/auth/session", { token: last.token })).status, 200);
  assert.equal((await api.call("DELETE", `/v1/tokens/${made.token_id}`)).status, 200);
  await api.untilForgotten();
  assert.equal((await api.call("GET", "/v1/auth/session", { token: last.token })).status, 401);
  assert.equal((await rotate(0)).status, 409);
  assert.equal((await api.call("POST", "/v1/tokens/bootstrap/rotate", { body: {} })).status, 409);
});
