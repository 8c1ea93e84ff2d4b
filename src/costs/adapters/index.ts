import type { CostFormat } from "../../domain/cost.ts";
import { ProviderError } from "../../domain/errors.ts";
import type { Adapter, GivenColumn } from "./adapter.ts";
import { awsCur2Adapter } from "./aws-cur2.ts";
import { focusAdapter } from "./focus.ts";
import { gcpBillingAdapter } from "./gcp-billing.ts";

const adapters: Readonly<Record<CostFormat, Adapter>> = {
  focus: focusAdapter,
  "aws-cur2": awsCur2Adapter,
  "gcp-billing": gcpBillingAdapter,
};

/** The adapter of the format, or of the one that the columns show. @throws ProviderError InvalidInput for columns of none. */
export function adapterOf(
  columns: ReadonlyMap<string, GivenColumn>,
  format: CostFormat | undefined,
  file: string,
): { readonly format: CostFormat; readonly adapter: Adapter } {
  const names = Object.keys(adapters) as CostFormat[];
  const found = names.find((name) => (format === undefined || name === format) && adapters[name].knows(columns));
  if (found) return { format: found, adapter: adapters[found] };
  throw new ProviderError("InvalidInput", {
    operation: "import costs",
    resource: file,
    reason: `its columns are not those of ${format ?? names.join(", ")}: it has ${[...columns.keys()].slice(0, 8).join(", ") || "none"}`,
    action: "Export it again as FOCUS, AWS CUR 2.0 or Google Cloud's usage cost export, with its header.",
  });
}
