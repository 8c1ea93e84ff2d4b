import { GuestMetrics, type GuestSpan } from "../../cloud/guests/guest-metrics.ts";
import type { Kinds } from "../arm/kinds.ts";
import type { ArmRequest, Route } from "../arm/request.ts";
import type { AzureCloud } from "../cloud.ts";
import { vmType } from "../compute/offers.ts";
import { AzureError } from "../errors.ts";

/** https://learn.microsoft.com/azure/azure-monitor/reference/supported-metrics/microsoft-compute-virtualmachines-metrics; what
 *  goes over a guest's network and how much memory it uses is not measured here. */
export const metricUnits = {
  "Percentage CPU": "Percent",
  "Available Memory Percentage": "Percent",
  "Disk Read Bytes": "Bytes",
  "Disk Write Bytes": "Bytes",
  "Network In Total": "Bytes",
  "Network Out Total": "Bytes",
} as const;
export type VmMetricName = keyof typeof metricUnits;
export type VmMetrics = GuestMetrics<VmMetricName>;

const grains: Readonly<Record<string, number>> = { PT1M: 60, PT5M: 300, PT15M: 900, PT1H: 3_600, P1D: 86_400 };

/** As Azure Monitor measures virtual machines. */
export function vmMetrics(cloud: AzureCloud): VmMetrics {
  return new GuestMetrics<VmMetricName>({
    guests: cloud.guests,
    periodMs: () => cloud.settings.metricPeriodMs,
    figures: ({ before, now, busy }: GuestSpan) => ({
      "Percentage CPU": busy * 100,
      "Disk Read Bytes": now.readBytes - before.readBytes,
      "Disk Write Bytes": now.writtenBytes - before.writtenBytes,
    }),
  });
}

/** Metrics - List: https://learn.microsoft.com/rest/api/monitor/metrics/list */
export function metricRoutes(kinds: Kinds, metrics: VmMetrics): Route[] {
  return [
    {
      service: "monitor",
      operation: "metrics.list",
      action: "Microsoft.Insights/Metrics/Read",
      method: "GET",
      path: `resourcegroups/:group/providers/${vmType.toLowerCase()}/:name/providers/microsoft.insights/metrics`,
      run: (request) => ({ status: 200, body: list(kinds, metrics, request) }),
    },
  ];
}

function list(kinds: Kinds, metrics: VmMetrics, request: ArmRequest): object {
  const vm = kinds.find<{ readonly guestId: string }>(vmType, request);
  const { query } = request;
  const interval = query.get("interval") ?? "PT1M";
  const seconds = grains[interval];
  const [from, to] = (query.get("timespan") ?? "").split("/").map((at) => Date.parse(at));
  if (seconds === undefined || !from || !to || from >= to) {
    throw new AzureError("BadRequest", `The timespan or interval is not valid: ${query.get("timespan")} ${interval}`);
  }
  const wanted = (query.get("aggregation") ?? "average").toLowerCase().split(",");
  const names = (query.get("metricnames") ?? "Percentage CPU").split(",");
  const namespace = query.get("metricnamespace") ?? vmType;
  return {
    cost: 0,
    timespan: query.get("timespan"),
    interval,
    namespace,
    resourceregion: vm.location,
    value: names.map((name) => {
      if (!(name in metricUnits)) {
        const valid = Object.keys(metricUnits).join(",");
        throw new AzureError(
          "BadRequest",
          `Failed to find metric configuration for metric: ${name}. Valid metrics: ${valid}`,
        );
      }
      const samples = metrics.samples(vm.facts.guestId, name as VmMetricName);
      return {
        id: `${vm.path}/providers/Microsoft.Insights/metrics/${name}`,
        type: "Microsoft.Insights/metrics",
        name: { value: name, localizedValue: name },
        displayDescription: name,
        unit: metricUnits[name as VmMetricName],
        timeseries: [{ metadatavalues: [], data: spans({ from, to, seconds }, samples, wanted) }],
        errorCode: "Success",
      };
    }),
  };
}

/** All spans of the time; those without a sample have no figures. */
function spans(
  { from, to, seconds }: { from: number; to: number; seconds: number },
  samples: readonly { at: number; value: number }[],
  wanted: readonly string[],
): object[] {
  const found: object[] = [];
  for (let at = Math.floor(from / 1_000 / seconds) * seconds * 1_000; at < to; at += seconds * 1_000) {
    const values = samples
      .filter((sample) => sample.at >= at && sample.at < at + seconds * 1_000)
      .map(({ value }) => value);
    const total = values.reduce((sum, value) => sum + value, 0);
    const figures = values.length === 0 ? {} : { average: total / values.length, total };
    const shown = Object.entries(figures).filter(([name]) => wanted.includes(name));
    found.push({ timeStamp: new Date(at).toISOString(), ...Object.fromEntries(shown) });
  }
  return found;
}
