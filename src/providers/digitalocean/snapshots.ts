import { conflict, type Subject } from "../failures.ts";
import type { RecoveryPoint } from "../provider.ts";
import type { DigitalOcean } from "./client.ts";
import { factWord, type Seen, seenOf } from "./labels.ts";
import { digest } from "./names.ts";
import type { Tagging } from "./tagging.ts";
import type { WireSnapshot } from "./wire.ts";

const GiB = 2 ** 30;

export interface PointSnapshot extends Seen {
  readonly id: string;
  readonly name: string;
  readonly words: readonly string[];
  readonly volumeId: string;
  readonly sizeBytes: number;
  readonly createdAt: string;
}

type Note = "adopted" | "released";

/** The name of the snapshot behind a recovery point's or a generation's id. */
export function pointSnapshot(pointId: string): string {
  const adopted = /^ad-([0-9a-f]{24})$/.exec(pointId)?.[1];
  return adopted === undefined ? `novacron-p-${digest(24, pointId)}` : `novacron-s-${adopted}`;
}

export function sourceSnapshot(sourcePointId: string, diskId: string): string {
  return `novacron-s-${digest(24, sourcePointId, diskId)}`;
}

export function adoptedPoint(sourcePointId: string, diskId: string): string {
  return `ad-${digest(24, sourcePointId, diskId)}`;
}

/** Snapshots of volumes. Names are not unique there, so that what two made at once is cleared up behind them. */
export class Snapshots {
  readonly #cloud: DigitalOcean;
  readonly #tagging: Tagging;

  constructor(cloud: DigitalOcean, tagging: Tagging) {
    this.#cloud = cloud;
    this.#tagging = tagging;
  }

  /** Of the region, the oldest first of one name. */
  async list(subject: Subject, signal: AbortSignal): Promise<PointSnapshot[]> {
    const query = { resource_type: "volume" };
    const request = { operation: "snapshots_list", path: "snapshots", member: "snapshots", query };
    const found: PointSnapshot[] = [];
    for await (const wire of this.#cloud.list<WireSnapshot>(request, subject, signal)) {
      if (wire.regions.includes(this.#cloud.entry.region)) found.push(toSnapshot(wire));
    }
    return found.toSorted((a, b) =>
      a.createdAt === b.createdAt ? order(a.id, b.id) : order(a.createdAt, b.createdAt),
    );
  }

  async byName(name: string, subject: Subject, signal: AbortSignal): Promise<PointSnapshot | undefined> {
    return (await this.list(subject, signal)).find((snapshot) => snapshot.name === name);
  }

  /** One of that name; the one that is there, where there is one. */
  async take(
    input: { volumeId: string; name: string; words: readonly string[] },
    subject: Subject,
    signal: AbortSignal,
  ): Promise<PointSnapshot> {
    const { volumeId, name, words } = input;
    const known = await this.byName(name, subject, signal);
    if (known) return known;
    const path = `volumes/${volumeId}/snapshots`;
    const request = { operation: "volumeSnapshots_create", method: "POST", path, body: { name, tags: words } } as const;
    const { snapshot } = await this.#cloud.call<{ snapshot: WireSnapshot }>(request, subject, signal);
    const [first, ...others] = (await this.list(subject, signal)).filter((one) => one.name === name);
    for (const other of others) await this.#drop(other.id, subject, signal);
    return first ?? toSnapshot(snapshot);
  }

  /** One that is gone is fine. */
  async delete({ id, words }: PointSnapshot, subject: Subject, signal: AbortSignal): Promise<void> {
    await this.#drop(id, subject, signal);
    await this.#tagging.forget(words, subject, signal);
  }

  async note({ id }: PointSnapshot, note: Note, subject: Subject, signal: AbortSignal): Promise<void> {
    await this.#tagging.add(factWord(note, "true"), "volume_snapshot", id, subject, signal);
  }

  async unnote({ id }: PointSnapshot, note: Note, subject: Subject, signal: AbortSignal): Promise<void> {
    await this.#tagging.remove(factWord(note, "true"), "volume_snapshot", id, subject, signal);
  }

  async #drop(id: string, subject: Subject, signal: AbortSignal): Promise<void> {
    await this.#cloud.drop("snapshots_delete", `snapshots/${id}`, subject, signal);
  }
}

export function isPoint({ facts }: PointSnapshot): boolean {
  return facts.role === "point" || facts.adopted === "true";
}

/** The port's id of a recovery point. */
export function pointIdOf({ facts }: PointSnapshot): string {
  return facts.generation ?? adoptedPoint(facts.sourcePoint ?? "", facts.disk ?? "");
}

export function toRecoveryPoint(site: string, snapshot: PointSnapshot): RecoveryPoint {
  const { facts, sizeBytes, createdAt } = snapshot;
  const kind = facts.role === "point" ? "sealed" : "adopted";
  return { pointId: pointIdOf(snapshot), site, sizeBytes, createdAt, kind };
}

export function sealedAlready(subject: Subject) {
  return conflict(subject, "it is sealed", "Begin a new generation on top of it.");
}

function toSnapshot(wire: WireSnapshot): PointSnapshot {
  const words = wire.tags ?? [];
  return {
    ...seenOf(words),
    words,
    id: wire.id,
    name: wire.name,
    volumeId: wire.resource_id,
    sizeBytes: wire.min_disk_size * GiB,
    createdAt: new Date(wire.created_at).toISOString(),
  };
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
