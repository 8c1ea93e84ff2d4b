/** The part of a session that says what its holder may do. */
export interface Grants {
  readonly may: readonly {
    readonly permission: string;
    readonly scopes: readonly { readonly site?: string; readonly project?: string; readonly tags?: object }[];
  }[];
}

/** Whether the permission is held anywhere at all: what decides if something is shown. The API decides what is allowed. */
export function may(session: Grants, permission: string): boolean {
  return session.may.some((grant) => grant.permission === permission && grant.scopes.length > 0);
}

/** Whether it is held without limits: what concerns everything (a freeze, a backup) wants that. */
export function mayEverywhere(session: Grants, permission: string): boolean {
  return session.may.some(
    (grant) =>
      grant.permission === permission &&
      grant.scopes.some(({ site, project, tags }) => site === undefined && project === undefined && tags === undefined),
  );
}

/** How a scope is said: `everywhere`, `at aws-us-east-1`, `project web`, `env=prod`. */
export function scopeText(scope: {
  readonly site?: string;
  readonly project?: string;
  readonly tags?: Readonly<Record<string, string>>;
}): string {
  const parts = [
    ...(scope.site === undefined ? [] : [`at ${scope.site}`]),
    ...(scope.project === undefined ? [] : [`project ${scope.project}`]),
    ...Object.entries(scope.tags ?? {}).map(([key, value]) => `${key}=${value}`),
  ];
  return parts.length === 0 ? "everywhere" : parts.join(", ");
}
