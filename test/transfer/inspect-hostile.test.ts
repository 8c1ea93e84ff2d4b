import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { ProviderError } from "../../src/domain/errors.ts";
import type { Guest } from "../../src/domain/guest.ts";
import { readArchives } from "../../src/transfer/inspect/cpio.ts";
import { Cursor } from "../../src/transfer/inspect/cursor.ts";
import { Unreadable } from "../../src/transfer/inspect/disk-bytes.ts";
import { type Compression, expand } from "../../src/transfer/inspect/expand.ts";
import { extentRuns } from "../../src/transfer/inspect/ext/extents.ts";
import { inspectGuest } from "../../src/transfer/inspect/index.ts";
import type { BlockSource, Extent } from "../../src/transfer/ports.ts";
import { debianRoot, GuestDisks, microcode, modulesFolder } from "./lib/guest-disk.ts";

const MiB = 2 ** 20;
const maxReadBytes = 64 * MiB;

/** A disk whose every read may see something else. */
class ShownDisk implements BlockSource {
  readonly sizeBytes: number;
  readonly #show: (offset: number, length: number) => Buffer;
  bytesAsked = 0;

  constructor(sizeBytes: number, show: (offset: number, length: number) => Buffer) {
    this.sizeBytes = sizeBytes;
    this.#show = show;
  }

  async *extents(): AsyncGenerator<Extent> {}

