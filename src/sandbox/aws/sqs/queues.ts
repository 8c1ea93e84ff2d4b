import { randomUUID } from "node:crypto";
import type { AwsCloud } from "../cloud.ts";
import type { Resource } from "../state.ts";

/** Its id is its ARN. */
export interface Queue extends Resource {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
}

export interface Kept extends Resource {
  readonly queue: string;
  readonly body: string;
  readonly receives: number;
}

interface Reception {
  readonly most: number;
  readonly waitMs: number;
  readonly visibilitySeconds: number | undefined;
  readonly isAbandoned: () => boolean;
}

const defaultVisibilitySeconds = 30;

/** Queues with their messages, which outlive the sandbox; which of them are out with a receiver does not. */
export class Queues {
  readonly #cloud: AwsCloud;
  /** By receipt handle, the message; and by message, until when nobody else gets it. */
  readonly #receipts = new Map<string, string>();
  readonly #hidden = new Map<string, number>();
  readonly #waiting = new Set<() => void>();

  constructor(cloud: AwsCloud) {
    this.#cloud = cloud;
  }

  get queues() {
    return this.#cloud.documents.table<Queue>("sqs-queue");
  }

  get #messages() {
    return this.#cloud.documents.table<Kept>("sqs-message");
  }

  send(queue: Queue, body: string): string {
    const { region, id } = queue;
    const message = { id: randomUUID(), region, createdAt: Date.now(), tags: {}, queue: id, body, receives: 0 };
    this.#messages.put(message);
    for (const wake of [...this.#waiting]) wake();
    return message.id;
  }

  /** Waits for the first one, for as long as is wanted, or until nobody does any more. */
  async receive(
    queue: Queue,
    { most, waitMs, visibilitySeconds, isAbandoned }: Reception,
  ): Promise<{ message: Kept; receipt: string }[]> {
    const seconds = visibilitySeconds ?? Number(queue.attributes.VisibilityTimeout ?? defaultVisibilitySeconds);
    for (const until = Date.now() + waitMs; !isAbandoned(); ) {
      const now = Date.now();
      const there = this.#messages.where(({ id, queue: of }) => of === queue.id && (this.#hidden.get(id) ?? 0) <= now);
      if (there.length > 0 || now >= until) return there.slice(0, most).map((kept) => this.#lend(kept, seconds));
      await this.#arrival(until - now);
    }
    return [];
  }

  /** A receipt of a message that is gone is fine, as at AWS. */
  forget(receipt: string): boolean {
    const id = this.#receipts.get(receipt);
    if (id === undefined) return false;
    this.#messages.delete(id);
    this.#hidden.delete(id);
    return true;
  }

  remove(queue: Queue): void {
    for (const { id } of this.#messages.where(({ queue: of }) => of === queue.id)) this.#messages.delete(id);
    this.queues.delete(queue.id);
  }

  /** How many wait, and how many are out with a receiver. */
  count(queue: Queue): { visible: number; hidden: number } {
    const all = this.#messages.where(({ queue: of }) => of === queue.id);
    const hidden = all.filter(({ id }) => (this.#hidden.get(id) ?? 0) > Date.now()).length;
    return { visible: all.length - hidden, hidden };
  }

  #lend(kept: Kept, visibilitySeconds: number): { message: Kept; receipt: string } {
    const message = this.#messages.put({ ...kept, receives: kept.receives + 1 });
    const receipt = randomUUID();
    this.#receipts.set(receipt, message.id);
    this.#hidden.set(message.id, Date.now() + visibilitySeconds * 1_000);
    return { message, receipt };
  }

  #arrival(mostMs: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        resolve();
      };
      // A message that a receiver held on to comes back after a while, without a sound.
      const timer = setTimeout(wake, Math.min(mostMs, 1_000)).unref();
      this.#waiting.add(wake);
    });
  }
}
