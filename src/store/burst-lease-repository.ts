import { type Kysely, type Selectable, sql } from "kysely";
import type { BurstLease, BurstLeaseState } from "../domain/burst.ts";
import type { BackOff, BurstOffer } from "../domain/burst-offers.ts";
import type { CapacityType } from "../domain/instance-type.ts";
import type { Money } from "../domain/money.ts";
import type { BurstLeaseTable } from "./burst-schema.ts";
import { toJson } from "./json.ts";
import { clampLimit, decodeCursor, type Page, toPage } from "./paging.ts";
import { present } from "./present.ts";
import type { Database } from "./schema.ts";

export interface NewBurstLease {
  readonly leaseId: string;
  readonly poolId: string;
  readonly owner: string;
  readonly vmName: string;
  readonly deadline: string;
  readonly budget?: Money;
  readonly offers: readonly BurstOffer[];
}

/** Members left out stay as they are; a step and a problem are added to those that are there. */
export interface BurstLeasePatch {
  readonly state?: BurstLeaseState;
  readonly offer?: BurstOffer;
  readonly vmId?: string;
  readonly targetId?: string;
  readonly runId?: string;
  readonly servingAt?: string;
  readonly endedAt?: string;
  readonly leaveReason?: string;
  readonly step?: BurstLease["steps"][number];
  readonly problem?: BurstLease["problems"][number];
}

/** A lease with what its run needs. */
export interface KeptLease extends BurstLease {
  readonly offers: readonly BurstOffer[];
  readonly targetId?: string;
  readonly runId?: string;
}

/** VMs of pools, and what failed of late where they come from. */
export class BurstLeaseRepository {
  readonly #db: Kysely<Database>;

  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  /** Repeats with known ids change nothing. */
  async order(leases: readonly NewBurstLease[]): Promise<void> {
    if (leases.length === 0) return;
    await this.#db
      .insertInto("burst_leases")
      .values(
        leases.map(({ leaseId, poolId, owner, vmName, deadline, budget, offers }) => ({
          ...{ lease_id: leaseId, pool_id: poolId, owner, vm_name: vmName, deadline, offers: toJson(offers) },
          budget_micros: budget?.micros ?? null,
          currency: budget?.currency ?? null,
        })),
      )
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }

  async get(leaseId: string): Promise<KeptLease | undefined> {
    const row = await this.#rows().where("lease_id", "=", leaseId).executeTakeFirst();
    return row && toLease(row);
  }

  /** Of a pool: those that have not ended, and those that were there since then; the youngest first. */
  async of(poolId: string, since?: string): Promise<readonly KeptLease[]> {
    const rows = await this.#rows()
      .where("pool_id", "=", poolId)
      .where((e) =>
        since === undefined ? e("ended_at", "is", null) : e.or([e("ended_at", "is", null), e("ended_at", ">=", since)]),
      )
      .orderBy("ordered_at", "desc")
      .orderBy("lease_id", "desc")
      .execute();
    return rows.map(toLease);
  }

  /** The youngest first. */
  async list(
    poolId: string,
    { limit: wanted, cursor }: { readonly limit: number; readonly cursor?: string },
  ): Promise<Page<BurstLease>> {
    const limit = clampLimit(wanted);
    let select = this.#rows().where("pool_id", "=", poolId);
    if (cursor !== undefined) {
      const [at, id] = decodeCursor(cursor, "string", "string");
      select = select.where(sql<boolean>`(ordered_at, lease_id) < (${at}::timestamptz, ${id})`);
    }
    const rows = await select
      .orderBy("ordered_at", "desc")
      .orderBy("lease_id", "desc")
      .limit(limit + 1)
      .execute();
    const item = (row: Selectable<BurstLeaseTable>) => {
      const { offers: _offers, targetId: _target, runId: _run, ...lease } = toLease(row);
      return lease;
    };
    return toPage(rows, limit, item, (row) => [row.ordered_at, row.lease_id]);
  }

  async update(leaseId: string, patch: BurstLeasePatch): Promise<void> {
    const { state, offer, vmId, targetId, runId, servingAt, endedAt, leaveReason, step, problem } = patch;
    await this.#db
      .updateTable("burst_leases")
      .set({
        lease_id: leaseId,
        ...(state === undefined ? {} : { state }),
        ...(offer === undefined
          ? {}
          : {
              site: offer.site,
              instance_type: offer.instanceType ?? null,
              capacity_type: offer.capacityType,
              hourly_micros: offer.hourlyMicros ?? null,
              currency: offer.currency ?? null,
            }),
        ...(vmId === undefined ? {} : { vm_id: vmId }),
        ...(targetId === undefined ? {} : { target_id: targetId }),
        ...(runId === undefined ? {} : { run_id: runId }),
        ...(servingAt === undefined ? {} : { serving_at: servingAt }),
        ...(endedAt === undefined ? {} : { ended_at: endedAt }),
        ...(leaveReason === undefined ? {} : { leave_reason: sql`coalesce(leave_reason, ${leaveReason})` }),
        ...(step === undefined ? {} : { steps: sql`steps || ${toJson([step])}::jsonb` }),
        ...(problem === undefined ? {} : { problems: sql`problems || ${toJson([problem])}::jsonb` }),
      })
      .where("lease_id", "=", leaseId)
      .execute();
  }

