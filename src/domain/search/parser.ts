import { resourceKinds } from "../resource.ts";
import { comparisonOf } from "./comparison.ts";
import { closest, SearchError, type SearchProblem } from "./problem.ts";
import {
  allOf,
  defaultSort,
  type Expression,
  everything,
  type SearchQuery,
  type SortField,
  type SortKey,
  sortFields,
} from "./query.ts";
import { type Flag, foldText } from "./terms.ts";
import { type Comparison, type Token, tokenise, type Word } from "./tokens.ts";

export type ParsedSearch =
  | { readonly ok: true; readonly query: SearchQuery }
  | { readonly ok: false; readonly problem: SearchProblem };

const longest = 4_000;
const deepest = 50;
const mostSortKeys = 3;
const flags: readonly Flag[] = ["untagged", "unused"];

/**
 * Reads a search (`provider:aws state:running cpu>4 "free text" sort:-cost`); docs/inventory.md describes the language.
 * Pure: ages and words like `yesterday` are reckoned from `now` (milliseconds since 1970).
 */
export function parseSearch(text: string, now: number): ParsedSearch {
  try {
    if (text.length > longest) {
      const at = { start: longest, end: longest + 1 };
      throw new SearchError(at, `A search has at most ${longest} characters`, "Shorten it.");
    }
    const control = Array.from(text).findIndex((char) => char < " " && !/\s/.test(char));
    if (control >= 0) {
      const at = { start: control, end: control + 1 };
      throw new SearchError(at, "This character can't be searched for", "Remove it.");
    }
    return { ok: true, query: new Parser(text, tokenise(text), now).read() };
  } catch (error) {
    if (error instanceof SearchError) return { ok: false, problem: error.problem };
    throw error;
  }
}

/** `-cost,name`: as in `sort:` and in the query parameter of that name. */
export function parseSort(text: string): { ok: true; sort: SortKey[] } | { ok: false; problem: SearchProblem } {
  const parsed = parseSearch(`sort:${text}`, 0);
  if (parsed.ok) return { ok: true, sort: [...parsed.query.sort] };
  const { problem } = parsed;
  return { ok: false, problem: { ...problem, column: Math.max(1, problem.column - "sort:".length) } };
}

class Parser {
  readonly #text: string;
  readonly #tokens: readonly Token[];
  readonly #now: number;
  #at = 0;
  #depth = 0;
  #sort: SortKey[] | undefined;

  constructor(text: string, tokens: readonly Token[], now: number) {
    this.#text = text;
    this.#tokens = tokens;
    this.#now = now;
  }

  read(): SearchQuery {
    const where = this.#tokens.length === 0 ? everything : this.#any();
    const rest = this.#tokens[this.#at];
    if (rest) throw new SearchError(rest, "This bracket closes nothing", "Remove it, or put it into quotes.");
    return { where, sort: this.#sort ?? defaultSort };
  }

  #any(): Expression {
    const items = [this.#all()];
    while (this.#take("or")) items.push(this.#all());
    const [only] = items;
    return items.length === 1 && only ? only : { type: "or", items };
  }

  #all(): Expression {
    const items: Expression[] = [this.#one()];
    for (;;) {
      const token = this.#tokens[this.#at];
      if (!token || token.type === ")" || token.type === "or") return allOf(...items);
      this.#take("and");
      items.push(this.#one());
    }
  }

  #one(): Expression {
    const token = this.#tokens[this.#at];
    if (!token) {
      const end = this.#text.length;
      throw new SearchError(
        { start: end, end },
        "Something is missing at the end",
        "Write a term, or remove what joins it.",
      );
    }
    this.#at++;
    switch (token.type) {
      case "-":
      case "not":
        return this.#nested(token, () => ({ type: "not", item: this.#one() }));
      case "(": {
        const inner = this.#nested(token, () => this.#any());
        if (!this.#take(")")) throw new SearchError(token, "This bracket is not closed", "Close it with ).");
        return inner;
      }
      case "word":
        return wordOf(token.word);
      case "comparison":
        return token.field.text.toLowerCase() === "sort" && token.tagKey === undefined
          ? this.#readSort(token)
          : comparisonOf(token, this.#now);
      default:
        throw new SearchError(
          token,
          `${this.#text.slice(token.start, token.end)} joins nothing here`,
          "Put it into quotes to look for the text.",
        );
    }
  }

  #nested(at: Token, read: () => Expression): Expression {
    if (++this.#depth > deepest)
      throw new SearchError(at, `Brackets go ${deepest} deep at most`, "Write it more simply.");
    const inner = read();
    this.#depth--;
    return inner;
  }

  #take(type: "or" | "and" | ")"): boolean {
    if (this.#tokens[this.#at]?.type !== type) return false;
    this.#at++;
    return true;
  }

  /** An order is no condition: it belongs to the search as a whole. */
  #readSort(token: Comparison): Expression {
    if (this.#depth > 0 || this.#tokens.some(({ type }) => type === "or")) {
      throw new SearchError(
        token,
        "sort: can't stand inside brackets, or beside or",
        "Put brackets around the rest, or use the sort parameter.",
      );
    }
    if (this.#sort) throw new SearchError(token, "There is a second sort:", "Name all fields in one: sort:-cost,name.");
    if (token.operator !== ":") throw new SearchError(token, "sort takes a colon", "Write it like sort:-cost,name.");
    if (token.values.length > mostSortKeys) {
      throw new SearchError(token, `There are more than ${mostSortKeys} fields to sort by`, "Leave some out.");
    }
    this.#sort = token.values.map(sortKeyOf);
    return everything;
  }
}

function sortKeyOf(word: Word): SortKey {
  const descending = word.text.startsWith("-");
  const name = word.text.replace(/^[-+]/, "").toLowerCase();
  const field = sortFields.find((candidate) => candidate === (sortAliases[name] ?? name));
  if (field) return { field, descending };
  const near = closest(name, sortFields);
  throw new SearchError(
    word,
    `There is no field ${name || '""'} to sort by`,
    near ? `Did you mean ${near}?` : `Use one of: ${sortFields.join(", ")}.`,
  );
}

const sortAliases: Readonly<Record<string, SortField>> = { cpu: "cpus", mem: "memory" };

function wordOf(word: Word): Expression {
  const flag = word.quoted ? undefined : flags.find((candidate) => candidate === word.text.toLowerCase());
  if (flag) return { type: "flag", flag };
  if (word.text.trim() === "") {
    throw new SearchError(word, "There is nothing to look for in an empty text", "Remove it.");
  }
  const kind = word.quoted ? undefined : resourceKinds.find((candidate) => `${candidate}s` === word.text.toLowerCase());
  if (kind) return { type: "match", field: "kind", pattern: { type: "exact", value: kind } };
  return { type: "text", text: foldText(word.text) };
}
