import { readMoment } from "../domain/search/moment.ts";
import { parseSearch, parseSort } from "../domain/search/parser.ts";
import type { SearchProblem } from "../domain/search/problem.ts";
import { pointAt } from "../domain/search/problem.ts";
import type { SearchQuery } from "../domain/search/query.ts";
import { ProblemError } from "./problem.ts";

/** What is looked for, and in which order: `sort` of a request goes before the one in its query.
 *  @throws ProblemError InvalidInput that points at the column. */
export function readSearch(text: string, sort: string | undefined, now: number, parameter = "q"): SearchQuery {
  const parsed = parseSearch(text, now);
  if (!parsed.ok) throw unreadable(parameter, text, parsed.problem);
  if (sort === undefined) return parsed.query;
  const order = parseSort(sort);
  if (!order.ok) throw unreadable("sort", sort, order.problem);
  return { ...parsed.query, sort: order.sort };
}

function unreadable(parameter: string, text: string, { column, length, message, hint }: SearchProblem): ProblemError {
  const shown = pointAt(text, { column, length, message, hint });
  return new ProblemError("InvalidInput", {
    detail: `${message} (${parameter}, column ${column})`,
    action: hint,
    facts: { parameter, column, length, shown },
  });
}

/** A moment of the past, as ISO 8601 text. @throws ProblemError InvalidInput. */
export function readPast(
  parameter: string,
  text: string,
  { now, historyMs }: { now: number; historyMs: number },
): string {
  const moment = readMoment(text, now);
  if (moment === undefined) {
    throw new ProblemError("InvalidInput", {
      detail: `${parameter}: ${text} is not a moment`,
      action: "Write 2026-11-24T10:00Z, a day (its beginning in UTC), yesterday, or an age like 2h.",
      facts: { parameter },
    });
  }
  if (moment > now) {
    throw new ProblemError("InvalidInput", {
      detail: `${parameter}: ${new Date(moment).toISOString()} has not come yet`,
      action: "Name a moment of the past, or leave it out for now.",
      facts: { parameter },
    });
  }
  if (moment >= now - historyMs) return new Date(moment).toISOString();
  throw new ProblemError("InvalidInput", {
    detail: `${parameter}: the history of the inventory reaches back to ${new Date(now - historyMs).toISOString()} only`,
    action: "Name a later moment; inventory.history says how long what was is kept.",
    facts: { parameter },
  });
}
