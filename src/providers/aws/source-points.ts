import type { BlockSource } from "../../transfer/ports.ts";
import { notFound, type Subject } from "../failures.ts";
import type { DiskSince, PointToTake, RecoveryPoint, SourcePoint, SourcePointDisk } from "../provider.ts";
import { BlockLists } from "./block-lists.ts";
import { SnapshotSource } from "./block-source.ts";
import type { Aws } from "./client.ts";
import type { Ec2View } from "./describe.ts";
import { baselinesOf, lineagesOf } from "./lineages.ts";
import { type OurSnapshot, type Snapshots, toRecoveryPoint } from "./points.ts";
import { noteKeys, token } from "./tags.ts";
import { TakenPoints } from "./taken-points.ts";
import { devicesOf } from "./vm.ts";

const GiB = 2 ** 30;
/** Well below the fifty a second that EBS lists for an account. */
const listedAtOnce = 8;

/** Points of an instance's volumes: snapshots that were taken in one call, so that all disks show one moment. */
export class SourcePoints {
  readonly #aws: Aws;
  readonly #view: Ec2View;
  readonly #snapshots: Snapshots;
  readonly #taken: TakenPoints;
  readonly #open = new Map<string, BlockSource>();

  constructor(aws: Aws, parts: { view: Ec2View; snapshots: Snapshots }) {
    this.#aws = aws;
    this.#view = parts.view;
    this.#snapshots = parts.snapshots;
    this.#taken = new TakenPoints(aws, parts);
  }

  /** How much a volume holds is known of its snapshots only: up to then it may be all. */
  async inspect(vmId: string, signal: AbortSignal): Promise<SourcePointDisk[]> {
    const subject = this.#subject("inspect VM", vmId);
    const instance = await this.#view.instance(vmId, subject, signal);
    const devices = devicesOf(instance);
    const ids = devices.map(({ volumeId }) => volumeId);
    const volumes = await this.#view.volumesById(ids, subject, signal);
    const lineages = await this.#lineages(ids, subject, signal);
    return devices.map(({ diskId, volumeId }) => {
      const sizeBytes = (volumes.get(volumeId)?.Size ?? 0) * GiB;
      const baselines = baselinesOf(lineages.get(volumeId)).map(({ baseline }) => baseline);
      return { diskId, sizeBytes, allocatedBytes: sizeBytes, allocationUnknown: true, baselines };
    });
  }

  async create(input: PointToTake, signal: AbortSignal): Promise<SourcePoint> {
    const [taken] = await this.#taken.take([input], signal);
    if (taken?.status === "fulfilled") return taken.value;
    throw taken?.reason;
  }

  createAll(inputs: readonly PointToTake[], signal: AbortSignal): Promise<PromiseSettledResult<SourcePoint>[]> {
    return this.#taken.take(inputs, signal);
  }

