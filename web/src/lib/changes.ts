/** One member that is otherwise than before. */
export interface Change {
  readonly path: string;
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/** When something was seen says nothing of what it is. */
const passing = new Set(["observed_at", "changed_at", "first_seen_at", "state_since"]);
const most = 12;

/** What differs between two versions of a resource, by the paths of its members; the first dozen. */
export function changesBetween(before: object, after: object): Change[] {
  const [old, now] = [flat(before), flat(after)];
  const paths = [...new Set([...old.keys(), ...now.keys()])].sort();
  return paths
    .filter((path) => old.get(path) !== now.get(path))
    .slice(0, most)
    .map((path) => ({ path, before: old.get(path), after: now.get(path) }));
}

function flat(value: object): Map<string, string> {
  const found = new Map<string, string>();
  const walk = (each: unknown, path: string) => {
    if (each !== null && typeof each === "object") {
      for (const [key, inner] of Object.entries(each)) {
        if (path === "" && passing.has(key)) continue;
        walk(inner, path === "" ? key : `${path}.${key}`);
      }
    } else if (each !== undefined) found.set(path, typeof each === "string" ? each : JSON.stringify(each));
  };
  walk(value, "");
  return found;
}
