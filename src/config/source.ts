import { readFileSync } from "node:fs";
import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, visit } from "yaml";
import { ConfigError } from "./config-error.ts";

export type Path = readonly (string | number)[];

export interface Position {
  readonly line: number;
  readonly column: number;
}

/** One file: its plain value with variables filled in, and where everything stands. */
export interface ConfigSource {
  readonly file: string;
  readonly value: unknown;
  /** Of the value at the path or, where that is absent, of what is nearest above it; of the key itself with `key`. */
  position(path: Path, key?: "key"): Position | undefined;
  /** The variables that the value at the path was made from. */
  variables(path: Path): readonly string[];
}

/** yaml's own messages may quote the text they stumble on, which may be a credential. */
const yamlProblems: Readonly<Record<string, string>> = {
  BAD_INDENT: "the indentation does not fit",
  DUPLICATE_KEY: "the key is there twice",
  MISSING_CHAR: "a closing quote, bracket, comma or colon is missing",
  MULTILINE_IMPLICIT_KEY: "a key goes over more than one line, or its colon is missing",
  TAB_AS_INDENT: "a tab is used to indent",
  MULTIPLE_DOCS: "there is more than one document in the file",
  BAD_ALIAS: "an alias has no anchor, or stands where none may",
};

/** @throws ConfigError for a file that can't be read or is not YAML, and for a variable that is not set. */
export function readSource(file: string, env: NodeJS.ProcessEnv): ConfigSource {
  let content: string;
  try {
    content = readFileSync(file, "utf8");
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? "unknown reason";
    throw new ConfigError({
      file,
      problem: `it can't be read (${reason})`,
      fix: "Check the path and its permissions.",
    });
  }
  return parseSource(file, content, env);
}

export function parseSource(file: string, content: string, env: NodeJS.ProcessEnv): ConfigSource {
  const lines = new LineCounter();
  const document = parseDocument(content, { lineCounter: lines, prettyErrors: false, merge: true });
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  const broken = document.errors[0];
  if (broken) {
    throw new ConfigError({
      file,
      ...at(broken.pos[0]),
      problem: `it is not valid YAML: ${yamlProblems[broken.code] ?? `there is something unexpected (${broken.code})`}`,
      fix: "Check indentation, quotes and brackets around this place; quote values with special characters.",
    });
  }
  const variables = fillVariables(file, document, env, at);
  const find = (path: Path, key?: "key") => locate(document, path, key);
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 100 }) ?? {};
  } catch {
    throw new ConfigError({
      file,
      problem: "its aliases can't be resolved",
      fix: "Write the values out instead of using so many aliases.",
    });
  }
  return {
    file,
    value,
    position(path, key) {
      const start = find(path, key)?.range?.[0];
      return start === undefined ? undefined : at(start);
    },
    variables: (path) => variables.get(find(path) as Node) ?? [],
  };
}

const secretPrefix = "${secret:";
const reference = /\$(?:\$\{|\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}|\{([^}]*)(\}?))/g;

/** Replaces `${NAME}` and `${NAME:-default}` in every text of the document; `$${` stands for `${` itself. */
function fillVariables(
  file: string,
  document: Document,
  env: NodeJS.ProcessEnv,
  at: (offset: number) => Position,
): Map<Node, string[]> {
  const used = new Map<Node, string[]>();
  visit(document, {
    Scalar(role, node, ancestors) {
      if (role === "key" || typeof node.value !== "string" || !node.value.includes("$")) return;
      const names: string[] = [];
      const fail = (problem: string, fix: string): never => {
        throw new ConfigError({ file, ...at(node.range?.[0] ?? 0), key: pathOf(ancestors, node), problem, fix });
      };
      node.value = node.value.replace(reference, (whole, name?: string, fallback?: string) => {
        if (whole === "$${") return "${";
        // A store's secret is no variable: it is fetched when it is needed.
        if (whole.startsWith(secretPrefix)) return whole;
        if (name === undefined) {
          return fail(
            "a variable reference is not complete",
            "Write ${NAME} or ${NAME:-default}, or $${ for a literal ${.",
          );
        }
        names.push(name);
        const value = env[name];
        // As in a shell: the default also stands in for an empty variable.
        if (fallback !== undefined) return value ? value : fallback;
        return value ?? fail(`the variable ${name} is not set`, `Set ${name}, or write \${${name}:-default}.`);
      });
      if (names.length > 0) used.set(node, names);
    },
  });
  return used;
}

function pathOf(ancestors: readonly unknown[], leaf: Node): string {
  const chain = [...ancestors, leaf];
  const path = chain.flatMap((node, index): (string | number)[] => {
    const child = chain[index + 1];
    if (isSeq(node)) return [node.items.findIndex((item) => item === child)];
    if (isMap(node)) {
      const pair = node.items.find((item) => item === child);
      return isScalar(pair?.key) ? [String(pair.key.value)] : [];
    }
    return [];
  });
  return formatPath(path);
}

/** `providers[0].quotas.max_vms` */
export function formatPath(path: Path): string {
  return path.map((part, i) => (typeof part === "number" ? `[${part}]` : i === 0 ? part : `.${part}`)).join("");
}

function locate(document: Document, path: Path, wanted?: "key"): Node | undefined {
  let node = resolved(document, document.contents);
  let nearest = node;
  for (const [index, part] of path.entries()) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(part));
      if (!pair) return nearest;
      if (wanted === "key" && index === path.length - 1) return pair.key as Node;
      node = resolved(document, pair.value as Node | null) ?? undefined;
      nearest = (pair.value as Node | null) ?? (pair.key as Node);
    } else if (isSeq(node)) {
      node = resolved(document, node.items[Number(part)] as Node | undefined);
      nearest = node ?? nearest;
    } else return nearest;
  }
  return node ?? nearest;
}

function resolved(document: Document, node: Node | null | undefined): Node | undefined {
  return (isAlias(node) ? node.resolve(document) : node) ?? undefined;
}
