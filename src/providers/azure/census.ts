import { isProviderError } from "../../domain/errors.ts";
import { alarmEntries } from "../alarm-terms.ts";
import type { CensusEntry } from "../provider.ts";
import type { AzureAlarms } from "./alarms.ts";
import type { Azure } from "./client.ts";
import { type Generations, tagsOf } from "./generations.ts";
import { listImports } from "./imports.ts";
import { oursOf } from "./network-admin.ts";
import { storedTags } from "./objects.ts";
import type { OwnImages } from "./own-images.ts";
import type { Placements } from "./placements.ts";
import type { OurSnapshot, Snapshots } from "./points.ts";
import { fromWire, isManaged, vmTagRules } from "./tags.ts";
import type { View } from "./view.ts";

export interface CensusParts {
  readonly view: View;
  readonly snapshots: Snapshots;
  readonly generations: Generations;
  readonly images: OwnImages;
  readonly placements: Placements;
  readonly alarms: AzureAlarms;
}

/** Everything in the resource group and the storage account that carries our mark. */
export class Census {
  readonly #azure: Azure;
  readonly #parts: CensusParts;

  constructor(azure: Azure, parts: CensusParts) {
    this.#azure = azure;
    this.#parts = parts;
  }

  async *list(signal: AbortSignal): AsyncGenerator<CensusEntry> {
    const subject = { operation: "take the census", resource: this.#azure.site };
    const { view, snapshots, generations, images } = this.#parts;
    for await (const { name = "", tags } of view.machines(subject, signal)) {
      if (!isManaged(tags)) continue;
      const seen = fromWire(tags, vmTagRules);
      yield { kind: "vm", id: name, ...(seen.notes.name !== undefined && { name: seen.notes.name }), tags: seen.tags };
    }
    for await (const { name = "", tags } of view.disks(subject, signal)) yield* entry("volume", name, tags);
    const points = new Set<string>();
    for await (const snapshot of snapshots.list(subject, signal)) {
      for (const found of entriesOf(snapshot)) {
        // A source point has a snapshot for each disk.
        if (found.kind === "source-point" && points.has(found.id)) continue;
        points.add(found.id);
        yield found;
      }
    }
    for await (const record of generations.records(subject, signal)) {
      const kind = record.state === "sealed" ? "recovery-point" : "generation";
      yield { kind, id: record.generationId, name: record.blob, tags: tagsOf(record) };
    }
    for await (const { name } of listImports(this.#azure, subject, signal)) {
      yield { kind: "export", id: name, name, tags: {} };
    }
    for await (const { name = "", tags } of images.list(subject, signal)) yield* entry("image", name, tags);
    yield* this.#network(signal);
    yield* this.#buckets(signal);
    yield* alarmEntries(this.#parts.alarms, signal);
  }

  async *#network(signal: AbortSignal): AsyncGenerator<CensusEntry> {
    const subject = { operation: "take the census", resource: this.#azure.site };
    for await (const network of this.#parts.placements.virtualNetworks(subject, signal)) {
      const { name = "", tags } = network;
      yield* entry("network", name, tags);
      for (const subnet of oursOf(network)) yield { kind: "network", id: `${name}/${subnet}`, tags: {} };
    }
    const nics = this.#azure.networkList(subject, signal, (client, { group, options }) =>
      client.networkInterfaces.list(group, options),
    );
    // Those of a VM go with it.
    for await (const { name = "", tags, virtualMachine } of nics) {
      if (!virtualMachine) yield* entry("network", name, tags);
    }
    const groups = this.#azure.networkList(subject, signal, (client, { group, options }) =>
      client.networkSecurityGroups.list(group, options),
    );
    for await (const { name = "", tags } of groups) yield* entry("security-group", name, tags);
    const addresses = this.#azure.networkList(subject, signal, (client, { group, options }) =>
      client.publicIPAddresses.list(group, options),
    );
    for await (const { name = "", tags } of addresses) yield* entry("address", name, tags);
  }

  async *#buckets(signal: AbortSignal): AsyncGenerator<CensusEntry> {
    const subject = { operation: "list containers", resource: this.#azure.site };
    const containers = this.#azure.blobList(subject, signal, (service) =>
      service.listContainers({ includeMetadata: true, abortSignal: signal }),
    );
    for await (const { name, metadata } of containers) {
      const tags = storedTags(metadata);
      if (!tags) continue;
      yield { kind: "bucket", id: name, tags };
      const blobs = this.#azure.blobList(subject, signal, (service) =>
        service.getContainerClient(name).listBlobsFlat({ includeUncommitedBlobs: true, abortSignal: signal }),
      );
      try {
        for await (const blob of blobs) {
          // What has no committed block yet has no etag of its own either, and no length.
          if (blob.properties.contentLength === 0 && !blob.properties.etag) {
            yield { kind: "upload", id: `${name}/${blob.name}`, name: `${name}/${blob.name}`, tags: {} };
          }
        }
      } catch (error) {
        // Gone since it was listed.
        if (!isProviderError(error, "NotFound")) throw error;
      }
    }
  }
}

function* entry(
  kind: CensusEntry["kind"],
  id: string,
  wire: Readonly<Record<string, string>> | undefined,
): Generator<CensusEntry> {
  if (!isManaged(wire)) return;
  const { tags, notes } = fromWire(wire);
  yield { kind, id, ...(notes.name !== undefined && { name: notes.name }), tags };
}

function entriesOf({ snapshotId, notes, tags }: OurSnapshot): CensusEntry[] {
  if (tags["novacron:managed"] !== "true") return [];
  const name = snapshotId;
  const found: CensusEntry[] = [];
  if (notes.sourcePoint !== undefined && notes.released === undefined) {
    found.push({ kind: "source-point", id: notes.sourcePoint, name, tags });
  }
  if (notes.point !== undefined) found.push({ kind: "recovery-point", id: notes.point, name, tags });
  return found.length > 0 ? found : [{ kind: "snapshot", id: snapshotId, tags }];
}
