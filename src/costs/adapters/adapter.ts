import { type FocusColumnName, type FocusType, focusColumns } from "../../domain/focus.ts";
import { literal, named } from "../engine.ts";

/** A column of a delivery, with its type as DuckDB names it. */
export interface GivenColumn {
  readonly name: string;
  readonly type: string;
}

/** How one kind of delivery becomes rows of FOCUS. */
export interface Adapter {
  /** Whether a delivery with these columns is of this kind. */
  knows(columns: ReadonlyMap<string, GivenColumn>): boolean;
  /** A select over `given` whose columns are those of FOCUS, in their types. */
  select(given: string, columns: ReadonlyMap<string, GivenColumn>): string;
}

/** The exact form that each is kept in: sums of money must be exact, and a share of a cent counts. */
export const keptTypes: Readonly<Record<FocusType, string>> = {
  money: "DECIMAL(18,9)",
  quantity: "DOUBLE",
  time: "TIMESTAMP",
  text: "VARCHAR",
  tags: "MAP(VARCHAR, VARCHAR)",
};

/** The expression for each column of FOCUS; what has none is null. Texts are read as the column's type, and what can't be read
 *  is null too: the rules find it. */
export function asFocus(expressions: Partial<Record<FocusColumnName, string>>, from: string): string {
  const columns = focusColumns.map(({ name, type }) => {
    const expression = expressions[name];
    const kept = keptTypes[type];
    return `${expression === undefined ? `NULL::${kept}` : keptAs(expression, type)} AS ${named(name)}`;
  });
  return `SELECT ${columns.join(", ")} FROM ${from}`;
}

function keptAs(expression: string, type: FocusType): string {
  switch (type) {
    case "text":
      return `nullif(CAST(${expression} AS VARCHAR), '')`;
    case "tags":
      return `coalesce(${expression}, MAP {}::${keptTypes.tags})`;
    default:
      return `TRY_CAST(${expression} AS ${keptTypes[type]})`;
  }
}

/** Tags as a map, out of JSON text, a map, or a list of keys and values. */
export function tagsOf({ name, type }: GivenColumn): string {
  const column = named(name);
  if (type.startsWith("MAP(")) return `TRY_CAST(${column} AS MAP(VARCHAR, VARCHAR))`;
  if (/^STRUCT\(.*\)\[\]$/s.test(type)) {
    const pairs = `list_transform(${column}, lambda pair: {'k': CAST(pair.key AS VARCHAR), 'v': CAST(pair.value AS VARCHAR)})`;
    return `map_from_entries(list_distinct(${pairs}))`;
  }
  if (type.startsWith("STRUCT(")) {
    // An object of JSON lines: what another line has is null in this one.
    const entries = `map_entries(TRY_CAST(to_json(${column}) AS MAP(VARCHAR, VARCHAR)))`;
    return `map_from_entries(list_filter(${entries}, lambda tag: tag.value IS NOT NULL))`;
  }
  // JSON text; what is none becomes no tags.
  return `TRY_CAST(TRY_CAST(nullif(CAST(${column} AS VARCHAR), '') AS JSON) AS MAP(VARCHAR, VARCHAR))`;
}

/** `CASE expression WHEN … THEN …`. */
export function oneOf(expression: string, table: Readonly<Record<string, string>>, otherwise: string): string {
  const cases = Object.entries(table).map(([when, then]) => `WHEN ${literal(when)} THEN ${literal(then)}`);
  return `CASE ${expression} ${cases.join(" ")} ELSE ${otherwise} END`;
}
