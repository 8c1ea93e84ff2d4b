import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { deflateRawSync, deflateSync, inflateSync } from "node:zlib";
import { KeptZlib } from "../../../src/transfer/formats/kept-zlib.ts";
import { kib, noise } from "../lib/content.ts";

const pieceBytes = 64 * kib;
const random = noise(pieceBytes, 1);
const pieces = [random, Buffer.alloc(pieceBytes, "a line of a log\n"), Buffer.alloc(pieceBytes)];
/** Behind the piece's place; nothing may be written there. */
const fence = 0xa5;

function inflated(kept: KeptZlib, packed: Uint8Array, bytes = pieceBytes): Buffer | undefined {
  const output = Buffer.alloc(bytes + 1, fence);
  const count = kept.run(packed, output.subarray(0, bytes));
  assert.equal(output[bytes], fence, "wrote beyond its place");
  return count === undefined ? undefined : output.subarray(0, count);
}

describe("one zlib state for many pieces", () => {
  test("inflates piece after piece with this version of Node, and leaves what follows a piece alone", () => {
    for (const [kind, pack] of [
      ["inflate", deflateSync],
      ["inflate-raw", deflateRawSync],
    ] as const) {
      const kept = new KeptZlib(kind);
      for (const piece of [...pieces, ...pieces]) {
        const packed = Buffer.concat([pack(piece), Buffer.alloc(300, fence)]);
        assert.ok(inflated(kept, packed)?.equals(piece));
      }
    }
  });

  test("takes no piece that is cut off, altered, longer than its place or with another sum, and goes on after it", () => {
    const kept = new KeptZlib("inflate");
    for (const piece of pieces) {
      const packed = deflateSync(piece);
      const altered = (at: number) => Buffer.from(packed.map((byte, index) => (index === at ? byte ^ 0x41 : byte)));
      const wrong = [
        ...[0, 1, 2, packed.byteLength >> 1, packed.byteLength - 4, packed.byteLength - 1].map((end) =>
          packed.subarray(0, end),
        ),
        ...[0, 2, packed.byteLength - 1].map(altered),
        deflateSync(Buffer.concat([piece, Buffer.of(1)])),
        deflateSync(Buffer.alloc(64 * pieceBytes)),
      ];
      for (const bytes of wrong) {
        assert.equal(inflated(kept, bytes), undefined);
        assert.ok(inflated(kept, packed)?.equals(piece));
      }
    }
  });

  test("says how much came out of a piece that is shorter than its place", () => {
    assert.equal(inflated(new KeptZlib("inflate"), deflateSync(random.subarray(0, 5 * kib)))?.byteLength, 5 * kib);
  });

  test("deflates as deflateSync does, and not into a place that is too small", () => {
    const kept = new KeptZlib("deflate");
    for (const piece of [...pieces, ...pieces]) {
      const packed = inflated(kept, piece, pieceBytes + kib);
      assert.ok(packed);
      assert.ok(packed.equals(deflateSync(piece)));
      assert.ok(inflateSync(packed).equals(piece));
    }
    assert.equal(inflated(kept, random, pieceBytes), undefined);
  });
});
