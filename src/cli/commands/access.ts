import { writeFileSync } from "node:fs";
import { allPages, answerOf, connectApi, type Schemas } from "../client.ts";
import { confirm } from "../confirm.ts";
import { usageError } from "../failure.ts";
import { show, table } from "../output.ts";
import type { CommonOptions } from "./options.ts";

export type Role = Schemas["Binding"]["role"];
type Permission = Schemas["Session"]["may"][number]["permission"];

export interface ScopeOptions {
  readonly site?: string;
  readonly project?: string;
  readonly tag?: readonly string[];
  readonly everywhere?: boolean;
}

export async function whoAmI(options: CommonOptions): Promise<void> {
  const { api } = connectApi(options);
  const caller = await answerOf(api.GET("/v1/auth/session"));
  await show(caller, options.output, async ({ kind, id, name, may }) => {
    const rows = await table(
      may,
      [
        { head: "MAY", value: (row) => row.permission },
        { head: "WHERE", value: (row) => row.scopes.map(scopeText).join(" or ") },
      ],
      "No role yet: ask an administrator for one.",
    );
    return `${name} (${kind}, ${id})\n\n${rows}`;
  });
}

export async function listTokens(options: CommonOptions): Promise<void> {
  const { api } = connectApi(options);
  const tokens = await allPages((cursor) =>
    answerOf(api.GET("/v1/tokens", { params: { query: { limit: 200, ...(cursor ? { cursor } : {}) } } })),
  );
  await show(tokens, options.output, (items) =>
    table(
      items,
      [
        { head: "ID", value: (token) => token.token_id },
        { head: "NAME", value: (token) => token.name },
        { head: "ROLES", value: (token) => token.bindings.map(bindingText).join(", ") || "–" },
        { head: "LAST USED", value: (token) => token.last_used_at ?? "never" },
        { head: "ENDS", value: (token) => (token.revoked_at ? "revoked" : (token.expires_at ?? "never")) },
      ],
      "No tokens.",
    ),
  );
}

export async function createToken(
  name: string,
  options: CommonOptions &
    ScopeOptions & {
      role?: readonly Role[];
      user?: string;
      only?: readonly Permission[];
      days?: string;
      file?: string;
    },
): Promise<void> {
  const scope = readScope(options);
  if (!options.role) throw usageError("A token needs a role", "Add --role viewer, for instance.");
  const { api } = connectApi(options);
  const body = {
    name,
    bindings: options.role.map((role) => ({ role, scope })),
    ...(options.user ? { user_id: options.user } : {}),
    ...(options.only ? { permissions: [...options.only] } : {}),
    ...(options.days ? { expires_in_days: Number(options.days) } : {}),
  };
  await handOver(await answerOf(api.POST("/v1/tokens", { body })), options);
}

export async function rotateToken(
  id: string,
  options: CommonOptions & { grace?: string; file?: string },
): Promise<void> {
  const { api } = connectApi(options);
  const body = options.grace ? { grace_seconds: Number(options.grace) } : {};
  await handOver(await answerOf(api.POST("/v1/tokens/{id}/rotate", { params: { path: { id } }, body })), options);
}

export async function revokeToken(id: string, options: CommonOptions & { yes?: boolean }): Promise<void> {
  await confirm(`Revoke the token ${id}?`, options.yes ?? false);
  const { api } = connectApi(options);
  const token = await answerOf(api.DELETE("/v1/tokens/{id}", { params: { path: { id } } }));
  await show(token, options.output, async ({ name }) => `${name} is revoked.`);
}

/** Into a file that only we read, or once onto the screen. */
async function handOver(made: Schemas["MadeToken"], options: CommonOptions & { file?: string }): Promise<void> {
  if (options.file) writeFileSync(options.file, `${made.token}\n`, { mode: 0o600, flag: "wx" });
  const { token, ...rest } = made;
  const shown = options.file ? rest : made;
  await show(shown, options.output, async () => {
    const where = options.file ? `It is in ${options.file}.` : `${token}\n\nThis is shown once; keep it safe.`;
    return `${made.name} (${made.token_id}), until ${made.expires_at ?? "revoked"}\n${where}`;
  });
}

