import { createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { Context } from "@temporalio/activity";
import { isProviderError, ProviderError } from "../domain/errors.ts";
import type { CostsFacet } from "../providers/cost-facet.ts";
import type { ActivityDeps } from "./deps.ts";

/** Until this day of a month vendors still correct the one before. */
const correctedUntilDay = 10;
/** As far ahead as the shortest-sighted of the vendors looks by the day. */
const forecastDays = 90;

export function collectCostActivities({ store, costs, registry }: Pick<ActivityDeps, "store" | "costs" | "registry">) {
  /** What the vendor says of days to come is beside what was: without it the costs count as collected all the same. */
  async function keepForecast(site: string, facet: CostsFacet, signal: AbortSignal): Promise<void> {
    try {
      const said = await facet.forecast?.(forecastDays, signal);
      if (said) await store.costs.setForecast(site, said);
    } catch (error) {
      if (!isProviderError(error) || error.code === "RateLimited") throw error;
      Context.current().log.warn("The provider's forecast of costs could not be read", { site, reason: error.message });
    }
  }

  return {
    /** This billing month, and the one before while that is still being corrected. */
    async monthsToCollect(): Promise<readonly string[]> {
      const now = new Date();
      const before = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - 1, 1)).toISOString().slice(0, 7);
      const current = now.toISOString().slice(0, 7);
      return now.getUTCDate() <= correctedUntilDay ? [before, current] : [current];
    },

    /** Takes what a site says that a billing month cost, in the place of what it had said before. */
    async collectSiteCosts({
      site,
      month,
    }: {
      site: string;
      month: string;
    }): Promise<{ rows: number; changed: boolean }> {
      const { cancellationSignal: signal, info } = Context.current();
      const provider = await registry.provider(site);
      if (!provider.costs) {
        throw new ProviderError("UnsupportedCapability", {
          operation: "collect costs",
          resource: `site/${site}`,
          reason: provider.capabilities.costs ?? "it says nothing of its costs",
          action: "Import its bills: novacron cost import.",
        });
      }
      const sourceId = `site:${site}`;
      const importId = `${sourceId}:${month}:${info.workflowExecution?.runId ?? info.activityId}`;
      const entry = { importId, sourceId, provider: provider.kind, site, part: "" };
      const dir = await mkdtemp(join(tmpdir(), "novacron-delivery-"));
      try {
        const { format } = provider.costs;
        await store.costs.addImport({ ...entry, format, fileName: month, createdBy: "schedule/costs" });
        await store.costs.noteImport(importId, { state: "running" });
        const file = join(dir, "costs.jsonl");
        let given = 0;
        const facet = provider.costs;
        const lines = async function* () {
          for await (const row of facet.readCosts(month, signal)) {
            given += 1;
            yield `${JSON.stringify(row)}\n`;
          }
        };
        await pipeline(Readable.from(lines()), createWriteStream(file, { mode: 0o600 }));
        if (given === 0) {
          await store.costs.noteImport(importId, {
            state: "unchanged",
            message: "nothing was charged",
            months: [month],
          });
          return { rows: 0, changed: false };
        }
        const taken = await costs.take({ ...entry, format, files: [file] });
        const { rows, bytes, months, findings, changed } = taken;
        const state = changed ? "imported" : "unchanged";
        await store.costs.noteImport(importId, { state, rows, bytes, months, findings });
        const said = await facet.statement?.(month, signal);
        if (said) await store.costs.setStatement({ sourceId, month, ...said });
        if (month === new Date().toISOString().slice(0, 7)) await keepForecast(site, facet, signal);
        return { rows, changed };
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        await store.costs.noteImport(importId, { state: "failed", message });
        throw error;
      } finally {
        await rm(dir, { recursive: true, force: true });
      }
    },
  };
}
