import assert from "node:assert/strict";
import { test } from "node:test";
import { parseDomainStats } from "../../src/providers/libvirt/domain-stats.ts";
import { figuresOf } from "../../src/providers/libvirt/metrics.ts";

/** As virsh 9.0 prints it. */
const text = (cpuNs: number, received: number) => `Domain: 'web 1'
  cpu.time=${cpuNs}
  cpu.user=1
  balloon.current=524288
  balloon.maximum=524288
  balloon.last-update=1700000000
  balloon.available=400000
  balloon.unused=50000
  balloon.usable=100000
  vcpu.current=2
  vcpu.maximum=2
  block.count=2
  block.0.name=vda
  block.0.rd.bytes=1000
  block.0.wr.bytes=2000
  block.1.name=vdb
  block.1.rd.bytes=10
  block.1.wr.bytes=20
  net.count=1
  net.0.name=vnet0
  net.0.rx.bytes=${received}
  net.0.tx.bytes=7

Domain: 'quiet'
  cpu.time=5
  balloon.current=1
  balloon.last-update=0
  balloon.available=1
  balloon.unused=1
  vcpu.current=1
  block.count=0
  net.count=0

`;

test("counters of all domains are read, and what nobody counts is absent", () => {
  const found = parseDomainStats(text(1_000_000_000, 500));
  assert.deepEqual(found.get("web 1"), {
    ...{ cpuNs: 1_000_000_000, cpus: 2, memoryUsed: 0.75 },
    ...{ readBytes: 1_010, writtenBytes: 2_020, receivedBytes: 500, sentBytes: 7 },
  });
  assert.deepEqual(found.get("quiet"), { cpuNs: 5, cpus: 1 });
});

test("rates are of the time between two readings, and a counter that began anew tells none", () => {
  const reading = (at: number, cpuNs: number, received: number) => {
    const counters = parseDomainStats(text(cpuNs, received)).get("web 1");
    assert.ok(counters);
    return { at, counters };
  };
  const figures = figuresOf(reading(0, 0, 100), reading(10_000, 5_000_000_000, 1_100));
  assert.deepEqual(figures, {
    ...{ "cpu.utilisation": 0.25, "memory.used": 0.75, "disk.read": 0, "disk.write": 0 },
    ...{ "network.in": 100, "network.out": 0 },
  });
  const restarted = figuresOf(reading(0, 9e9, 900), reading(10_000, 1, 100));
  assert.equal(restarted["cpu.utilisation"], undefined);
  assert.equal(restarted["network.in"], undefined);
});
