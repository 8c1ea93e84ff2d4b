import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { isProviderError } from "../../src/domain/errors.ts";
import type { Provider } from "../../src/providers/provider.ts";
import type { ConformanceSite } from "./harness.ts";
import { openFolder, writeLogged } from "./support/folder.ts";

const unit = 64 * 1024;
const signal = AbortSignal.timeout(120_000);

let place: ConformanceSite & { readonly storagePath: string };
let provider: Provider;

before(async () => {
  place = await openFolder();
  provider = place.provider;
  // Its first use lays out the folder.
  await provider.check(signal);
});
after(() => place?.close());

/** A VM record as a person would write it, with one disk of its own. */
function vmWith(name: string, file: string, more: object = {}): string {
  const record = { format: 1, name, disks: [{ id: "disk0", file }], ...more };
  writeFileSync(join(place.storagePath, "vms", `${name}.json`), JSON.stringify(record));
  return name;
}

async function rawDisk(name: string, sizeBytes: number, at: number, bytes: Uint8Array): Promise<string> {
  const path = join(place.storagePath, name);
  const file = await open(path, "w");
  await file.truncate(sizeBytes);
  await file.write(bytes, 0, bytes.byteLength, at);
  await file.close();
  return path;
}

test("of a raw disk that somebody brought, all that holds anything is found, and nothing else", async () => {
  const path = await rawDisk("brought.raw", 40 * unit + 100, 20 * unit, Buffer.alloc(unit, 7));
  const vmId = vmWith("brought", "brought.raw");
  const vm = await provider.compute.getVm(vmId, signal);
  assert.deepEqual([vm.disks[0]?.volumeId, vm.disks[0]?.sizeBytes], [path, 40 * unit + 512]);
  const point = await provider.disks.createSourcePoint({ vmId, mode: "stopped", key: "p" }, signal);
  const { sourcePointId } = point;
  const source = await provider.disks.openSource({ sourcePointId, diskId: "disk0", attempt: 1 }, signal);
  const extents = await Array.fromAsync(source.extents({}));
  assert.deepEqual(
    extents.filter(({ kind }) => kind === "data"),
    [{ offset: 20 * unit, length: unit, kind: "data" }],
  );
  const bytes = Buffer.alloc(512, 1);
  await source.read(40 * unit, bytes);
  assert.ok(bytes.equals(Buffer.alloc(512)));
  await source.close();
  await provider.disks.releaseSourcePoint(sourcePointId, signal);
  // Finalizing removes it like any other site's disk.
  await provider.compute.deleteVm(vmId, signal);
  await provider.disks.deleteVolume(path, signal);
  assert.equal(existsSync(path), false);
});

test("a write that is not in the block log is found by comparing; what the log covers again is told", async () => {
  const { volumeId } = await provider.disks.createVolume({ sizeBytes: 8 * unit, key: "log", tags: {} }, signal);
  const file = `volumes/${volumeId}/disk.raw`;
  const path = join(place.storagePath, file);
  const vmId = vmWith("logged", file);
  const pointOf = async (key: string) => {
    const point = await provider.disks.createSourcePoint({ vmId, mode: "stopped", key }, signal);
    await provider.disks.releaseSourcePoint(point.sourcePointId, signal);
    return point;
  };
  const first = await pointOf("1");
  await writeLogged(path, unit, Buffer.alloc(100, 1));
  const second = await pointOf("2");
  assert.deepEqual(second.disks[0]?.baselines, [
    {
      baselineId: `${first.sourcePointId}/disk0`,
      tracking: "changed-blocks",
      granularityBytes: 512,
      changedBytes: 100,
    },
  ]);
  const behind = await open(path, "r+");
  await behind.write(Buffer.alloc(100, 2), 0, 100, 5 * unit);
  await behind.close();
  const third = await pointOf("3");
  assert.deepEqual(new Set(third.disks[0]?.baselines.map(({ tracking }) => tracking)), new Set(["hash-compare"]));
  await writeLogged(path, 0, Buffer.alloc(100, 3));
  const fourth = await pointOf("4");
  assert.deepEqual(
    fourth.disks[0]?.baselines.map(({ baselineId, tracking }) => [baselineId, tracking]),
    [
      [`${third.sourcePointId}/disk0`, "changed-blocks"],
      [`${second.sourcePointId}/disk0`, "hash-compare"],
      [`${first.sourcePointId}/disk0`, "hash-compare"],
    ],
  );
  await provider.compute.deleteVm(vmId, signal);
  await provider.disks.deleteVolume(volumeId, signal);
});

test("a disk that is written to while it is read fails the read", async () => {
  const path = await rawDisk("read.raw", 4 * unit, 0, Buffer.alloc(unit, 1));
  const vmId = vmWith("read", "read.raw");
  const { sourcePointId } = await provider.disks.createSourcePoint({ vmId, mode: "stopped", key: "p" }, signal);
  const source = await provider.disks.openSource({ sourcePointId, diskId: "disk0", attempt: 1 }, signal);
  await source.read(0, new Uint8Array(512));
  const file = await open(path, "r+");
  await file.write(Buffer.alloc(10, 9), 0, 10, 3 * unit);
  await file.close();
  await assert.rejects(source.read(0, new Uint8Array(512)), (error) => isProviderError(error, "Conflict"));
  await source.close();
  await provider.disks.releaseSourcePoint(sourcePointId, signal);
  await provider.compute.deleteVm(vmId, signal);
});

test("a record that makes no sense is said to be so, and hides no other VM", async () => {
  await rawDisk("good.raw", unit, 0, Buffer.alloc(1));
  vmWith("good", "good.raw");
  vmWith("bad", "good.raw", { cpus: "many" });
  const vms = await Array.fromAsync(provider.compute.listVms(signal));
  assert.deepEqual(
    vms.map((vm) => vm.name),
    ["good"],
  );
  const row = (await provider.check(signal)).find(({ check, result }) => check === "vm-records" && result === "warn");
  assert.match(row?.detail ?? "", /vm\/bad.*cpus/);
  for (const vmId of ["good", "bad"]) await provider.compute.deleteVm(vmId, signal);
});

test("a folder that is not mounted is away, not empty", async () => {
  const other = await openFolder();
  await other.provider.disks.createVolume({ sizeBytes: unit, key: "v", tags: {} }, signal);
  renameSync(other.storagePath, `${other.storagePath}-away`);
  const away = (error: unknown): boolean => isProviderError(error, "Unavailable");
  await assert.rejects(Array.fromAsync(other.provider.census(signal)), away);
  assert.equal((await other.provider.check(signal))[0]?.result, "fail");
  mkdirSync(other.storagePath);
  await assert.rejects(other.provider.disks.getPoint("p", signal), away);
  assert.deepEqual(readdirSync(other.storagePath), []);
  rmSync(other.storagePath, { recursive: true });
  renameSync(`${other.storagePath}-away`, other.storagePath);
  assert.equal((await Array.fromAsync(other.provider.census(signal))).length, 1);
  await other.close();
});
