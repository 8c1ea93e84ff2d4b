import pg from "pg";
import type { StoreLog } from "./database.ts";

export interface Subscription {
  /** Resolves when there may be something new: a notification came, the poll interval passed, the connection is back, or
   *  the subscription ended. What came since the last call is not lost. */
  next(): Promise<void>;
  close(): void;
}

interface Waiter {
  readonly channel: string;
  readonly payload: string;
  wake(): void;
}

/**
 * LISTEN on one dedicated connection for all subscribers of this process. It connects when the first one comes, and again
 * after every loss; until then, and whatever happens, subscribers are woken at the poll interval.
 */
export class Listener {
  readonly #config: pg.ClientConfig;
  readonly #log: StoreLog;
  readonly #pollMs: number;
  readonly #waiters = new Set<Waiter>();
  #client: pg.Client | undefined;
  #retry: NodeJS.Timeout | undefined;
  #connecting = false;
  #failures = 0;
  #closed = false;

  constructor(config: pg.ClientConfig, log: StoreLog, pollMs: number) {
    this.#config = config;
    this.#log = log;
    this.#pollMs = pollMs;
  }

  subscribe(channel: string, payload: string, signal: AbortSignal): Subscription {
    let pending = false;
    let resolveNext: (() => void) | undefined;
    const wake = (): void => {
      pending = true;
      resolveNext?.();
    };
    const waiter: Waiter = { channel, payload, wake };
    this.#waiters.add(waiter);
    signal.addEventListener("abort", wake);
    this.#connect();
    return {
      next: async () => {
        if (!pending && !signal.aborted && !this.#closed) {
          await new Promise<void>((resolve) => {
            const timer = setTimeout(resolve, this.#pollMs);
            resolveNext = () => {
              clearTimeout(timer);
              resolve();
            };
          });
        }
        resolveNext = undefined;
        pending = false;
      },
      close: () => {
        this.#waiters.delete(waiter);
        signal.removeEventListener("abort", wake);
      },
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retry);
    for (const waiter of this.#waiters) waiter.wake();
    const client = this.#client;
    this.#client = undefined;
    await client?.end().catch(() => undefined);
  }

  #connect(): void {
    if (this.#client || this.#connecting || this.#closed || this.#retry) return;
    this.#connecting = true;
    void this.#open().finally(() => {
      this.#connecting = false;
    });
  }

  async #open(): Promise<void> {
    const client = new pg.Client(this.#config);
    let lost = false;
    const onLost = (error?: Error): void => {
      if (lost) return;
      lost = true;
      if (this.#client === client) this.#client = undefined;
      void client.end().catch(() => undefined);
      if (this.#closed) return;
      this.#log("warn", "the connection that hears of new events was lost; polling meanwhile", {
        reason: error?.message,
      });
      this.#retryLater();
    };
    client.on("error", onLost);
    client.on("end", () => onLost());
    client.on("notification", ({ channel, payload }) => this.#wake(channel, payload));
    try {
      await client.connect();
      for (const channel of listenChannels) await client.query(`listen ${channel}`);
    } catch (error) {
      onLost(error as Error);
      return;
    }
    if (this.#closed || lost) {
      void client.end().catch(() => undefined);
      return;
    }
    this.#client = client;
    this.#failures = 0;
    // What was committed while nobody listened.
    for (const waiter of this.#waiters) waiter.wake();
  }

  #retryLater(): void {
    const delay = Math.min(10_000, 200 * 2 ** this.#failures++);
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      if (this.#waiters.size > 0) this.#connect();
    }, delay);
    this.#retry.unref();
  }

  #wake(channel: string, payload: string | undefined): void {
    for (const waiter of this.#waiters) {
      if (waiter.channel === channel && waiter.payload === payload) waiter.wake();
    }
  }
}

const listenChannels = ["migration_events"] as const;