  /** What a sweep compares sites with: all leases of those ids. */
  async byIds(leaseIds: readonly string[]): Promise<readonly KeptLease[]> {
    if (leaseIds.length === 0) return [];
    return (await this.#rows().where("lease_id", "in", leaseIds).execute()).map(toLease);
  }

  /** The sites that any lease was at. */
  async sites(): Promise<readonly string[]> {
    const rows = await this.#db
      .selectFrom("burst_leases")
      .select("site")
      .distinct()
      .where("site", "is not", null)
      .execute();
    return rows.flatMap(({ site }) => site ?? []);
  }

  /** Of all pools: what is there now, and what all has cost so far by its prices. */
  async totals(): Promise<readonly { pool: string; active: number; costMicros: number; currency?: string }[]> {
    const rows = await this.#db
      .selectFrom("burst_pools")
      .leftJoin("burst_leases", "burst_leases.pool_id", "burst_pools.pool_id")
      .select([
        "burst_pools.name",
        sql<number>`count(*) filter (where burst_leases.state in ('joining', 'serving', 'leaving'))::integer`.as(
          "active",
        ),
        sql<number>`coalesce(sum(hourly_micros * extract(epoch from coalesce(ended_at, now()) - ordered_at) / 3600), 0)::float8`.as(
          "cost",
        ),
        sql<string | null>`max(currency)`.as("currency"),
      ])
      .groupBy("burst_pools.name")
      .execute();
    return rows.map(({ name, active, cost, currency }) => ({
      ...{ pool: name, active, costMicros: Math.round(cost) },
      ...(currency === null ? {} : { currency }),
    }));
  }

  async backOffs(): Promise<readonly BackOff[]> {
    const rows = await this.#db.selectFrom("burst_back_offs").selectAll().execute();
    return rows.map(({ site, instance_type, capacity_type, until, failures, code }) => ({
      ...{
        site,
        instanceType: instance_type,
        capacityType: capacity_type as CapacityType | "*",
        until,
        failures,
        code,
      },
    }));
  }

  async backOff({ site, instanceType, capacityType, until, failures, code }: BackOff): Promise<void> {
    const values = { site, instance_type: instanceType, capacity_type: capacityType, until, failures, code };
    await this.#db
      .insertInto("burst_back_offs")
      .values(values)
      .onConflict((conflict) =>
        conflict.columns(["site", "instance_type", "capacity_type"]).doUpdateSet({ until, failures, code }),
      )
      .execute();
  }

  /** One that came is believed in again, and so is its site. */
  async forgetBackOff({
    site,
    instanceType,
    capacityType,
  }: Pick<BurstOffer, "site" | "instanceType" | "capacityType">) {
    await this.#db
      .deleteFrom("burst_back_offs")
      .where("site", "=", site)
      .where("instance_type", "in", [instanceType ?? "*", "*"])
      .where("capacity_type", "in", [capacityType, "*"])
      .execute();
  }

  #rows() {
    return this.#db.selectFrom("burst_leases").selectAll();
  }
}

function toLease(row: Selectable<BurstLeaseTable>): KeptLease {
  const { hourly_micros: micros, currency, budget_micros: budget } = row;
  return {
    ...{ leaseId: row.lease_id, poolId: row.pool_id, owner: row.owner, vmName: row.vm_name },
    state: row.state as BurstLeaseState,
    ...present({ site: row.site, vmId: row.vm_id, targetId: row.target_id, runId: row.run_id }),
    ...present({ instanceType: row.instance_type, capacityType: row.capacity_type as CapacityType | null }),
    ...(micros === null || currency === null ? {} : { hourly: { micros, currency } }),
    ...(budget === null || currency === null ? {} : { budget: { micros: budget, currency } }),
    deadline: row.deadline,
    orderedAt: row.ordered_at,
    ...present({ servingAt: row.serving_at, endedAt: row.ended_at, leaveReason: row.leave_reason }),
    ...{ offers: row.offers, steps: row.steps, problems: row.problems },
  };
}
