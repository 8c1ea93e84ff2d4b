import type { Kysely } from "kysely";
import type { ProtectionEvent } from "../domain/protection.ts";
import { toJson, toText } from "./json.ts";
import type { Database } from "./schema.ts";

export type NewProtectionEvent = Pick<ProtectionEvent, "type" | "message"> & {
  readonly at?: string;
  readonly data?: Readonly<Record<string, unknown>>;
  /** Makes a repeat of the same append harmless. */
  readonly dedupeKey?: string;
};

/** Appends within the caller's transaction, whose lock of the group's row keeps the sequence without gaps. */
export async function appendProtectionEvent(
  tx: Kysely<Database>,
  groupId: string,
  { type, message, at, data = {}, dedupeKey }: NewProtectionEvent,
): Promise<void> {
  if (dedupeKey !== undefined) {
    const earlier = await tx
      .selectFrom("protection_events")
      .select("sequence")
      .where("group_id", "=", groupId)
      .where("dedupe_key", "=", dedupeKey)
      .executeTakeFirst();
    if (earlier) return;
  }
  const { last_sequence: sequence } = await tx
    .updateTable("protection_groups")
    .set((e) => ({ last_sequence: e("last_sequence", "+", 1) }))
    .where("group_id", "=", groupId)
    .returning("last_sequence")
    .executeTakeFirstOrThrow();
  await tx
    .insertInto("protection_events")
    .values({
      group_id: groupId,
      sequence,
      at: at ?? new Date().toISOString(),
      type,
      message: toText(message),
      data: toJson(data),
      dedupe_key: dedupeKey ?? null,
    })
    .execute();
}
