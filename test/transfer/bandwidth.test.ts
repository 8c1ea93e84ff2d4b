import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createBandwidthLimiter } from "../../src/transfer/bandwidth.ts";
import { MemoryCheckpointStore } from "../../src/transfer/memory-checkpoint.ts";
import type { RateLease, RateLeases } from "../../src/transfer/ports.ts";
import { pump } from "../../src/transfer/pump.ts";
import { mib, noise } from "./lib/content.ts";
import { MemoryDisk } from "./lib/memory-disk.ts";

class MemoryLeases implements RateLeases {
  readonly holders = new Set<string>();
  away = false;
  renewals = 0;

  async renew(input: { holder: string; limitPerSecond: number; ttlMs: number }): Promise<RateLease> {
    this.renewals++;
    if (this.away) throw new Error("the store is away");
    this.holders.add(input.holder);
    return { perSecond: input.limitPerSecond / this.holders.size, expiresAt: new Date(Date.now() + input.ttlMs) };
  }

  async release(input: { holder: string }): Promise<void> {
    this.holders.delete(input.holder);
  }
}

const resource = "link:onprem-a/onprem-b";

describe("a bandwidth limit", () => {
  test("holds for two copies together", async () => {
    const leases = new MemoryLeases();
    const bytesPerSecond = 8 * mib;
    const each = 4 * mib;
    const started = performance.now();
    await Promise.all(
      ["one", "two"].map(async (holder, index) => {
        const limiter = createBandwidthLimiter({ leases, resource, holder, bytesPerSecond, ttlMs: 300 });
        const source = new MemoryDisk(noise(each, index));
        const sink = new MemoryDisk(new Uint8Array(each));
        const checkpoint = new MemoryCheckpointStore();
        const state = await checkpoint.beginAttempt({ generationId: holder, sizeBytes: each });
        await pump({ source, sink, checkpoint, state, limiter });
        await limiter.close();
        assert.equal(Buffer.compare(sink.bytes, source.bytes), 0);
      }),
    );
    const seconds = (performance.now() - started) / 1000;
    // A lower bound of what it takes holds on a machine of any speed. One lease's life of doubled shares is allowed.
    const slack = bytesPerSecond * 0.3 + 2 * mib;
    assert.ok(bytesPerSecond * seconds + slack >= 2 * each, `${2 * each} bytes in ${seconds} s`);
    assert.equal(leases.holders.size, 0);
  });

  test("drops to the floor when the lease lapsed, and never to unlimited", async () => {
    const leases = new MemoryLeases();
    const options = { leases, resource, holder: "one", bytesPerSecond: 1000 * mib, ttlMs: 60, floorPerSecond: 2 * mib };
    const limiter = createBandwidthLimiter(options);
    await limiter.take(1);
    leases.away = true;
    await new Promise((resolve) => setTimeout(resolve, 150));
    const started = performance.now();
    await limiter.take(mib);
    await limiter.take(1);
    const seconds = (performance.now() - started) / 1000;
    assert.ok(seconds >= 0.25, `1 MiB in ${seconds} s at 2 MiB/s`);
    assert.ok(leases.renewals > 1);
    await limiter.close();
  });

  test("settles an abort while bytes wait", async () => {
    const limiter = createBandwidthLimiter({ leases: new MemoryLeases(), resource, holder: "one", bytesPerSecond: 1 });
    const abort = new AbortController();
    const waiting = limiter.take(1_000_000, abort.signal);
    setImmediate(() => abort.abort(new Error("enough")));
    await assert.rejects(waiting, /enough/);
    await limiter.close();
  });
});
