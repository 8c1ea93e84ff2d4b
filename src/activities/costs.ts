import { createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { Context } from "@temporalio/activity";
import type { CostFormat, CostImport } from "../domain/cost.ts";
import { isProviderError, ProviderError } from "../domain/errors.ts";
import type { ActivityDeps } from "./deps.ts";

/** Read from object storage at once. */
const partBytes = 8 * 2 ** 20;

interface TakeCosts {
  readonly importId: string;
  readonly objects?: { readonly site: string; readonly bucket: string; readonly prefix: string };
  readonly format?: CostFormat;
}

export function costActivities({ store, costs, registry }: Pick<ActivityDeps, "store" | "costs" | "registry">) {
  return {
    /** Takes the delivery of an import: what was uploaded for it, or objects at a site. A repeat takes the same again. */
    async takeCosts({ importId, objects, format }: TakeCosts): Promise<CostImport["state"]> {
      const entry = await store.costs.getImport(importId);
      if (!entry) throw noImport(importId);
      if (entry.state !== "waiting" && entry.state !== "running") return entry.state;
      await store.costs.noteImport(importId, { state: "running" });
      const dir = await mkdtemp(join(tmpdir(), "novacron-delivery-"));
      try {
        const files = objects ? await fetchObjects(dir, objects) : [await fetchUpload(dir, entry)];
        const { sourceId, provider, site, part } = entry;
        const taken = await costs.take({
          ...{ importId, sourceId, provider, site, part, files, format },
          siteOfRegion: siteOfRegion(registry.sites, provider),
        });
        const { rows, bytes, months, findings, changed } = taken;
        const state = changed ? "imported" : "unchanged";
        await store.costs.noteImport(importId, { state, rows, bytes, months, findings, format: taken.format });
        await store.costs.dropUpload(importId);
        return state;
      } catch (error) {
        if (!isProviderError(error, "InvalidInput")) throw error;
        await store.costs.noteImport(importId, { state: "refused", message: error.message });
        await store.costs.dropUpload(importId);
        return "refused";
      } finally {
        await rm(dir, { recursive: true, force: true });
      }
    },

    /** Notes that an import has failed for good. */
    async endCostImport({ importId, reason }: { importId: string; reason: string }): Promise<void> {
      await store.costs.noteImport(importId, { state: "failed", message: reason });
      await store.costs.dropUpload(importId);
    },
  };

  async function fetchUpload(dir: string, { importId, fileName = "costs.csv" }: CostImport): Promise<string> {
    const file = join(dir, `upload${endingOf(fileName)}`);
    await pipeline(Readable.from(store.costs.upload(importId)), createWriteStream(file, { mode: 0o600 }));
    return file;
  }

  async function fetchObjects(dir: string, { site, bucket, prefix }: NonNullable<TakeCosts["objects"]>) {
    const { cancellationSignal: signal } = Context.current();
    const subject = { operation: "import costs", resource: `${site}/${bucket}/${prefix}` };
    const { objects } = await registry.provider(site);
    if (!objects) {
      throw new ProviderError("UnsupportedCapability", {
        ...subject,
        reason: `${site} has no object storage`,
        action: "Fetch the export yourself, and import it as a file.",
      });
    }
    const files: string[] = [];
    for await (const { objectKey, sizeBytes } of objects.listObjects(bucket, prefix, signal)) {
      if (!/\.(?:parquet|csv|json|jsonl|ndjson)(?:\.gz)?$/i.test(objectKey)) continue;
      const file = join(dir, `${files.length}${endingOf(objectKey)}`);
      const parts = async function* () {
        for (let offset = 0; offset < sizeBytes; offset += partBytes) {
          const length = Math.min(partBytes, sizeBytes - offset);
          yield Buffer.from(await objects.readObject({ bucket, objectKey, offset, length }, signal));
        }
      };
      await pipeline(Readable.from(parts()), createWriteStream(file, { mode: 0o600 }));
      files.push(file);
    }
    if (files.length > 0) return files;
    throw new ProviderError("InvalidInput", {
      ...subject,
      reason: "there is no CSV, JSON-lines or Parquet file",
      action: "Name the folder that the export is written to.",
    });
  }
}

/** Regions that are of exactly one site: what an account cost in any other can't be told apart. */
function siteOfRegion(sites: ActivityDeps["registry"]["sites"], provider: string): Record<string, string> {
  const own = sites.filter((site) => site.provider === provider);
  const byRegion = Map.groupBy(own, ({ region = "" }) => region);
  return Object.fromEntries(
    [...byRegion].flatMap(([region, [only, second]]) => (region && only && !second ? [[region, only.site]] : [])),
  );
}

/** `.csv.gz` of any path. */
function endingOf(name: string): string {
  return /(?:\.(?:csv|json|jsonl|ndjson))?\.(?:gz|csv|json|jsonl|ndjson|parquet)$/i.exec(basename(name))?.[0] ?? ".csv";
}

function noImport(importId: string): ProviderError {
  return new ProviderError("NotFound", {
    operation: "import costs",
    resource: `cost-import/${importId}`,
    reason: "there is no such import",
    action: "See novacron cost imports.",
  });
}
