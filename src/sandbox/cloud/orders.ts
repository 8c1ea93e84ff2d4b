import { existsSync, readFileSync } from "node:fs";
import * as z from "zod";
import { ProviderError } from "../../domain/errors.ts";
import { type CloudAdmin, changeConditions, conditionsOrder } from "./admin.ts";
import { faultOrder } from "./faults.ts";

/** For each simulated cloud by name: what the admin calls of the same names take. */
const cloudOrders = z.strictObject({
  settings: z.record(z.string(), z.unknown()).optional(),
  conditions: conditionsOrder.optional(),
  faults: z.array(faultOrder).optional(),
});

/**
 * Makes the clouds what a file says, where there is one: settings, conditions and standing faults, from their start on.
 * @throws ProviderError InvalidInput naming the file and the member that is not understood; nothing is changed then.
 */
export function obeyOrders(clouds: readonly CloudAdmin[], file: string): void {
  if (!existsSync(file)) return;
  const shape = z.strictObject(Object.fromEntries(clouds.map(({ name }) => [name, cloudOrders.optional()])));
  try {
    const orders = shape.parse(JSON.parse(readFileSync(file, "utf8")));
    for (const cloud of clouds) {
      const { settings, conditions, faults = [] } = orders[cloud.name] ?? {};
      if (settings) cloud.changeSettings(settings);
      if (conditions) changeConditions(cloud, conditions);
      for (const fault of faults) cloud.faults.add(fault);
    }
  } catch (error) {
    if (!(error instanceof z.ZodError || error instanceof SyntaxError)) throw error;
    throw new ProviderError("InvalidInput", {
      operation: "start the sandbox",
      resource: file,
      reason: error instanceof z.ZodError ? z.prettifyError(error).replaceAll("\n", " ") : error.message,
      action: "docs/sandbox.md says what may stand there; mend or remove the file.",
      cause: error,
    });
  }
}
