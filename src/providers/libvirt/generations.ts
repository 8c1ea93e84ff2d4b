import { tagKeys } from "../../domain/vm.ts";
import type { BlockSink, BlockSource } from "../../transfer/ports.ts";
import { conflict, invalid, notFound, type Subject } from "../failures.ts";
import type { ListedPoint, RecoveryPoint, ReplicaSpec, Volume } from "../provider.ts";
import { ClosingSink, ClosingSource } from "./handles.ts";
import type { Host } from "./host.ts";
import { isUnchanged } from "./images.ts";
import type { Layer } from "./layers.ts";

/** Replicas' generations and the recovery points that they become. */
export class Generations {
  readonly #host: Host;

  constructor(host: Host) {
    this.#host = host;
  }

  async open(
    input: { replica: ReplicaSpec; generationId: string; parentPointId?: string; attempt: number },
    signal: AbortSignal,
  ): Promise<BlockSink> {
    const { replica, generationId, parentPointId, attempt } = input;
    const { layers, exports } = this.#host;
    const subject = this.#subject("write a generation", generationId);
    await this.#refuseSuperseded(generationId, attempt, subject);
    const layer = await this.#place(replica, generationId, parentPointId, subject);
    if ((await layers.claim(generationId, attempt)) > attempt) throw superseded(subject);
    await exports.reap();
    await exports.endAll((other) => isWriter(other, generationId) && other.attempt <= attempt, "revoke");
    await layers.make(layer, (partial) =>
      this.#host.images.create(partial, { sizeBytes: layer.sizeBytes, backing: layer.backing }, signal),
    );
    const { path, format } = layer;
    const running = await exports.start(
      { kind: "generation", id: generationId, attempt, path, format, writable: true, bitmaps: [] },
      signal,
    );
    try {
      // A newer attempt may have come, or the generation may have ended, while this one was on its way.
      await this.#refuseSuperseded(generationId, attempt, subject);
    } catch (error) {
      await exports.end(running, "revoke");
      await this.#dropIfBuried(generationId);
      throw error;
    }
    return ClosingSink.open(exports, running, { sizeBytes: replica.sizeBytes, signal });
  }

  async seal(
    input: { replicaId: string; generationId: string; attempt: number },
    signal: AbortSignal,
  ): Promise<RecoveryPoint> {
    const { generationId, attempt } = input;
    const { layers, exports } = this.#host;
    const subject = this.#subject("seal a generation", generationId);
    const layer = await this.#find(generationId, subject);
    if (layer.sealedAt !== undefined) return this.#toPoint(layer);
    if (!layer.made) throw notFound(subject, "nothing was written to it");
    if ((await layers.claim(generationId, attempt)) > attempt) throw superseded(subject);
    await exports.endAll((other) => isWriter(other, generationId), "finish");
    signal.throwIfAborted();
    const sealedAt = await layers.seal(layer);
    return this.#toPoint({ ...layer, sealedAt });
  }

  async discard(generationId: string, signal: AbortSignal): Promise<void> {
    const { layers, exports } = this.#host;
    const layer = await layers.get(generationId);
    if (layer?.sealedAt !== undefined && !layer.deleted) {
      throw conflict(
        this.#subject("discard a generation", generationId),
        "it is sealed",
        "Delete the recovery point that it became.",
      );
    }
    await layers.bury(generationId);
    await exports.endAll((other) => isWriter(other, generationId), "revoke");
    await this.#host.sweep(signal);
  }

  /** @throws NotFound when it is gone, Conflict when an adopted disk changed. */
  async find(pointId: string): Promise<Layer> {
    const subject = this.#subject("find recovery point", pointId);
    const layer = await this.#find(pointId, subject);
    if (layer.kind === "generation" && layer.sealedAt !== undefined && layer.made) return layer;
    if (layer.kind === "adopted") {
      if (!layer.made) throw notFound(subject, "the VM's disk is gone");
      if (layer.identity && (await isUnchanged(layer.identity))) return layer;
      throw conflict(
        subject,
        "the disk changed since it became a recovery point; its VM was started",
        "Plan the move again: it then moves everything.",
      );
    }
    throw notFound(subject, layer.kind === "generation" ? "the generation is not sealed" : "it is no recovery point");
  }

  async get(pointId: string): Promise<RecoveryPoint> {
    return this.#toPoint(await this.find(pointId));
  }

