import { resourceKinds } from "../resource.ts";
import { closest, SearchError } from "./problem.ts";
import {
  allOf,
  type Expression,
  type NumberField,
  numberFields,
  type Pattern,
  type TextField,
  type TimeField,
  textFields,
  timeFields,
} from "./query.ts";
import { foldAscii } from "./terms.ts";
import type { Comparison, Operator, Word } from "./tokens.ts";
import { exclusive, inclusive, readDuration, readNumber, readPattern, readPeriod, splitRange } from "./values.ts";

type Range = Extract<Expression, { type: "range" }>;

/** Other spellings of fields. */
export const aliases: Readonly<Record<string, TextField | NumberField | TimeField>> = {
  cpu: "cpus",
  mem: "memory",
  disk: "size",
  monthly_cost: "cost",
};
/** `stopped>30d`: in that state for longer. */
export const ageStates = ["running", "stopped", "paused", "crashed", "available", "pending", "failed"] as const;

/** What a term with a field means. @throws SearchError */
export function comparisonOf(term: Comparison, now: number): Expression {
  if (term.tagKey !== undefined) return tagTerm(term, term.tagKey);
  const written = term.field.text.toLowerCase();
  const name = aliases[written] ?? written;
  const text = textFields.find((field) => field === name);
  if (text) return anyOf(term, (word) => matchOf(term, text, word));
  const number = numberFields.find((field) => field === name);
  if (number) return anyOf(term, (word) => numberOf(term, number, word));
  const time = timeFields.find((field) => field === name);
  if (time) return anyOf(term, (word) => timeOf(term, time, word, now));
  const state = ageStates.find((candidate) => candidate === name);
  if (state) {
    const inState: Expression = { type: "match", field: "state", pattern: { type: "exact", value: state } };
    return anyOf(term, (word) => allOf(inState, timeOf(term, "state-since", word, now)));
  }
  const known = [
    ...textFields,
    ...numberFields,
    ...timeFields,
    ...ageStates,
    ...Object.keys(aliases),
    "sort",
    "tag.KEY",
  ];
  const near = closest(written, known);
  throw new SearchError(
    term.field,
    `There is no field ${term.field.text}`,
    near ? `Did you mean ${near}? ${asText}` : `The fields are: ${known.join(", ")}. ${asText}`,
  );
}

const asText = "Put it into quotes to look for the text.";

/** One of the alternatives; `!=` none of them. */
function anyOf(term: Comparison, read: (word: Word) => Expression): Expression {
  const many = term.values.length > 1;
  if (many && ![":", "=", "!=", "~"].includes(term.operator)) {
    throw new SearchError(term, `${term.operator} takes one value`, "Use : with a list, or one value.");
  }
  const items = term.values.map(read);
  const [only] = items;
  const any: Expression = items.length === 1 && only ? only : { type: "or", items };
  return term.operator === "!=" ? { type: "not", item: any } : any;
}

function isUnknown(word: Word, operator: Operator): boolean {
  return !word.quoted && word.text.toLowerCase() === "unknown" && [":", "=", "!="].includes(operator);
}

function matchOf(term: Comparison, field: TextField, word: Word): Expression {
  if (isUnknown(word, term.operator) && field !== "state") return { type: "unknown", field };
  const pattern = patternOf(term, word);
  if (field === "kind" && pattern.type === "exact") requireKind(word);
  return { type: "match", field, pattern };
}

function patternOf(term: Comparison, word: Word): Pattern {
  const { operator, field } = term;
  if (operator === ":" || operator === "!=") return readPattern(word);
  if (operator === "=") return { type: "exact", value: word.text };
  if (operator === "~") return { type: "contains", text: foldAscii(word.text) };
  throw new SearchError(term, `${field.text} is text: ${operator} can't compare it`, "Use :, =, != or ~ (contains).");
}

function requireKind(word: Word): void {
  if ((resourceKinds as readonly string[]).includes(word.text)) return;
  const near = closest(word.text, resourceKinds);
  throw new SearchError(
    word,
    `There is no kind ${word.text || '""'}`,
    near ? `Did you mean ${near}?` : `The kinds are: ${resourceKinds.join(", ")}.`,
  );
}

function tagTerm(term: Comparison, key: string): Expression {
  return anyOf(term, (word) => {
    if (!word.quoted && word.text === "*" && term.operator === ":") return { type: "tag", key };
    return { type: "tag", key, pattern: patternOf(term, word) };
  });
}

