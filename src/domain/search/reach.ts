import type { Place, ResourceKind } from "../resource.ts";
import { fits } from "./evaluate.ts";
import type { Expression } from "./query.ts";

/** What a search can come to for the resources of a place and a kind, as far as only these are known. */
interface Outcome {
  readonly yes: boolean;
  readonly no: boolean;
}

const either: Outcome = { yes: true, no: true };

/** False only where nothing of the kind at the place can match, whatever else is true of it. */
export function mayMatch(where: Expression, place: Place, kind: ResourceKind): boolean {
  return outcomeOf(where, { ...place, kind }).yes;
}

/** Whether a site's, provider's, region's and kind's names alone decide what matches. */
export function isAboutPlace(where: Expression): boolean {
  switch (where.type) {
    case "everything":
      return true;
    case "and":
    case "or":
      return where.items.every(isAboutPlace);
    case "not":
      return isAboutPlace(where.item);
    case "match":
    case "unknown":
      return isKnown(where.field);
    default:
      return false;
  }
}

function outcomeOf(where: Expression, known: Place & { readonly kind: ResourceKind }): Outcome {
  switch (where.type) {
    case "everything":
      return certain(true);
    case "and": {
      const items = where.items.map((item) => outcomeOf(item, known));
      return { yes: items.every(({ yes }) => yes), no: items.some(({ no }) => no) };
    }
    case "or": {
      const items = where.items.map((item) => outcomeOf(item, known));
      return { yes: items.some(({ yes }) => yes), no: items.every(({ no }) => no) };
    }
    case "not": {
      const { yes, no } = outcomeOf(where.item, known);
      return { yes: no, no: yes };
    }
    case "match":
      return isKnown(where.field) ? certain(fits(where.pattern, known[where.field])) : either;
    case "unknown":
      return isKnown(where.field) ? certain(known[where.field] === undefined) : either;
    default:
      return either;
  }
}

function isKnown(field: string): field is "site" | "provider" | "region" | "kind" {
  return field === "site" || field === "provider" || field === "region" || field === "kind";
}

function certain(yes: boolean): Outcome {
  return { yes, no: !yes };
}