  async openPoint(pointId: string, signal: AbortSignal): Promise<BlockSource> {
    const layer = await this.find(pointId);
    return openLayer(this.#host, "point", layer, signal);
  }

  async deletePoint(pointId: string, signal: AbortSignal): Promise<void> {
    const layer = await this.#host.layers.get(pointId);
    const isPoint = layer?.kind === "adopted" || (layer?.kind === "generation" && layer.sealedAt !== undefined);
    if (isPoint) await this.#host.layers.markDeleted(pointId);
    await this.#host.sweep(signal);
  }

  async #place(
    replica: ReplicaSpec,
    generationId: string,
    parentPointId: string | undefined,
    subject: Subject,
  ): Promise<Layer> {
    const existing = await this.#host.layers.get(generationId);
    if (existing) {
      const same =
        existing.kind === "generation" &&
        existing.replicaId === replica.replicaId &&
        existing.sizeBytes === roundUp(replica.sizeBytes) &&
        existing.backing?.pointId === parentPointId;
      if (same) return existing;
      throw conflict(subject, "it exists with another size, replica or parent", "Use a new generation id.");
    }
    if (replica.sizeBytes <= 0) throw invalid(subject, "its size is 0", "Give the size of the source disk.");
    const parent = parentPointId === undefined ? undefined : await this.find(parentPointId);
    return this.#host.layers.put({
      id: generationId,
      kind: "generation",
      path: this.#host.layers.imagePath(generationId),
      format: "qcow2",
      sizeBytes: roundUp(replica.sizeBytes),
      createdAt: new Date().toISOString(),
      tags: { ...replica.tags, [tagKeys.managed]: "true" },
      replicaId: replica.replicaId,
      backing: parent && { pointId: parent.id, path: parent.path, format: parent.format },
      depth: parent ? parent.depth + 1 : 0,
    });
  }

  async #refuseSuperseded(generationId: string, attempt: number, subject: Subject): Promise<void> {
    const { layers } = this.#host;
    if (await layers.isBuried(generationId)) {
      throw conflict(subject, "it was discarded", "Start the move anew; it takes a new generation.");
    }
    const layer = await layers.get(generationId);
    if (layer?.sealedAt !== undefined || layer?.deleted) {
      throw conflict(subject, "it is sealed", "Read it as a recovery point, or start a new generation on it.");
    }
    if ((await layers.newestAttempt(generationId)) > attempt) throw superseded(subject);
  }

  /** A late attempt may have made the image again after the generation was discarded. */
  async #dropIfBuried(generationId: string): Promise<void> {
    if (!(await this.#host.layers.isBuried(generationId))) return;
    await this.#host.layers.bury(generationId);
    await this.#host.sweep(AbortSignal.timeout(60_000));
  }

  async *list(): AsyncGenerator<ListedPoint> {
    for (const layer of await this.#host.layers.list()) {
      const isPoint = layer.kind === "adopted" || (layer.kind === "generation" && layer.sealedAt !== undefined);
      if (isPoint && !layer.deleted) yield { ...this.#toPoint(layer), tags: layer.tags };
    }
  }

  async #find(id: string, subject: Subject): Promise<Layer> {
    const layer = await this.#host.layers.get(id);
    if (!layer || layer.deleted) throw notFound(subject, "it does not exist");
    return layer;
  }

  #toPoint(layer: Layer): RecoveryPoint {
    return {
      pointId: layer.id,
      site: this.#host.site,
      sizeBytes: layer.sizeBytes,
      createdAt: layer.sealedAt ?? layer.createdAt,
      kind: layer.kind === "adopted" ? "adopted" : "sealed",
    };
  }

  #subject(operation: string, id: string): Subject {
    return { operation, resource: `${this.#host.site}/generation/${id}` };
  }
}

/** Serves a layer for reading until the source is closed. */
export async function openLayer(
  host: Host,
  kind: "point" | "volume" | "peek",
  layer: { readonly id: string; readonly path: string; readonly format: string },
  signal: AbortSignal,
): Promise<BlockSource> {
  const { exports } = host;
  await exports.reap();
  const { id, path, format } = layer;
  const running = await exports.start({ kind, id, attempt: 0, path, format, writable: false, bitmaps: [] }, signal);
  return ClosingSource.open(exports, running, { signal });
}

export function toVolume(layer: Layer): Volume {
  return { volumeId: layer.id, sizeBytes: layer.sizeBytes, tags: layer.tags };
}

/** qcow2's sizes are whole sectors. */
export function roundUp(sizeBytes: number): number {
  return Math.ceil(sizeBytes / 512) * 512;
}

function isWriter(running: { kind: string; id: string }, generationId: string): boolean {
  return running.kind === "generation" && running.id === generationId;
}

function superseded(subject: Subject) {
  return conflict(subject, "a newer attempt has taken over", "Leave it to that attempt.");
}
