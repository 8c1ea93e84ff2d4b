import type { QueryDefinition } from "@azure/arm-costmanagement";
import type { StatedForecast } from "../../domain/cost-forecast.ts";
import { isProviderError } from "../../domain/errors.ts";
import type { FocusRow, serviceCategories } from "../../domain/focus.ts";
import { focusDay } from "../../domain/focus-day.ts";
import type { Money } from "../../domain/money.ts";
import { begunDays, comingDays } from "../billing-days.ts";
import { type CostsFacet, usualCostTag } from "../cost-facet.ts";
import type { Azure } from "./client.ts";

/** As Query - Usage answers: columns by name, in rows. */
interface Table {
  readonly nextLink?: string;
  readonly columns?: readonly { readonly name?: string }[];
  readonly rows?: readonly (readonly unknown[])[];
}
type Cells = Readonly<Record<string, string | number | undefined>>;
type Days = NonNullable<ReturnType<typeof begunDays>>;

interface Question {
  readonly type: "ActualCost" | "AmortizedCost";
  readonly days: Days;
  readonly grouping: { readonly type: string; readonly name: string }[];
  /** Absent adds all days up. */
  readonly granularity?: "Daily";
}

const scope = "https://management.azure.com/.default";
const daily = { granularity: "Daily" } as const;
const aggregation = { totalCost: { name: "Cost", function: "Sum" } } as const;

