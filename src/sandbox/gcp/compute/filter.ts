import { invalid } from "../errors.ts";

/**
 * Google's list filters (https://google.aip.dev/160, and the older `name eq regex` of
 * https://cloud.google.com/compute/docs/reference/rest/v1/instances/list), as far as clients write them: comparisons
 * with `=`, `!=`, `<`, `<=`, `>`, `>=`, `:`, `eq` and `ne`, `AND` (or nothing between), `OR`, `NOT` or `-`, parentheses.
 */
export function matcher(filter: string | undefined): (resource: object) => boolean {
  if (filter === undefined || filter.trim() === "") return () => true;
  return new Parser(filter).parse();
}

type Test = (resource: object) => boolean;
const token = /\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|!=|<=|>=|[=<>:()]|-(?=[a-zA-Z(])|[^\s=<>:()!"']+)/y;
const comparators = new Set(["=", "!=", "<", "<=", ">", ">=", ":", "eq", "ne"]);

class Parser {
  readonly #filter: string;
  readonly #tokens: string[] = [];
  #at = 0;

  constructor(filter: string) {
    this.#filter = filter;
    token.lastIndex = 0;
    for (let end = 0; end < filter.trimEnd().length; end = token.lastIndex) {
      token.lastIndex = end;
      const found = token.exec(filter);
      if (!found?.[1]) throw this.#wrong();
      this.#tokens.push(found[1]);
    }
  }

  parse(): Test {
    const test = this.#all();
    if (this.#at < this.#tokens.length) throw this.#wrong();
    return test;
  }

  /** OR binds more tightly than AND: AIP-160. */
  #all(): Test {
    const tests = [this.#any()];
    while (this.#at < this.#tokens.length && this.#tokens[this.#at] !== ")") {
      if (this.#tokens[this.#at] === "AND") this.#at++;
      tests.push(this.#any());
    }
    return (resource) => tests.every((test) => test(resource));
  }

  #any(): Test {
    const tests = [this.#one()];
    while (this.#tokens[this.#at] === "OR") {
      this.#at++;
      tests.push(this.#one());
    }
    return (resource) => tests.some((test) => test(resource));
  }

  #one(): Test {
    const next = this.#tokens[this.#at++];
    if (next === "NOT" || next === "-") {
      const test = this.#one();
      return (resource) => !test(resource);
    }
    if (next === "(") {
      const test = this.#all();
      if (this.#tokens[this.#at++] !== ")") throw this.#wrong();
      return test;
    }
    const comparator = this.#tokens[this.#at++] ?? "";
    const value = this.#tokens[this.#at++];
    if (next === undefined || value === undefined || !comparators.has(comparator)) throw this.#wrong();
    return compare(next, comparator, unquoted(value));
  }

  #wrong() {
    return invalid("filter", this.#filter, "Invalid list filter expression.");
  }
}

function compare(path: string, comparator: string, wanted: string): Test {
  switch (comparator) {
    case "=":
      return (resource) => valuesAt(resource, path).some((value) => like(value, wanted));
    case "!=":
      return (resource) => !valuesAt(resource, path).some((value) => like(value, wanted));
    case "eq":
    case "ne": {
      const whole = new RegExp(`^(?:${wanted})$`);
      return (resource) => valuesAt(resource, path).some((value) => whole.test(value)) === (comparator === "eq");
    }
    case ":":
      return (resource) =>
        valuesAt(resource, path).some((value) => wanted === "*" || like(value.toLowerCase(), wanted.toLowerCase()));
    default:
      return (resource) => valuesAt(resource, path).some((value) => ordered(value, comparator, wanted));
  }
}

function ordered(value: string, comparator: string, wanted: string): boolean {
  const [a, b] = [Number(value), Number(wanted)];
  const order = Number.isNaN(a) || Number.isNaN(b) ? value.localeCompare(wanted) : a - b;
  return comparator.startsWith("<")
    ? order < 0 || (order === 0 && comparator === "<=")
    : order > 0 || (order === 0 && comparator === ">=");
}

/** With `*` at either end for anything. */
function like(value: string, wanted: string): boolean {
  if (!wanted.includes("*")) return value === wanted;
  const pattern = wanted.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${pattern.join(".*")}$`).test(value);
}

/** All values a dotted path leads to; lists on the way are looked through. */
function valuesAt(resource: unknown, path: string): string[] {
  let level: unknown[] = [resource];
  for (const part of path.split(".")) {
    level = level
      .flatMap((one) => (Array.isArray(one) ? one : [one]))
      .map((one) => (typeof one === "object" && one !== null ? (one as Record<string, unknown>)[part] : undefined))
      .filter((one) => one !== undefined);
  }
  return level.flatMap((one) => (Array.isArray(one) ? one : [one])).map(String);
}

function unquoted(text: string): string {
  return /^["']/.test(text) ? text.slice(1, -1).replace(/\\(.)/g, "$1") : text;
}
