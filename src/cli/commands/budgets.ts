import { type Api, answerOf, connectApi, type Schemas } from "../client.ts";
import { CliError } from "../failure.ts";
import { show, table } from "../output.ts";
import { formatMoney } from "../units.ts";
import type { CommonOptions } from "./options.ts";

type Budget = Schemas["Budget"];

export async function listBudgets(options: CommonOptions): Promise<void> {
  const { api } = connectApi(options);
  const { items } = await answerOf(api.GET("/v1/budgets"));
  await show(items, options.output, describeBudgets);
}

export async function setBudget(
  wished: { name: string; amount: string; currency: string },
  options: CommonOptions & { where?: string; period: string; cost: string; warnAt: readonly string[] },
): Promise<void> {
  const { api } = connectApi(options);
  const { name, currency } = wished;
  const body = {
    name,
    amount: { micros: Math.round(readNumber(wished.amount) * 1e6), currency },
    period: oneOf(options.period, ["day", "month", "quarter"]),
    cost: oneOf(options.cost, ["effective", "billed"]),
    ...(options.where ? { where: options.where } : {}),
    ...(options.warnAt.length > 0 ? { warn_at: options.warnAt.map(readNumber) } : {}),
  };
  const budget = await answerOf(api.POST("/v1/budgets", { body }));
  await show(budget, options.output, (made) => describeBudgets([made]));
}

export async function deleteBudget(name: string, options: CommonOptions): Promise<void> {
  const { api } = connectApi(options);
  const { items } = await answerOf(api.GET("/v1/budgets"));
  const found = items.find((budget) => budget.name === name || budget.budget_id === name);
  if (!found) throw new CliError(`There is no budget ${name}`, "See novacron cost budgets list.");
  const removed = await answerOf(api.DELETE("/v1/budgets/{id}", { params: { path: { id: found.budget_id } } }));
  await show(removed, options.output, async () => `${found.name} is removed.`);
}

function describeBudgets(budgets: readonly Budget[]): Promise<string> {
  return table(
    budgets,
    [
      { head: "BUDGET", value: ({ name }) => name },
      { head: "OF", value: ({ where }) => where || "everything" },
      { head: "AMOUNT", align: "right", value: ({ amount, period }) => `${formatMoney(amount)} a ${period}` },
      { head: "SPENT", align: "right", value: ({ status }) => formatMoney(status.spent) },
      {
        head: "COMES TO",
        align: "right",
        value: ({ status: { forecast } }) =>
          forecast
            ? `${formatMoney(forecast.expected)} (${formatMoney(forecast.low)} to ${formatMoney(forecast.high)})`
            : "too early",
      },
      { head: "STATE", value: ({ status }) => status.state },
      { head: "WHY", value: ({ status }) => status.reason },
    ],
    "There are no budgets: novacron cost budgets set.",
  );
}

export async function listRules(options: CommonOptions): Promise<void> {
  const { api } = connectApi(options);
  const { items } = await answerOf(api.GET("/v1/costs/split-rules"));
  await show(items, options.output, describeRules);
}

export async function setRule(
  name: string,
  where: string,
  options: CommonOptions & { method: string; weight: readonly string[]; among: readonly string[] },
): Promise<void> {
  const { api } = connectApi(options);
  const weights = options.weight.map((text) => {
    const at = text.lastIndexOf("=");
    return [text.slice(0, at), readNumber(text.slice(at + 1))] as const;
  });
  const body = {
    ...{ name, where, method: oneOf(options.method, ["even", "weight", "use"]) },
    ...(weights.length > 0 ? { weights: Object.fromEntries(weights) } : {}),
    ...(options.among.length > 0 ? { among: [...options.among] } : {}),
  };
  const rule = await answerOf(api.POST("/v1/costs/split-rules", { body }));
  await show(rule, options.output, (made) => describeRules([made]));
}

export async function deleteRule(name: string, options: CommonOptions): Promise<void> {
  const { api } = connectApi(options);
  const found = await findRule(api, name);
  const removed = await answerOf(api.DELETE("/v1/costs/split-rules/{id}", { params: { path: { id: found.rule_id } } }));
  await show(removed, options.output, async () => `${found.name} is removed.`);
}

async function findRule(api: Api, name: string) {
  const { items } = await answerOf(api.GET("/v1/costs/split-rules"));
  const found = items.find((rule) => rule.name === name || rule.rule_id === name);
  if (found) return found;
  throw new CliError(`There is no rule ${name}`, "See novacron cost split list.");
}

function describeRules(rules: readonly Schemas["SplitRule"][]): Promise<string> {
  return table(
    rules,
    [
      { head: "RULE", value: ({ name }) => name },
      { head: "DIVIDES", value: ({ where }) => where },
      { head: "BY", value: ({ method }) => method },
      {
        head: "AMONG",
        value: ({ weights, among }) =>
          weights
            ? Object.entries(weights)
                .map(([owner, parts]) => `${owner} ${parts}`)
                .join(", ")
            : (among?.join(", ") ?? "all"),
      },
    ],
    "No rule divides anything: costs are those of whoever they carry the tag of.",
  );
}

export async function chargeBack(
  options: CommonOptions & { by: string; from?: string; to?: string; currency?: string },
): Promise<void> {
  const { api } = connectApi(options);
  const { by, from, to, currency } = options;
  const query = { by, ...(from ? { from } : {}), ...(to ? { to } : {}), ...(currency ? { currency } : {}) };
  const charged = await answerOf(api.GET("/v1/costs/chargeback", { params: { query } }));
  await show(charged, options.output, describeCharges);
}

async function describeCharges({ by, items }: Schemas["Chargeback"]): Promise<string> {
  const money = (micros: number, currency: string) => formatMoney({ micros, currency });
  const rows = items.flatMap(({ currency, lines, undivided, total_micros: total }) => [
    ...lines.map(({ owner = "(none)", direct_micros: direct, shares, total_micros: sum }) => ({
      owner,
      direct: money(direct, currency),
      shared: shares.map(({ rule, micros }) => `${rule} ${money(micros, currency)}`).join(", "),
      total: money(sum, currency),
    })),
    ...undivided.map(({ rule, micros, reason }) => ({
      owner: `not divided: ${rule}`,
      direct: "",
      shared: reason,
      total: money(micros, currency),
    })),
    { owner: "total", direct: "", shared: "", total: money(total, currency) },
  ]);
  return table(
    rows,
    [
      { head: by.toUpperCase(), value: ({ owner }) => owner },
      { head: "OWN", align: "right", value: ({ direct }) => direct },
      { head: "SHARES", value: ({ shared }) => shared },
      { head: "TOTAL", align: "right", value: ({ total }) => total },
    ],
    "No costs are known of these days.",
  );
}

function readNumber(text: string): number {
  const value = Number(text);
  if (text !== "" && Number.isFinite(value)) return value;
  throw new CliError(`${text} is no number`, "Write it as 1204.50.");
}

function oneOf<const Value extends string>(text: string, values: readonly Value[]): Value {
  const found = values.find((value) => value === text);
  if (found !== undefined) return found;
  throw new CliError(`${text} is none of ${values.join(", ")}`, `Name one of: ${values.join(", ")}.`);
}
