import { answerOf, connectApi, type Schemas } from "../client.ts";
import { CliError } from "../failure.ts";
import { show, table } from "../output.ts";
import { formatMoney } from "../units.ts";
import type { CommonOptions } from "./options.ts";

type WhatIf = Schemas["WhatIf"];

const allTerms = ["on-demand", "spot", "reserved-1y", "reserved-3y"] as const;

/** The estate priced on other providers, regions and terms. */
export async function priceElsewhere(
  q: string | undefined,
  options: CommonOptions & { provider?: string; region?: string; terms?: string },
): Promise<void> {
  const { api } = connectApi(options);
  const { provider, region } = options;
  const terms = allTerms.find((each) => each === options.terms);
  if (options.terms !== undefined && terms === undefined) {
    throw new CliError(`${options.terms} are no terms`, `Name one of: ${allTerms.join(", ")}.`);
  }
  const query = {
    ...(q ? { q } : {}),
    ...(provider ? { providers: provider } : {}),
    ...(region ? { region } : {}),
    ...(terms ? { terms } : {}),
  };
  await show(await answerOf(api.GET("/v1/costs/what-if", { params: { query } })), options.output, describe);
}

async function describe({ vms, today, items }: WhatIf): Promise<string> {
  const money = (micros: number | undefined, currency: string | undefined) =>
    micros === undefined || currency === undefined ? "unknown" : formatMoney({ micros, currency });
  const text = await table(
    items,
    [
      { head: "PROVIDER", value: (row) => row.provider },
      { head: "REGION", value: (row) => row.region },
      { head: "TERMS", value: (row) => row.terms },
      { head: "MACHINES", align: "right", value: (row) => money(row.machines_micros, row.currency) },
      { head: "DISKS", align: "right", value: (row) => money(row.disks_micros, row.currency) },
      { head: "VMS", align: "right", value: (row) => `${row.priced} of ${vms}` },
      { head: "AS OF", value: (row) => (row.priced_on ? `${row.priced_on}${row.derived ? " (derived)" : ""}` : "") },
      { head: "CONFIDENCE", value: (row) => row.confidence },
      { head: "NOT PRICED", value: (row) => row.unpriced.map((left) => `${left.vms}: ${left.reason}`).join("; ") },
    ],
    "No prices are known that fit.",
  );
  const unknown = today.unknown > 0 ? `, and ${today.unknown} whose price is not known` : "";
  return `${text}\n\nToday, at list price: ${formatMoney({ micros: today.micros, currency: "USD" })} a month${unknown}.`;
}
