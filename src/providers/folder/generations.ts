import { basename } from "node:path";
import { tagKeys } from "../../domain/vm.ts";
import type { BlockSink } from "../../transfer/ports.ts";
import { conflict, fileFailure, invalid, notFound, type Subject } from "../failures.ts";
import type { RecoveryPoint, ReplicaSpec } from "../provider.ts";
import { AttemptSink } from "./attempt-sink.ts";
import type { Folder } from "./folder.ts";
import type { Layers } from "./layers.ts";
import type { Points } from "./points.ts";

/** Replicas' generations until they are sealed. */
export class Generations {
  readonly #folder: Folder;
  readonly #layers: Layers;
  readonly #points: Points;
  readonly #open = new Set<BlockSink>();

  constructor(folder: Folder, layers: Layers, points: Points) {
    this.#folder = folder;
    this.#layers = layers;
    this.#points = points;
  }

  async open(
    input: { replica: ReplicaSpec; generationId: string; parentPointId?: string; attempt: number },
    signal: AbortSignal,
  ): Promise<BlockSink> {
    const { generationId, attempt, replica } = input;
    const subject = this.#subject("write a generation", generationId);
    try {
      await this.#layers.refuseEnded(generationId, subject);
      await this.#layers.refuseOlder(generationId, attempt, subject);
      await this.#place(input, subject);
      signal.throwIfAborted();
      const folder = await this.#layers.takeOver(generationId, attempt, subject);
      const claim = basename(folder);
      const sink = await AttemptSink.open({
        folder,
        sizeBytes: replica.sizeBytes,
        subject,
        refuseSuperseded: () => this.#layers.refuseSuperseded(generationId, claim, subject),
        onClose: () => this.#open.delete(sink),
      });
      this.#open.add(sink);
      return sink;
    } catch (error) {
      // A late attempt may have made the folder again after the generation was discarded.
      if (await this.#layers.isBuried(generationId)) await this.#layers.drop(generationId);
      throw fileFailure(error, subject);
    }
  }

  async seal(input: { generationId: string; attempt: number }): Promise<RecoveryPoint> {
    const { generationId, attempt } = input;
    const subject = this.#subject("seal a generation", generationId);
    const generation = await this.#layers.get(generationId);
    if (!generation || generation.deleted) throw notFound(subject, "it does not exist");
    if (!generation.seal) await this.#layers.seal(generation, attempt, subject);
    return this.#points.get(generationId);
  }

  async discard(generationId: string): Promise<void> {
    const generation = await this.#layers.get(generationId);
    if (generation?.seal && !generation.deleted) {
      throw conflict(
        this.#subject("discard a generation", generationId),
        "it is sealed",
        "Delete the recovery point that it became.",
      );
    }
    if (!generation?.seal) await this.#layers.bury(generationId);
  }

  async close(): Promise<void> {
    for (const sink of [...this.#open]) await sink.close();
  }

  async #place(
    input: { replica: ReplicaSpec; generationId: string; parentPointId?: string },
    subject: Subject,
  ): Promise<void> {
    const { replica, generationId, parentPointId } = input;
    const { replicaId, sizeBytes } = replica;
    if (sizeBytes <= 0) throw invalid(subject, "its size is 0", "Give the size of the source disk.");
    if (!(await this.#layers.get(generationId))) {
      const parent = parentPointId === undefined ? undefined : await this.#points.get(parentPointId);
      if (parent && parent.sizeBytes > sizeBytes) {
        throw invalid(subject, "its parent is larger", "Give at least the parent's size.");
      }
      const tags = { ...replica.tags, [tagKeys.managed]: "true" };
      const createdAt = new Date().toISOString();
      await this.#layers.put({ generationId, replicaId, sizeBytes, createdAt, tags, parentPointId });
    }
    const placed = await this.#layers.get(generationId);
    if (placed?.replicaId !== replicaId || placed.sizeBytes !== sizeBytes || placed.parentPointId !== parentPointId) {
      throw conflict(subject, "it exists with another size, replica or parent", "Use a new generation id.");
    }
    // Now that the parent is kept for this one: it may have gone between the look and the record.
    if (parentPointId !== undefined) await this.#points.get(parentPointId);
  }

  #subject(operation: string, id: string): Subject {
    return this.#folder.subject(operation, "generation", id);
  }
}
