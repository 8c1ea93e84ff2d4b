import type { Subject } from "../failures.ts";
import type { Gcp } from "./client.ts";

interface MonitoringCall {
  /** As Google names it: `timeSeries.list`. */
  readonly operation: string;
  readonly verb?: "DELETE";
  /** Below the project. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: object;
  /** In all; default the site's own patience. */
  readonly attempts?: number;
}

/** A request to Cloud Monitoring. @throws ProviderError. */
export async function askMonitoring<T>(
  gcp: Gcp,
  { operation: method, path, ...call }: MonitoringCall,
  subject: Subject,
  signal: AbortSignal,
): Promise<T> {
  const place = { host: "https://monitoring.googleapis.com", path: `v3/projects/${await gcp.project()}/${path}` };
  return gcp.rest<T>({ service: "monitoring", method, ...place, ...call }, subject, signal);
}
