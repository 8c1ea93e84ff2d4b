import type { Gate } from "./gate.ts";
import type { ManifestWindow, SettledLeaf } from "./manifest-window.ts";
import type { BlockSink, CheckpointStore, GenerationState, TransferProgress, WireMeter } from "./ports.ts";

/** A task's outcome: hashed, and written where that was needed. */
export interface Settled {
  readonly leaves: readonly SettledLeaf[];
  readonly leafBytes: number;
  readonly bytesSent: number;
  readonly bytesSkipped: number;
  readonly leavesWritten: number;
}

const mib = 1024 * 1024;
/** What a crash may cost is 5 % of the disk or 64 MiB, whichever is larger; the rest is margin. */
const windowShare = 0.6;
const largestWindowBytes = 256 * mib;
/** A flush starts when this share of the window waits for one: while it runs, the rest fills. */
const flushShare = 1 / 3;
const flushAfterMs = 1000;
const noteEveryBytes = 8 * mib;
const maxLiveChunks = 48;

/**
 * Group commit: the writes that had been acknowledged before a flush was sent are durable when it returns, and are then
 * entered into the checkpoint. One batch is on its way while the next gathers; the bytes sent and not yet entered are
 * bounded, because a crash sends them again.
 */
export class Committer {
  /** How far the copy has been planned, in bytes of the disk. */
  position = 0;
  bytesToMove = 0;
  readonly #sink: BlockSink;
  readonly #checkpoint: CheckpointStore;
  readonly #state: GenerationState;
  readonly #window: ManifestWindow;
  readonly #gate: Gate;
  readonly #signal: AbortSignal;
  readonly #onProgress: ((progress: TransferProgress) => void) | undefined;
  readonly #windowBytes: number;
  readonly #wire: WireMeter | undefined;
  #batch: Settled[] = [];
  #batchBytes = 0;
  #admittedBytes = 0;
  #outstandingBytes = 0;
  #bytesSent = 0;
  #bytesCopied: number;
  #leavesWritten: number;
  #noted = 0;
  #noting = false;
  #due = false;
  #blocked = false;
  #timer: NodeJS.Timeout | undefined;
  #finishing = false;

  constructor(input: {
    sink: BlockSink;
    checkpoint: CheckpointStore;
    state: GenerationState;
    window: ManifestWindow;
    gate: Gate;
    signal: AbortSignal;
    onProgress?: (progress: TransferProgress) => void;
    windowBytes?: number;
    wire?: WireMeter | undefined;
  }) {
    this.#sink = input.sink;
    this.#checkpoint = input.checkpoint;
    this.#state = input.state;
    this.#window = input.window;
    this.#gate = input.gate;
    this.#signal = input.signal;
    this.#onProgress = input.onProgress;
    this.#wire = input.wire;
    this.#bytesCopied = input.state.progress.bytesCopied;
    this.#leavesWritten = input.state.progress.leavesWritten;
    const allowed = Math.max(64 * mib, 0.05 * input.state.sizeBytes);
    this.#windowBytes = input.windowBytes ?? Math.min(largestWindowBytes, allowed * windowShare);
  }

  get progress(): TransferProgress {
    return {
      bytesDone: this.position - this.#outstandingBytes,
      bytesToMove: this.bytesToMove,
      bytesCopied: this.#bytesCopied,
      bytesResent: this.#state.progress.bytesResent,
      leavesWritten: this.#leavesWritten,
      ...(this.#wire ? { bytesOnWire: (this.#state.progress.bytesOnWire ?? 0) + this.#wire.bytes } : {}),
    };
  }

  report(): void {
    this.#onProgress?.(this.progress);
  }

  /** Waits until so many more bytes may be sent. */
  async admit(bytes: number): Promise<void> {
    const fits = (): boolean =>
      (this.#admittedBytes === 0 || this.#admittedBytes + bytes <= this.#windowBytes) &&
      this.#window.liveChunks <= maxLiveChunks;
    if (!fits()) {
      this.#blocked = true;
      this.#gate.changed();
      await this.#gate.until(fits);
      this.#blocked = false;
    }
    this.#admittedBytes += bytes;
  }

  /** Bytes of the disk whose task has started and is not yet entered. */
  outstanding(bytes: number): void {
    this.#outstandingBytes += bytes;
  }

  /** Called as bytes leave, so that a successor of this attempt can tell how many it sends again. */
  sending(bytes: number): void {
    this.#bytesSent += bytes;
    if (this.#noting || this.#bytesSent - this.#noted < noteEveryBytes) return;
    this.#noting = true;
    this.#noted = this.#bytesSent;
    const { generationId, attempt } = this.#state;
    this.#checkpoint
      .noteSent({ generationId, attempt, bytesSent: this.#bytesSent })
      // A note that is lost makes a figure smaller and nothing else; a stale attempt hears of it from `commit`.
      .catch(() => undefined)
      .finally(() => {
        this.#noting = false;
      });
  }

  settled(task: Settled): void {
    this.#batch.push(task);
    this.#batchBytes += task.bytesSent;
    this.#timer ??= setTimeout(() => {
      this.#due = true;
      this.#gate.changed();
    }, flushAfterMs).unref();
  }

  finish(): void {
    this.#finishing = true;
    this.#gate.changed();
  }

  /** Ends after {@link finish}, with everything durable and entered. */
  async run(): Promise<void> {
    try {
      for (;;) {
        await this.#gate.until(() => this.#finishing || (this.#batch.length > 0 && this.#worthFlushing()));
        if (this.#batch.length === 0) return;
        await this.#commit();
      }
    } finally {
      clearTimeout(this.#timer);
    }
  }

  #worthFlushing(): boolean {
    return this.#due || this.#blocked || this.#batchBytes >= this.#windowBytes * flushShare;
  }

  async #commit(): Promise<void> {
    const batch = this.#batch;
    this.#batch = [];
    this.#batchBytes = 0;
    this.#due = false;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (batch.some((task) => task.leavesWritten > 0)) await this.#sink.flush(this.#signal);
    this.#signal.throwIfAborted();
    const chunks = this.#window.settle(batch.flatMap((task) => task.leaves));
    let admitted = 0;
    for (const task of batch) {
      this.#bytesCopied += task.bytesSent;
      this.#leavesWritten += task.leavesWritten;
      this.bytesToMove -= task.bytesSkipped;
      this.#outstandingBytes -= task.leafBytes;
      admitted += task.bytesSent + task.bytesSkipped;
    }
    const { generationId, attempt } = this.#state;
    await this.#checkpoint.commit({ generationId, attempt, chunks, progress: this.progress });
    this.#admittedBytes -= admitted;
    this.report();
    this.#gate.changed();
  }
}