export async function listUsers(options: CommonOptions): Promise<void> {
  const { api } = connectApi(options);
  const users = await allPages((cursor) =>
    answerOf(api.GET("/v1/users", { params: { query: { limit: 200, ...(cursor ? { cursor } : {}) } } })),
  );
  await show(users, options.output, (items) =>
    table(
      items,
      [
        { head: "ID", value: (user) => user.user_id },
        { head: "NAME", value: (user) => user.name },
        { head: "EMAIL", value: (user) => user.email ?? "–" },
        { head: "SIGNS IN AT", value: (user) => user.issuer ?? "tokens only" },
        { head: "LAST SEEN", value: (user) => user.last_seen_at ?? "never" },
        { head: "DISABLED", value: (user) => (user.disabled_at ? "yes" : "no") },
      ],
      "No users.",
    ),
  );
}

export async function addUser(name: string, options: CommonOptions & { email?: string }): Promise<void> {
  const { api } = connectApi(options);
  const body = { name, ...(options.email ? { email: options.email } : {}) };
  const user = await answerOf(api.POST("/v1/users", { body }));
  await show(user, options.output, async () => `${user.name} is ${user.user_id}.`);
}

export async function switchUser(order: "disable" | "enable", id: string, options: CommonOptions): Promise<void> {
  const { api } = connectApi(options);
  const user = await answerOf(api.POST(`/v1/users/{id}/${order}`, { params: { path: { id } } }));
  await show(user, options.output, async () => `${user.name} is ${order}d.`);
}

export async function listRoles(options: CommonOptions & { holder?: string }): Promise<void> {
  const { api } = connectApi(options);
  const bindings = await allPages((cursor) => {
    const { holder } = options;
    const query = { limit: 200, ...(holder ? { holder } : {}), ...(cursor ? { cursor } : {}) };
    return answerOf(api.GET("/v1/role-bindings", { params: { query } }));
  });
  await show(bindings, options.output, (items) =>
    table(
      items,
      [
        { head: "ID", value: (binding) => binding.binding_id },
        { head: "HOLDER", value: (binding) => binding.holder },
        { head: "ROLE", value: (binding) => binding.role },
        { head: "WHERE", value: (binding) => scopeText(binding.scope) },
        { head: "GIVEN BY", value: (binding) => binding.created_by },
      ],
      "No roles were given.",
    ),
  );
}

export async function grantRole(role: Role, holder: string, options: CommonOptions & ScopeOptions): Promise<void> {
  const scope = readScope(options);
  const { api } = connectApi(options);
  const binding = await answerOf(api.POST("/v1/role-bindings", { body: { holder, role, scope } }));
  await show(binding, options.output, async () => `${holder} is ${bindingText(binding)} (${binding.binding_id}).`);
}

export async function takeRole(id: string, options: CommonOptions): Promise<void> {
  const { api } = connectApi(options);
  const binding = await answerOf(api.DELETE("/v1/role-bindings/{id}", { params: { path: { id } } }));
  await show(binding, options.output, async () => `${binding.holder} is no longer ${bindingText(binding)}.`);
}

/** Everything is only meant where it is said. */
function readScope({ site, project, tag, everywhere }: ScopeOptions): Schemas["Scope"] {
  const tags = Object.fromEntries(
    (tag ?? []).map((text) => {
      const at = text.indexOf("=");
      if (at < 1) throw usageError(`${text} is not a tag`, "Write --tag key=value.");
      return [text.slice(0, at), text.slice(at + 1)];
    }),
  );
  const scope = {
    ...(site ? { site } : {}),
    ...(project ? { project } : {}),
    ...(Object.keys(tags).length > 0 ? { tags } : {}),
  };
  const limited = Object.keys(scope).length > 0;
  if (limited !== (everywhere ?? false)) return scope;
  throw usageError("Say where the role holds", "Add --site, --project or --tag, or --everywhere and none of those.");
}

function bindingText({ role, scope }: Schemas["Binding"]): string {
  return `${role} ${scopeText(scope)}`;
}

function scopeText({ site, project, tags = {} }: Schemas["Scope"]): string {
  const parts = [
    ...(site ? [`site ${site}`] : []),
    ...(project ? [`project ${project}`] : []),
    ...Object.entries(tags).map(([key, value]) => `${key}=${value}`),
  ];
  return parts.length > 0 ? `at ${parts.join(", ")}` : "everywhere";
}
