import assert from "node:assert/strict";
import { test } from "node:test";
import { harness } from "./support/libvirt.ts";
import { readAll } from "./support/read-all.ts";

const MiB = 2 ** 20;
const signal = AbortSignal.timeout(300_000);

test("a stopped VM's disk is read as several points at once, as test boots of it do", {
  skip: harness.unavailable() ?? false,
}, async () => {
  const site = await harness.open();
  try {
    const { compute, disks } = site.provider;
    const { volumeId } = await disks.createVolume({ sizeBytes: 16 * MiB, key: "volume", tags: {} }, signal);
    const { vmId, disks: seen } = await compute.createVm(
      {
        ...{ name: "read twice", cpus: 1, memoryBytes: 64 * MiB, firmware: "bios", architecture: "x86_64" },
        disks: [{ volumeId, bus: site.bus, boot: true }],
        ...{ nics: [], publishPorts: [], tags: {} },
      },
      "vm",
      signal,
    );
    const diskId = seen[0]?.diskId ?? "";
    await site.writeAsGuest(vmId, diskId, MiB, MiB, 7);
    const points: string[] = [];
    const sources = [];
    for (const key of ["first", "second", "third"]) {
      const { sourcePointId } = await disks.createSourcePoint({ vmId, mode: "stopped", key }, signal);
      points.push(sourcePointId);
      sources.push(await disks.openSource({ sourcePointId, diskId, attempt: 1 }, signal));
    }
    for (const source of sources) assert.equal((await readAll(source))[MiB], 7);
    for (const sourcePointId of points) await disks.releaseSourcePoint(sourcePointId, signal);
    // One that nobody else reads meanwhile says again what changed since.
    const take = async (key: string) => disks.createSourcePoint({ vmId, mode: "stopped", key }, signal);
    const { sourcePointId: since } = await take("since");
    await disks.releaseSourcePoint(since, signal);
    await site.writeAsGuest(vmId, diskId, 4 * MiB, MiB, 8);
    const last = await take("last");
    const known = (last.disks[0]?.baselines ?? []).map(({ baselineId }) => baselineId);
    assert.ok(known.includes(`${since}/${diskId}`), known.join(", "));
    await disks.releaseSourcePoint(last.sourcePointId, signal);
    await compute.deleteVm(vmId, signal);
    await disks.deleteVolume(volumeId, signal);
  } finally {
    await site.close();
  }
});
