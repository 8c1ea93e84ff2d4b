import { randomUUID } from "node:crypto";
import type { Instance } from "@aws-sdk/client-ec2";
import { conflict, notFound, type Subject } from "../failures.ts";
import { poll } from "../poll.ts";
import type { PointToTake, SourcePoint } from "../provider.ts";
import type { Aws } from "./client.ts";
import { type Ec2View, filterLists } from "./describe.ts";
import { codeFailure } from "./errors.ts";
import { lineagesOf } from "./lineages.ts";
import { failed, type OurSnapshot, type Snapshots } from "./points.ts";
import { type PointInTaking, toSourcePoint } from "./seen-points.ts";
import { byNote, createdTags, noteKeys, tagSpecification, token } from "./tags.ts";
import { devicesOf } from "./vm.ts";

/** A point on its way. */
interface Taking extends PointInTaking {
  readonly key: string;
}

/** Takes points of many instances at once: each is one call, and all of them are looked at together. */
export class TakenPoints {
  readonly #aws: Aws;
  readonly #view: Ec2View;
  readonly #snapshots: Snapshots;

  constructor(aws: Aws, { view, snapshots }: { view: Ec2View; snapshots: Snapshots }) {
    this.#aws = aws;
    this.#view = view;
    this.#snapshots = snapshots;
  }

