import { answerOf, connectApi, type Schemas } from "../client.ts";
import { show, table } from "../output.ts";
import { formatMoney, readCount } from "../units.ts";
import type { CommonOptions } from "./options.ts";

type Forecasts = Schemas["CostForecast"];

export interface ForecastCostOptions extends CommonOptions {
  readonly days: string;
  readonly by?: string;
  readonly where?: string;
  readonly currency?: string;
}

export async function forecastCosts(options: ForecastCostOptions): Promise<void> {
  const { api } = connectApi(options);
  const { days, by, where, currency } = options;
  const query = {
    days: readCount(days),
    ...(by ? { group_by: by } : {}),
    ...(where ? { where } : {}),
    ...(currency ? { currency } : {}),
  };
  const made = await answerOf(api.GET("/v1/costs/forecast", { params: { query } }));
  await show(made, options.output, (shown) => describe(shown, by ? by.split(",") : [], query.days));
}

async function describe(
  { groups, providers }: Forecasts,
  dimensions: readonly string[],
  days: number,
): Promise<string> {
  const money = (micros: number | undefined, currency: string) =>
    micros === undefined ? "unknown" : formatMoney({ micros: Math.round(micros), currency });
  const names = dimensions.length > 0 ? dimensions : ["of"];
  const own = await table(
    groups,
    [
      ...names.map((name) => ({
        head: name.toUpperCase(),
        value: ({ key }: Forecasts["groups"][number]) =>
          dimensions.length > 0 ? (key[name] ?? "(none)") : "everything",
      })),
      {
        head: "EXPECTED",
        align: "right",
        value: ({ forecast, currency }) => money(forecast?.total.expected, currency),
      },
      { head: "LOW", align: "right", value: ({ forecast, currency }) => money(forecast?.total.low, currency) },
      { head: "HIGH", align: "right", value: ({ forecast, currency }) => money(forecast?.total.high, currency) },
      {
        head: "OFF BY A DAY",
        align: "right",
        value: ({ forecast, currency }) => money(forecast?.backtest.error, currency),
      },
      {
        head: "AS A WEEK AGO",
        align: "right",
        value: ({ forecast, currency }) => money(forecast?.backtest.naive_error, currency),
      },
      { head: "KNOWN UNTIL", value: (group) => group.known_until },
      { head: "WHY NOT", value: ({ reason }) => reason },
    ],
    "No costs are known of the last 120 days: novacron cost sources shows what has been imported.",
  );
  if (providers.length === 0) return own;
  const said = await table(
    providers,
    [
      { head: "SITE", value: ({ site }) => site },
      {
        head: "EXPECTS ITSELF",
        align: "right",
        value: ({ days: each, currency }) =>
          money(
            each.reduce((sum, { micros }) => sum + micros, 0),
            currency,
          ),
      },
      { head: "DAYS", align: "right", value: ({ days: each }) => `${each.length} of ${days}` },
      { head: "SAID BY", value: (line) => line.said_by },
      { head: "SAID AT", value: (line) => line.said_at },
    ],
    "",
  );
  return [own, "", said].join("\n");
}
