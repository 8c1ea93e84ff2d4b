import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { inspectGuest } from "../../src/transfer/inspect/index.ts";
import { prepareGuest } from "../../src/transfer/prepare/index.ts";
import { MemoryDisk } from "./lib/memory-disk.ts";

const sector = 512;
const MiB = 2 ** 20;
const raidMagic = Buffer.from("fc4e2ba9", "hex");
/** Of odd sizes, so that no record is at a round place by chance. */
const parts = [
  { start: 2048, sectors: 2051 },
  { start: 4608, sectors: 2053 },
] as const;
const diskBytes = 4 * MiB + 7 * sector;

/** Two partitions that show an ext4 file system each. */
function disk(): Buffer {
  const bytes = Buffer.alloc(diskBytes);
  for (const [index, { start, sectors }] of parts.entries()) {
    const entry = bytes.subarray(446 + 16 * index);
    entry.writeUInt8(0x83, 4);
    entry.writeUInt32LE(start, 8);
    entry.writeUInt32LE(sectors, 12);
    const superblock = bytes.subarray(start * sector + 1024);
    superblock.writeUInt16LE(0xef53, 0x38);
    superblock.writeUInt32LE(0x40, 0x60);
  }
  bytes.writeUInt16LE(0xaa55, 510);
  return bytes;
}

async function contents(bytes: Buffer): Promise<(string | undefined)[]> {
  return (await inspectGuest(new MemoryDisk(bytes))).volumes.map(({ content }) => content);
}

const formats = {
  "1.0": (size: number) => Math.floor((size - 8192) / 4096) * 4096,
  "0.90": (size: number) => Math.floor(size / 65_536) * 65_536 - 65_536,
};

describe("one half of a mirror that shows a file system", () => {
  test("is none where there is no record", async () => {
    assert.deepEqual(await contents(disk()), ["ext4", "ext4"]);
  });

  for (const [format, place] of Object.entries(formats)) {
    test(`is told by the record at a partition's end, format ${format}`, async () => {
      const bytes = disk();
      raidMagic.copy(bytes, parts[0].start * sector + place(parts[0].sectors * sector));
      assert.deepEqual(await contents(bytes), ["md-raid", "ext4"]);
      const change = { change: "empty-file", volume: "partition 1", path: "etc/machine-id", reason: "a test" } as const;
      await assert.rejects(
        prepareGuest(new MemoryDisk(bytes), [change], { resource: "test", at: new Date(0) }),
        /one of a Linux RAID/,
      );
    });

    test(`is told by the record at the disk's end, format ${format}`, async () => {
      const bytes = disk();
      raidMagic.copy(bytes, place(diskBytes));
      assert.deepEqual(await contents(bytes), ["md-raid", "md-raid"]);
    });
  }
});
