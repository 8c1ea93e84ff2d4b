import type * as Compute from "@google-cloud/compute";
import { tagKeys } from "../../domain/vm.ts";
import { alarmEntries } from "../alarm-terms.ts";
import type { CensusEntry } from "../provider.ts";
import type { GcpAlarms } from "./alarms.ts";
import type { Gcp } from "./client.ts";
import { managedOnly, type Seen, seenOf } from "./labels.ts";
import { isAnchor } from "./network-admin.ts";
import type { GcpObjects } from "./objects.ts";
import type { Collection } from "./sdk.ts";
import { type GcpSnapshot, isPoint, pointIdOf, type Snapshots } from "./snapshots.ts";

type V1 = typeof Compute.protos.google.cloud.compute.v1;
interface Labelled {
  readonly name?: string | null;
  readonly labels?: Record<string, string> | null;
  readonly description?: string | null;
  readonly users?: readonly string[] | null;
}
type Firewall = Partial<InstanceType<V1["Firewall"]>>;

/** Everything in the zone, its region and the project that carries our tag. */
export class Census {
  readonly #gcp: Gcp;
  readonly #snapshots: Snapshots;
  readonly #objects: GcpObjects;
  readonly #alarms: GcpAlarms;

  constructor(gcp: Gcp, parts: { snapshots: Snapshots; objects: GcpObjects; alarms: GcpAlarms }) {
    this.#gcp = gcp;
    this.#snapshots = parts.snapshots;
    this.#objects = parts.objects;
    this.#alarms = parts.alarms;
  }

  async *list(signal: AbortSignal): AsyncGenerator<CensusEntry> {
    const subject = { operation: "take the census", resource: this.#gcp.site };
    for await (const vm of this.#ours("instances", signal)) {
      yield entryOf(vm, vm.notes.role === "helper" ? "export" : "vm");
    }
    for await (const disk of this.#ours("disks", signal)) {
      const { notes, described, tags } = disk;
      // A helper's disks go with it; where one was left, nothing uses it.
      if (notes.role === "helper") {
        if (disk.users.length === 0) yield entryOf(disk, "export");
      } else if (notes.role === "generation") {
        yield { kind: "generation", id: described.generation ?? disk.name, name: disk.name, tags };
      } else yield entryOf(disk, "volume");
    }
    const points = new Set<string>();
    for await (const snapshot of this.#snapshots.list(managedOnly, subject, signal)) {
      for (const found of entriesOf(snapshot)) {
        // A source point has a snapshot for each disk.
        if (found.kind === "source-point" && points.has(found.id)) continue;
        points.add(found.id);
        yield found;
      }
    }
    for await (const image of this.#ours("images", signal)) yield entryOf(image, "image");
    for await (const address of this.#ours("addresses", signal)) yield entryOf(address, "address");
    for (const collection of ["networks", "subnetworks"] as const) {
      for await (const network of this.#described(collection, signal)) yield entryOf(network, "network");
    }
    for await (const rule of this.#gcp.list<Firewall>("firewalls", {}, subject, signal)) {
      if (isAnchor(rule)) yield entryOf({ ...seenOf(rule), name: rule.name ?? "" }, "security-group");
    }
    for await (const { bucket, tags } of this.#objects.buckets(signal)) {
      if (tags[tagKeys.managed] !== "true") continue;
      yield { kind: "bucket", id: bucket, tags };
      for await (const { uploadId, objectKey } of this.#objects.uploads(bucket, signal)) {
        yield { kind: "upload", id: uploadId, name: `${bucket}/${objectKey}`, tags: {} };
      }
    }
    yield* alarmEntries(this.#alarms, signal);
  }

  async *#ours(
    collection: Collection,
    signal: AbortSignal,
  ): AsyncGenerator<Seen & { name: string; users: readonly string[] }> {
    const subject = { operation: "take the census", resource: this.#gcp.site };
    for await (const wire of this.#gcp.list<Labelled>(collection, { filter: managedOnly }, subject, signal)) {
      yield { ...seenOf(wire), name: wire.name ?? "", users: wire.users ?? [] };
    }
  }

  /** Of what has no labels. */
  async *#described(collection: Collection, signal: AbortSignal): AsyncGenerator<Seen & { name: string }> {
    const subject = { operation: "take the census", resource: this.#gcp.site };
    for await (const wire of this.#gcp.list<Labelled>(collection, {}, subject, signal)) {
      const seen = seenOf({ description: wire.description ?? null });
      if (seen.tags[tagKeys.managed] === "true") yield { ...seen, name: wire.name ?? "" };
    }
  }
}

function entriesOf(snapshot: GcpSnapshot): CensusEntry[] {
  const { name, notes, tags } = snapshot;
  const found: CensusEntry[] = [];
  if (notes.sourcePoint !== undefined && notes.released === undefined) {
    found.push({ kind: "source-point", id: notes.sourcePoint, name, tags });
  }
  if (isPoint(snapshot)) found.push({ kind: "recovery-point", id: pointIdOf(snapshot), name, tags });
  if (notes.role === "reading") found.push({ kind: "export", id: name, tags });
  return found.length > 0 ? found : [{ kind: "snapshot", id: name, tags }];
}

function entryOf({ name, described, tags }: Seen & { name: string }, kind: CensusEntry["kind"]): CensusEntry {
  return { kind, id: name, ...(described.name !== undefined && { name: described.name }), tags };
}
