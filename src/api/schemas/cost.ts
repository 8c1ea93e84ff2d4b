import * as z from "zod";
import { type CostFinding, type CostImport, type CostSums, costFormats, type ExchangeRate } from "../../domain/cost.ts";
import type { Reconciliation } from "../../domain/reconcile.ts";
import type { Wire } from "../../domain/wire.ts";
import type { CostSource } from "../../store/index.ts";
import { cursorQuery, entityId, nextCursor, siteId, timestamp } from "./common.ts";
import { moneySchema } from "./price.ts";

const day = z.iso.date();
const month = z
  .string()
  .regex(/^\d{4}-(?:0[1-9]|1[0-2])$/)
  .meta({ description: "A month", example: "2026-11" });
const currency = z
  .string()
  .regex(/^[A-Z]{3}$/)
  .meta({ description: "ISO 4217", example: "USD" });
const micros = z.int().meta({ description: "Millionths of the currency's unit" });
const amounts = {
  currency,
  list: micros.optional().meta({ description: "At list prices; absent where a row doesn't say it" }),
  contracted: micros
    .optional()
    .meta({ description: "At the prices of your contract; absent where a row doesn't say it" }),
  billed: micros.meta({ description: "As the bill has it" }),
  effective: micros.meta({ description: "With what commitments cost spread over what they cover" }),
};

export const costSumsSchema = z
  .strictObject({
    groups: z.array(
      z.strictObject({
        key: z.record(z.string(), z.string()).meta({ description: "A dimension that rows don't have is absent" }),
        rows: z.int().min(0),
        ...amounts,
      }),
    ),
    rest: z.array(z.strictObject({ groups: z.int().min(0), ...amounts })).meta({ description: "Beyond the limit" }),
    totals: z.array(z.strictObject(amounts)).meta({ description: "One a currency" }),
    unconverted: z
      .array(z.strictObject({ currency, months: z.array(month) }))
      .meta({ description: "Left in their own currency: no rate of exchange is known for these months" }),
  })
  .meta({ id: "CostSums" }) satisfies z.ZodType<Wire<CostSums>>;

export const costQuery = z.strictObject({
  from: day.optional().meta({ description: "Default: the first day of this month" }),
  to: day.optional().meta({ description: "Not part of it. Default: tomorrow" }),
  group_by: z.string().max(500).optional().meta({
    description:
      "Up to three of `provider`, `site`, `source`, `account`, `service`, `service-category`, `region`, `resource`, `resource-type`, `category`, `pricing`, `commitment`, `sku`, `day`, `month`, `billing-month` and `tag:KEY`, with commas between",
  }),
  where: z.string().max(2_000).optional().meta({
    description: "`dimension=value`, with `;` between; several values with `|`; nothing for rows without one",
  }),
  currency: currency.optional().meta({ description: "Shown in this one, by the rates of the months" }),
  limit: z.coerce.number().int().min(1).max(5_000).optional().meta({ description: "Groups. Default 200" }),
});

const sourceId = entityId.meta({ description: "Whose costs they are, by a name of yours: an account, a contract" });

export const costSourceListSchema = z
  .strictObject({
    items: z.array(
      z.strictObject({
        source_id: z.string(),
        provider: z.string(),
        site: z.string().optional(),
        months: z.int().min(0),
        rows: z.int().min(0),
        newest_month: month.optional(),
        imported_at: timestamp.optional(),
      }) satisfies z.ZodType<Wire<CostSource>>,
    ),
  })
  .meta({ id: "CostSourceList" });

const finding = z.strictObject({
  rule: z.string(),
  what: z.string(),
  severity: z.enum(["refused", "noted"]),
  rows: z.int().min(0),
}) satisfies z.ZodType<Wire<CostFinding>>;

export const costImportSchema = z
  .strictObject({
    import_id: entityId,
    source_id: z.string(),
    provider: z.string(),
    site: z.string().optional(),
    part: z.string(),
    format: z.string().optional(),
    file_name: z.string().optional(),
    state: z.enum(["waiting", "running", "imported", "unchanged", "refused", "failed"]),
    message: z.string().optional(),
    bytes: z.int().min(0),
    rows: z.int().min(0),
    months: z.array(z.string()),
    findings: z.array(finding).meta({ description: "Rows that break a rule of FOCUS" }),
    created_by: z.string(),
    created_at: timestamp,
    ended_at: timestamp.optional(),
  })
  .meta({ id: "CostImport" }) satisfies z.ZodType<Wire<CostImport>>;

export const costImportListQuery = z.strictObject({ source: sourceId.optional(), ...cursorQuery });
export const costImportListSchema = z
  .strictObject({ items: z.array(costImportSchema), next_cursor: nextCursor })
  .meta({ id: "CostImportList" });

const delivery = {
  source: sourceId,
  provider: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,30}$/)
    .meta({ example: "aws" }),
  site: siteId.optional().meta({ description: "Where all of it is of one site; else the region of a row says it" }),
  part: z
    .string()
    .max(300)
    .optional()
    .meta({ description: "Which one it is of deliveries that add up to a month. Absent: it has its months whole" }),
  format: z.enum(costFormats).optional().meta({ description: "Default: what its columns show" }),
};

export const costUploadQuery = z.strictObject({
  ...delivery,
  file_name: z
    .string()
    .min(1)
    .max(300)
    .meta({ description: "Its ending says what it is: .csv, .csv.gz, .jsonl, .parquet" }),
});

export const costImportBody = z.strictObject({
  ...delivery,
  objects: z.strictObject({
    site: siteId,
    bucket: z.string().min(1).max(300),
    prefix: z.string().max(1_000),
  }),
});

const rate = {
  from: currency,
  to: currency,
  month,
  rate: z.number().positive().meta({ description: "Units of `to` for one of `from`" }),
  source: z.string().min(1).max(300).meta({ description: "Who says so" }),
};
const rateSchema = z.strictObject(rate).meta({ id: "ExchangeRate" }) satisfies z.ZodType<Wire<ExchangeRate>>;
export const rateBody = z.strictObject(rate);
export const rateListSchema = z.strictObject({ items: z.array(rateSchema) }).meta({ id: "ExchangeRateList" });

export const statementBody = z.strictObject({
  source: sourceId,
  month,
  amount: moneySchema,
  said_by: z.string().min(1).max(300).meta({ description: "An invoice's number, for one" }),
});

const reconciliation = z.strictObject({
  source_id: z.string(),
  month,
  currency,
  stated: moneySchema.optional().meta({ description: "What the provider says" }),
  said_by: z.string().optional(),
  billed: moneySchema.optional().meta({ description: "What its rows add up to" }),
  difference: moneySchema.optional(),
  state: z.enum(["agrees", "explained", "unexplained", "open"]),
  explanation: z.array(z.string()),
}) satisfies z.ZodType<Wire<Reconciliation>>;
export const reconciliationQuery = z.strictObject({ month });
export const reconciliationListSchema = z
  .strictObject({ items: z.array(reconciliation) })
  .meta({ id: "ReconciliationList" });
