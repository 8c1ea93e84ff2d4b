import { setTimeout as sleep } from "node:timers/promises";
import type { BlockSource } from "../../src/transfer/ports.ts";

const device = "/machine/peripheral/virtio-disk0/virtio-backend";
const startBytes = 8 * 2 ** 20;
const recordBytes = 512;
/** As many as there is room for behind its start on the smallest disk. */
const most = 16_384;
const everyMs = 200;

/** Records that a running guest's disk takes one after the other, each noted when it was acknowledged. */
export class Journal {
  readonly #acknowledged: number[] = [];
  readonly #writing: Promise<void>;
  #ended = false;

  /** `monitor`: one line to the guest's monitor; its answer is empty when the disk took it. */
  constructor(monitor: (command: string) => Promise<string>) {
    this.#writing = this.#write(monitor);
  }

  /** When the record was acknowledged. */
  acknowledgedMs(record: number): number | undefined {
    return this.#acknowledged[record];
  }

  async close(): Promise<void> {
    this.#ended = true;
    await this.#writing;
  }

  async #write(monitor: (command: string) => Promise<string>): Promise<void> {
    for (let record = 0; record < most && !this.#ended; record++) {
      const at = startBytes + record * recordBytes;
      const command = `qemu-io -d ${device} "write -P 7 ${at} ${recordBytes}"`;
      // A guest that was turned off writes no more.
      const said = await monitor(command).catch(() => "off");
      if (said.trim() !== "") return;
      this.#acknowledged.push(Date.now());
      await sleep(everyMs);
    }
  }
}

/** The last record that a disk has of it; -1 where it has none. */
export async function journalAt(source: Pick<BlockSource, "read">): Promise<number> {
  const bytes = new Uint8Array(most * recordBytes);
  await source.read(startBytes, bytes);
  const first = bytes.findIndex((byte) => byte !== 7);
  return (first === -1 ? most : Math.floor(first / recordBytes)) - 1;
}
