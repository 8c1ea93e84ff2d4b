import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { isProviderError } from "../domain/errors.ts";
import { joinBlockService, openServedSink, openServedSource } from "../transfer/block-service/client.ts";
import { type BlockServiceSettings, blockServicePort } from "../transfer/block-service/settings.ts";
import type { BlockSink, BlockSource } from "../transfer/ports.ts";
import { unavailable } from "./failures.ts";

/** The member of an instance's metadata that holds a helper's settings. */
export const helperMetadataKey = "novacron-block-service";

/** What a helper is launched with. `settings` is a secret: into the instance's metadata, and nowhere else. */
export interface HelperLaunch {
  /** Unique, of at most 60 characters `[a-z0-9-]`, beginning with a letter. */
  readonly name: string;
  readonly settings: string;
  /** The disk, and the name that it is to have in the machine's folder of devices. */
  readonly diskId: string;
  readonly device: string;
  readonly write: boolean;
  /** Noted on the machine: what the handle is of. */
  readonly owner: string;
}

export interface HelperInstance {
  readonly helperId: string;
  readonly owner: string;
  /** Powered off, or failed: it serves nobody any more. */
  readonly ended: boolean;
}

/**
 * What a cloud without block reads and writes does for helper instances: small machines of ours that have a disk attached and
 * run our block service beside it. Each has our tags, so that the census counts it.
 */
export interface HelperCloud {
  /** Returns once the cloud took the order. Not idempotent: a name is used once. */
  launch(input: HelperLaunch, signal: AbortSignal): Promise<string>;
  /** Helpers of an owner, or all of them, in whatever state, that still exist. */
  list(owner: string | undefined, signal: AbortSignal): AsyncIterable<HelperInstance>;
  /** Where its port is reached; undefined while it starts. @throws when it could not be started. */
  address(helperId: string, signal: AbortSignal): Promise<string | undefined>;
  /** Returns when it is gone and its disk free. One that is gone is fine. */
  remove(helperId: string, signal: AbortSignal): Promise<void>;
}

export interface HelperPatience {
  readonly pollMs: { readonly first: number; readonly most: number };
  /** From the order to a service that answers: a machine boots meanwhile. */
  readonly startWithinMs: number;
}

export interface HelperOptions extends HelperPatience {
  readonly site: string;
  readonly log: (level: "warn", message: string, facts: object) => void;
}

export interface HelperWanted {
  readonly owner: string;
  readonly diskId: string;
  readonly device: string;
}

const closeWithinMs = 120_000;
/** The disk may be in the hands of a helper that another attempt launched meanwhile. */
const launchRounds = 3;

/**
 * Handles on disks by helper instances: one machine a handle, which goes with it. Its key is made for it, is good for one
 * session and is known to nobody but this process and that machine. Whoever opens the same owner again removes the earlier
 * machine first, and so takes the earlier handle away.
 */
export class Helpers {
  readonly #cloud: HelperCloud;
  readonly #options: HelperOptions;

  constructor(cloud: HelperCloud, options: HelperOptions) {
    this.#cloud = cloud;
    this.#options = options;
  }