  /** All snapshots of points, also of calls whose answer was lost. */
  async of(sourcePointIds: readonly string[], subject: Subject, signal: AbortSignal): Promise<OurSnapshot[]> {
    const found: OurSnapshot[] = [];
    for (const ids of filterLists(sourcePointIds)) {
      found.push(...(await Array.fromAsync(this.#snapshots.list([byNote("sourcePoint", ...ids)], subject, signal))));
    }
    return found;
  }

  async take(inputs: readonly PointToTake[], signal: AbortSignal): Promise<PromiseSettledResult<SourcePoint>[]> {
    const all = inputs.map((input): Taking => {
      const { vmId, mode, key } = input;
      const subject = { operation: "take a point of VM", resource: this.#aws.resource("vm", vmId) };
      return { ...input, subject, sourcePointId: `sp-${token(this.#aws.site, vmId, mode, key).slice(0, 24)}` };
    });
    const subject = all.length === 1 && all[0] ? all[0].subject : this.#subject;
    const held = await this.#held(all, subject, signal);
    const instances = await this.#instances(all, subject, signal);
    const failures = new Map<string, unknown>();
    await Promise.all(
      all.map(async (taking) => {
        try {
          const instance = known(instances, taking);
          if (held.has(taking.sourcePointId)) return;
          refuseState(instance, taking);
          await this.#create(taking, signal);
        } catch (error) {
          failures.set(taking.sourcePointId, error);
        }
      }),
    );
    const taken = all.filter(({ sourcePointId }) => !failures.has(sourcePointId));
    const points = await this.#settled(taken, failures, subject, signal);
    return all.map(({ sourcePointId }): PromiseSettledResult<SourcePoint> => {
      const value = points.get(sourcePointId);
      return value ? { status: "fulfilled", value } : { status: "rejected", reason: failures.get(sourcePointId) };
    });
  }

  /** Of those that were asked for: complete ones, in the order of the VM's disks. What can't be had is noted in `failures`. */
  async #settled(
    taken: readonly Taking[],
    failures: Map<string, unknown>,
    subject: Subject,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, SourcePoint>> {
    if (taken.length === 0) return new Map();
    const instances = await this.#instances(taken, subject, signal);
    const chosen = await this.#choose(taken, instances, failures, subject, signal);
    const named = await this.#name(chosen, instances, subject, signal);
    const done = await this.#completed(named, failures, subject, signal);
    const lineages = await lineagesOf(
      [...new Set([...done.values()].flat().map(({ volumeId }) => volumeId))],
      { view: this.#view, snapshots: this.#snapshots },
      subject,
      signal,
    );
    const points = new Map<string, SourcePoint>();
    await Promise.all(
      taken.map(async (taking) => {
        const snapshots = done.get(taking.sourcePointId);
        if (!snapshots) return;
        try {
          points.set(
            taking.sourcePointId,
            await toSourcePoint(this.#aws, taking, { instance: known(instances, taking), snapshots, lineages }, signal),
          );
        } catch (error) {
          failures.set(taking.sourcePointId, error);
        }
      }),
    );
    return points;
  }

  async #held(all: readonly Taking[], subject: Subject, signal: AbortSignal): Promise<ReadonlySet<string>> {
    const ids = all.map(({ sourcePointId }) => sourcePointId);
    const found = await this.of(ids, subject, signal);
    return new Set(found.flatMap(({ notes }) => (notes.released === undefined ? (notes.sourcePoint ?? []) : [])));
  }

  #instances(all: readonly Taking[], subject: Subject, signal: AbortSignal): Promise<Map<string, Instance>> {
    const ids = [...new Set(all.map(({ vmId }) => vmId))];
    return this.#view.instancesById(ids, subject, signal);
  }

  /** Has no client token: what it makes carries a mark of the call, so that a repeat finds it. */
  async #create({ vmId, mode, key, sourcePointId, subject }: Taking, signal: AbortSignal): Promise<void> {
    const notes = { sourcePoint: sourcePointId, mode, set: randomUUID(), name: `${subject.resource} (novacron)` };
    await this.#aws.ec2.send(
      (sdk) =>
        new sdk.CreateSnapshotsCommand({
          InstanceSpecification: { InstanceId: vmId, ExcludeBootVolume: false },
          Description: `novacron source point ${sourcePointId}`,
          TagSpecifications: [tagSpecification("snapshot", createdTags({}, key), notes)],
        }),
      subject,
      signal,
    );
  }

  /** Of the calls that made a point, the first complete one counts; what others left is deleted. */
  async #choose(
    taken: readonly Taking[],
    instances: ReadonlyMap<string, Instance>,
    failures: Map<string, unknown>,
    subject: Subject,
    signal: AbortSignal,
  ): Promise<Map<string, OurSnapshot[]>> {
    const chosen = new Map<string, OurSnapshot[]>();
    const others: OurSnapshot[] = [];
    await this.#view.shown(async () => {
      const missing = taken.filter(({ sourcePointId }) => !chosen.has(sourcePointId));
      const ids = missing.map(({ sourcePointId }) => sourcePointId);
      const seen = Map.groupBy(await this.of(ids, subject, signal), ({ notes }) => notes.sourcePoint ?? "");
      for (const { sourcePointId, vmId } of missing) {
        const instance = instances.get(vmId);
        const sets = Map.groupBy(seen.get(sourcePointId) ?? [], ({ notes }) => notes.set ?? "");
        const size = instance ? devicesOf(instance).length : Number.POSITIVE_INFINITY;
        const whole = [...sets.values()].filter((set) => set.length >= size);
        const first = whole.toSorted((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1))[0];
        if (!first) continue;
        chosen.set(sourcePointId, first);
        others.push(...[...sets.values()].filter((set) => set !== first).flat());
      }
      return chosen.size === taken.length || undefined;
    }, signal);
    for (const { snapshotId } of others) await this.#snapshots.delete(snapshotId, subject, signal);
    for (const taking of taken) {
      const instance = instances.get(taking.vmId);
      if (!instance) failures.set(taking.sourcePointId, notFound(taking.subject, "AWS has no such instance"));
      else if (!chosen.has(taking.sourcePointId)) {
        failures.set(
          taking.sourcePointId,
          conflict(
            taking.subject,
            `its point has not one snapshot for each of its ${devicesOf(instance).length} volumes`,
            "Release the point and take another; volumes may have been attached or detached meanwhile.",
          ),
        );
      }
    }
    return chosen;
  }

  /** Each snapshot then says which disk it shows. */
  async #name(
    chosen: ReadonlyMap<string, readonly OurSnapshot[]>,
    instances: ReadonlyMap<string, Instance>,
    subject: Subject,
    signal: AbortSignal,
  ): Promise<Map<string, OurSnapshot[]>> {
    const disks = new Map(
      [...instances.values()].flatMap(devicesOf).map(({ volumeId, diskId }) => [volumeId, diskId] as const),
    );
    const diskOf = ({ notes, volumeId }: OurSnapshot) => notes.disk ?? disks.get(volumeId) ?? volumeId;
    const unnamed = [...chosen.values()].flat().filter(({ notes }) => notes.disk === undefined);
    for (const [disk, snapshots] of Map.groupBy(unnamed, diskOf)) {
      const ids = snapshots.map(({ snapshotId }) => snapshotId);
      await this.#snapshots.note(ids, [{ Key: noteKeys.disk, Value: disk }], subject, signal);
    }
    if (unnamed.length > 0) {
      const wanted = new Map(unnamed.map((snapshot) => [snapshot.snapshotId, diskOf(snapshot)]));
      await this.#view.shown(async () => {
        for (const { snapshotId, notes } of await this.#snapshots.byIds([...wanted.keys()], subject, signal)) {
          if (notes.disk === wanted.get(snapshotId)) wanted.delete(snapshotId);
        }
        return wanted.size === 0 || undefined;
      }, signal);
    }
    return new Map(
      [...chosen].map(([id, snapshots]) => [
        id,
        snapshots.map((snapshot) => ({ ...snapshot, notes: { ...snapshot.notes, disk: diskOf(snapshot) } })),
      ]),
    );
  }

  async #completed(
    chosen: ReadonlyMap<string, readonly OurSnapshot[]>,
    failures: Map<string, unknown>,
    subject: Subject,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, OurSnapshot[]>> {
    const waiting = new Map([...chosen].flatMap(([id, all]) => all.map(({ snapshotId }) => [snapshotId, id] as const)));
    const done = new Map<string, OurSnapshot>();
    const lastSeen = new Map([...waiting.keys()].map((snapshotId) => [snapshotId, performance.now()]));
    await poll(
      async () => {
        const now = performance.now();
        for (const seen of await this.#snapshots.byIds([...waiting.keys()], subject, signal)) {
          const { snapshotId, state } = seen;
          lastSeen.set(snapshotId, now);
          if (state === "pending") continue;
          if (state === "error") failures.set(waiting.get(snapshotId) ?? "", failed(seen, subject));
          else done.set(snapshotId, seen);
          waiting.delete(snapshotId);
        }
        for (const [snapshotId, sourcePointId] of waiting) {
          if (now - (lastSeen.get(snapshotId) ?? now) <= this.#aws.patience.consistencyMs) continue;
          failures.set(sourcePointId, codeFailure("InvalidSnapshot.NotFound", `${snapshotId} is gone`, subject));
          waiting.delete(snapshotId);
        }
        return waiting.size === 0 || undefined;
      },
      this.#aws.patience,
      signal,
    );
    return new Map(
      [...chosen].flatMap(([id, all]) => {
        const snapshots = all.flatMap(({ snapshotId, notes }) => {
          const seen = done.get(snapshotId);
          return seen ? [{ ...seen, notes: { ...seen.notes, disk: notes.disk } }] : [];
        });
        return snapshots.length === all.length ? [[id, snapshots] as const] : [];
      }),
    );
  }

  get #subject(): Subject {
    return { operation: "take points of VMs", resource: this.#aws.site };
  }
}

function known(instances: ReadonlyMap<string, Instance>, { vmId, subject }: Taking): Instance {
  const instance = instances.get(vmId);
  if (!instance) throw notFound(subject, "AWS has no such instance");
  return instance;
}

function refuseState({ State }: Instance, { mode, subject }: Taking): void {
  const wanted = mode === "stopped" ? "stopped" : "running";
  if (State?.Name === wanted) return;
  throw conflict(
    subject,
    `it is ${State?.Name}`,
    mode === "stopped"
      ? "Stop the VM first, or take a frozen point."
      : "Start the VM, or take a point of the stopped VM.",
  );
}

/** The order of calls, the same for whoever looks. */
function orderOf(set: readonly OurSnapshot[]): string {
  const started = set.map(({ startedAt }) => startedAt).toSorted()[0] ?? "";
  return `${started} ${set[0]?.notes.set}`;
}
