import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, test } from "node:test";
import { type RoundFacts, suspect } from "../../src/domain/suspicion.ts";
import { EntropyMeter } from "../../src/transfer/entropy.ts";

const MiB = 2 ** 20;
const total = 1000 * MiB;
const start = Date.parse("2026-01-01T00:00:00Z");

/** A round a minute. */
function round(minute: number, mebibytes: number, entropy?: number): RoundFacts {
  const takenAt = new Date(start + minute * 60_000).toISOString();
  return { takenAt, bytesCopied: mebibytes * MiB, ...(entropy === undefined ? {} : { entropy }) };
}

const usual = [5, 4, 3, 2, 1, 0].map((minute) => round(minute, 4, 5));

describe("a round", () => {
  test("as all others is not suspect", () => {
    assert.equal(suspect(round(6, 5, 5.5), usual, total), undefined);
    assert.equal(suspect(round(6, 0), usual, total), undefined);
  });

  test("whose changes have become noise is suspect", () => {
    const found = suspect(round(6, 20, 7.9), usual, total);
    assert.match(found?.reason ?? "", /7\.9 bits a byte and usually 5\.0: it may be encrypted/);
    assert.equal(found?.usualEntropy, 5);
  });

  test("in which far more changed than usual is suspect", () => {
    const found = suspect(round(6, 200, 5), usual, total);
    assert.match(found?.reason ?? "", /50 times as much changed as usual, 20 % of all disks/);
  });

  test("of a few bytes is not, whatever they are", () => {
    assert.equal(suspect(round(6, 1, 8), usual, total), undefined);
  });

  test("of a group that always writes noise is not suspect for that", () => {
    const noisy = [5, 4, 3, 2, 1].map((minute) => round(minute, 4, 7.8));
    assert.equal(suspect(round(6, 20, 7.95), noisy, total), undefined);
  });

  test("is compared only when enough are known", () => {
    assert.equal(suspect(round(6, 500, 8), usual.slice(0, 3), total), undefined);
  });
});

test("text, programs and noise are told apart by a sample of them", () => {
  const measured = (bytes: Uint8Array): number => {
    const meter = new EntropyMeter();
    meter.add(bytes);
    return meter.bitsPerByte ?? Number.NaN;
  };
  assert.equal(new EntropyMeter().bitsPerByte, undefined);
  assert.equal(measured(new Uint8Array(MiB)), 0);
  assert.ok(measured(randomBytes(MiB)) > 7.9);
  assert.ok(measured(randomBytes(64 * 1024)) > 7.9);
  const text = Buffer.from("The quick brown fox jumps over the lazy dog. ".repeat(20_000));
  assert.ok(measured(text) > 3.5 && measured(text) < 5);
});
