import { stoppedConsistency } from "../../domain/consistency.ts";
import type { BlockSource } from "../../transfer/ports.ts";
import { capabilities } from "../capabilities.ts";
import { conflict, notFound, type Subject, unsupported } from "../failures.ts";
import type { Helpers } from "../helpers.ts";
import type { Baseline, RecoveryPoint, SourcePoint, SourcePointDisk } from "../provider.ts";
import type { DigitalOcean } from "./client.ts";
import { described } from "./described.ts";
import { type AttachedVolume, attachedVolumes, bootsFromVolume, type Droplets } from "./droplets.ts";
import { ofSnapshot } from "./helper-droplets.ts";
import { createdTags, toWords } from "./labels.ts";
import { digest } from "./names.ts";
import {
  adoptedPoint,
  type PointSnapshot,
  pointSnapshot,
  type Snapshots,
  sourceSnapshot,
  toRecoveryPoint,
} from "./snapshots.ts";
import type { Volumes } from "./volumes.ts";
import type { Action, Droplet } from "./wire.ts";

const GiB = 2 ** 30;
const comparedBytes = 512 * 1024;
/** Newest first; more would only make plans longer. */
const mostBaselines = 5;
/** After which a droplet that is off may have run. */
const starts = new Set(["power_on", "power_cycle", "reboot", "restore", "rebuild"]);

type Mode = SourcePoint["mode"];

/** Points of a droplet's volumes: a snapshot of each. Helper droplets read volumes made of those. */
export class SourcePoints {
  readonly #cloud: DigitalOcean;
  readonly #droplets: Droplets;
  readonly #snapshots: Snapshots;
  readonly #volumes: Volumes;
  readonly #helpers: Helpers;
  readonly #open = new Map<string, BlockSource>();

  constructor(
    cloud: DigitalOcean,
    parts: { droplets: Droplets; snapshots: Snapshots; volumes: Volumes; helpers: Helpers },
  ) {
    this.#cloud = cloud;
    this.#droplets = parts.droplets;
    this.#snapshots = parts.snapshots;
    this.#volumes = parts.volumes;
    this.#helpers = parts.helpers;
  }

