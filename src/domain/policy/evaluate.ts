import { fits } from "../search/evaluate.ts";
import { foldAscii } from "../search/terms.ts";
import { type Field, type FieldType, fieldOf } from "./fields.ts";
import type { Logic, Test } from "./logic.ts";
import {
  type Element,
  elementsOf,
  type FieldValue,
  type Look,
  type Ports,
  rangeOf,
  type Subject,
  valueOf,
} from "./subject.ts";

/** Whether something holds. In this order, so that `all` is the least and `any` the greatest of its parts. */
export const no = 0;
export const unknown = 1;
export const yes = 2;
export type Truth = typeof no | typeof unknown | typeof yes;

export type Evaluator = (subject: Subject, now: number) => Truth;
type Step = (look: Look) => Truth;

/** A rule as one function: what it looks up and compares is settled once, and not again with each resource. */
export function compileLogic(logic: Logic): Evaluator {
  const step = stepOf(logic);
  return (subject, now) => step({ subject, now });
}

/** The elements of which the inner part of a `some` holds. */
export function matchingElements(
  logic: Extract<Logic, { type: "some" }>,
  subject: Subject,
  now: number,
): readonly Element[] {
  const step = stepOf(logic.where);
  return (elementsOf(logic.list, subject) ?? []).filter((element) => step({ subject, element, now }) === yes);
}

function stepOf(logic: Logic): Step {
  switch (logic.type) {
    case "all": {
      const steps = logic.items.map(stepOf);
      return (look) => {
        let least: Truth = yes;
        for (const step of steps) {
          const truth = step(look);
          if (truth === no) return no;
          if (truth < least) least = truth;
        }
        return least;
      };
    }
    case "any": {
      const steps = logic.items.map(stepOf);
      return (look) => {
        let greatest: Truth = no;
        for (const step of steps) {
          const truth = step(look);
          if (truth === yes) return yes;
          if (truth > greatest) greatest = truth;
        }
        return greatest;
      };
    }
    case "not": {
      const step = stepOf(logic.item);
      return (look) => (yes - step(look)) as Truth;
    }
    case "some": {
      const { list } = logic;
      const step = stepOf(logic.where);
      return ({ subject, now }) => {
        const elements = elementsOf(list, subject);
        if (!elements) return unknown;
        let greatest: Truth = no;
        for (const element of elements) {
          const truth = step({ subject, element, now });
          if (truth === yes) return yes;
          if (truth > greatest) greatest = truth;
        }
        return greatest;
      };
    }
    case "test":
      return testStep(logic);
  }
}

function testStep({ field: { name, key }, test }: Extract<Logic, { type: "test" }>): Step {
  const field: Field = fieldOf({ name });
  if (test.type === "exists") {
    return (look) => {
      const value = valueOf(name, key, look);
      return value === undefined || value === Number.POSITIVE_INFINITY ? no : yes;
    };
  }
  const missing = field.absent === "none" ? no : unknown;
  const holds = comparison(test, field.type);
  return (look) => {
    const value = valueOf(name, key, look);
    if (value === undefined) return missing;
    return holds(value, look.now) ? yes : no;
  };
}

function comparison(
  test: Exclude<Test, { type: "exists" }>,
  type: FieldType,
): (value: FieldValue, now: number) => boolean {
  switch (test.type) {
    case "in": {
      if (type === "ports") {
        const wanted = test.values as readonly number[];
        return (value) => wanted.some((port) => port >= (value as Ports)[0] && port <= (value as Ports)[1]);
      }
      const wanted: ReadonlySet<FieldValue> = new Set(test.values);
      if (type === "protocol") return (value) => value === "all" || wanted.has(value);
      return (value) => wanted.has(value);
    }
    case "contains":
      return (value) => foldAscii(value as string).includes(test.text);
    case "matches":
      return (value) => fits({ type: "glob", pieces: test.pieces }, value as string);
    case "range": {
      const least = test.from?.value ?? Number.NEGATIVE_INFINITY;
      const most = test.to?.value ?? Number.POSITIVE_INFINITY;
      const above = (value: number) => value > least || (value === least && test.from?.inclusive !== false);
      const below = (value: number) => value < most || (value === most && test.to?.inclusive !== false);
      if (type === "ports") return (value) => above((value as Ports)[1]) && below((value as Ports)[0]);
      return (value) => above(value as number) && below(value as number);
    }
    case "older":
      return (value, now) => (value as number) < now - test.ms;
    case "covers":
      return (value) => {
        const range = rangeOf(value as string);
        const { family, first, last } = test.range;
        return range !== undefined && range.family === family && range.first <= first && range.last >= last;
      };
  }
}
