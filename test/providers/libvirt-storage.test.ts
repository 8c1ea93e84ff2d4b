import assert from "node:assert/strict";
import { chownSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { loadHostTools } from "../../src/host/host-tools.ts";
import { toolsManifestPath } from "../../src/host/paths.ts";
import type { ConformanceSite } from "./harness.ts";
import { harness, openPrivateHost } from "./support/libvirt.ts";

const MiB = 2 ** 20;

describe("what lies on a KVM host beside our own store", { skip: harness.unavailable() ?? false }, () => {
  let place: ConformanceSite;
  let pool = "";
  const signal = AbortSignal.timeout(120_000);
  const tools = () => loadHostTools(toolsManifestPath());
  const virsh = async (...args: string[]) => {
    const { uri } = place.descriptor as { uri: string };
    const result = await tools().run("virsh", ["--quiet", "--connect", uri, ...args]);
    assert.equal(result.exitCode, 0, `virsh ${args.join(" ")}: ${result.stderr}`);
    return result.stdout;
  };
  const image = (...args: string[]) => tools().run("qemu-img", ["create", "-q", ...args]);
  const define = async (name: string, disk: string) => {
    const xml = `<domain type="qemu"><name>${name}</name><memory unit="MiB">64</memory><os><type>hvm</type></os>
      <devices><disk type="file" device="disk"><driver name="qemu" type="qcow2"/><source file="${disk}"/>
      <target dev="vda" bus="virtio"/></disk></devices></domain>`;
    const { uri } = place.descriptor as { uri: string };
    const made = await tools().run("virsh", ["--quiet", "--connect", uri, "define", "/dev/stdin"], { input: xml });
    assert.equal(made.exitCode, 0, made.stderr);
    return (await virsh("domuuid", name)).trim();
  };

  before(async () => {
    place = await openPrivateHost();
    const { storagePath } = place.descriptor as { storagePath: string };
    await Array.fromAsync(place.provider.disks.listVolumes(signal));
    pool = join(storagePath, "layers", "..", "..", "pool");
    mkdirSync(pool, { recursive: true, mode: 0o777 });
    const { account } = tools();
    if (account) chownSync(pool, account.uid, account.gid);
    await image("-f", "qcow2", join(pool, "golden.qcow2"), "24M");
    await image("-f", "qcow2", "-b", join(pool, "golden.qcow2"), "-F", "qcow2", join(pool, "web.qcow2"));
    await image("-f", "qcow2", join(pool, "left over.qcow2"), "8M");
    const disc = Buffer.alloc(MiB);
    disc.write("\x01CD001\x01", 0x8000, "latin1");
    writeFileSync(join(pool, "setup.iso"), disc);
    await virsh("pool-define-as", "--name", "images", "--type", "dir", "--target", pool);
    await virsh("pool-start", "images");
  });
  after(() => place?.close());

  test("are the disks of others' VMs, volumes that nothing uses, images and libvirt's snapshots", async () => {
    const vmId = await define("web", join(pool, "web.qcow2"));
    const { disks, compute } = place.provider;
    const volumes = await Array.fromAsync(disks.listVolumes(signal));
    assert.deepEqual(volumes.map((each) => `${each.volumeId} of ${each.vmId}: ${each.sizeBytes} ${each.type}`).sort(), [
      `${join(pool, "left over.qcow2")} of undefined: ${8 * MiB} qcow2`,
      `${join(pool, "web.qcow2")} of ${vmId}: ${24 * MiB} qcow2`,
    ]);
    const images = await Array.fromAsync(disks.listBaseImages?.(signal) ?? []);
    assert.deepEqual(images.map(({ name, type, sizeBytes }) => `${name}: ${sizeBytes} ${type}`).sort(), [
      `golden.qcow2: ${24 * MiB} qcow2`,
      `setup.iso: ${MiB} iso`,
    ]);
    assert.deepEqual(await Array.fromAsync(compute.listVmSnapshots?.(signal) ?? []), []);
    await virsh("snapshot-create-as", "--domain", "web", "before the update");
    const [snapshot, ...more] = await Array.fromAsync(compute.listVmSnapshots?.(signal) ?? []);
    assert.deepEqual(
      [snapshot?.name, snapshot?.vmId, snapshot?.state, more],
      ["before the update", vmId, "shutoff", []],
    );
    assert.ok(Math.abs(Date.now() - Date.parse(snapshot?.createdAt ?? "")) < 600_000);
  });

  test("our own volumes are there once, with the VM that has them", async () => {
    const { disks, compute } = place.provider;
    const tags = { a: "1" };
    const { volumeId } = await disks.createVolume({ sizeBytes: MiB, key: "one", tags }, signal);
    const own = async () =>
      (await Array.fromAsync(disks.listVolumes(signal))).filter((each) => each.volumeId === volumeId);
    assert.deepEqual(
      (await own()).map(({ vmId, sizeBytes }) => [vmId, sizeBytes]),
      [[undefined, MiB]],
    );
    const spec = { name: "own", cpus: 1, memoryBytes: 64 * MiB, firmware: "bios", architecture: "x86_64" } as const;
    const { vmId } = await compute.createVm(
      { ...spec, disks: [{ volumeId, bus: "virtio-blk", boot: true }], nics: [], publishPorts: [], tags: {} },
      "own",
      signal,
    );
    assert.deepEqual(
      (await own()).map((volume) => volume.vmId),
      [vmId],
    );
  });
});
