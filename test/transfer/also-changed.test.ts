import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { alsoChanged } from "../../src/transfer/also-changed.ts";
import { writtenRanges } from "../../src/transfer/manifest.ts";
import { MemoryCheckpointStore } from "../../src/transfer/memory-checkpoint.ts";
import { type Extent, leafBytes } from "../../src/transfer/ports.ts";
import { pump } from "../../src/transfer/pump.ts";
import { mib, noise } from "./lib/content.ts";
import { MemoryDisk } from "./lib/memory-disk.ts";

const ranges = [
  [0, 10],
  [20, 20],
  [60, 10],
] as const;

async function changed(...extents: readonly (readonly [number, number])[]): Promise<string> {
  const disk = new MemoryDisk(new Uint8Array(100));
  const source = Object.assign(disk, {
    async *extents({ sinceBaseline }: { sinceBaseline?: string }): AsyncGenerator<Extent> {
      if (sinceBaseline === undefined) yield { offset: 0, length: 100, kind: "zero" };
      else for (const [offset, length] of extents) yield { offset, length, kind: "zero" };
    },
  });
  const found = await Array.fromAsync(alsoChanged(source, ranges).extents({ sinceBaseline: "b" }));
  return found.map(({ offset, length, kind }) => `${offset}+${length}${kind === "zero" ? "z" : ""}`).join(" ");
}

describe("ranges that count as changed", () => {
  test("come between what the source tells itself, in order and once", async () => {
    assert.equal(await changed(), "0+10 20+20 60+10");
    assert.equal(await changed([10, 10], [40, 20], [70, 5]), "0+10 10+10z 20+20 40+20z 60+10 70+5z");
    assert.equal(await changed([5, 20], [30, 5]), "0+5 5+20z 25+5 30+5z 35+5 60+10");
    assert.equal(await changed([0, 100]), "0+100z");
    assert.equal(await changed([22, 2], [26, 2]), "0+10 20+2 22+2z 24+2 26+2z 28+12 60+10");
  });

  test("are left out of a look at the whole disk", async () => {
    const source = new MemoryDisk(new Uint8Array(leafBytes));
    const whole = await Array.fromAsync(alsoChanged(source, ranges).extents({}));
    assert.deepEqual(whole, await Array.fromAsync(source.extents({})));
  });
});

describe("the way back of a prepared disk", () => {
  test("is a disk as it is now, from what changed and what was prepared alone", async () => {
    const checkpoint = new MemoryCheckpointStore();
    const certified = new MemoryDisk(noise(8 * mib, 1));
    const { sizeBytes } = certified;
    const full = await checkpoint.beginAttempt({ generationId: "certified", sizeBytes });
    const there = new MemoryDisk(new Uint8Array(sizeBytes));
    const first = await pump({ source: certified, sink: there, checkpoint, state: full });
    await checkpoint.seal({ generationId: "certified", attempt: full.attempt, rootHash: first.rootHash });

    const prepared = new MemoryDisk(certified.bytes);
    prepared.bytes.set(noise(100, 2), 3 * mib + 17);
    prepared.baselines.set("certified", [{ offset: 3 * mib, length: 65_536, kind: "data" }]);
    const written = { generationId: "prepared", sizeBytes, parentManifestId: "certified" };
    const state = await checkpoint.beginAttempt(written);
    const own = { sinceBaseline: "certified", parentManifestId: "certified" };
    const second = await pump({ source: prepared, sink: there, checkpoint, state, ...own });
    await checkpoint.seal({ generationId: "prepared", attempt: state.attempt, rootHash: second.rootHash });
    const also = await writtenRanges(sizeBytes, checkpoint.chunks("prepared"), 10);
    assert.deepEqual(also, [[3 * mib, leafBytes]]);
    assert.equal(await writtenRanges(sizeBytes, checkpoint.chunks("prepared"), 0), undefined);

    // The machine has written elsewhere since; its home still holds the certified state.
    const machine = new MemoryDisk(prepared.bytes);
    machine.bytes.set(noise(100, 3), 6 * mib);
    machine.baselines.set("prepared", [{ offset: 6 * mib, length: 65_536, kind: "data" }]);
    const home = new MemoryDisk(certified.bytes);
    const back = await checkpoint.beginAttempt({ generationId: "back", sizeBytes, parentManifestId: "certified" });
    const way = { sinceBaseline: "prepared", parentManifestId: "certified" };
    const result = await pump({
      source: alsoChanged(machine, also ?? []),
      sink: home,
      checkpoint,
      state: back,
      ...way,
    });
    assert.equal(Buffer.compare(home.bytes, machine.bytes), 0);
    assert.ok(result.bytesCopied <= 2 * mib, `${result.bytesCopied} bytes`);
  });
});
