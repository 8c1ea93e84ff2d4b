import { SearchError } from "./problem.ts";

export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A value as it stands: quoted ones are taken literally. */
export interface Word extends Span {
  readonly text: string;
  readonly quoted: boolean;
}

export type Operator = ":" | "=" | "!=" | ">" | ">=" | "<" | "<=" | "~";

export interface Comparison extends Span {
  readonly type: "comparison";
  /** The field as it was written, before the operator. */
  readonly field: Word;
  /** For `tag.KEY`. */
  readonly tagKey?: string;
  readonly operator: Operator;
  /** The alternatives, which commas part. */
  readonly values: readonly Word[];
}

export type Token =
  | ({ readonly type: "(" | ")" | "-" | "and" | "or" | "not" } & Span)
  | ({ readonly type: "word"; readonly word: Word } & Span)
  | Comparison;

const blank = /\s/;
const fieldName = /^[A-Za-z_][A-Za-z_-]*$/;
const operators: readonly Operator[] = ["!=", ">=", "<=", ":", "=", ">", "<", "~"];
const keywords: ReadonlySet<string> = new Set(["and", "or", "not"]);

/** Cuts a search into terms, brackets and connectives. @throws SearchError */
export function tokenise(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    const char = text[at] ?? "";
    if (blank.test(char)) at++;
    else if (char === "(" || char === ")") tokens.push({ type: char, start: at, end: ++at });
    else if (char === "-" && !blank.test(text[at + 1] ?? " ")) tokens.push({ type: "-", start: at, end: ++at });
    else {
      const token = readTerm(text, at);
      tokens.push(token);
      at = token.end;
    }
  }
  return tokens;
}

function readTerm(text: string, start: number): Token {
  const first = text[start] === '"' ? readQuoted(text, start) : readBare(text, start);
  const tagKey = readTagKey(text, start);
  const field = tagKey?.word ?? first;
  const operator = operators.find((candidate) => text.startsWith(candidate, field.end));
  if (operator && (tagKey !== undefined || (!field.quoted && fieldName.test(field.text)))) {
    const values = readValues(text, field.end + operator.length, field);
    const end = values.at(-1)?.end ?? field.end;
    return {
      type: "comparison",
      field,
      ...(tagKey === undefined ? {} : { tagKey: tagKey.key }),
      operator,
      values,
      start,
      end,
    };
  }
  if (tagKey !== undefined) {
    const any: Word = { text: "*", quoted: false, start: field.end, end: field.end };
    return { type: "comparison", field, tagKey: tagKey.key, operator: ":", values: [any], start, end: field.end };
  }
  if (!first.quoted && keywords.has(first.text.toLowerCase())) {
    return { type: first.text.toLowerCase() as "and" | "or" | "not", start, end: first.end };
  }
  if (operator) {
    const span = { start, end: field.end + operator.length };
    throw new SearchError(
      span,
      `${text.slice(start, field.end)} is not a field`,
      "Put it into quotes to look for the text.",
    );
  }
  return { type: "word", word: first, start, end: first.end };
}

/** `tag.KEY`, where the key may be quoted. */
function readTagKey(text: string, start: number): { word: Word; key: string } | undefined {
  const prefix = /^tags?\./i.exec(text.slice(start, start + 5))?.[0];
  if (prefix === undefined) return undefined;
  const from = start + prefix.length;
  const key = text[from] === '"' ? readQuoted(text, from) : readBare(text, from);
  if (key.text === "") {
    throw new SearchError({ start, end: key.end }, "A tag's key is missing", "Write it like tag.env=prod.");
  }
  return { word: { text: text.slice(start, key.end), quoted: false, start, end: key.end }, key: key.text };
}

function readValues(text: string, start: number, field: Word): Word[] {
  const values: Word[] = [];
  let at = start;
  for (;;) {
    const word = text[at] === '"' ? readQuoted(text, at) : readValue(text, at);
    if (word.text === "" && !word.quoted) {
      const span = { start: field.start, end: Math.max(at, field.end + 1) };
      throw new SearchError(span, `${field.text} has no value`, 'Write one behind it; "" is the empty text.');
    }
    values.push(word);
    at = word.end;
    if (text[at] !== ",") break;
    at++;
  }
  if (at < text.length && !blank.test(text[at] ?? "") && text[at] !== ")") {
    throw new SearchError({ start: at, end: at + 1 }, "Something follows a quoted value", "Leave a blank before it.");
  }
  return values;
}

/** Up to a blank, a bracket, a quote or an operator. */
function readBare(text: string, start: number): Word {
  return readUntil(text, start, /[\s()":=<>~]|!(?==)/y);
}

/** Values may hold operators' characters: `changed>=2026-11-01T10:00`. */
function readValue(text: string, start: number): Word {
  return readUntil(text, start, /[\s()",]/y);
}

function readUntil(text: string, start: number, stop: RegExp): Word {
  let end = start;
  for (; end < text.length; end++) {
    stop.lastIndex = end;
    if (stop.test(text)) break;
  }
  return { text: text.slice(start, end), quoted: false, start, end };
}

/** `"…"`, where `\"` and `\\` stand for the characters themselves. */
function readQuoted(text: string, start: number): Word {
  let value = "";
  let at = start + 1;
  while (at < text.length && text[at] !== '"') {
    if (text[at] === "\\" && (text[at + 1] === '"' || text[at + 1] === "\\")) at++;
    value += text[at++];
  }
  if (at >= text.length) {
    throw new SearchError(
      { start, end: text.length },
      "The quote is not closed",
      'Close it with ", or write \\" for one.',
    );
  }
  return { text: value, quoted: true, start, end: at + 1 };
}
