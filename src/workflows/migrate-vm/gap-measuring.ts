import { CancellationScope, proxyActivities } from "@temporalio/workflow";
import type { Activities } from "../../activities/index.ts";
import type { GapReport, ProbeParameters } from "../../domain/traffic.ts";
import { bulkCall } from "../lib/activity-options.ts";

const { measureGap } = proxyActivities<Activities>(bulkCall);

/** Asks the application all along, in the run's background. A measurement that fails fails no cutover. */
export class GapMeasuring {
  #current: { readonly scope: CancellationScope; readonly report: Promise<GapReport> } | undefined;

  begin(probe: ProbeParameters | undefined): void {
    if (!probe || this.#current) return;
    const scope = new CancellationScope();
    const summary = `measure the gap of ${probe.url}`;
    const report = scope.run(() => measureGap.executeWithOptions({ summary }, [{ probe }]));
    report.catch(() => undefined);
    this.#current = { scope, report };
  }

  /** What was measured since it began; undefined where nothing was. */
  async end(): Promise<GapReport | undefined> {
    const current = this.#current;
    if (!current) return undefined;
    this.#current = undefined;
    current.scope.cancel();
    return current.report.catch(() => undefined);
  }
}