/** By the resource's type where Azure names one, which says more than its name of the service. */
const types: readonly (readonly [RegExp, string, (typeof serviceCategories)[number]])[] = [
  [/\/microsoft\.compute\/virtualmachines/i, "VM", "Compute"],
  [/\/microsoft\.compute\/disks/i, "Disk", "Storage"],
  [/\/microsoft\.compute\/snapshots/i, "Snapshot", "Storage"],
  [/\/microsoft\.storage\//i, "Storage account", "Storage"],
  [/\/microsoft\.network\//i, "Network", "Networking"],
  [/\/microsoft\.(?:sql|dbfor\w+|documentdb)\//i, "Database", "Databases"],
  [/\/microsoft\.(?:insights|operationalinsights)\//i, "Monitor", "Management and Governance"],
  [/\/microsoft\.keyvault\//i, "Key vault", "Security"],
];

/**
 * What Cost Management says of the site's resource group: by resource and service, and by one tag. A month is three questions;
 * Azure lets a tenant ask for 12 units in ten seconds, 60 a minute and 600 an hour, a unit being a month of data
 * ("Cost Management API rate limits").
 */
export class AzureCosts implements CostsFacet {
  readonly format = "focus";
  readonly #azure: Azure;
  readonly #tag: string;

  constructor(azure: Azure) {
    this.#azure = azure;
    this.#tag = azure.entry.costTag ?? usualCostTag;
  }

  async *readCosts(month: string, signal: AbortSignal): AsyncGenerator<FocusRow> {
    const days = begunDays(month);
    if (!days) return;
    // "Query can have up to 2 group by clauses": what a resource is tagged with is a question of its own.
    const tags = new Map<string, string>();
    const byResource = { type: "Dimension", name: "ResourceId" };
    const tagged = [byResource, { type: "TagKey", name: this.#tag }];
    for await (const cells of this.#query({ type: "ActualCost", days, grouping: tagged, ...daily }, signal)) {
      const value = cells.TagValue;
      if (value) tags.set(keyOf(cells), String(value));
    }
    const effective = new Map<string, { readonly cells: Cells; readonly amount: number }>();
    const byService = [byResource, { type: "Dimension", name: "ServiceName" }];
    for await (const cells of this.#query({ type: "AmortizedCost", days, grouping: byService, ...daily }, signal)) {
      const key = `${keyOf(cells)} ${cells.ServiceName}`;
      effective.set(key, { cells, amount: Number(cells.Cost) });
    }
    for await (const cells of this.#query({ type: "ActualCost", days, grouping: byService, ...daily }, signal)) {
      const key = `${keyOf(cells)} ${cells.ServiceName}`;
      const spread = effective.get(key);
      effective.delete(key);
      yield this.#row(month, cells, { billed: Number(cells.Cost), effective: spread?.amount ?? 0, tags });
    }
    // What a commitment covered was billed with the commitment.
    for (const { cells, amount } of effective.values()) {
      if (amount !== 0) yield this.#row(month, cells, { billed: 0, effective: amount, tags });
    }
  }

  async statement(month: string, signal: AbortSignal): Promise<{ amount: Money; saidBy: string } | undefined> {
    const days = begunDays(month);
    if (!days) return undefined;
    const [cells] = await Array.fromAsync(this.#query({ type: "ActualCost", days, grouping: [] }, signal));
    if (!cells?.Currency) return undefined;
    const amount = { micros: Math.round(Number(cells.Cost) * 1e6), currency: String(cells.Currency) };
    return { amount, saidBy: "Cost Management, without groups" };
  }

  async forecast(days: number, signal: AbortSignal): Promise<StatedForecast | undefined> {
    const subject = this.#subject("forecast costs");
    const asked = {
      ...{ type: "ActualCost", timeframe: "Custom", timePeriod: periodOf(comingDays(days)) },
      dataset: { granularity: "Daily", aggregation },
      ...{ includeActualCost: false, includeFreshPartialCost: false },
    };
    // Without enough of a past it answers with nothing.
    const answer: Table | undefined = await this.#azure
      .costManagement(subject, signal, ({ forecast }, { options }) => forecast.usage(this.#scope(), asked, options))
      .catch((error: unknown) => {
        if (isProviderError(error, "NotFound")) return undefined;
        throw error;
      });
    const cells = cellsOf(answer ?? {});
    const currency = cells[0]?.Currency;
    if (currency === undefined) return undefined;
    return {
      saidBy: "Cost Management, Forecast - Usage",
      currency: String(currency),
      days: cells.map((each) => ({ day: dayIn(each), micros: Math.round(Number(each.Cost) * 1e6) })),
    };
  }

  #row(
    month: string,
    cells: Cells,
    { billed, effective, tags }: { billed: number; effective: number; tags: ReadonlyMap<string, string> },
  ): FocusRow {
    const { ResourceId, ServiceName = "Azure", Currency } = cells;
    const path = String(ResourceId ?? "");
    const [, type, serviceCategory = "Other"] = types.find(([pattern]) => pattern.test(path)) ?? [];
    const tag = tags.get(keyOf(cells));
    const name = path.split("/").at(-1) ?? "";
    return {
      ...focusDay({
        ...{ month, day: dayIn(cells), account: this.#azure.entry.subscriptionId, provider: "Microsoft" },
        ...{ service: String(ServiceName), serviceCategory, currency: String(Currency), billed, effective },
      }),
      RegionId: this.#azure.entry.region,
      // Other calls of Azure's name a VM by its name, as the inventory does.
      ...(path === "" ? {} : { ResourceId: type === "VM" || type === "Disk" ? name : path, ResourceName: name }),
      ...(type === undefined ? {} : { ResourceType: type }),
      ...(tag === undefined ? {} : { Tags: { [this.#tag]: tag } }),
    };
  }

  /** The first page by the SDK; it has no call for those that follow. */
  async *#query({ type, days, grouping, granularity }: Question, signal: AbortSignal): AsyncGenerator<Cells> {
    const asked: QueryDefinition = {
      ...{ type, timeframe: "Custom", timePeriod: periodOf(days) },
      dataset: { aggregation, grouping, ...(granularity && { granularity }) },
    };
    const subject = this.#subject("read costs");
    let table: Table = await this.#azure.costManagement(subject, signal, ({ query }, { options }) =>
      query.usage(this.#scope(), asked, options),
    );
    for (;;) {
      yield* cellsOf(table);
      if (!table?.nextLink) return;
      const next = { method: "POST", url: table.nextLink, body: wireOf(asked), scope } as const;
      const { properties } = await this.#azure.rest<{ properties?: Table }>(next, subject, signal);
      table = properties ?? {};
    }
  }

  #scope(): string {
    const { subscriptionId, resourceGroup } = this.#azure.entry;
    return `subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}`;
  }

  #subject(operation: string) {
    return { operation, resource: this.#azure.site };
  }
}

/** The last day is part of Azure's periods. */
function periodOf({ from, to }: Days): { from: Date; to: Date } {
  return { from: new Date(from), to: new Date(Date.parse(to) - 1_000) };
}

function wireOf(asked: QueryDefinition): object {
  return JSON.parse(JSON.stringify(asked)) as object;
}

function cellsOf({ columns = [], rows = [] }: Table = {}): Cells[] {
  return rows.map((row) => Object.fromEntries(columns.map(({ name = "" }, index) => [name, row[index]]))) as Cells[];
}

/** `20261129` of a number, or a day as it is. */
function dayIn({ UsageDate }: Cells): string {
  const text = String(UsageDate ?? "");
  return text.length === 8 ? `${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6)}` : text.slice(0, 10);
}

function keyOf(cells: Cells): string {
  return `${dayIn(cells)} ${String(cells.ResourceId ?? "").toLowerCase()}`;
}
