import type { RuntimeOptions } from "@temporalio/worker";
import type { Config } from "../config/config.ts";
import { freePorts } from "../host/ports.ts";
import type { FlowState } from "../telemetry/flow-metrics.ts";
import type { Otlp } from "../telemetry/otlp/index.ts";
import type { Say } from "../telemetry/say.ts";
import type { WorkerMetrics } from "./metrics.ts";

export interface WorkerTelemetry {
  readonly metrics?: WorkerMetrics;
  /** How the SDK's native part is to be told to count. */
  readonly sdk: NonNullable<RuntimeOptions["telemetryOptions"]>["metrics"];
  close(): Promise<void>;
}

/** The SDK's native part serves what it counts there, on loopback. */
export function sdkPrometheus(port: number) {
  return {
    prometheus: {
      bindAddress: `127.0.0.1:${port}`,
      countersTotalSuffix: true,
      unitSuffix: true,
      useSecondsForDurations: true,
    },
  };
}

/** What a worker tells of itself beside its lines; what is not asked for is not even loaded. */
export async function startTelemetry(
  { telemetry }: Pick<Config, "telemetry">,
  {
    log,
    flows,
    otlp,
  }: { log: Say; flows: ReadonlyMap<string, { readonly state: FlowState }>; otlp?: Otlp | undefined },
): Promise<WorkerTelemetry> {
  const { workerMetrics: address } = telemetry;
  if (address === undefined && !otlp) return { sdk: undefined, close: async () => undefined };
  const [{ WorkerMetrics: Metrics }, { joined, sdkMetrics, serveMetrics }] = await Promise.all([
    import("./metrics.ts"),
    import("./metrics-server.ts"),
  ]);
  const [port = 0] = await freePorts(1);
  const metrics = new Metrics(flows);
  const both = [metrics, sdkMetrics(port)];
  otlp?.readMetrics(() => joined(both, log));
  const server = address === undefined ? undefined : await serveMetrics(address, both, log);
  return {
    metrics,
    sdk: sdkPrometheus(port),
    close: async () => server?.close(),
  };
}
