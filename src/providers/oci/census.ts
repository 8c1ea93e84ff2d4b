import { tagKeys } from "../../domain/vm.ts";
import { alarmEntries } from "../alarm-terms.ts";
import type { CensusEntry } from "../provider.ts";
import type { OciAlarms } from "./alarms.ts";
import type { Backups, OciBackup } from "./backups.ts";
import type { Oci } from "./client.ts";
import type { OciObjects } from "./objects.ts";
import { pointIdOf } from "./points.ts";
import { fromWire, isOurs, type Tagged, vmFromWire } from "./tags.ts";
import { alive, items, type OciView } from "./view.ts";
import type { VolumeView } from "./volume-view.ts";

const limit = 1_000;

interface Parts {
  readonly view: OciView;
  readonly volumeView: VolumeView;
  readonly backups: Backups;
  readonly objects: OciObjects;
  readonly alarms: OciAlarms;
}

/** Everything in the compartment that carries our tag. */
export class Census {
  readonly #oci: Oci;
  readonly #parts: Parts;

  constructor(oci: Oci, parts: Parts) {
    this.#oci = oci;
    this.#parts = parts;
  }

  async *list(signal: AbortSignal): AsyncGenerator<CensusEntry> {
    const subject = { operation: "take the census", resource: this.#oci.site };
    const { view, volumeView, backups } = this.#parts;
    for await (const instance of view.instances(subject, signal)) {
      if (!isOurs(instance)) continue;
      const { id, displayName } = instance;
      const isHelper = fromWire(instance).notes.purpose !== undefined;
      const name = displayName === undefined ? {} : { name: displayName };
      yield { kind: isHelper ? "export" : "vm", id, ...name, tags: vmFromWire(instance).tags };
    }
    for await (const { volumeId, name, tags, notes } of volumeView.list(subject, signal)) {
      if (tags["novacron:managed"] !== "true") continue;
      const kind = notes.purpose === "generation" ? "generation" : "volume";
      yield { kind, id: volumeId, name, tags };
    }
    const points = new Set<string>();
    for await (const backup of backups.list(subject, signal)) {
      if (backup.tags["novacron:managed"] !== "true") continue;
      for (const found of entriesOf(backup)) {
        // A source point has a backup for each disk.
        if (found.kind === "source-point" && points.has(found.id)) continue;
        points.add(found.id);
        yield found;
      }
    }
    yield* this.#groups(signal);
    yield* this.#images(signal);
    yield* this.#network(signal);
    yield* this.#buckets(signal);
    yield* alarmEntries(this.#parts.alarms, signal);
  }

  /** What takes the backups of several volumes together. */
  async *#groups(signal: AbortSignal): AsyncGenerator<CensusEntry> {
    const subject = { operation: "take the census", resource: this.#oci.site };
    const { block } = this.#oci;
    const request = { compartmentId: await this.#oci.compartment(), limit };
    const groups = items((page) => block.call("listVolumeGroups", { ...request, page }, subject, signal));
    for await (const group of alive(groups)) if (isOurs(group)) yield entry("volume", group);
    const backups = items((page) => block.call("listVolumeGroupBackups", { ...request, page }, subject, signal));
    for await (const backup of alive(backups)) if (isOurs(backup)) yield entry("snapshot", backup);
  }

  async *#images(signal: AbortSignal): AsyncGenerator<CensusEntry> {
    const subject = { operation: "take the census", resource: this.#oci.site };
    const compartmentId = await this.#oci.compartment();
    const listed = items((page) =>
      this.#oci.compute.call("listImages", { compartmentId, limit, page }, subject, signal),
    );
    for await (const image of alive(listed)) if (isOurs(image)) yield entry("image", image);
  }

  async *#network(signal: AbortSignal): AsyncGenerator<CensusEntry> {
    const subject = { operation: "take the census", resource: this.#oci.site };
    const { network } = this.#oci;
    const compartmentId = await this.#oci.compartment();
    for await (const vcn of this.#parts.view.vcns(subject, signal)) {
      if (isOurs(vcn)) yield entry("network", vcn);
    }
    for await (const subnet of this.#parts.view.subnets(undefined, subject, signal)) {
      if (isOurs(subnet)) yield entry("network", subnet);
    }
    const request = { compartmentId, limit };
    const gateways = items((page) => network.call("listInternetGateways", { ...request, page }, subject, signal));
    for await (const gateway of alive(gateways)) if (isOurs(gateway)) yield entry("network", gateway);
    const groups = items((page) => network.call("listNetworkSecurityGroups", { ...request, page }, subject, signal));
    for await (const group of alive(groups)) if (isOurs(group)) yield entry("security-group", group);
    const reserved = { ...request, scope: "REGION" as never, lifetime: "RESERVED" as never };
    const addresses = items((page) => network.call("listPublicIps", { ...reserved, page }, subject, signal));
    for await (const address of alive(addresses)) if (isOurs(address)) yield entry("address", address);
  }

  async *#buckets(signal: AbortSignal): AsyncGenerator<CensusEntry> {
    const subject = { operation: "list buckets", resource: this.#oci.site };
    const { objects } = this.#oci;
    const namespaceName = await this.#parts.objects.namespace(signal);
    const request = { namespaceName, compartmentId: await this.#oci.compartment(), limit, fields: ["tags" as never] };
    const listed = items((page) => objects.call("listBuckets", { ...request, page }, subject, signal));
    for await (const bucket of listed) {
      if (!isOurs(bucket)) continue;
      yield { kind: "bucket", id: bucket.name, tags: fromWire(bucket).tags };
      const of = { namespaceName, bucketName: bucket.name, limit };
      const uploads = items((page) => objects.call("listMultipartUploads", { ...of, page }, subject, signal));
      for await (const { uploadId, object } of uploads) {
        yield { kind: "upload", id: uploadId, name: `${bucket.name}/${object}`, tags: {} };
      }
    }
  }
}

function entriesOf(backup: OciBackup): CensusEntry[] {
  const { backupId, state, notes, tags, name, image } = backup;
  const found: CensusEntry[] = [];
  if (notes.sourcePoint !== undefined && notes.released === undefined) {
    // Its backups have keys of their own.
    found.push({
      kind: "source-point",
      id: notes.sourcePoint,
      name,
      tags: { ...tags, ...(notes.key && { [tagKeys.key]: notes.key }) },
    });
  }
  if (notes.point !== undefined) {
    const kind = state === "completed" ? "recovery-point" : "generation";
    found.push({ kind, id: pointIdOf(backup), name, tags });
  }
  if (image !== undefined) found.push({ kind: "image", id: backupId, name, tags });
  return found.length > 0 ? found : [{ kind: "snapshot", id: backupId, name, tags }];
}

function entry(kind: CensusEntry["kind"], seen: Tagged & { id?: string; displayName?: string }): CensusEntry {
  const { id = "", displayName } = seen;
  return { kind, id, ...(displayName !== undefined && { name: displayName }), tags: fromWire(seen).tags };
}