  async read(offset: number, target: Uint8Array): Promise<void> {
    assert.ok(offset >= 0 && offset + target.byteLength <= this.sizeBytes, "read outside of the disk");
    this.bytesAsked += target.byteLength;
    target.set(this.#show(offset, target.byteLength));
  }

  async close(): Promise<void> {}
}

interface Patch {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

function patched(image: Buffer, patches: readonly Patch[]): ShownDisk {
  return new ShownDisk(image.length, (offset, length) => {
    const bytes = Buffer.from(image.subarray(offset, offset + length));
    for (const patch of patches) {
      for (const [index, byte] of patch.bytes.entries()) {
        const at = patch.offset + index - offset;
        if (at >= 0 && at < length) bytes[at] = byte;
      }
    }
    return bytes;
  });
}

/** Ends with facts, whatever the disk shows, and for a bounded price. */
async function inspectShown(disk: ShownDisk): Promise<Guest> {
  const guest = await inspectGuest(disk, { maxReadBytes });
  assert.equal(guest.bytesRead >= disk.bytesAsked, true);
  assert.ok(disk.bytesAsked <= maxReadBytes);
  JSON.stringify(guest);
  return guest;
}

const programs = await GuestDisks.open();
const skip = typeof programs === "string" ? programs : false;

describe("a disk that is not what it claims", { skip }, () => {
  let disks: GuestDisks;
  let archive: Buffer;
  /** A partitioned disk with small blocks, so that damage hits tables often. */
  let image: Buffer;
  let older: Buffer;
  before(async () => {
    disks = programs as GuestDisks;
    archive = await disks.archive(modulesFolder(["nvme/host/nvme.ko", "block/virtio_blk.ko"]));
    const initramfs = Buffer.concat([await disks.archive(microcode), gzipSync(archive)]);
    const esp = await disks.fat({ "EFI/BOOT/BOOTX64.EFI": "x", "EFI/a-longer-name/shimx64.efi": "y" }, 2);
    const parts = (root: string) => [
      { image: esp, sizeMiB: 2, type: "U" },
      { image: root, sizeMiB: 4 },
    ];
    const make = async (options: string[]) => {
      const root = await disks.ext(debianRoot(initramfs), 4, ["-t", "ext4", "-b", "1024", ...options]);
      return readFileSync(await disks.disk("gpt", parts(root)));
    };
    image = await make([]);
    older = await make(["-O", "^extent,^64bit"]);
  });
  after(() => disks.close());

  /** Damage near what is read: the first 64 KiB of the disk and of each partition, and anywhere. */
  const patches = fc.array(
    fc.record({
      offset: fc.oneof(
        fc.nat(65_536),
        fc.nat(65_536).map((at) => MiB + at),
        fc.nat(262_144).map((at) => 3 * MiB + at),
        fc.nat(7 * MiB),
      ),
      bytes: fc.oneof(
        fc.uint8Array({ minLength: 1, maxLength: 8 }),
        fc.constantFrom(Buffer.alloc(4, 0xff), Buffer.alloc(512), Buffer.alloc(512, 0xff), Buffer.from([1])),
      ),
    }),
    { minLength: 1, maxLength: 24 },
  );

  test("is read without harm", async () => {
    assert.ok((await inspectShown(patched(image, []))).kernels.known);
    let told = 0;
    await fc.assert(
      fc.asyncProperty(patches, fc.boolean(), async (damage, isOlder) => {
        const guest = await inspectShown(patched(isOlder ? older : image, damage));
        if (guest.kernels.known) told++;
      }),
      { numRuns: 400 },
    );
    assert.ok(told > 50, `only ${told} of the damaged disks were read far enough to test anything`);
  });

  test("gives the same facts or none where it changes while it is read", async () => {
    const whole = await inspectShown(patched(image, []));
    await fc.assert(
      fc.asyncProperty(fc.infiniteStream(fc.boolean()), async (choices) => {
        const torn = new ShownDisk(image.length, (offset, length) => {
          const shown = choices.next().value ? image : older;
          return shown.subarray(offset, offset + length);
        });
        const { kernels } = await inspectShown(torn);
        if (kernels.known && whole.kernels.known && kernels.value[0]?.initramfs.known) {
          assert.deepEqual(kernels.value[0].initramfs, whole.kernels.value[0]?.initramfs);
        }
      }),
      { numRuns: 100 },
    );
  });

  test("costs a bounded number of bytes when it claims to be endless", async () => {
    const endless = new ShownDisk(2 ** 45, (offset, length) => {
      const bytes = Buffer.alloc(length, "070701");
      if (offset < image.length) image.copy(bytes, 0, offset, offset + length);
      return bytes;
    });
    assert.ok((await inspectShown(endless)).partitionTable.known);
  });

  test("an archive that expands for ever is given up", async () => {
    const bomb = gzipSync(Buffer.concat([archive.subarray(0, 110), Buffer.alloc(64 * MiB)]));
    const many = Buffer.concat(Array.from({ length: 20 }, () => bomb));
    const guest = await inspectGuest(patched(readFileSync(await disks.ext(debianRoot(many), 16)), []));
    assert.ok(guest.kernels.known);
    const { initramfs } = guest.kernels.value[0] ?? {};
    assert.equal(initramfs?.known, false);
  });

  for (const compression of ["gzip", "zstd", "xz", "lz4"] as const) {
    test(`${compression} data that was tampered with is refused or read, and nothing else`, async () => {
      const stored = await compress(compression);
      await fc.assert(
        fc.asyncProperty(
          fc.nat(stored.length - 1),
          fc.uint8Array({ minLength: 1, maxLength: 4 }),
          async (at, bytes) => {
            const tampered = Buffer.from(stored);
            tampered.set(bytes.subarray(0, tampered.length - at), at);
            await onlyUnreadable(async () => {
              await expand(compression, pieces(tampered), async (expanded) => {
                const input = new Cursor(expanded);
                await readArchives(
                  input,
                  () => true,
                  () => {},
                );
                for await (const _ of input.rest());
              });
            });
          },
        ),
        { numRuns: 150 },
      );
    });
  }

  test("a failure of the disk itself comes out as it is", async () => {
    const broken = new ShownDisk(image.length, (offset, length) => {
      if (offset > 3 * MiB) {
        throw new ProviderError("Unavailable", {
          operation: "read",
          resource: "disk",
          reason: "it is gone",
          action: "Wait.",
        });
      }
      return image.subarray(offset, offset + length);
    });
    await assert.rejects(inspectGuest(broken), { code: "Unavailable" });
    await assert.rejects(
      inspectGuest(patched(image, []), { signal: AbortSignal.abort(new Error("given up")) }),
      /given up/,
    );
  });

  async function compress(compression: Exclude<Compression, "none">): Promise<Buffer> {
    const bytes = Buffer.concat([archive, archive]);
    if (compression === "gzip") return gzipSync(bytes);
    if (compression === "zstd") return zstdCompressSync(bytes);
    return disks.programs.run(compression, compression === "xz" ? ["-c", "--check=crc32"] : ["-c", "-l"], bytes);
  }
});

describe("an extent tree that leads back into itself", () => {
  const blockBytes = 1024;
  /** A full node of that level, whose every entry leads to one block of the level below. */
  const node = (level: number, child: number, entries = 84): Buffer => {
    const bytes = Buffer.alloc(blockBytes);
    bytes.writeUInt16LE(0xf30a, 0);
    bytes.writeUInt16LE(entries, 2);
    bytes.writeUInt16LE(level, 6);
    for (let index = 1; index <= entries; index++) bytes.writeUInt32LE(child, 12 * index + 4);
    return bytes;
  };
  const runsFrom = (root: Buffer, block: (number: number) => Buffer) => {
    let reads = 0;
    const read = async (offset: number) => {
      reads++;
      return block(offset / blockBytes);
    };
    const runs = extentRuns({ sizeBytes: 2 ** 20, read }, blockBytes, root.subarray(0, 60));
    return assert.rejects(runs, Unreadable).then(() => assert.ok(reads < 10_000, `${reads} blocks were read`));
  };

  test("in a circle", () => runsFrom(node(1, 7, 4), () => node(1, 7)));
  test("on every level", () =>
    runsFrom(node(5, 4, 4), (number) => (number > 0 ? node(number, number - 1) : node(0, 0, 0))));
});

async function* pieces(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += 1000) yield bytes.subarray(at, at + 1000);
}

async function onlyUnreadable(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    assert.ok(error instanceof Unreadable, String(error));
  }
}
