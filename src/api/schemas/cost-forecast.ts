import * as z from "zod";
import type { ForecastGroup } from "../../costs/index.ts";
import type { CostForecast, CostForecastDay, StatedForecast } from "../../domain/cost-forecast.ts";
import type { Wire } from "../../domain/wire.ts";
import { timestamp } from "./common.ts";

const micros = z.int().meta({ description: "Millionths of the currency's unit" });
const currency = z.string().regex(/^[A-Z]{3}$/);

export const costForecastQuery = z.strictObject({
  days: z.coerce.number().int().min(1).max(365).optional().meta({ description: "From today on. Default 30" }),
  group_by: z.string().max(500).optional().meta({ description: "Up to two dimensions of costs, with a comma between" }),
  where: z.string().max(2_000).optional().meta({ description: "`dimension=value`, with `;` between" }),
  currency: currency.optional().meta({ description: "Shown in this one, by the rates of the months" }),
});

const forecastSchema = z.strictObject({
  days: z.array(
    z.strictObject({
      day: z.iso.date(),
      expected: micros,
      low: micros,
      high: micros,
    }) satisfies z.ZodType<Wire<CostForecastDay>>,
  ),
  total: z.strictObject({ expected: micros, low: micros, high: micros }).meta({
    description: "Of all its days; the interval is how far such sums were off on the past",
  }),
  level: z.number().meta({ description: "Of a day's interval: 0.8 holds eight in ten" }),
  backtest: z
    .strictObject({ error: z.number(), naive_error: z.number(), origins: z.int() })
    .meta({ description: "Mean error of a day had it been made on the past, beside that of `as a week ago`" }),
  methods: z.array(z.string()),
}) satisfies z.ZodType<Wire<CostForecast>>;

export const costForecastSchema = z
  .strictObject({
    groups: z.array(
      z.strictObject({
        key: z.record(z.string(), z.string()),
        currency: z.string(),
        known_until: z.iso.date().meta({ description: "The last day that has costs" }),
        forecast: forecastSchema.optional(),
        reason: z.string().optional().meta({ description: "Why there is none" }),
      }) satisfies z.ZodType<Wire<ForecastGroup>>,
    ),
    providers: z
      .array(
        z.strictObject({
          site: z.string(),
          said_by: z.string(),
          said_at: timestamp,
          currency: z.string(),
          level: z.number().optional(),
          days: z.array(z.strictObject({ day: z.iso.date(), micros, low: micros.optional(), high: micros.optional() })),
        }) satisfies z.ZodType<Wire<StatedForecast & { site: string; saidAt: string }>>,
      )
      .meta({ description: "What providers expect of whole sites themselves, of the days that are asked for" }),
  })
  .meta({ id: "CostForecast" });
