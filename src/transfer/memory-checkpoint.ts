import { ProviderError } from "../domain/errors.ts";
import type { CheckpointStore, GenerationState, ManifestChunk, TransferProgress } from "./ports.ts";

interface Generation {
  sizeBytes: number;
  attempt: number;
  sealed: boolean;
  rootHash?: string;
  progress: TransferProgress;
  /** Of the current attempt: what it noted as sent, and what was committed when it began. */
  bytesSent: number;
  bytesCopiedBefore: number;
  chunks: Map<number, ManifestChunk>;
}

const nothingMoved: TransferProgress = {
  bytesDone: 0,
  bytesToMove: 0,
  bytesCopied: 0,
  bytesResent: 0,
  leavesWritten: 0,
};

/** A checkpoint store that lives as long as the process: for tests, benches and copies that nobody resumes. */
export class MemoryCheckpointStore implements CheckpointStore {
  readonly #generations = new Map<string, Generation>();

  async beginAttempt(input: {
    generationId: string;
    sizeBytes: number;
    parentManifestId?: string;
  }): Promise<GenerationState> {
    const { generationId, sizeBytes } = input;
    const known = this.#generations.get(generationId);
    if (!known) {
      const chunks = this.#parentChunks(input);
      const progress = nothingMoved;
      const fresh = { sizeBytes, attempt: 1, sealed: false, progress, bytesSent: 0, bytesCopiedBefore: 0, chunks };
      this.#generations.set(generationId, fresh);
      return view(generationId, fresh);
    }
    if (known.sealed) throw conflict("begin an attempt", generationId, "the generation is sealed");
    if (known.sizeBytes !== sizeBytes) {
      throw conflict("begin an attempt", generationId, `it was begun with ${known.sizeBytes} bytes, not ${sizeBytes}`);
    }
    const lost = Math.max(0, known.bytesSent - (known.progress.bytesCopied - known.bytesCopiedBefore));
    known.attempt++;
    known.progress = { ...known.progress, bytesResent: known.progress.bytesResent + lost };
    known.bytesSent = 0;
    known.bytesCopiedBefore = known.progress.bytesCopied;
    return view(generationId, known);
  }

  async *chunks(manifestId: string): AsyncGenerator<ManifestChunk> {
    const chunks = this.#generations.get(manifestId)?.chunks ?? new Map<number, ManifestChunk>();
    const indexes = [...chunks.keys()].sort((a, b) => a - b);
    for (const index of indexes) {
      const chunk = chunks.get(index);
      if (chunk) yield copyOf(chunk);
    }
  }

  async commit(input: {
    generationId: string;
    attempt: number;
    chunks: readonly ManifestChunk[];
    progress: TransferProgress;
  }): Promise<void> {
    const generation = this.#current(input.generationId, input.attempt, "commit a checkpoint");
    if (generation.sealed) throw conflict("commit a checkpoint", input.generationId, "the generation is sealed");
    for (const chunk of input.chunks) generation.chunks.set(chunk.index, copyOf(chunk));
    generation.progress = { ...input.progress, bytesResent: generation.progress.bytesResent };
  }

  async noteSent(input: { generationId: string; attempt: number; bytesSent: number }): Promise<void> {
    const generation = this.#generations.get(input.generationId);
    if (generation?.attempt !== input.attempt) return;
    generation.bytesSent = Math.max(generation.bytesSent, input.bytesSent);
  }

  async seal(input: { generationId: string; attempt: number; rootHash: string }): Promise<void> {
    const known = this.#generations.get(input.generationId);
    if (known?.sealed && known.rootHash === input.rootHash) return;
    const generation = this.#current(input.generationId, input.attempt, "seal the generation");
    if (generation.sealed) throw conflict("seal the generation", input.generationId, "it is sealed with another root");
    generation.sealed = true;
    generation.rootHash = input.rootHash;
  }

  async state(generationId: string): Promise<GenerationState | undefined> {
    const generation = this.#generations.get(generationId);
    return generation && view(generationId, generation);
  }

  #current(generationId: string, attempt: number, operation: string): Generation {
    const generation = this.#generations.get(generationId);
    if (generation?.attempt === attempt) return generation;
    throw conflict(operation, generationId, `attempt ${attempt} is not current any more`);
  }

  #parentChunks({
    generationId,
    sizeBytes,
    parentManifestId,
  }: {
    generationId: string;
    sizeBytes: number;
    parentManifestId?: string;
  }): Map<number, ManifestChunk> {
    if (parentManifestId === undefined) return new Map();
    const parent = this.#generations.get(parentManifestId);
    if (!parent) {
      throw new ProviderError("NotFound", {
        operation: "begin an attempt",
        resource: `manifest/${parentManifestId}`,
        reason: "the parent's manifest is not in this store",
        action: "Plan the move again: it then moves everything.",
      });
    }
    if (parent.sizeBytes !== sizeBytes) {
      throw conflict("begin an attempt", generationId, `its parent has ${parent.sizeBytes} bytes, not ${sizeBytes}`);
    }
    return new Map([...parent.chunks].map(([index, chunk]) => [index, { ...copyOf(chunk), done: noneDone(chunk) }]));
  }
}

function copyOf({ index, leaves, done }: ManifestChunk): ManifestChunk {
  return { index, leaves: Uint8Array.from(leaves), done: Uint8Array.from(done) };
}

function noneDone(chunk: ManifestChunk): Uint8Array {
  return new Uint8Array(chunk.done.byteLength);
}

function view(generationId: string, generation: Generation): GenerationState {
  const { sizeBytes, attempt, sealed, rootHash, progress } = generation;
  return { generationId, sizeBytes, attempt, sealed, rootHash, progress };
}

function conflict(operation: string, generationId: string, reason: string): ProviderError {
  return new ProviderError("Conflict", {
    operation,
    resource: `generation/${generationId}`,
    reason,
    action: "Nothing, if a newer attempt has taken over; else look at the migration.",
  });
}
