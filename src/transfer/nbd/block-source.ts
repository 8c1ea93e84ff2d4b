import { ProviderError } from "../../domain/errors.ts";
import type { BlockSource, Extent } from "../ports.ts";
import { NbdConnection } from "./connection.ts";
import { NbdConnections } from "./connections.ts";
import type { ChangeContext } from "./extent-map.ts";
import { allocationContext, contextName, mergeExtents, readExtents } from "./extent-map.ts";
import { maxPayloadBytes } from "./protocol.ts";
import type { NbdAddress } from "./wire.ts";

export interface NbdSourceOptions extends NbdAddress {
  /** How the export tells the changes since each baseline that it knows. */
  readonly baselines?: Readonly<Record<string, ChangeContext>>;
  /** Data connections, where the server allows several. Default 2. */
  readonly connections?: number;
  /** The disk's true size where the server rounds it up (to sectors); what is past it is not part of the disk. */
  readonly sizeBytes?: number;
  readonly signal?: AbortSignal;
}

/** Reads an NBD export. Each read of the extent map has a connection of its own, which asks for nothing but the map. */
export class NbdBlockSource implements BlockSource {
  readonly sizeBytes: number;
  readonly #options: NbdSourceOptions;
  readonly #data: NbdConnections;
  #closed = false;

  private constructor(options: NbdSourceOptions, data: NbdConnections) {
    this.#options = options;
    this.#data = data;
    this.sizeBytes = options.sizeBytes ?? data.info.sizeBytes;
  }

  /** @throws ProviderError Unavailable when the server cannot be reached, NotFound when it has no such export. */
  static async open(options: NbdSourceOptions): Promise<NbdBlockSource> {
    return new NbdBlockSource(options, await NbdConnections.open(options, options.connections ?? 2, options.signal));
  }

  async *extents(options: { sinceBaseline?: string; signal?: AbortSignal }): AsyncGenerator<Extent> {
    const { sinceBaseline, signal } = options;
    const change = sinceBaseline === undefined ? undefined : this.#options.baselines?.[sinceBaseline];
    if (sinceBaseline !== undefined && !change) throw this.#unknownBaseline(sinceBaseline);
    const contexts = change ? [allocationContext, contextName(change)] : [allocationContext];
    const connection = await NbdConnection.open(this.#options, contexts, signal);
    try {
      const granted = [...connection.info.contexts.values()];
      if (change && sinceBaseline !== undefined && !granted.includes(contextName(change))) {
        throw this.#unknownBaseline(sinceBaseline);
      }
      if (!granted.includes(allocationContext)) {
        if (change) throw this.#unknownBaseline(sinceBaseline ?? "");
        // A server that cannot tell what is allocated: all of it may be.
        yield { offset: 0, length: this.sizeBytes, kind: "data" };
        return;
      }
      yield* mergeExtents(readExtents(connection, connection.info.sizeBytes, change, signal), this.sizeBytes);
    } finally {
      connection.close();
    }
  }

  async read(offset: number, target: Uint8Array, signal?: AbortSignal): Promise<void> {
    if (target.byteLength <= maxPayloadBytes) return this.#data.pick().read(offset, target, signal);
    const reads: Promise<void>[] = [];
    for (let at = 0; at < target.byteLength; at += maxPayloadBytes) {
      reads.push(this.#data.pick().read(offset + at, target.subarray(at, at + maxPayloadBytes), signal));
    }
    await Promise.all(reads);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#data.close();
  }

  #unknownBaseline(baseline: string): ProviderError {
    return new ProviderError("NotFound", {
      operation: "read what changed",
      resource: this.#data.resource,
      reason: `this disk does not know the changes since ${baseline} any more`,
      action: "Plan the move again: it then compares hashes or moves everything.",
    });
  }
}
