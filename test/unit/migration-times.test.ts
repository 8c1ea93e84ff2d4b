import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { predictTimes, type StepSample } from "../../src/domain/migration-times.ts";

describe("predicted times", () => {
  /** A move of a made-up site pair: so many seconds beside the bytes, and a rate. */
  const moveOf = (id: number, bytes: number, fixed: number, rate: number, noise = 1): StepSample[] => {
    const known = {
      migrationId: `m-${id}`,
      bytesCopied: bytes,
      bytesPlanned: bytes,
      allocatedBytes: bytes,
      incremental: false,
      stopped: true,
      booted: true,
      warm: false,
    };
    const row = (step: StepSample["step"], seconds: number): StepSample => ({
      ...known,
      step,
      seconds: seconds * noise,
    });
    return [
      row("validate", 0.2),
      row("stop", fixed * 0.3),
      row("copy", fixed * 0.2 + bytes / rate),
      row("seal", fixed * 0.3),
      row("prove", bytes / (2 * rate)),
      row("verify", fixed * 0.2),
    ];
  };
  const ahead = (bytes: number) => ({
    bytesToMove: bytes,
    allocatedBytes: bytes,
    incremental: false,
    stops: true,
    boots: true,
  });

  test("lie within 20 % of moves like the earlier ones, though one of them went astray", () => {
    const mib = 2 ** 20;
    const histories = fc.record({
      fixed: fc.integer({ min: 10, max: 600 }),
      rate: fc.integer({ min: 5, max: 500 }).map((each) => each * 1e6),
      sizes: fc.array(fc.integer({ min: 100, max: 50_000 }), { minLength: 8, maxLength: 15 }),
      noise: fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 15, maxLength: 15 }),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    fc.assert(
      fc.property(histories, ({ fixed, rate, sizes, noise, share }) => {
        const samples = sizes.flatMap((size, index) =>
          moveOf(index, size * mib, fixed, rate, index === 2 ? 6 : 1 + (noise[index] ?? 0) / 100),
        );
        // Between the smallest and the largest of those that went well.
        const well = sizes.filter((_, index) => index !== 2);
        const next = Math.round(Math.min(...well) + share * (Math.max(...well) - Math.min(...well)));
        const truth = moveOf(99, next * mib, fixed, rate).reduce((sum, { seconds }) => sum + seconds, 0);
        const { seconds } = predictTimes(samples, ahead(next * mib));
        assert.ok(Math.abs(seconds - truth) <= 0.2 * truth + 1, `${seconds} s predicted, ${truth} s in truth`);
      }),
    );
  });

  test("count what is down from the stop to the proof, and say what they rest on", () => {
    const samples = [1, 2, 3].flatMap((id) => moveOf(id, 2 ** 30, 100, 100e6));
    const times = predictTimes(samples, ahead(2 ** 30));
    assert.equal(times.basis, "the median of the last 3 move(s) over this route");
    assert.ok(times.downtimeSeconds >= 110 && times.downtimeSeconds <= times.seconds);
    assert.equal(predictTimes(samples, { ...ahead(2 ** 30), stops: false }).downtimeSeconds, 0);
    assert.match(predictTimes([], ahead(2 ** 30)).basis, /assumed; nothing was moved/);
  });

  test("count on the share that moved before, where a plan can't tell what changed", () => {
    const gib = 2 ** 30;
    const back = [1, 2, 3].flatMap((id) =>
      moveOf(id, gib / 512, 10, 50e6).map((sample) => ({ ...sample, bytesPlanned: gib, incremental: true })),
    );
    const next = { ...ahead(gib), allocatedBytes: gib / 512, incremental: true };
    assert.ok(predictTimes(back, next).seconds <= 12, `${predictTimes(back, next).seconds} s`);
    // A full copy over the same route moves all of it.
    assert.ok(predictTimes(back, { ...next, incremental: false }).seconds >= 14);
  });

  test("keep to the bandwidth that is allowed now", () => {
    const samples = [1, 2].flatMap((id) => moveOf(id, 2 ** 30, 10, 100e6));
    const limited = predictTimes(samples, { ...ahead(2 ** 30), secondsAtLimits: (bytes) => bytes / 1e6 });
    assert.ok(limited.seconds > 1_000);
  });
});
