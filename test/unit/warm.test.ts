import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { CopyDiskParameters } from "../../src/domain/migration-parts.ts";
import { increments } from "../../src/domain/replica-base.ts";
import { judgeRounds, type ReplicaRound, stillConverges } from "../../src/domain/warm.ts";

const at = (seconds: number): string => new Date(Date.UTC(2030, 0, 1) + seconds * 1000).toISOString();

function round(number: number, takenAt: number, seconds: number, bytes: number): ReplicaRound {
  const disk = { diskId: "vda", generationId: `m-vda-r${number}`, bytesCopied: bytes, bytesReread: bytes };
  return {
    round: number,
    sourcePointId: `sp-${number}`,
    takenAt: at(takenAt),
    provenAt: at(takenAt + seconds),
    disks: [{ ...disk, tracking: number === 0 ? "full" : "dirty-bitmap" }],
  };
}

describe("the judgement of rounds", () => {
  test("says nothing of changes after the full copy alone", () => {
    assert.equal(judgeRounds([], 10), undefined);
    const view = judgeRounds([round(0, 0, 100, 1e9)], 10);
    assert.deepEqual(
      [view?.rounds, view?.changeBytesPerSecond, view?.predictedDowntimeSeconds, view?.provenUpTo],
      [1, undefined, 110, at(0)],
    );
  });

  test("takes the change rate from one point to the next, and the last round's length for the increment's", () => {
    const view = judgeRounds([round(0, 0, 100, 1e9), round(1, 100, 4, 2e8)], 10);
    assert.equal(view?.changeBytesPerSecond, 2e6);
    assert.equal(view?.predictedDowntimeSeconds, 14);
    assert.equal(view?.lastRoundBytes, 2e8);
  });

  test("goes on while rounds get clearly shorter, and no longer", () => {
    assert.ok(stillConverges([round(0, 0, 100, 1), round(1, 100, 20, 1)]));
    assert.ok(stillConverges([round(0, 0, 100, 1), round(1, 100, 20, 1), round(2, 120, 6, 1)]));
    assert.ok(!stillConverges([round(1, 0, 6, 1), round(2, 6, 6, 1), round(3, 12, 5.5, 1)]));
  });
});

describe("an increment", () => {
  const copy: CopyDiskParameters = {
    diskId: "vda",
    sizeBytes: 100,
    targetSizeBytes: 128,
    allocatedBytes: 50,
    replicaId: "vm-vda",
    tracking: "full",
  };
  const base = { baselineId: "sp-1/vda", parentPointId: "m-vda-r1", parentManifestId: "m-vda-r1" };

  test("rests on what the source tracked since the newest round's point", () => {
    const baselines = [
      { baselineId: "sp-0/vda", tracking: "dirty-bitmap" as const },
      { baselineId: "sp-1/vda", tracking: "changed-blocks" as const },
    ];
    const [increment] = increments([copy], round(1, 0, 1, 1), { disks: [{ diskId: "vda", baselines }] });
    assert.deepEqual(increment, { ...copy, tracking: "changed-blocks", base });
  });

  test("compares hashes where the source kept track of nothing", () => {
    const [increment] = increments([copy], round(1, 0, 1, 1), { disks: [{ diskId: "vda", baselines: [] }] });
    assert.deepEqual(increment, { ...copy, tracking: "hash-compare", base });
  });

  test("is the planned copy before any round", () => {
    assert.deepEqual(increments([copy], undefined, { disks: [] }), [copy]);
  });

  test("that was planned on changes which the point turns out not to know compares hashes instead", () => {
    const planned = { ...copy, tracking: "dirty-bitmap" as const, base };
    const told = (baselines: readonly { baselineId: string; tracking: "dirty-bitmap" | "hash-compare" }[]) =>
      increments([planned], undefined, { disks: [{ diskId: "vda", baselines }] })[0]?.tracking;
    assert.equal(told([{ baselineId: "sp-1/vda", tracking: "dirty-bitmap" }]), "dirty-bitmap");
    assert.equal(told([{ baselineId: "sp-1/vda", tracking: "hash-compare" }]), "hash-compare");
    assert.equal(told([{ baselineId: "sp-2/vda", tracking: "dirty-bitmap" }]), "hash-compare");
  });
});