function numberOf(term: Comparison, field: NumberField, word: Word): Expression {
  if (isUnknown(word, term.operator)) return { type: "unknown", field };
  const range = rangeOf(term, word);
  const read = (end: Word | undefined) => (end === undefined ? undefined : readNumber(end, field));
  if (range) {
    const [from, to] = [read(range.from), read(range.to)];
    requireOrder(word, from, to);
    return {
      type: "range",
      field,
      ...(from === undefined ? {} : { from: inclusive(from) }),
      ...(to === undefined ? {} : { to: inclusive(to) }),
    };
  }
  const value = readNumber(word, field);
  return compared(term, field, { from: value, to: value, toInclusive: true });
}

/** A date is the whole of its day (or month, or year); a duration is an age, counted back from now. */
function timeOf(term: Comparison, field: TimeField | "state-since", word: Word, now: number): Expression {
  if (isUnknown(word, term.operator) && field !== "state-since") return { type: "unknown", field };
  const range = rangeOf(term, word);
  if (range) {
    const ages = [range.from, range.to].map((end) => end && readDuration(end.text));
    const [from, to] = ages;
    if (from !== undefined || to !== undefined) {
      if ((range.from && from === undefined) || (range.to && to === undefined)) throw notATime(word);
      requireOrder(word, from, to);
      return {
        type: "range",
        field,
        ...(to === undefined ? {} : { from: inclusive(now - to) }),
        ...(from === undefined ? {} : { to: inclusive(now - from) }),
      };
    }
    const first = range.from && periodOf(range.from, now);
    const last = range.to && periodOf(range.to, now);
    requireOrder(word, first?.from, last?.to);
    return {
      type: "range",
      field,
      ...(first ? { from: inclusive(first.from) } : {}),
      ...(last ? { to: exclusive(last.to) } : {}),
    };
  }
  const age = word.quoted ? undefined : readDuration(word.text);
  if (age !== undefined) return aged(term, field, now - age);
  const { from, to } = periodOf(word, now);
  return compared(term, field, { from, to, toInclusive: from === to });
}

/** `<2d` is younger than two days, `:2d` at most that old. */
function aged(term: Comparison, field: Range["field"], moment: number): Range {
  switch (term.operator) {
    case ">":
      return { type: "range", field, to: exclusive(moment) };
    case ">=":
      return { type: "range", field, to: inclusive(moment) };
    case "<":
      return { type: "range", field, from: exclusive(moment) };
    case "~":
      throw noContains(term);
    default:
      return { type: "range", field, from: inclusive(moment) };
  }
}

function compared(
  term: Comparison,
  field: Range["field"],
  value: { from: number; to: number; toInclusive: boolean },
): Range {
  const end = { value: value.to, inclusive: value.toInclusive };
  switch (term.operator) {
    case ">":
      return { type: "range", field, from: { value: value.to, inclusive: !value.toInclusive } };
    case ">=":
      return { type: "range", field, from: inclusive(value.from) };
    case "<":
      return { type: "range", field, to: exclusive(value.from) };
    case "<=":
      return { type: "range", field, to: end };
    case "~":
      throw noContains(term);
    default:
      return { type: "range", field, from: inclusive(value.from), to: end };
  }
}

function rangeOf(term: Comparison, word: Word) {
  const range = splitRange(word);
  if (range && ![":", "=", "!="].includes(term.operator)) {
    throw new SearchError(word, `${term.operator} takes one value, not a range`, "Use : with a range.");
  }
  return range;
}

function requireOrder(word: Word, from: number | undefined, to: number | undefined): void {
  if (from === undefined || to === undefined || from <= to) return;
  throw new SearchError(word, "The range ends before it begins", "Write the smaller value first.");
}

function periodOf(word: Word, now: number) {
  const period = readPeriod(word.text, now);
  if (period) return period;
  throw notATime(word);
}

function notATime(word: Word): SearchError {
  return new SearchError(
    word,
    `${word.text || '""'} is neither a date nor an age`,
    "Write 2026-11-24, 2026-11, 2026-11-24T10:00, today, yesterday, or an age like 30d or 2h.",
  );
}

function noContains(term: Comparison): SearchError {
  return new SearchError(term, "~ looks for text; this is none", "Use :, =, !=, <, <=, > or >=.");
}