  async openSource(wanted: HelperWanted, signal: AbortSignal): Promise<BlockSource> {
    const { helperId, name, socket } = await this.#join(wanted, false, signal);
    const source = await openServedSource(socket, name, signal).catch((error: unknown) => this.#give(helperId, error));
    const close = this.#closing(helperId, source);
    const { sizeBytes, hashes, wire } = source;
    return {
      sizeBytes,
      extents: (options) => source.extents(options),
      read: (offset, target, signal, vouched) => source.read(offset, target, signal, vouched),
      ...(hashes && { hashes }),
      ...(wire && { wire }),
      close,
    };
  }

  async openSink(wanted: HelperWanted, signal: AbortSignal): Promise<BlockSink> {
    const { helperId, name, socket } = await this.#join(wanted, true, signal);
    const sink = await openServedSink(socket, name, signal).catch((error: unknown) => this.#give(helperId, error));
    const { sizeBytes, wire } = sink;
    return {
      sizeBytes,
      write: (offset, data, signal, hashes) => sink.write(offset, data, signal, hashes),
      writeZeroes: (offset, length, signal) => sink.writeZeroes(offset, length, signal),
      flush: (signal) => sink.flush(signal),
      ...(wire && { wire }),
      close: this.#closing(helperId, sink),
    };
  }

  /** Takes every handle of the owner away. */
  async removeAll(owner: string, signal: AbortSignal): Promise<void> {
    for await (const { helperId } of this.#cloud.list(owner, signal)) await this.#cloud.remove(helperId, signal);
  }

  /** Removes machines whose session has ended while nobody of ours was there to do it. */
  async sweep(signal: AbortSignal): Promise<void> {
    for await (const { helperId, ended } of this.#cloud.list(undefined, signal)) {
      if (ended) await this.#cloud.remove(helperId, signal);
    }
  }

  async #join(wanted: HelperWanted, write: boolean, signal: AbortSignal) {
    // What others left hinders nobody.
    await this.sweep(signal).catch((error: unknown) => {
      signal.throwIfAborted();
      this.#warn("Helper instances that ended could not be removed; the next sweep does", error, {});
    });
    await this.removeAll(wanted.owner, signal);
    const { helperId, name, key } = await this.#launch(wanted, write, signal);
    try {
      return { helperId, name, socket: await this.#reach(helperId, name, key, signal) };
    } catch (error) {
      return this.#give(helperId, error);
    }
  }

  async #launch(wanted: HelperWanted, write: boolean, signal: AbortSignal) {
    for (let round = 1; ; round++) {
      try {
        return await this.#launchOnce(wanted, write, signal);
      } catch (error) {
        // The order may have been taken all the same.
        const { owner } = wanted;
        await this.removeAll(owner, AbortSignal.timeout(closeWithinMs)).catch((failure: unknown) =>
          this.#warn("A helper instance could not be removed; the next sweep does", failure, { owner }),
        );
        signal.throwIfAborted();
        if (!isProviderError(error, "Conflict") || round >= launchRounds) throw error;
      }
    }
  }

  async #launchOnce({ owner, diskId, device }: HelperWanted, write: boolean, signal: AbortSignal) {
    const { startWithinMs } = this.#options;
    const name = `novacron-h-${owner}`.slice(0, 48).concat("-", randomBytes(4).toString("hex"));
    const key = randomBytes(32);
    const settings: BlockServiceSettings = {
      ...{ name, key: key.toString("base64url"), port: blockServicePort, device, write },
      joinWithinMs: startWithinMs,
    };
    const input = { name, settings: JSON.stringify(settings), diskId, device, write, owner };
    return { helperId: await this.#cloud.launch(input, signal), name, key };
  }

  async #reach(helperId: string, name: string, key: Uint8Array, signal: AbortSignal) {
    const { pollMs, startWithinMs, site } = this.#options;
    const deadline = performance.now() + startWithinMs;
    for (let pauseMs = pollMs.first; ; pauseMs = Math.min(pollMs.most, pauseMs * 1.5)) {
      const host = await this.#cloud.address(helperId, signal);
      if (host !== undefined) {
        try {
          return await joinBlockService({ host, port: blockServicePort, name, key }, signal);
        } catch (error) {
          if (!isProviderError(error, "Unavailable") || performance.now() > deadline) throw error;
        }
      }
      if (performance.now() > deadline) {
        const subject = { operation: "start a helper instance", resource: `${site}/vm/${name}` };
        throw unavailable(subject, `it has no address after ${Math.round(startWithinMs / 1000)} s`);
      }
      await sleep(pauseMs, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }

  /** Removes what could not be used; the reason for that is what the caller hears. */
  async #give(helperId: string, error: unknown): Promise<never> {
    await this.#remove(helperId);
    throw error;
  }

  #closing(helperId: string, handle: { close(): Promise<void> }): () => Promise<void> {
    let closing: Promise<void> | undefined;
    const close = async () => {
      await handle.close();
      await this.#remove(helperId);
    };
    return () => (closing ??= close());
  }

  /** Also when the caller's work was aborted. What stays ends itself, and the next sweep removes it. */
  async #remove(helperId: string): Promise<void> {
    try {
      await this.#cloud.remove(helperId, AbortSignal.timeout(closeWithinMs));
    } catch (error) {
      this.#warn("A helper instance could not be removed; the next sweep does", error, { helperId });
    }
  }

  #warn(message: string, error: unknown, facts: object): void {
    const { site, log } = this.#options;
    log("warn", message, { site, ...facts, reason: String(error) });
  }
}
