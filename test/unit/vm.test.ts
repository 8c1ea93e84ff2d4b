import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Vm, vmVersion } from "../../src/domain/vm.ts";

const vm: Vm = {
  vmId: "1",
  site: "onprem-a",
  name: "web-1",
  state: "running",
  cpus: 1,
  memoryBytes: 2 ** 28,
  firmware: "bios",
  architecture: "x86_64",
  disks: [{ diskId: "vda", volumeId: "web-1.qcow2", sizeBytes: 2 ** 30, bus: "virtio-blk", boot: true }],
  nics: [{ nicId: "net0", networkId: "user" }],
  publishPorts: [80],
  endpoints: [],
  tags: { a: "1", b: "2" },
};

describe("a VM's version", () => {
  test("changes with everything that a migration carries over", () => {
    const [disk] = vm.disks;
    assert.ok(disk);
    const changes: readonly Partial<Vm>[] = [
      { name: "web-2" },
      { state: "stopped" },
      { cpus: 2 },
      { memoryBytes: 2 ** 29 },
      { firmware: "uefi" },
      { disks: [{ ...disk, sizeBytes: 2 ** 31 }] },
      { disks: [{ ...disk, volumeId: "other.qcow2" }] },
      { disks: [{ ...disk, bus: "nvme" }] },
      { disks: [disk, { ...disk, diskId: "vdb", boot: false }] },
      { nics: [{ nicId: "net0", networkId: "bridge" }] },
      { tags: { a: "1", b: "3" } },
    ];
    const versions = new Set([vm, ...changes.map((change) => ({ ...vm, ...change }))].map(vmVersion));
    assert.equal(versions.size, changes.length + 1);
  });

  test("stays the same while a running guest fills its disk, publishes a port, or lists its tags in another order", () => {
    const [disk] = vm.disks;
    assert.ok(disk);
    const later: Vm = {
      ...vm,
      disks: [{ ...disk, allocatedBytes: 123 }],
      endpoints: [{ guestPort: 80, host: "127.0.0.1", port: 4711 }],
      tags: { b: "2", a: "1" },
    };
    assert.equal(vmVersion(later), vmVersion(vm));
  });
});
