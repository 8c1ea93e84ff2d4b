import * as z from "zod";
import type { Wire } from "../../domain/wire.ts";
import type { SavedSearch } from "../../store/index.ts";
import { cursorQuery, entityId, nextCursor, timestamp } from "./common.ts";
import { searchText } from "./resource.ts";

const searchName = z
  .string()
  .min(1)
  .max(100)
  .regex(/^[\p{L}\p{N}][\p{L}\p{N} ._-]*$/u)
  .meta({ description: "One's own: two people may each have one of the same name", example: "costly and idle" });
const query = searchText.meta({ description: "In the search language, with its order: `stopped>30d sort:-cost`" });
const shared = z
  .boolean()
  .meta({ description: "Whether others see it. What they find with it is what their scopes reach" });

export const savedSearchSchema = z
  .strictObject({
    search_id: entityId,
    name: z.string(),
    query: z.string(),
    owner: z.string().meta({ description: "`user/<id>`, or `token/<id>` of a program", example: "user/42" }),
    mine: z.boolean().meta({ description: "Whether it is the caller's own" }),
    shared: z.boolean(),
    created_at: timestamp,
    updated_at: timestamp,
  })
  .meta({ id: "SavedSearch" }) satisfies z.ZodType<Wire<SavedSearch & { mine: boolean }>>;

export const savedSearchListQuery = z.strictObject({ name: searchName.optional(), ...cursorQuery });
export const savedSearchListSchema = z
  .strictObject({ items: z.array(savedSearchSchema), next_cursor: nextCursor })
  .meta({ id: "SavedSearchList" });
export const savedSearchBody = z.strictObject({ name: searchName, query, shared: shared.optional() }).meta({
  id: "NewSavedSearch",
});
export const savedSearchPatch = z
  .strictObject({ name: searchName.optional(), query: query.optional(), shared: shared.optional() })
  .meta({ id: "ChangedSavedSearch", description: "What is left out stays as it is" });