  /** Nobody tells how much a volume holds: it may be all. */
  async inspect(vmId: string, signal: AbortSignal): Promise<SourcePointDisk[]> {
    const subject = this.#subject("inspect VM", vmId);
    const attached = readable(await this.#droplets.get(vmId, subject, signal), subject);
    const all = await this.#snapshots.list(subject, signal);
    return Promise.all(
      attached.map(({ volumeId }) => this.#toDisk({ volumeId, all, except: undefined }, subject, signal)),
    );
  }

  async create(input: { vmId: string; mode: Mode; key: string }, signal: AbortSignal): Promise<SourcePoint> {
    const { vmId, mode, key } = input;
    const subject = this.#subject("take a point of VM", vmId);
    const sourcePointId = `sp-${digest(24, this.#cloud.site, vmId, mode, key)}`;
    const droplet = await this.#droplets.get(vmId, subject, signal);
    const attached = readable(droplet, subject);
    const held = (await this.#of(sourcePointId, subject, signal)).filter(({ facts }) => facts.released === undefined);
    const isWhole = held.length >= attached.length;
    // Whoever began it may have been stopped between two volumes; off, they have not changed since.
    if (!isWhole) refuseState(droplet, mode, attached.length, subject);
    const started = isWhole ? undefined : await this.#lastStart(vmId, subject, signal);
    const taken: PointSnapshot[] = [];
    for (const { volumeId } of attached) taken.push(await this.#take(sourcePointId, volumeId, key, subject, signal));
    if (mode === "stopped" && !isWhole) await this.#refuseStarted(vmId, { taken, started }, subject, signal);
    const all = await this.#snapshots.list(subject, signal);
    const disks = await Promise.all(
      taken.map((except) => this.#toDisk({ volumeId: except.volumeId, all, except }, subject, signal)),
    );
    const takenAt = taken.map(({ createdAt }) => createdAt).toSorted()[0] ?? new Date(0).toISOString();
    const why = capabilities.digitalocean["disks.application-consistent"];
    const consistency = mode === "stopped" ? stoppedConsistency : { level: "crash" as const, why };
    return { sourcePointId, vmId, mode, takenAt, consistency, disks };
  }

  async open(
    input: { sourcePointId: string; diskId: string; attempt: number },
    signal: AbortSignal,
  ): Promise<BlockSource> {
    const { sourcePointId, diskId } = input;
    const subject = this.#subject("read source point", sourcePointId);
    const snapshot = await this.#held(sourcePointId, diskId, subject, signal);
    const place = `${sourcePointId}/${diskId}`;
    await this.#open.get(place)?.close();
    this.#open.delete(place);
    const wanted = { owner: ownerOf(snapshot), diskId: ofSnapshot(snapshot), device: "volume" };
    const source = await this.#helpers.openSource(wanted, signal);
    this.#open.set(place, source);
    return source;
  }

  async release(sourcePointId: string, signal: AbortSignal): Promise<void> {
    const subject = this.#subject("release source point", sourcePointId);
    for (const snapshot of await this.#of(sourcePointId, subject, signal)) {
      const place = `${sourcePointId}/${snapshot.facts.disk}`;
      await this.#open.get(place)?.close();
      this.#open.delete(place);
      await this.#helpers.removeAll(ownerOf(snapshot), signal);
      await this.#free(snapshot, subject, signal);
    }
  }

  /** Its snapshot becomes a recovery point, and stays one when the VM is started: it is a copy of its own. */
  async adopt(input: { sourcePointId: string; diskId: string }, signal: AbortSignal): Promise<RecoveryPoint> {
    const { sourcePointId, diskId } = input;
    const subject = this.#subject("adopt disk", `${sourcePointId}/${diskId}`);
    const name = pointSnapshot(adoptedPoint(sourcePointId, diskId));
    const known = await this.#snapshots.byName(name, subject, signal);
    if (known?.facts.adopted === "true") return toRecoveryPoint(this.#cloud.site, known);
    const snapshot = await this.#held(sourcePointId, diskId, subject, signal);
    await this.#snapshots.note(snapshot, "adopted", subject, signal);
    return toRecoveryPoint(this.#cloud.site, { ...snapshot, facts: { ...snapshot.facts, adopted: "true" } });
  }

  async #take(sourcePointId: string, volumeId: string, key: string, subject: Subject, signal: AbortSignal) {
    const name = sourceSnapshot(sourcePointId, volumeId);
    const words = toWords(createdTags({}, key), { role: "source-point", sourcePoint: sourcePointId, disk: volumeId });
    const snapshot = await this.#snapshots.take({ volumeId, name, words }, subject, signal);
    // An adopted one of an earlier point of the same key.
    if (snapshot.facts.released !== undefined) await this.#snapshots.unnote(snapshot, "released", subject, signal);
    return snapshot;
  }

  /** What was adopted stays, as a recovery point. */
  async #free(snapshot: PointSnapshot, subject: Subject, signal: AbortSignal): Promise<void> {
    const { adopted, released } = snapshot.facts;
    if (adopted === undefined) await this.#snapshots.delete(snapshot, subject, signal);
    else if (released === undefined) await this.#snapshots.note(snapshot, "released", subject, signal);
  }

  /** Its volumes may have changed between two snapshots. @throws Conflict, with none of them left. */
  async #refuseStarted(
    vmId: string,
    { taken, started }: { taken: readonly PointSnapshot[]; started: number | undefined },
    subject: Subject,
    signal: AbortSignal,
  ): Promise<void> {
    const { status } = await this.#droplets.get(vmId, subject, signal);
    if (status === "off" && (await this.#lastStart(vmId, subject, signal)) === started) return;
    for (const snapshot of taken) await this.#free(snapshot, subject, signal);
    throw conflict(subject, "it was started as the point was taken", "Stop the VM and try again.");
  }

  /** The newest action that started it. */
  async #lastStart(vmId: string, subject: Subject, signal: AbortSignal): Promise<number | undefined> {
    const request = { operation: "dropletActions_list", path: `droplets/${vmId}/actions`, member: "actions" };
    let newest: number | undefined;
    for await (const { id, type } of this.#cloud.list<Action>(request, subject, signal)) {
      if (starts.has(type)) newest = Math.max(newest ?? 0, id);
    }
    return newest;
  }

  async #of(sourcePointId: string, subject: Subject, signal: AbortSignal): Promise<PointSnapshot[]> {
    const all = await this.#snapshots.list(subject, signal);
    return all.filter(({ facts }) => facts.sourcePoint === sourcePointId);
  }

  async #held(sourcePointId: string, diskId: string, subject: Subject, signal: AbortSignal): Promise<PointSnapshot> {
    const snapshot = await this.#snapshots.byName(sourceSnapshot(sourcePointId, diskId), subject, signal);
    if (snapshot && snapshot.facts.released === undefined) return snapshot;
    throw notFound(subject, "there is no such point of the disk, or it was released");
  }

  async #toDisk(
    input: { volumeId: string; all: readonly PointSnapshot[]; except: PointSnapshot | undefined },
    subject: Subject,
    signal: AbortSignal,
  ): Promise<SourcePointDisk> {
    const { volumeId, all, except } = input;
    const { size_gigabytes: gib, description } = await this.#volumes.get(volumeId, subject, signal);
    const earlier = all
      .filter(({ facts }) => facts.sourcePoint !== undefined && facts.sourcePoint !== except?.facts.sourcePoint)
      .filter((one) => one.volumeId === volumeId && (except === undefined || one.createdAt <= except.createdAt))
      .toReversed()
      .map(({ facts }) => `${facts.sourcePoint}/${facts.disk}`);
    const { point, snapshot } = described(description) ?? {};
    // The point's id may have gone to another snapshot since.
    const madeFrom = point !== undefined && all.some(({ id }) => id === snapshot) ? [point] : [];
    const baselines = [...earlier, ...madeFrom]
      .slice(0, mostBaselines)
      .map((baselineId): Baseline => ({ baselineId, tracking: "hash-compare", granularityBytes: comparedBytes }));
    const sizeBytes = except?.sizeBytes ?? gib * GiB;
    return { diskId: volumeId, sizeBytes, allocatedBytes: sizeBytes, allocationUnknown: true, baselines };
  }

  #subject(operation: string, id: string): Subject {
    return { operation, resource: this.#cloud.resource("vm", id) };
  }
}

function ownerOf({ name }: PointSnapshot): string {
  return name.replace("novacron-", "");
}

/** @throws UnsupportedCapability of a droplet that has its data on its own disk. */
function readable(droplet: Droplet, subject: Subject): AttachedVolume[] {
  if (bootsFromVolume(droplet)) return attachedVolumes(droplet);
  throw unsupported(
    subject,
    capabilities.digitalocean["disks.own-disk"],
    "Copy what it holds to a volume from within the guest, or move the volumes by another VM.",
  );
}

function refuseState({ status }: Droplet, mode: Mode, disks: number, subject: Subject): void {
  const wanted = mode === "stopped" ? "off" : "active";
  if (status !== wanted) {
    const stop = "Stop the VM first, or take a frozen point.";
    const start = "Start the VM, or take a point of the stopped VM.";
    throw conflict(subject, `it is ${status}`, mode === "stopped" ? stop : start);
  }
  if (mode === "stopped" || disks === 1) return;
  throw unsupported(
    subject,
    `its ${disks} volumes would be snapshotted one after the other, each at a moment of its own`,
    "Stop the VM and move it cold.",
  );
}
