import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import fc from "fast-check";
import { writeImage } from "../../../src/transfer/formats/convert.ts";
import { type ImageLayout, planImage, plannableFormats, readPart } from "../../../src/transfer/formats/layout.ts";
import { openImage } from "../../../src/transfer/formats/open-image.ts";
import { OutputFile } from "../../../src/transfer/formats/output-file.ts";
import { UnitSet } from "../../../src/transfer/formats/unit-set.ts";
import { kib, mib } from "../lib/content.ts";
import { contentOf, ImageLab, MemoryFile, qemuFormats } from "../lib/images.ts";
import { MemoryDisk } from "../lib/memory-disk.ts";

const identity = { id: "8f7a3f9c-2d2b-4c63-9a51-0d3c5d1f6a77", createdAt: new Date("2026-11-24T12:00:00Z") };
/** Blocks of 2 MiB with data, without, and cut by the disk's end. */
const size = 13 * mib + 3 * 512;
const pieces = [
  [0, 70 * kib],
  [2 * mib + 100 * kib, 3 * mib],
  [9 * mib - 4 * kib, 8 * kib],
  [13 * mib, 3 * 512],
] as const;

describe("an image planned before its bytes are there", () => {
  let lab: ImageLab;
  let raw: string;
  let disk: MemoryDisk;
  before(() => {
    lab = new ImageLab();
    raw = lab.disk("disk.raw", size, pieces);
    disk = new MemoryDisk(readFileSync(raw), 4 * kib);
  });
  after(() => lab[Symbol.asyncDispose]());

  const planned = async (format: (typeof plannableFormats)[number], sizeBytes = size): Promise<ImageLayout> =>
    planImage(format, { sizeBytes, extents: await Array.fromAsync(disk.extents({})), identity });

  for (const format of plannableFormats) {
    test(`${format}: parts of any length, made in any order, are the file that a conversion writes`, async () => {
      const layout = await planned(format);
      const output = await OutputFile.create(lab.file(`whole.${format}`), { replace: false });
      await writeImage({ source: disk, compressed: false, format, output, identity });
      await output.commit({ flush: false });
      const whole = readFileSync(output.path);
      assert.equal(whole.byteLength, layout.objectBytes);
      const parts = fc.record({ partBytes: fc.integer({ min: 100 * kib, max: 6 * mib }), backwards: fc.boolean() });
      await fc.assert(
        fc.asyncProperty(parts, async ({ partBytes, backwards }) => {
          const starts = Array.from({ length: Math.ceil(whole.byteLength / partBytes) }, (_, part) => part * partBytes);
          const made = Buffer.alloc(whole.byteLength, 0xaa);
          for (const at of backwards ? starts.toReversed() : starts) {
            await readPart(layout, disk, { at, target: made.subarray(at, at + partBytes) });
          }
          assert.ok(made.equals(whole));
        }),
        { numRuns: 12 },
      );
      await lab.requireSame(raw, output.path, qemuFormats[format].driver);
    });

    test(`${format}: any range of it is what the whole has there`, async () => {
      const layout = await planned(format);
      const whole = Buffer.alloc(layout.objectBytes);
      await readPart(layout, disk, { at: 0, target: whole });
      const ranges = fc
        .tuple(fc.nat(layout.objectBytes - 1), fc.integer({ min: 1, max: 200 * kib }))
        .map(([at, length]) => [at, Math.min(layout.objectBytes, at + length)] as const);
      await fc.assert(
        fc.asyncProperty(ranges, async ([at, end]) => {
          const target = Buffer.alloc(end - at, 0x55);
          await readPart(layout, disk, { at, target });
          assert.ok(target.equals(whole.subarray(at, end)));
        }),
        { numRuns: 60 },
      );
    });
  }

  test("a disk can be larger in its image: zeros at its end, whole MiB as Azure wants them", async () => {
    const sizeBytes = 14 * mib;
    const layout = await planned("vhd-fixed", sizeBytes);
    assert.equal(layout.objectBytes, sizeBytes + 512);
    const file = lab.file("padded.vhd");
    const bytes = Buffer.alloc(layout.objectBytes);
    await readPart(layout, disk, { at: 0, target: bytes });
    writeFileSync(file, bytes);
    const source = await openImage(new MemoryFile(bytes));
    const content = await contentOf(source);
    assert.equal(content.byteLength, sizeBytes);
    assert.ok(content.subarray(0, size).equals(Buffer.from(disk.bytes)));
    assert.ok(content.subarray(size).every((byte) => byte === 0));
    const padded = lab.disk("padded.raw", sizeBytes, pieces);
    await lab.requireSame(padded, file, "vpc");
  });

  test("the layout of a disk of 60 TiB, 1 TiB of it with data, is planned at once and its last part can be made", async () => {
    const tib = 1024 ** 4;
    const empty = { sizeBytes: 60 * tib, extents: async function* () {}, read: async () => {}, close: async () => {} };
    const extents = [
      { offset: 20 * tib, length: tib, kind: "data" as const },
      { offset: 60 * tib - 64 * kib, length: 64 * kib, kind: "data" as const },
    ];
    for (const format of ["raw", "qcow2", "vhdx"] as const) {
      const layout = planImage(format, { sizeBytes: 60 * tib, extents, identity });
      const target = Buffer.alloc(mib);
      await readPart(layout, empty, { at: layout.objectBytes - target.byteLength, target });
      await readPart(layout, empty, { at: 0, target });
    }
  });
});

test("a set of units knows each unit's rank, whatever runs they came in", () => {
  const ranges = fc.array(fc.record({ gap: fc.nat(5), length: fc.integer({ min: 1, max: 6 }) }), { maxLength: 20 });
  fc.assert(
    fc.property(ranges, (ranges) => {
      const set = new UnitSet(10);
      const units: number[] = [];
      let at = 0;
      for (const { gap, length } of ranges) {
        at += gap * 5;
        set.add(at, length * 5);
        for (let unit = Math.floor(at / 10); unit * 10 < at + length * 5; unit++)
          if (!units.includes(unit)) units.push(unit);
        at += length * 5;
      }
      assert.equal(set.count, units.length);
      const last = (units.at(-1) ?? 0) + 2;
      for (let unit = 0; unit < last; unit++) {
        const rank = units.indexOf(unit);
        assert.equal(set.rank(unit), rank < 0 ? undefined : rank);
      }
      const flat = (runs: Iterable<{ first: number; count: number }>) =>
        [...runs].flatMap(({ first, count }) => Array.from({ length: count }, (_, index) => first + index));
      for (const [from, to] of [
        [0, last],
        [1, Math.max(1, last - 1)],
        [last >> 1, last],
      ] as const) {
        assert.deepEqual(
          flat(set.runsIn(from, to)),
          units.filter((unit) => unit >= from && unit < to),
        );
        assert.deepEqual(flat(set.runsOfRanks(from, to)), units.slice(from, to));
      }
    }),
  );
});
