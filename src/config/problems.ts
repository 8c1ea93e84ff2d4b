import type { z } from "zod";
import { ConfigError } from "./config-error.ts";
import { configKeys } from "./keys.ts";
import { type ConfigSource, formatPath, type Path } from "./source.ts";

type Issue = z.core.$ZodIssue;

/** The first problem in the file's order, as the one error of the configuration. */
export function toConfigError(issues: readonly Issue[], source: ConfigSource): ConfigError {
  const errors = issues.map((issue) => describe(issue, source));
  const order = (error: ConfigError) => (error.details.line ?? 0) * 100_000 + (error.details.column ?? 0);
  const [first] = errors.sort((a, b) => order(a) - order(b));
  return (
    first ?? new ConfigError({ file: source.file, problem: "it is not valid", fix: "Compare it with the example." })
  );
}

function describe(issue: Issue, source: ConfigSource): ConfigError {
  const path = issue.path.filter((part) => typeof part !== "symbol");
  if (issue.code === "unrecognized_keys") return unknownKey([...path, issue.keys[0] ?? ""], source);
  const missing = valueAt(source.value, path) === undefined;
  const row = configKeys[generalPath(path)];
  const key = formatPath(path) || undefined;
  const place = { file: source.file, ...source.position(path), key };
  const example = row === undefined ? undefined : `${lastName(path)}: ${row.example}`;
  const fix = example
    ? `Write it like \`${example}\`.`
    : "Compare it with the example in the configuration's reference.";
  if (missing) return new ConfigError({ ...place, problem: "it is missing", fix });
  const what = issue.code === "invalid_type" && issue.expected === "object" ? "a section of keys" : issue.message;
  return new ConfigError({ ...place, problem: `it must be ${what}${not(path, source)}`, fix });
}

function not(path: Path, source: ConfigSource): string {
  const names = source.variables(path);
  if (names.length > 0) return `, which the value of ${names.join(", ")} is not`;
  const value = valueAt(source.value, path);
  if (isSecretPath(path) || value === null || typeof value === "object") return "";
  return `, not ${JSON.stringify(value)}`;
}

const secretNames = new Set(["client_secret", "vault_token", "vault_secret_id", "api_key", "payload_keys"]);

function isSecretPath(path: Path): boolean {
  return path.includes("credentials") || secretNames.has(String(path.at(-1)));
}

function unknownKey(path: Path, source: ConfigSource): ConfigError {
  const name = lastName(path);
  const parent = generalPath(path.slice(0, -1));
  const known = knownKeysUnder(parent);
  const near = closest(name, known);
  const elsewhere = allPaths().filter((candidate) => candidate.split(".").at(-1) === name);
  const fix = near
    ? `Did you mean \`${near}\`?`
    : elsewhere.length > 0
      ? `It belongs at \`${elsewhere[0]}\`.`
      : `Known here: ${known.join(", ")}.`;
  const place = source.position(path, "key");
  return new ConfigError({ file: source.file, ...place, key: formatPath(path), problem: "there is no such key", fix });
}

/** `["providers", 0, "name"]` → `providers[].name`, as in the key table. */
export function generalPath(path: Path): string {
  return path.map((part, i) => (typeof part === "number" ? "[]" : i === 0 ? part : `.${part}`)).join("");
}

export function allPaths(): string[] {
  return Object.entries(configKeys).flatMap(([path, row]) => [path, ...(row.aliases ?? [])]);
}

function knownKeysUnder(parent: string): string[] {
  const prefix = parent === "" ? "" : `${parent}.`;
  const names = allPaths()
    .filter((path) => path.startsWith(prefix))
    .map((path) => path.slice(prefix.length).split(/[.[]/)[0] ?? "");
  return [...new Set(names)].sort();
}

function lastName(path: Path): string {
  return path.findLast((part) => typeof part === "string") ?? "";
}

export function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (inner, part) =>
      inner !== null && typeof inner === "object" ? (inner as Record<string | number, unknown>)[part] : undefined,
    value,
  );
}

/** The one candidate that begins so, else the one with the fewest edits, if it is near enough to be a slip of the pen. */
export function closest(name: string, candidates: readonly string[]): string | undefined {
  const begun = candidates.filter((candidate) => candidate.startsWith(`${name}_`));
  if (begun.length === 1) return begun[0];
  const scored = candidates.map((candidate) => ({ candidate, edits: distance(name.toLowerCase(), candidate) }));
  const best = scored.sort((a, b) => a.edits - b.edits)[0];
  return best && best.edits <= Math.max(1, Math.floor(name.length / 3)) ? best.candidate : undefined;
}

/** Levenshtein's distance. */
function distance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const swap = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      current.push(Math.min(swap, (previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}
