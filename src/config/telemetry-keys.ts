import type { ConfigKey } from "./keys.ts";

/** What is told of the work, and where. */
export const telemetryKeys: Readonly<Record<string, ConfigKey>> = {
  "logging.level": {
    description:
      "Least level that is logged: `trace`, `debug`, `info`, `warn`, `error`, `fatal` or `silent`. `NOVACRON_LOG_LEVEL` wins.",
    default: "info",
    example: "debug",
    effect: { now: "every process" },
    test: "the environment wins over the file's process settings",
  },
  "logging.keep": {
    description:
      "How long the store keeps what API and worker said, for `novacron logs` and `GET /v1/logs`. `0s`: nothing is kept there.",
    unit: "duration",
    default: "14d",
    example: "2d",
    effect: { now: "API and worker add their lines; the worker removes what is older, once a day" },
    test: "reads how long lines are kept",
  },
  "telemetry.worker_metrics": {
    description:
      "Address and port where each worker serves its own and its Temporal SDK's metrics to Prometheus, at `/metrics`, to everybody who reaches it there. Without it they are not counted at all.",
    example: "127.0.0.1:9464",
    effect: { now: "the worker process" },
    test: "reads where telemetry goes",
  },
  "telemetry.otlp_endpoint": {
    description:
      "An OpenTelemetry collector that takes OTLP over HTTP in JSON: traces, lines and metrics go to `/v1/traces`, `/v1/logs` and `/v1/metrics` below it. Without it nothing is sent.",
    example: "http://collector.internal:4318",
    effect: { now: "API and worker send there" },
    test: "reads where telemetry goes",
  },
  "telemetry.otlp_headers": {
    description:
      "What it wants beside, as `NAME=VALUE,NAME=VALUE` with values percent-encoded where they must be. Kept secret: never logged, shown or stored.",
    example: "${A_VARIABLE}",
    effect: { now: "headers of what is sent; fetched anew each time, as they may be rotated" },
    test: "reads where telemetry goes",
  },
  "telemetry.otlp_metrics_interval": {
    description: "Between two readings of the metrics that are sent there.",
    unit: "duration",
    default: "15s",
    example: "1m",
    effect: { now: "API and worker" },
    test: "reads where telemetry goes",
  },
};
