import { Counter, Gauge, type Registry } from "prom-client";

/** How a flow of lines or spans out of a process goes: its receiver may be away, and then some are lost. */
export interface FlowState {
  readonly sent: number;
  readonly dropped: number;
  readonly waiting: number;
  readonly lagMs: number;
}

/** Of each flow by its name (`store`, `otlp-traces`), as it is when it is asked for. */
export function flowMetrics(registers: Registry[], flows: ReadonlyMap<string, { readonly state: FlowState }>): void {
  const byFlow = { labelNames: ["flow"], registers };
  const counter = (name: string, help: string, read: (state: FlowState) => number) =>
    new Counter({
      ...{ name, help, ...byFlow },
      collect() {
        this.reset();
        for (const [flow, { state }] of flows) this.inc({ flow }, read(state));
      },
    });
  const gauge = (name: string, help: string, read: (state: FlowState) => number) =>
    new Gauge({
      ...{ name, help, ...byFlow },
      collect() {
        for (const [flow, { state }] of flows) this.set({ flow }, read(state));
      },
    });
  counter("novacron_telemetry_sent_total", "Lines, spans and readings that were taken in", ({ sent }) => sent);
  counter("novacron_telemetry_dropped_total", "What was lost because nobody took it in time", ({ dropped }) => dropped);
  gauge("novacron_telemetry_waiting", "What waits to be taken", ({ waiting }) => waiting);
  gauge("novacron_telemetry_lag_seconds", "How long the oldest has waited", ({ lagMs }) => lagMs / 1000);
}
