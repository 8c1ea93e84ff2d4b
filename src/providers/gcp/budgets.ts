import type { CallRate } from "../provider.ts";

/** "API rate quotas" of Compute Engine: requests a minute for each project, for each group of methods. */
const perMinute = { read: 1_500, list: 1_500, write: 1_500, operations: 1_500, serial: 1_500 } as const;

/** Cloud Storage publishes "about 1 request every 2 seconds" for changes of one bucket, and thousands for objects. */
const storage: CallRate = { perSecond: 500, burst: 500 };
const other: CallRate = { perSecond: 5, burst: 10 };

export interface Budget {
  readonly name: string;
  readonly rate: CallRate;
}

export function budgetOf(service: string, method: string): Budget {
  if (service === "storage") return { name: "storage", rate: storage };
  // "Quotas and limits" of Cloud Monitoring: 6,000 reads of series a minute.
  if (service === "monitoring") return { name: service, rate: { perSecond: 20, burst: 40 } };
  // "API request limits" of BigQuery: 100 a second for a user and method; a day's import asks a few dozen.
  if (service === "bigquery") return { name: service, rate: { perSecond: 10, burst: 20 } };
  if (service === "dns" || service === "resourcemanager" || service === "iam") return { name: service, rate: other };
  const group = service.endsWith("Operations")
    ? "operations"
    : method === "getSerialPortOutput"
      ? "serial"
      : method.startsWith("list") || method === "aggregatedList"
        ? "list"
        : method.startsWith("get")
          ? "read"
          : "write";
  return { name: `compute:${group}`, rate: { perSecond: perMinute[group] / 60, burst: perMinute[group] / 6 } };
}
