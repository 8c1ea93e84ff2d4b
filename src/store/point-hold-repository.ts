import type { Kysely } from "kysely";
import { ProviderError } from "../domain/errors.ts";
import type { Suspicion } from "../domain/group-point.ts";
import { toText } from "./json.ts";
import { appendProtectionEvent } from "./protection-events.ts";
import type { Database } from "./schema.ts";

/** What a person decided of a point. */
export interface PointDecision {
  readonly groupId: string;
  readonly pointId: string;
  /** Why, in their words. */
  readonly reason: string;
  /** Who, as the audit trail names them. */
  readonly by: string;
}

interface FoundPoint {
  readonly sequence: number;
  readonly state: string;
  readonly suspicion: Suspicion | null;
  readonly heldBecause: string | null;
}

/** What people decide of single points: each under the lock of the group's row, with an event of its own. */
export class PointHoldRepository {
  readonly #db: Kysely<Database>;

  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  /** The retention leaves it alone from here on. A repeat with the same reason changes nothing.
   *  @throws ProviderError Conflict when it is not complete, or held for another reason. */
  async hold(decision: PointDecision): Promise<void> {
    const reason = toText(decision.reason);
    await this.#decide("hold a recovery point", decision, async (tx, { sequence, heldBecause }) => {
      if (heldBecause === reason) return;
      if (heldBecause !== null) throw refused("hold a recovery point", decision, `it is held: ${heldBecause}`);
      await this.#set(tx, decision.pointId, { held_because: reason });
      await tell(tx, decision, "hold", `Point ${sequence} is held: ${reason}`);
    });
  }

  /** The retention may take it. One that is not held stays as it is.
   *  @throws ProviderError Conflict while a failover has the group. */
  async release(decision: PointDecision): Promise<void> {
    const operation = "release a recovery point";
    await this.#decide(operation, decision, async (tx, { sequence, heldBecause }, failoverId) => {
      if (heldBecause === null) return;
      if (failoverId !== undefined) throw refused(operation, decision, `failover ${failoverId} holds the group`);
      await this.#set(tx, decision.pointId, { held_because: null });
      await tell(
        tx,
        decision,
        "hold",
        `Point ${sequence} is held no more (it was: ${heldBecause}): ${decision.reason}`,
      );
    });
  }

  /** A person has looked at a suspect one: it is as good as any other.
   *  @throws ProviderError Conflict when it is not suspect. */
  async clear(decision: PointDecision): Promise<void> {
    const operation = "clear a recovery point";
    await this.#decide(operation, decision, async (tx, { sequence, suspicion }) => {
      if (!suspicion) throw refused(operation, decision, "it is not suspect");
      await this.#set(tx, decision.pointId, { suspicion: null });
      await tell(tx, decision, "cleared", `Point ${sequence} is suspect no more: ${decision.reason}`, { suspicion });
    });
  }

  async #decide(
    operation: string,
    decision: PointDecision,
    act: (tx: Kysely<Database>, point: FoundPoint, failoverId: string | undefined) => Promise<void>,
  ): Promise<void> {
    const { groupId, pointId } = decision;
    await this.#db.transaction().execute(async (tx) => {
      const group = await tx
        .selectFrom("protection_groups")
        .select("takeover")
        .where("group_id", "=", groupId)
        .forUpdate()
        .executeTakeFirst();
      const point = await tx
        .selectFrom("group_points")
        .select(["sequence", "state", "suspicion", "held_because as heldBecause"])
        .where("group_id", "=", groupId)
        .where("point_id", "=", pointId)
        .forUpdate()
        .executeTakeFirst();
      if (!group || !point) throw unknownPoint(operation, pointId);
      if (point.state !== "complete") throw refused(operation, decision, `it is ${point.state}`);
      await act(tx, point, group.takeover?.failoverId);
    });
  }

  async #set(
    tx: Kysely<Database>,
    pointId: string,
    set: { readonly held_because?: string | null; readonly suspicion?: null },
  ): Promise<void> {
    await tx.updateTable("group_points").set(set).where("point_id", "=", pointId).execute();
  }
}

async function tell(
  tx: Kysely<Database>,
  { groupId, pointId, reason, by }: PointDecision,
  type: "hold" | "cleared",
  message: string,
  data: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  await appendProtectionEvent(tx, groupId, { type, message, data: { ...data, pointId, reason, by } });
}

function refused(operation: string, { pointId }: PointDecision, reason: string): ProviderError {
  const action = "See novacron protection points.";
  return new ProviderError("Conflict", { operation, resource: `group-point/${pointId}`, reason, action });
}

function unknownPoint(operation: string, pointId: string): ProviderError {
  const reason = "it is not in the catalogue of the group";
  const action = "See novacron protection points.";
  return new ProviderError("NotFound", { operation, resource: `group-point/${pointId}`, reason, action });
}
