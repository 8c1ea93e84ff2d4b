import { type FocusColumnName, focusColumns } from "../../domain/focus.ts";
import { named } from "../engine.ts";
import { type Adapter, asFocus, tagsOf } from "./adapter.ts";

/** Columns that earlier versions of FOCUS, or a cloud's preview of one, call otherwise. */
const former: Readonly<Partial<Record<FocusColumnName, readonly string[]>>> = {
  // FOCUS 1.0 previews of Azure and OCI.
  RegionId: ["Region"],
  InvoiceIssuerName: ["InvoiceIssuer"],
  ProviderName: ["Provider"],
  PublisherName: ["Publisher"],
  // FOCUS 1.2 took it over from Azure's and AWS's own columns.
  InvoiceId: ["x_InvoiceId"],
  SkuMeter: ["x_SkuMeterName"],
};

/** FOCUS itself (1.0 to 1.2): exports of AWS, Azure, Google Cloud and Oracle Cloud, and files of anybody. */
export const focusAdapter: Adapter = {
  knows: (columns) => columns.has("BilledCost") && columns.has("ChargePeriodStart"),
  select(given, columns) {
    const expressions: Partial<Record<FocusColumnName, string>> = {};
    for (const { name, type } of focusColumns) {
      const column = [name, ...(former[name] ?? [])].map((known) => columns.get(known)).find(Boolean);
      if (column) expressions[name] = type === "tags" ? tagsOf(column) : named(column.name);
    }
    return asFocus(expressions, given);
  },
};
