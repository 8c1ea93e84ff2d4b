export { billedMonths } from "./billed-months.ts";
export { CostBook, type CostBookParts } from "./book.ts";
export { statusOf } from "./budget-days.ts";
export { chargesOf } from "./charges.ts";
export { type ForecastGroup, forecastGroups } from "./forecasts.ts";
export type { Delivered, Delivery } from "./import.ts";
