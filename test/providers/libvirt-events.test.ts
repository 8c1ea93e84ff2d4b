import assert from "node:assert/strict";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { isProviderError } from "../../src/domain/errors.ts";
import { loadHostTools } from "../../src/host/host-tools.ts";
import { toolsManifestPath } from "../../src/host/paths.ts";
import { Virsh } from "../../src/providers/libvirt/client.ts";
import { Domains } from "../../src/providers/libvirt/domains.ts";
import { LibvirtEvents } from "../../src/providers/libvirt/events.ts";
import { LayerStore } from "../../src/providers/libvirt/layers.ts";
import type { ConformanceSite } from "./harness.ts";
import { harness, openPrivateHost } from "./support/libvirt.ts";

/** A boot sector that reads itself again and again. */
const busySector = Buffer.alloc(512);
Buffer.from("b80102b90100ba8000bb0080cd13ebf0", "hex").copy(busySector);
busySector.writeUInt16LE(0xaa55, 510);

describe("listening to a KVM host", { skip: harness.unavailable() ?? false }, () => {
  let place: ConformanceSite;
  let away = false;
  const signal = AbortSignal.timeout(60_000);
  before(async () => {
    place = await openPrivateHost();
  });
  after(() => (away ? undefined : place?.close()));

  function events(listenForSeconds?: number): LibvirtEvents {
    const { uri, storagePath } = place.descriptor as { uri: string; storagePath: string };
    const tools = loadHostTools(toolsManifestPath());
    const virsh = new Virsh(tools, uri, { take: async () => {} });
    const domains = new Domains("host", virsh, new LayerStore(storagePath, tools));
    return new LibvirtEvents({ site: "host", virsh, domains }, listenForSeconds);
  }

  async function virsh(args: string[], input?: string): Promise<string> {
    const { uri } = place.descriptor as { uri: string };
    const options = input === undefined ? {} : { input };
    const tools = loadHostTools(toolsManifestPath());
    const { exitCode, stdout, stderr } = await tools.run("virsh", ["--quiet", "--connect", uri, ...args], options);
    assert.equal(exitCode, 0, stderr);
    return stdout.trim();
  }

  /** A domain of that name, with an id of its own. */
  async function define(name: string): Promise<string> {
    const xml = `<domain type="qemu"><name>${name}</name><memory unit="MiB">64</memory><os><type>hvm</type></os></domain>`;
    await virsh(["define", "/dev/stdin"], xml);
    return virsh(["domuuid", name]);
  }

  test("ends without a failure when its time is over and nothing has happened", async () => {
    assert.deepEqual(await Array.fromAsync(events(1).watch(signal)), [[]]);
  });

  test("tells of both domains when one takes another's name", async () => {
    const first = await define("renamed");
    const seen = new Set<string | undefined>();
    let second: string | undefined;
    for await (const changes of events().watch(signal)) {
      if (second === undefined) {
        await virsh(["undefine", first]);
        second = await define("renamed");
      }
      for (const { kind, resourceId } of changes) if (kind === "vm") seen.add(resourceId);
      if (seen.has(first) && seen.has(second)) break;
    }
    assert.notEqual(first, second);
    assert.deepEqual(seen, new Set([first, second]));
    await virsh(["undefine", second ?? ""]);
  });

  test("measures a guest that runs: its CPU and its disk, and says nothing of what nobody counts", async () => {
    const { storagePath } = place.descriptor as { storagePath: string };
    const path = join(storagePath, "busy.raw");
    writeFileSync(path, Buffer.concat([busySector, Buffer.alloc(2 ** 20)]));
    chmodSync(path, 0o666);
    const disk = `<disk type="file"><driver name="qemu" type="raw"/><source file="${path}"/><target dev="hda" bus="ide"/></disk>`;
    const xml = `<domain type="qemu"><name>busy one</name><memory unit="MiB">64</memory><os><type machine="pc">hvm</type></os><devices>${disk}</devices></domain>`;
    await virsh(["define", "/dev/stdin"], xml);
    const vmId = await virsh(["domuuid", "busy one"]);
    const { metrics } = place.provider;
    assert.ok(metrics);
    const read = async (id: string) => {
      const now = new Date().toISOString();
      const query = { vms: [{ vmId: id }], metrics: metrics.metrics, from: now, to: now, stepSeconds: 60 };
      return new Map((await Array.fromAsync(metrics.read(query, signal))).map((sample) => [sample.metric, sample]));
    };
    assert.equal((await read(vmId)).size, 0, "it is off");
    await virsh(["start", vmId]);
    let figures = await read(vmId);
    for (let tries = 0; tries < 20 && !figures.get("disk.read")?.value; tries++) figures = await read(vmId);
    const cpu = figures.get("cpu.utilisation")?.value ?? 0;
    assert.ok(cpu > 0.05 && cpu <= 1, `${cpu}`);
    assert.ok((figures.get("disk.read")?.value ?? 0) > 512);
    assert.equal(figures.get("disk.write")?.value, 0);
    assert.equal(figures.get("cpu.utilisation")?.resourceId, vmId);
    assert.deepEqual([figures.get("memory.used"), figures.get("network.in")], [undefined, undefined]);
    assert.equal((await read("4b4e6d4e-0000-4000-8000-000000000000")).size, 0);
    await virsh(["destroy", vmId]);
    assert.equal((await read(vmId)).size, 0, "it is off again");
    await virsh(["undefine", vmId]);
  });

  test("ends with what libvirt says when the host goes away", async () => {
    await assert.rejects(
      async () => {
        for await (const changes of events().watch(signal)) {
          if (changes.length > 0) continue;
          away = true;
          await place.close();
        }
      },
      (error) => isProviderError(error, "Unavailable"),
    );
  });
});
