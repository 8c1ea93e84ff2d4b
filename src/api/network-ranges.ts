import type { Scope } from "../domain/access.ts";
import type { PlannedRange } from "../domain/address-plan.ts";
import { networksOnly, rangesOf } from "../domain/network-ranges.ts";
import type { InventoryResource, Store } from "../store/index.ts";

/** The ranges of all networks that the scopes reach; of every network there is without scopes. */
export async function networkRanges(
  { resources }: Pick<Store, "resources">,
  scopes?: readonly Scope[],
): Promise<PlannedRange[]> {
  const found: InventoryResource[] = [];
  const wanted = {
    where: networksOnly,
    sort: [{ field: "name", descending: false }],
    ...(scopes ? { scopes } : {}),
  } as const;
  for await (const some of resources.all(wanted)) found.push(...some);
  return rangesOf(found);
}
