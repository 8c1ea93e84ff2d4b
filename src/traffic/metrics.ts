import { Counter, collectDefaultMetrics, Gauge, Registry } from "prom-client";
import type { ListenerView } from "../domain/traffic-proxy.ts";
import type { Proxy } from "./proxy.ts";

/** What a proxy tells Prometheus, as it is when it is asked for. */
export class ProxyMetrics {
  readonly #registry = new Registry();

  constructor(proxy: Pick<Proxy, "views">) {
    const register = this.#registry;
    collectDefaultMetrics({ register });
    const common = { labelNames: ["listener"], registers: [register] };
    const gauge = (name: string, help: string, read: (view: ListenerView) => number) =>
      new Gauge({
        ...{ name, help, ...common },
        collect() {
          for (const view of proxy.views) this.set({ listener: view.name }, read(view));
        },
      });
    const counter = (name: string, help: string, read: (view: ListenerView) => number) =>
      new Counter({
        ...{ name, help, ...common },
        collect() {
          this.reset();
          for (const view of proxy.views) this.inc({ listener: view.name }, read(view));
        },
      });
    gauge("novacron_proxy_holding", "1 while requests are held", ({ state }) => (state === "holding" ? 1 : 0));
    gauge("novacron_proxy_waiting", "Requests or connections that are held now", ({ waiting }) => waiting);
    gauge("novacron_proxy_in_flight", "Requests or connections at the backend now", ({ inFlight }) => inFlight);
    counter("novacron_proxy_passed_total", "Requests that were answered", ({ totals }) => totals.passed);
    counter("novacron_proxy_held_total", "Requests that were held", ({ totals }) => totals.held);
    counter("novacron_proxy_retried_total", "Tries that were made again", ({ totals }) => totals.retried);
    counter("novacron_proxy_failed_total", "Errors of the proxy's own", ({ totals }) => totals.failed);
    counter("novacron_proxy_broken_total", "Answers that were cut on their way", ({ totals }) => totals.broken);
  }

  get mediaType(): string {
    return this.#registry.contentType;
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }
}
