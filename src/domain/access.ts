/**
 * Who may do what to which resource. A role is a set of permissions; a binding gives a role within a scope; what a caller
 * may do is what its bindings add up to, and nothing else.
 */

export const roles = ["viewer", "operator", "approver", "admin", "auditor"] as const;
export type Role = (typeof roles)[number];

/** The roles of which each permission is a part. Every route names one permission; docs/security.md shows this table. */
export const permissionRoles = {
  "inventory:read": ["viewer", "operator", "approver", "admin"],
  "prices:read": ["viewer", "operator", "approver", "admin", "auditor"],
  "costs:read": ["viewer", "operator", "approver", "admin", "auditor"],
  "costs:write": ["operator", "admin"],
  "plans:read": ["viewer", "operator", "approver", "admin"],
  "migrations:read": ["viewer", "operator", "approver", "admin"],
  "protection:read": ["viewer", "operator", "approver", "admin"],
  "bursts:read": ["viewer", "operator", "approver", "admin"],
  "operations:read": ["viewer", "operator", "approver", "admin"],
  "networks:read": ["viewer", "operator", "approver", "admin"],
  "certificates:read": ["viewer", "operator", "approver", "admin", "auditor"],
  "policies:read": ["viewer", "operator", "approver", "admin", "auditor"],
  "sites:check": ["operator", "admin"],
  "plans:write": ["operator"],
  "migrations:write": ["operator"],
  "protection:write": ["operator"],
  "bursts:write": ["operator"],
  "vms:write": ["operator"],
  "networks:write": ["operator"],
  "policies:write": ["admin"],
  "policies:scan": ["operator", "admin", "auditor"],
  "policies:exempt": ["approver", "admin"],
  "certificates:verify": ["operator", "auditor"],
  "metrics:read": ["viewer", "operator", "admin", "auditor"],
  "metrics:write": ["operator"],
  "alerts:read": ["viewer", "operator", "approver", "admin"],
  "alerts:write": ["operator"],
  "logs:read": ["operator", "admin", "auditor"],
  "access:read": ["admin", "auditor"],
  "access:write": ["admin"],
  "audit:read": ["auditor"],
  "plans:approve": ["approver"],
  "payloads:decode": ["operator", "admin"],
  "schedules:read": ["viewer", "operator", "approver", "admin", "auditor"],
  "schedules:write": ["operator", "admin"],
  "system:freeze": ["operator", "admin"],
  "system:unfreeze": ["admin"],
  "system:backup": ["operator", "admin"],
} as const satisfies Readonly<Record<string, readonly Role[]>>;

export type Permission = keyof typeof permissionRoles;
export const permissions = Object.keys(permissionRoles) as readonly Permission[];

/** The tag whose value is the project that a resource belongs to. */
export const projectTag = "project";

/** What a binding reaches: resources of the site that carry all of the tags. `{}` is everything. */
export interface Scope {
  readonly site?: string;
  readonly tags?: Readonly<Record<string, string>>;
}

/** What is acted on, as far as scopes look at it. One without a site (`{}`) belongs to the installation as a whole, which
 *  only a scope without limits reaches. */
export type ScopedResource = Scope;

export interface Binding {
  readonly role: Role;
  readonly scope: Scope;
}

/** What a caller may do, and where. Made once for a caller, asked at every request. */
export type Grants = ReadonlyMap<Permission, readonly Scope[]>;

/** The sum of the bindings; with `only`, no more than these permissions of it. */
export function grantsOf(bindings: readonly Binding[], only?: readonly Permission[]): Grants {
  const grants = new Map<Permission, Scope[]>();
  for (const permission of only ?? permissions) {
    const holders: readonly Role[] = permissionRoles[permission] ?? [];
    const scopes = bindings.filter(({ role }) => holders.includes(role)).map(({ scope }) => scope);
    if (scopes.length > 0) grants.set(permission, widest(scopes));
  }
  return grants;
}

/** What both allow: a token never does more than the person it belongs to. */
export function intersectGrants(one: Grants, other: Grants): Grants {
  const grants = new Map<Permission, Scope[]>();
  for (const [permission, scopes] of one) {
    const both = scopes.flatMap((scope) =>
      (other.get(permission) ?? []).flatMap((limit) => overlap(scope, limit) ?? []),
    );
    if (both.length > 0) grants.set(permission, widest(both));
  }
  return grants;
}

/** Whether the grants reach every one of the resources. None at all counts as the installation as a whole, so that what
 *  says nothing about its place is not open to everyone. */
export function authorise(
  grants: Grants,
  permission: Permission,
  resource: ScopedResource | readonly ScopedResource[],
): boolean {
  const scopes = grants.get(permission);
  if (!scopes) return false;
  if (!isList(resource)) return reaches(scopes, resource);
  if (resource.length === 0) return reaches(scopes, {});
  return resource.every((each) => reaches(scopes, each));
}

/** Whether the grants may reach something at the site, if only what carries certain tags. */
export function touchesSite(scopes: readonly Scope[], site: string): boolean {
  return scopes.some((scope) => scope.site === undefined || scope.site === site);
}

function isWholeScope(scope: Scope): boolean {
  return scope.site === undefined && Object.keys(scope.tags ?? {}).length === 0;
}

/** `site:onprem-a tag:env=prod project:web`, or `everything`. */
export function describeScope({ site, tags = {} }: Scope): string {
  const parts = Object.entries(tags).map(([key, value]) =>
    key === projectTag ? `project:${value}` : `tag:${key}=${value}`,
  );
  return [...(site === undefined ? [] : [`site:${site}`]), ...parts].join(" ") || "everything";
}

function isList(value: ScopedResource | readonly ScopedResource[]): value is readonly ScopedResource[] {
  return Array.isArray(value);
}

function reaches(scopes: readonly Scope[], resource: ScopedResource): boolean {
  return scopes.some((scope) => {
    if (scope.site !== undefined && scope.site !== resource.site) return false;
    for (const key in scope.tags) if (scope.tags[key] !== resource.tags?.[key]) return false;
    return true;
  });
}

/** One scope without limits makes the others needless. */
function widest(scopes: readonly Scope[]): Scope[] {
  return scopes.some(isWholeScope) ? [{}] : [...scopes];
}

function overlap(one: Scope, other: Scope): Scope | undefined {
  if (one.site !== undefined && other.site !== undefined && one.site !== other.site) return undefined;
  const [mine, theirs] = [one.tags ?? {}, other.tags ?? {}];
  if (Object.entries(mine).some(([key, value]) => key in theirs && theirs[key] !== value)) return undefined;
  const site = one.site ?? other.site;
  const tags = { ...theirs, ...mine };
  return { ...(site === undefined ? {} : { site }), ...(Object.keys(tags).length > 0 ? { tags } : {}) };
}
