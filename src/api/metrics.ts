import type { RequestHandler } from "express";
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { Store } from "../store/index.ts";
import { flowMetrics } from "../telemetry/flow-metrics.ts";
import { burstGauges } from "./burst-gauges.ts";
import { controlPlaneGauges } from "./control-plane-gauges.ts";
import type { SiteSummary } from "./deps.ts";
import { leaseGauges } from "./lease-gauges.ts";
import { type RequestEnd, routeOf } from "./request-end.ts";

/** Where answers are quick and where a plan or a check is waited for. */
const secondsBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60];
const unmatched = "unmatched";

type Refresh = () => Promise<void>;
type Flows = Parameters<typeof flowMetrics>[1];

/** What this process and the store tell Prometheus. What the store tells is read when it is asked for. */
export class ApiMetrics {
  readonly #registry = new Registry();
  readonly #refreshes: readonly Refresh[];
  readonly #seconds: Histogram;
  readonly #onEnd: RequestEnd;

  constructor(
    store: Store,
    sites: readonly SiteSummary[],
    told: { onEnd?: RequestEnd; flows?: Flows | undefined } = {},
  ) {
    const { onEnd = () => undefined, flows = new Map() } = told;
    this.#onEnd = onEnd;
    const registers = [this.#registry];
    collectDefaultMetrics({ register: this.#registry });
    this.#seconds = new Histogram({
      name: "http_server_request_duration_seconds",
      help: "Time from a request to the end of its answer",
      labelNames: ["http_request_method", "http_route", "http_response_status_code"],
      buckets: secondsBuckets,
      registers,
    });
    flowMetrics(registers, flows);
    const frozen = new Gauge({ name: "novacron_changes_frozen", help: "1 while all changes are frozen", registers });
    this.#refreshes = [
      siteGauges(registers, store, sites),
      migrationGauges(registers, store),
      leaseGauges(registers, store),
      controlPlaneGauges(registers, store),
      burstGauges(registers, store),
      async () => frozen.set((await store.guard.frozen()) ? 1 : 0),
    ];
  }

  get mediaType(): string {
    return this.#registry.contentType;
  }

  /** In Prometheus's text format. */
  async text(): Promise<string> {
    await Promise.all(this.#refreshes.map((refresh) => refresh()));
    return this.#registry.metrics();
  }

  /** Times every request; its route is what `noteRoute` said. */
  readonly observe: RequestHandler = (request, response, next) => {
    const startedAt = performance.now();
    response.once("close", () => {
      const labels = {
        http_request_method: request.method,
        http_route: routeOf(response)?.path ?? unmatched,
        http_response_status_code: response.statusCode,
      };
      const durationMs = performance.now() - startedAt;
      this.#seconds.observe(labels, durationMs / 1000);
      this.#onEnd(request, response, durationMs);
    });
    next();
  };
}

function siteGauges(registers: Registry[], store: Store, sites: readonly SiteSummary[]): Refresh {
  const gauge = (name: string, help: string) => new Gauge({ name, help, labelNames: ["site"], registers });
  const vms = gauge("novacron_site_vms", "VMs of a site as it was read last");
  const age = gauge(
    "novacron_site_inventory_age_seconds",
    "How old the newest reading of a site's VMs is; absent for a site that was never read",
  );
  const failed = gauge("novacron_site_inventory_failed", "1 where the newest reading of a site failed");
  const listened = gauge(
    "novacron_site_listened_to",
    "1 while somebody listens to what a site tells of its changes, 0 while it is only read at its turn",
  );
  return async () => {
    const known = new Map((await store.vms.sites()).map((row) => [row.site, row]));
    const listening = new Set((await store.watches.list()).flatMap((row) => (row.listeningSince ? [row.site] : [])));
    for (const each of [vms, age, failed, listened]) each.reset();
    for (const { site, enabled } of sites) {
      if (enabled) listened.set({ site }, listening.has(site) ? 1 : 0);
      const row = known.get(site);
      if (!enabled || !row) continue;
      failed.set({ site }, row.error === undefined ? 0 : 1);
      vms.set({ site }, row.vmCount);
      if (row.observedAt) age.set({ site }, Math.max(0, (Date.now() - Date.parse(row.observedAt)) / 1000));
    }
  };
}

function migrationGauges(registers: Registry[], store: Store): Refresh {
  const byRoute = { labelNames: ["from", "to"], registers };
  const byState = new Gauge({
    name: "novacron_migrations",
    help: "Migrations by state",
    labelNames: ["state"],
    registers,
  });
  const copied = new Counter({
    name: "novacron_migration_copied_bytes_total",
    help: "Bytes that migrations moved",
    ...byRoute,
  });
  const completed = new Counter({
    name: "novacron_migrations_completed_total",
    help: "Migrations whose target serves",
    ...byRoute,
  });
  const failed = new Counter({
    name: "novacron_migrations_failed_total",
    help: "Migrations that were rolled back because of a problem, or left as they were",
    ...byRoute,
  });
  const downtime = new Gauge({
    name: "novacron_migration_downtime_p95_seconds",
    help: "Downtime that 95 of 100 migrations of a route stayed under",
    ...byRoute,
  });
  return async () => {
    const { states, routes } = await store.migrations.statistics({ scopes: [{}] });
    for (const metric of [byState, copied, completed, failed, downtime]) metric.reset();
    for (const { state, migrations } of states) byState.set({ state }, migrations);
    for (const { from, to, ...sums } of routes) {
      copied.inc({ from, to }, sums.bytesCopied);
      completed.inc({ from, to }, sums.completedMigrations);
      failed.inc({ from, to }, sums.failedMigrations);
      if (sums.downtime) downtime.set({ from, to }, sums.downtime.p95Seconds);
    }
  };
}
