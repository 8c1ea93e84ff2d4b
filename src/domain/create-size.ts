import type { SeenSite, SiteOffer } from "./create-observations.ts";
import type { CreateVmRequest } from "./create-request.ts";
import { gib } from "./format.ts";
import type { CapacityType } from "./instance-type.ts";
import { type Offering, type Placement, place } from "./placement.ts";
import type { PlanCheck, PlanChoice } from "./plan.ts";
import { noPrices } from "./prices.ts";
import type { Firmware } from "./vm.ts";

export function fail(check: string, detail: string, remedy: string): PlanCheck {
  return { check, result: "fail", detail, remedy };
}

export interface PlannedSize {
  readonly offerings: readonly Offering[];
  readonly capacityType: CapacityType;
  readonly choices: readonly PlanChoice[];
  readonly checks: readonly PlanCheck[];
}

/** The cheapest size there, of the capacity types that will do. */
export function sizeOf(
  { site }: SeenSite,
  there: SiteOffer,
  { request, firmware, zone }: { request: CreateVmRequest; firmware: Firmware; zone: string | undefined },
): PlannedSize {
  const { cpus, memoryBytes, instanceType } = request;
  const onDemand = { offerings: [], capacityType: "on-demand", choices: [], checks: [] } as const;
  if (!there.instanceTypes) {
    if (instanceType === undefined) return onDemand;
    const why = there.capabilityGaps["compute.instance-types"] ?? "it has no sizes by name";
    return { ...onDemand, checks: [fail("size", `${site}: ${why}`, "Ask for CPUs and memory.")] };
  }
  const placed = (["on-demand", "spot"] as const)
    .filter((capacityType) => capacityType === "on-demand" || request.spot === true)
    .filter((capacityType) => capacityType === "on-demand" || there.capabilityGaps["compute.spot"] === undefined)
    .map((capacityType) => ({
      capacityType,
      ...place(
        {
          cpus,
          memoryBytes,
          architecture: request.architecture ?? "x86_64",
          firmware,
          disks: there.diskBytes.length + (request.recoveryPoint === undefined ? 0 : 1),
          nics: 1,
          gpus: request.gpus ?? 0,
          capacityType,
          burstable: request.burstable ?? false,
          ...(instanceType === undefined ? {} : { instanceType }),
          ...(zone === undefined ? {} : { zone }),
        },
        there.instanceTypes ?? [],
        there.prices ?? noPrices,
        there.quotas ?? [],
      ),
    }));
  const [best] = placed.toSorted((a, b) => hourOf(a) - hourOf(b));
  const [first] = best?.offerings ?? [];
  if (!best || !first) {
    const detail = `no size at ${site}: ${best?.why ?? "there is none"}`;
    return { ...onDemand, checks: [fail("size", detail, "Ask for another size, or choose another site.")] };
  }
  const { type } = first;
  const next = best.offerings.slice(1).map((offering) => offering.type.name);
  return {
    offerings: best.offerings,
    capacityType: best.capacityType,
    choices: [
      {
        what: `size at ${site}`,
        chosen: `${type.name} (${type.cpus} CPU, ${gib(type.memoryBytes)} GiB)`,
        why: best.why,
      },
      ...(request.spot === true ? [spotChoice(site, there, best.capacityType)] : []),
      ...(next.length > 0
        ? [{ what: "size when there is no capacity", chosen: next.join(", then "), why: "they fit as well" }]
        : []),
    ],
    checks: [],
  };
}

/** Unknown is more than any known price; two unknown ones leave the order as it is, on-demand first. */
function hourOf({ offerings }: Placement): number {
  return offerings[0]?.price?.price.micros ?? Number.MAX_SAFE_INTEGER;
}

function spotChoice(site: string, there: SiteOffer, chosen: CapacityType): PlanChoice {
  const gap = there.capabilityGaps["compute.spot"];
  const why =
    gap !== undefined
      ? gap
      : chosen === "spot"
        ? `its price is known and lower; ${site} may take it back at short notice`
        : "no lower price of spot capacity is known";
  return { what: `capacity at ${site}`, chosen, why };
}
