import type { FocusRow } from "./focus.ts";

/** What a host of one's own costs, as its owner says: there is no bill. */
export interface CostModel {
  readonly currency: string;
  /** What was paid for it, spread evenly over its life. */
  readonly hardwarePrice: number;
  readonly lifeMonths: number;
  /** What it draws on average. */
  readonly powerWatts: number;
  /** Of a kilowatt-hour. */
  readonly powerPrice: number;
  /** Cooling and losses: what comes out of the wall for each watt of the host (PUE). */
  readonly powerOverhead: number;
  /** Licences and support a month. */
  readonly licencesMonth: number;
  /** What VMs can have of it. */
  readonly cpus: number;
  readonly memoryBytes: number;
}

/** A VM that was something for a while. */
export interface MeteredVm {
  readonly vmId: string;
  readonly name: string;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly running: boolean;
  readonly tags: Readonly<Record<string, string>>;
  readonly from: string;
  readonly to: string;
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** As clouds count a month. */
const monthHours = 730;

/** By the hour, whether anything runs or not. */
export function hourlyCost(model: CostModel): Readonly<Record<"hardware" | "power" | "licences", number>> {
  return {
    hardware: model.hardwarePrice / (model.lifeMonths * monthHours),
    power: (model.powerWatts / 1_000) * model.powerPrice * model.powerOverhead,
    licences: model.licencesMonth / monthHours,
  };
}

/**
 * A host's cost of a month up to `until`, day by day, as rows of FOCUS. A VM that runs has the share of the day's cost that its
 * CPUs and its memory are of the host's, half by each; where VMs together have more than the host, their shares of what they
 * have. What no VM has is a row of its own: rows of a day always add up to what the host costs.
 */
export function* onPremiseMonth(
  { site, month, until }: { readonly site: string; readonly month: string; readonly until: number },
  model: CostModel,
  use: readonly MeteredVm[],
): Generator<FocusRow> {
  const start = Date.parse(`${month}-01`);
  const [year = 0, number = 1] = month.split("-").map(Number);
  const end = Date.UTC(year, number, 1);
  const hourly = hourlyCost(model);
  for (let day = start; day < Math.min(end, until); day += dayMs) {
    const dayEnd = Math.min(day + dayMs, until);
    const hours = (dayEnd - day) / hourMs;
    const vms = usedOn(use, day, dayEnd);
    const cpuHours = sum(vms.map((vm) => vm.cpus * vm.hours));
    const memoryHours = sum(vms.map((vm) => vm.memoryBytes * vm.hours));
    const wholeCpu = Math.max(model.cpus * hours, cpuHours);
    const wholeMemory = Math.max(model.memoryBytes * hours, memoryHours);
    const share = (vm: { cpus: number; memoryBytes: number; hours: number }) =>
      ((vm.cpus * vm.hours) / wholeCpu + (vm.memoryBytes * vm.hours) / wholeMemory) / 2;
    const base = rowBase({ site, start, end, day, currency: model.currency });
    for (const [component, perHour] of Object.entries(hourly)) {
      const cost = perHour * hours;
      if (cost === 0) continue;
      for (const vm of vms) {
        yield {
          ...base,
          ...amounts(cost * share(vm)),
          ChargeDescription: `${component} of ${site}, the share of ${vm.name}`,
          ConsumedQuantity: vm.hours,
          ConsumedUnit: "Hours",
          ResourceId: vm.vmId,
          ResourceName: vm.name,
          ResourceType: "VM",
          SkuId: component,
          Tags: vm.tags,
        };
      }
      const idle = cost * (1 - sum(vms.map(share)));
      if (idle < cost * 1e-9) continue;
      yield {
        ...base,
        ...amounts(idle),
        ChargeDescription: `${component} of ${site} that no VM had`,
        ResourceId: site,
        ResourceName: `${site}, unused`,
        ResourceType: "Host",
        SkuId: component,
      };
    }
  }
}

function rowBase(of: { site: string; start: number; end: number; day: number; currency: string }): FocusRow {
  const iso = (ms: number) => new Date(ms).toISOString();
  return {
    BillingAccountId: of.site,
    BillingCurrency: of.currency,
    BillingPeriodStart: iso(of.start),
    BillingPeriodEnd: iso(of.end),
    ChargeCategory: "Usage",
    ChargeFrequency: "Usage-Based",
    ChargePeriodStart: iso(of.day),
    ChargePeriodEnd: iso(of.day + dayMs),
    InvoiceIssuerName: of.site,
    PricingCategory: "Standard",
    ProviderName: of.site,
    PublisherName: of.site,
    ServiceCategory: "Compute",
    ServiceName: "Own host",
  };
}

/** There are no discounts of oneself: all four costs are the same. */
function amounts(cost: number) {
  const text = cost.toFixed(9);
  return { BilledCost: text, EffectiveCost: text, ListCost: text, ContractedCost: text };
}

function usedOn(use: readonly MeteredVm[], from: number, to: number) {
  const running = use.flatMap((vm) => {
    const hours = (Math.min(Date.parse(vm.to), to) - Math.max(Date.parse(vm.from), from)) / hourMs;
    return vm.running && hours > 0 ? [{ ...vm, hours }] : [];
  });
  // One that changed in the middle of the day is one row for each of its sizes.
  const byShape = Map.groupBy(running, (vm) => JSON.stringify([vm.vmId, vm.name, vm.cpus, vm.memoryBytes, vm.tags]));
  return [...byShape.values()].flatMap((same) => {
    const [first] = same;
    return first ? [{ ...first, hours: sum(same.map(({ hours }) => hours)) }] : [];
  });
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
