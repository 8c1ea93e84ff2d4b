import type { MigrationObservations } from "./migration-parts.ts";
import type { PlannedShape } from "./migration-shape.ts";
import { formatMoney } from "./money.ts";
import type { PlanCheck } from "./plan.ts";
import { addressMonth, addUp, type Cost, diskMonth, egressCost, instanceMonth } from "./prices.ts";

export interface PlannedCost {
  /** Of the VM at the target, for a month; absent where nothing has a price there. */
  readonly monthly?: Cost;
  /** Of the traffic of this move, at the source; absent as above. */
  readonly egress?: Cost;
  readonly checks: readonly PlanCheck[];
}

const listPrices = "Nothing has to be done; the move does not depend on it.";

export function planCost(
  seen: MigrationObservations,
  shape: PlannedShape,
  diskTypes: readonly (string | undefined)[],
  bytesToMove: number,
): PlannedCost {
  const monthly = monthlyCost(seen, shape, diskTypes);
  const egress = seen.source.prices && addUp([egressCost(seen.source.prices, "internet", bytesToMove)]);
  return {
    ...(monthly ? { monthly } : {}),
    ...(egress ? { egress } : {}),
    checks: [
      ...(monthly ? [costCheck("price", `at ${seen.request.to} a month`, monthly)] : []),
      ...(egress ? [costCheck("egress", `of traffic out of ${seen.request.from} for this move`, egress)] : []),
    ],
  };
}

function monthlyCost(
  { vm, target, disks, request }: MigrationObservations,
  shape: PlannedShape,
  types: readonly (string | undefined)[],
): Cost | undefined {
  const { prices, diskType } = target;
  const [best] = shape.offerings;
  if (!prices || !best) return undefined;
  return addUp([
    instanceMonth(prices, best.type.name, shape.capacityType),
    ...disks.map((disk) => {
      const chosen = types[vm.disks.findIndex(({ diskId }) => diskId === disk.diskId)];
      const month = diskMonth(prices, chosen ?? diskType ?? "of the site's default", disk.targetSizeBytes);
      return { ...month, what: `${disk.diskId}: ${month.what}` };
    }),
    ...(request.publicAddress === true ? [addressMonth(prices)] : []),
  ]);
}

function costCheck(check: string, what: string, cost: Cost): PlanCheck {
  const known = cost.items.filter(({ unknown }) => unknown === undefined);
  const days = [...new Set(known.flatMap(({ pricedOn }) => pricedOn ?? []))].sort();
  const total = cost.total && `${formatMoney(cost.total)} ${what}, by lists of ${days.join(" and ")}`;
  if (cost.complete && total) return { check, result: "pass", detail: total };
  const missing = cost.items.flatMap(({ what: item, unknown }) => (unknown ? [`${item} needs ${unknown}`] : []));
  return {
    check,
    result: "warn",
    detail: `${total ? `At least ${total}; not known` : `What it costs ${what} is not known`}: ${missing.join("; ")}`,
    remedy: listPrices,
  };
}