  /** EBS lists what differs between two snapshots; the first entry says that something does. */
  async unchanged(disks: readonly DiskSince[], signal: AbortSignal): Promise<boolean[]> {
    const subject = { operation: "look for changes since earlier points", resource: this.#aws.site };
    // A baseline's id is the point's and the disk's.
    const baselines = disks.map(({ baselineId }) => baselineId.split("/")[0] ?? "");
    const ids = [...new Set([...disks.map(({ sourcePointId }) => sourcePointId), ...baselines])];
    const held = new Map(
      (await this.#taken.of(ids, subject, signal))
        .filter(({ state, notes }) => state === "completed" && notes.disk !== undefined)
        .map((snapshot) => [`${snapshot.notes.sourcePoint}/${snapshot.notes.disk}`, snapshot]),
    );
    const isUnchanged = async ({ sourcePointId, diskId, baselineId }: DiskSince): Promise<boolean> => {
      const [first, second] = [held.get(baselineId), held.get(`${sourcePointId}/${diskId}`)];
      if (!first || !second || first.volumeId !== second.volumeId || first.sizeBytes !== second.sizeBytes) return false;
      const lists = new BlockLists(this.#aws, second.snapshotId, subject);
      for await (const _ of lists.changedSince(first.snapshotId, signal)) return false;
      return true;
    };
    const answers: boolean[] = disks.map(() => false);
    const queue = [...disks.entries()];
    await Promise.all(
      Array.from({ length: listedAtOnce }, async () => {
        for (let next = queue.shift(); next; next = queue.shift()) answers[next[0]] = await isUnchanged(next[1]);
      }),
    );
    return answers;
  }

  async open(
    input: { sourcePointId: string; diskId: string; attempt: number },
    signal: AbortSignal,
  ): Promise<BlockSource> {
    const { sourcePointId, diskId } = input;
    const subject = this.#subject("read source point", sourcePointId);
    const snapshot = await this.#held(sourcePointId, diskId, subject, signal);
    const { snapshotId, sizeBytes, volumeId } = snapshot;
    const found = baselinesOf((await this.#lineages([volumeId], subject, signal)).get(volumeId), snapshot);
    const baselines = new Map(found.map(({ baseline, snapshotId: first }) => [baseline.baselineId, first]));
    const source = new SnapshotSource(this.#aws, { snapshotId, sizeBytes, baselines, subject });
    const place = `${sourcePointId}/${diskId}`;
    await this.#open.get(place)?.close();
    this.#open.set(place, source);
    return source;
  }

  release(sourcePointId: string, signal: AbortSignal): Promise<void> {
    return this.#release([sourcePointId], this.#subject("release source point", sourcePointId), signal);
  }

  releaseAll(sourcePointIds: readonly string[], signal: AbortSignal): Promise<void> {
    return this.#release(sourcePointIds, { operation: "release points of VMs", resource: this.#aws.site }, signal);
  }

  async #release(sourcePointIds: readonly string[], subject: Subject, signal: AbortSignal): Promise<void> {
    const snapshots = await this.#taken.of(sourcePointIds, subject, signal);
    for (const { notes } of snapshots) {
      const place = `${notes.sourcePoint}/${notes.disk}`;
      await this.#open.get(place)?.close();
      this.#open.delete(place);
    }
    const idsOf = (some: readonly OurSnapshot[]) => some.map(({ snapshotId }) => snapshotId);
    const adopted = snapshots.filter(({ notes }) => notes.point !== undefined && notes.released === undefined);
    await this.#snapshots.note(idsOf(adopted), [{ Key: noteKeys.released, Value: "true" }], subject, signal);
    const others = idsOf(snapshots.filter(({ notes }) => notes.point === undefined));
    const [only] = others;
    if (others.length === 1 && only !== undefined) await this.#snapshots.delete(only, subject, signal);
    else if (others.length > 1) await this.#snapshots.deleteAll(others, subject, signal);
  }

  /** Its snapshot becomes a recovery point, and stays one when the VM is started: it is a copy of its own. */
  async adopt(input: { sourcePointId: string; diskId: string }, signal: AbortSignal): Promise<RecoveryPoint> {
    const { sourcePointId, diskId } = input;
    const subject = this.#subject("adopt disk", `${sourcePointId}/${diskId}`);
    const point = `ad-${token(sourcePointId, diskId).slice(0, 24)}`;
    const known = await this.#snapshots.ofPoint(point, subject, signal);
    if (known) return toRecoveryPoint(this.#aws.site, known);
    const snapshot = await this.#held(sourcePointId, diskId, subject, signal);
    await this.#snapshots.note([snapshot.snapshotId], [{ Key: noteKeys.point, Value: point }], subject, signal);
    return toRecoveryPoint(this.#aws.site, { ...snapshot, notes: { ...snapshot.notes, point } });
  }

  async #held(sourcePointId: string, diskId: string, subject: Subject, signal: AbortSignal): Promise<OurSnapshot> {
    const all = await this.#taken.of([sourcePointId], subject, signal);
    const snapshot = all.find(({ notes }) => notes.disk === diskId && notes.released === undefined);
    if (snapshot?.state === "completed") return snapshot;
    throw notFound(subject, "there is no such point of the disk, or it was released");
  }

  #lineages(volumeIds: readonly string[], subject: Subject, signal: AbortSignal) {
    return lineagesOf(volumeIds, { view: this.#view, snapshots: this.#snapshots }, subject, signal);
  }

  #subject(operation: string, id: string): Subject {
    return { operation, resource: this.#aws.resource("vm", id) };
  }
}
