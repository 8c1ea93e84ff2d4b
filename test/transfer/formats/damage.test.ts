import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import fc from "fast-check";
import { isProviderError } from "../../../src/domain/errors.ts";
import { convertImage, type ImageFormat } from "../../../src/transfer/formats/index.ts";
import { openImage } from "../../../src/transfer/formats/open-image.ts";
import { kib, mib } from "../lib/content.ts";
import { contentOf, ImageLab, MemoryFile } from "../lib/images.ts";

const size = 5 * mib;
const pieces = [
  [64 * kib, 200 * kib],
  [2 * mib + 512, 64 * kib],
  [4 * mib, mib],
] as const;

interface Subject {
  readonly name: string;
  readonly format: ImageFormat;
  readonly driver: string;
  /** By qemu-img with these options; undefined: by us. */
  readonly options?: readonly string[];
}

const subjects: readonly Subject[] = [
  { name: "qcow2", format: "qcow2", driver: "qcow2", options: [] },
  { name: "our qcow2", format: "qcow2", driver: "qcow2" },
  { name: "compressed qcow2", format: "qcow2", driver: "qcow2", options: ["-c"] },
  { name: "qcow2 with zstd", format: "qcow2", driver: "qcow2", options: ["-c", "-o", "compression_type=zstd"] },
  { name: "qcow2 with subclusters", format: "qcow2", driver: "qcow2", options: ["-o", "extended_l2=on"] },
  { name: "VMDK monolithicSparse", format: "vmdk", driver: "vmdk", options: ["-o", "subformat=monolithicSparse"] },
  { name: "VMDK streamOptimized", format: "vmdk", driver: "vmdk", options: ["-o", "subformat=streamOptimized"] },
  { name: "our VMDK", format: "vmdk", driver: "vmdk" },
  { name: "VHD dynamic", format: "vhd-dynamic", driver: "vpc", options: ["-o", "force_size=on"] },
  { name: "our VHD fixed", format: "vhd-fixed", driver: "vpc" },
  { name: "VHDX", format: "vhdx", driver: "vhdx", options: ["-o", "block_size=1M"] },
  { name: "our VHDX", format: "vhdx", driver: "vhdx" },
];

/** Where the structures of one or the other format lie; the rest of a file is mostly data and emptiness. */
const hotSpots = [0, 64 * kib, 128 * kib, 192 * kib, 256 * kib, 320 * kib, mib, 2 * mib, 2 * mib + 64 * kib, 3 * mib];

for (const { name, format, driver, options } of subjects) {
  describe(`a damaged image: ${name}`, { timeout: 300_000 }, () => {
    let lab: ImageLab;
    let image: Buffer;
    let content: Buffer;
    before(async () => {
      lab = new ImageLab();
      const raw = lab.disk("disk.raw", size, pieces);
      const made = lab.file("image");
      if (options) await lab.made(raw, driver, "image", options);
      else await convertImage({ source: raw, target: made, to: format });
      image = readFileSync(made);
      content = readFileSync(raw);
    });
    after(() => lab[Symbol.asyncDispose]());

    test("flipped bytes give an error of ours, or what qemu-img reads of it", async () => {
      const places = fc.oneof(
        fc.nat(image.byteLength - 1),
        fc.tuple(fc.constantFrom(...hotSpots), fc.nat(4 * kib)).map(([at, more]) => (at + more) % image.byteLength),
        fc.nat(4 * kib).map((back) => Math.max(0, image.byteLength - 1 - back)),
      );
      const flips = fc.array(fc.record({ at: places, mask: fc.integer({ min: 1, max: 255 }) }), {
        minLength: 1,
        maxLength: 6,
      });
      await fc.assert(
        fc.asyncProperty(flips, async (flips) => {
          const bytes = Buffer.from(image);
          for (const { at, mask } of flips) bytes.writeUInt8(bytes.readUInt8(at) ^ mask, at);
          const read = await readWhole(bytes);
          // A byte of data that was flipped is a byte of the disk that is: no format but compressed ones can tell.
          if (read === undefined || bytesThatDiffer(read, content) <= flips.length) return;
          const damagedFile = lab.file("damaged");
          writeFileSync(damagedFile, bytes);
          const args = ["convert", "-f", driver, "-O", "raw", damagedFile, lab.file("referee.raw")];
          const { exitCode } = await lab.tools.run("qemu-img", args);
          if (exitCode === 0)
            assert.ok(readFileSync(lab.file("referee.raw")).equals(read), "qemu-img reads something else");
        }),
        // The example: a size in bytes that is no whole number of sectors.
        { numRuns: 200, examples: [[[{ at: 30, mask: 1 }]]] },
      );
    });

    test("an image that was cut off is refused, unless nothing of the disk was lost", async () => {
      await fc.assert(
        fc.asyncProperty(fc.nat(image.byteLength - 1), async (length) => {
          const read = await readWhole(image.subarray(0, length), format);
          assert.ok(read === undefined || read.equals(content));
        }),
        { numRuns: 150 },
      );
    });
  });
}

function bytesThatDiffer(one: Buffer, other: Buffer): number {
  if (one.byteLength !== other.byteLength) return Number.POSITIVE_INFINITY;
  let count = 0;
  for (let at = 0; at < one.byteLength; at += 4 * kib) {
    const [left, right] = [one.subarray(at, at + 4 * kib), other.subarray(at, at + 4 * kib)];
    if (!left.equals(right)) for (const [index, byte] of left.entries()) if (byte !== right[index]) count++;
  }
  return count;
}

/** The disk's bytes; undefined when it was refused. Anything but a refusal fails the test. */
async function readWhole(bytes: Uint8Array, format?: ImageFormat): Promise<Buffer | undefined> {
  try {
    const source = await openImage(new MemoryFile(bytes), { format });
    await source.survey();
    // Nothing here makes a disk that large: an image of a few MiB that claims so is only looked at.
    return source.sizeBytes > 64 * mib ? await sample(source) : await contentOf(source, 700 * kib);
  } catch (error) {
    if (isProviderError(error, "InvalidInput", "IntegrityFailure")) return undefined;
    throw error;
  }
}

async function sample(source: Awaited<ReturnType<typeof openImage>>): Promise<undefined> {
  const target = Buffer.alloc(mib);
  for await (const { offset, length } of source.extents({})) {
    await source.read(offset, target.subarray(0, Math.min(length, target.byteLength)));
  }
  return undefined;
}
