import type { AddressRange } from "../address-range.ts";
import type { Bound } from "../search/query.ts";
import type { FieldReference, List } from "./fields.ts";
import type { RuleScalar } from "./rule.ts";

/** What a rule comes down to: one meaning, which the evaluator here and the store's SQL both follow. */

/** Values as they are compared: bytes, micro-dollars, milliseconds (since 1970, or of an age). */
export type Test =
  | { readonly type: "exists" }
  | { readonly type: "in"; readonly values: readonly RuleScalar[] }
  /** Without regard to the case of A to Z. */
  | { readonly type: "contains"; readonly text: string }
  | { readonly type: "matches"; readonly pieces: readonly string[] }
  | { readonly type: "range"; readonly from?: Bound; readonly to?: Bound }
  | { readonly type: "older"; readonly ms: number }
  | { readonly type: "covers"; readonly text: string; readonly range: AddressRange };

/** Three values, as SQL has them: what compares something unknown is unknown. */
export type Logic =
  | { readonly type: "all" | "any"; readonly items: readonly Logic[] }
  | { readonly type: "not"; readonly item: Logic }
  | { readonly type: "test"; readonly field: FieldReference; readonly test: Test }
  /** One element of the list at least is such that all of it holds of it. Lists in lists there are none. */
  | { readonly type: "some"; readonly list: List; readonly where: Logic };

/** Every field that it asks. */
export function fieldsIn(logic: Logic): FieldReference[] {
  switch (logic.type) {
    case "all":
    case "any":
      return logic.items.flatMap(fieldsIn);
    case "not":
      return fieldsIn(logic.item);
    case "some":
      return fieldsIn(logic.where);
    case "test":
      return [logic.field];
  }
}
