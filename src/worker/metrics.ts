import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { CopyWatch, Moved } from "../activities/deps.ts";
import type { HeartbeatWatch } from "../activities/heartbeat.ts";
import type { CallBudget, CloudCall } from "../providers/provider.ts";
import { flowMetrics } from "../telemetry/flow-metrics.ts";
import type { AttemptWatch } from "../temporal/trace-activities.ts";
import type { SiteCall } from "./observed-provider.ts";

/** From a block of a disk to an instance that is being made. */
const callSeconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120];
const waitSeconds = [0.001, 0.01, 0.1, 0.5, 1, 5, 30];
const activitySeconds = [0.01, 0.05, 0.25, 1, 5, 30, 120, 600, 3600, 21_600];

/** What a worker tells Prometheus of its own doing. */
export class WorkerMetrics {
  readonly #registry = new Registry();
  readonly #siteCalls: Histogram;
  readonly #cloudCalls: Histogram;
  readonly #waits: Histogram;
  readonly attempts: AttemptWatch;
  readonly copies: CopyWatch;
  readonly heartbeats: HeartbeatWatch;

  constructor(flows: Parameters<typeof flowMetrics>[1]) {
    const registers = [this.#registry];
    collectDefaultMetrics({ register: this.#registry });
    this.#siteCalls = new Histogram({
      name: "novacron_site_call_duration_seconds",
      help: "Calls of sites through the provider port, by what came of them",
      ...{ labelNames: ["site", "call", "code"], buckets: callSeconds, registers },
    });
    this.#cloudCalls = new Histogram({
      name: "novacron_cloud_call_duration_seconds",
      help: "Requests to vendors, each attempt by itself",
      ...{ labelNames: ["site", "call", "code"], buckets: callSeconds, registers },
    });
    this.#waits = new Histogram({
      name: "novacron_call_budget_wait_seconds",
      help: "How long calls waited for their share of an account's budget",
      ...{ labelNames: ["site"], buckets: waitSeconds, registers },
    });
    this.attempts = attemptMetrics(registers);
    this.copies = copyMetrics(registers);
    this.heartbeats = heartbeatMetrics(registers);
    flowMetrics(registers, flows);
  }

  readonly onSiteCall = ({ site, call, code, durationMs }: SiteCall): void =>
    this.#siteCalls.observe({ site, call, code }, durationMs / 1000);

  readonly onCloudCall = (site: string, { call, code, durationMs }: CloudCall): void =>
    this.#cloudCalls.observe({ site, call, code }, durationMs / 1000);

  /** The same budget, with the waits for it counted. */
  timed(site: string, budget: CallBudget): CallBudget {
    return {
      take: async (signal) => {
        const asked = performance.now();
        await budget.take(signal);
        this.#waits.observe({ site }, (performance.now() - asked) / 1000);
      },
      throttled: async (retryAfterMs) => budget.throttled?.(retryAfterMs),
    };
  }

  /** In Prometheus's text format. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }
}

function attemptMetrics(registers: Registry[]): AttemptWatch {
  const seconds = new Histogram({
    name: "novacron_activity_duration_seconds",
    help: "Attempts at activities, by what came of them",
    ...{ labelNames: ["activity", "outcome"], buckets: activitySeconds, registers },
  });
  const retries = new Counter({
    name: "novacron_activity_retries_total",
    help: "Attempts at activities that were not the first",
    ...{ labelNames: ["activity"], registers },
  });
  const running = new Gauge({ name: "novacron_activities_running", help: "Attempts under way", registers });
  return {
    began({ activity = "", attempt = 1 }) {
      running.inc();
      if (attempt > 1) retries.inc({ activity });
    },
    ended({ work: { activity = "" }, outcome, durationMs }) {
      running.dec();
      seconds.observe({ activity, outcome }, durationMs / 1000);
    },
  };
}

function copyMetrics(registers: Registry[]): CopyWatch {
  const byRoute = { labelNames: ["from", "to"], registers };
  const active = new Gauge({ name: "novacron_active_copies", help: "Disks that are being copied", ...byRoute });
  const copied = new Counter({
    name: "novacron_copied_bytes_total",
    help: "Bytes that this worker moved and the target acknowledged",
    ...byRoute,
  });
  const resent = new Counter({
    name: "novacron_resent_bytes_total",
    help: "Bytes sent more than once because an attempt died after sending them",
    ...byRoute,
  });
  return {
    began({ from, to }, sofar) {
      const route = { from, to };
      active.inc(route);
      let last: Moved = sofar;
      return {
        moved(total) {
          copied.inc(route, Math.max(0, total.bytesCopied - last.bytesCopied));
          resent.inc(route, Math.max(0, total.bytesResent - last.bytesResent));
          last = total;
        },
        ended: () => active.dec(route),
      };
    },
  };
}

function heartbeatMetrics(registers: Registry[]): HeartbeatWatch {
  const beats = new Map<object, number>();
  const age = new Gauge({
    name: "novacron_activity_heartbeat_age_seconds",
    help: "The longest that an activity under way has not heartbeated; they do each second",
    registers,
    collect() {
      const oldest = Math.min(...beats.values());
      age.set(beats.size === 0 ? 0 : (performance.now() - oldest) / 1000);
    },
  });
  return {
    beat: (context) => void beats.set(context, performance.now()),
    ended: (context) => void beats.delete(context),
  };
}
