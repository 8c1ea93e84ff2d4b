import { setTimeout as sleep } from "node:timers/promises";
import type { Site, StackLab } from "./stack-lab.ts";

export interface DirtierOptions {
  readonly site: Site;
  readonly vmId: string;
  /** Where the next write goes, and how long it is. */
  readonly next: () => { readonly offset: number; readonly length: number };
  readonly writesPerSecond: number;
}

const everyMs = 500;
const device = "/machine/peripheral/virtio-disk0/virtio-backend";

/** Writes to the disk of a running machine that has no guest in it, by its hypervisor's monitor. */
export class Dirtier {
  readonly #lab: StackLab;
  readonly #options: DirtierOptions;
  readonly #running: Promise<void>;
  #mayEnd = false;
  /** What was written, and when that was done. */
  readonly writes: { readonly offset: number; readonly at: number }[] = [];

  constructor(lab: StackLab, options: DirtierOptions) {
    this.#lab = lab;
    this.#options = options;
    this.#running = this.#run();
    this.#running.catch(() => undefined);
  }

  /** From now on the machine may be turned off. */
  allowEnd(): void {
    this.#mayEnd = true;
  }

  /** Waits until the machine is off. @throws what went wrong before that was allowed. */
  ended(): Promise<void> {
    return this.#running;
  }

  async #run(): Promise<void> {
    const { writesPerSecond } = this.#options;
    const began = performance.now();
    for (;;) {
      const due = Math.floor(((performance.now() - began) / 1000) * writesPerSecond) - this.writes.length;
      try {
        await this.#write(Math.max(1, due));
      } catch (error) {
        if (this.#mayEnd) return;
        throw error;
      }
      await sleep(everyMs);
    }
  }

  async #write(count: number): Promise<void> {
    const { site, vmId, next } = this.#options;
    const writes = Array.from({ length: count }, () => next());
    const commands = writes.map(
      ({ offset, length }, index) =>
        `qemu-monitor-command --hmp ${vmId} 'qemu-io -d ${device} "write -P ${1 + (index % 255)} ${offset} ${length}"'`,
    );
    const output = (await this.#lab.virsh(site, commands.join("; "))).trim();
    if (output !== "") throw new Error(`The machine's disk can't be written: ${output}`);
    const at = Date.now();
    this.writes.push(...writes.map(({ offset }) => ({ offset, at })));
  }
}
