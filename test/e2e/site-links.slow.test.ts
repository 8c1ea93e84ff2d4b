import assert from "node:assert/strict";
import { open, readdir } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { siteQueue } from "../../src/domain/site-work.ts";
import { Link } from "../support/link.ts";
import { inNamespace, whyNoNamespaces } from "../support/namespaces.ts";
import { SiteLab, type SiteProcess } from "../support/site-lab.ts";

const mib = 1024 ** 2;
const lab = await SiteLab.start({ after });
await lab.startCentral();
const dataBytes = 12 * mib;
const dataVm = (name: string) => ({ name, memoryMib: 64, disks: [{ sizeBytes: 16 * mib, dataBytes }] });

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Half of the disk becomes what shrinks well. */
async function writeText(vmId: string): Promise<void> {
  const folder = join(lab.a.storagePath, "images");
  const name = (await readdir(folder)).find((each) => each.startsWith(vmId) && each.endsWith(".raw")) ?? "";
  const file = await open(join(folder, name), "r+");
  await file.write(Buffer.alloc(8 * mib, "The quick brown fox jumps over the lazy dog. "), 0, 8 * mib, 0);
  await file.close();
}

async function same(vmId: string, targetVmId: string | undefined): Promise<void> {
  assert.deepEqual(await lab.b.digests(targetVmId ?? ""), await lab.a.digests(vmId));
}

describe("between two networks that only a link of 16 MiB/s connects", { skip: whyNoNamespaces() ?? false }, () => {
  test("bytes go from one site to the other, compressed, and not through the control plane", async (t) => {
    const port = Number(new URL(lab.url).port);
    const [controlA, controlB, data] = ["control-a", "control-b", "link"].map((name) => join(lab.dir, `${name}.sock`));
    // The only ways out of the two networks: what the control plane sees, counted here, and the link.
    const api = { host: "127.0.0.1", port };
    const control = await Promise.all([controlA, controlB].map((path = "") => Link.open({ path }, api)));
    t.after(() => {
      for (const link of control) link.close();
    });
    const [inside, outside] = [await freePort(), await freePort()];
    const at = (port: number) => ({ host: "127.0.0.1", port });
    const width = 16 * mib;
    const b = await lab.startSiteWorker("site-b", {
      listen: `127.0.0.1:${inside}`,
      address: `127.0.0.1:${outside}`,
      under: inNamespace([
        { listen: api, to: { path: controlB ?? "" } },
        { listen: { path: data ?? "" }, to: at(inside), bytesPerSecond: width },
      ]),
    });
    const a = await lab.startSiteWorker("site-a", {
      under: inNamespace([
        { listen: api, to: { path: controlA ?? "" } },
        { listen: at(outside), to: { path: data ?? "" } },
      ]),
    });
    const vm = await lab.a.createDataVm(dataVm("far"));
    await writeText(vm.vmId);
    const id = await lab.migrate({ vm: vm.vmId, from: "site-a", to: "site-b" });
    const view = await lab.until(id, ({ state }) => state === "awaiting-finalize");
    await same(vm.vmId, view.vm.targetVmId);
    const [disk] = view.disks;
    const seen = control.reduce((sum, { bytes }) => sum + bytes, 0);
    const { bytesCopied = 0, bytesOnWire = 0 } = disk ?? {};
    t.diagnostic(
      `${bytesCopied} bytes copied, ${bytesOnWire} over the link, ${seen} through the control plane's network`,
    );
    assert.ok(bytesCopied >= dataBytes);
    assert.ok(bytesOnWire < bytesCopied * 0.7, "half of it is text");
    assert.ok(bytesOnWire > 4 * mib, "the rest is random");
    assert.ok(seen < mib, `the control plane saw ${seen} bytes`);
    await Promise.all([a.end(), b.end()]);
  });
});

describe("a copy between two sites goes on from its checkpoint", () => {
  let a: SiteProcess;
  let b: SiteProcess;
  let link: Link;
  const dirs = { a: join(lab.dir, "keeps-a"), b: join(lab.dir, "keeps-b") };
  let inside = 0;
  const startA = async () => (a = await lab.startSiteWorker("site-a", { dir: dirs.a }));
  const startB = async () =>
    (b = await lab.startSiteWorker("site-b", {
      dir: dirs.b,
      listen: `127.0.0.1:${inside}`,
      address: `127.0.0.1:${link.port}`,
    }));

  async function copyWith(name: string, disturb: () => Promise<void>): Promise<void> {
    inside ||= await freePort();
    link ??= await Link.open({ host: "127.0.0.1", port: 0 }, { host: "127.0.0.1", port: inside });
    await startA();
    await startB();
    const vm = await lab.a.createDataVm(dataVm(name));
    const id = await lab.migrate({ vm: vm.vmId, from: "site-a", to: "site-b", bandwidthBytesPerSecond: 4 * mib });
    await lab.until(id, ({ bytesCopied }) => bytesCopied >= 3 * mib);
    await disturb();
    const view = await lab.until(id, ({ state }) => state === "awaiting-finalize");
    await same(vm.vmId, view.vm.targetVmId);
    const [disk] = view.disks;
    assert.equal(disk?.bytesCopied, dataBytes);
    // What was durable before is not sent again.
    assert.ok((disk?.bytesResent ?? 0) <= dataBytes - 3 * mib, `${disk?.bytesResent} bytes were sent again`);
    const copies = (await lab.doneBy(id)).filter(({ activity }) => activity === "copyDisk");
    assert.ok(copies.every(({ queue }) => queue === siteQueue("site-a")));
    await Promise.all([a.end(), b.end()]);
  }

  test("when the worker that reads is killed", async () => {
    await copyWith("reader", async () => {
      await a.end("SIGKILL");
      await startA();
    });
  });

  test("when the worker that writes is killed", async () => {
    await copyWith("writer", async () => {
      await b.end("SIGKILL");
      await startB();
    });
  });

  test("when the link between them is cut", async () => {
    await copyWith("link", async () => {
      link.cut("refused");
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      link.mend();
    });
    link.close();
  });
});

test("a site whose workers are gone is served by the workers for everything, and what they were at, too", async () => {
  const a = await lab.startSiteWorker("site-a");
  const b = await lab.startSiteWorker("site-b", { listen: "127.0.0.1:0" });
  const vm = await lab.a.createDataVm(dataVm("orphan"));
  const id = await lab.migrate({ vm: vm.vmId, from: "site-a", to: "site-b", bandwidthBytesPerSecond: 4 * mib });
  await lab.until(id, ({ bytesCopied }) => bytesCopied >= 3 * mib);
  await Promise.all([a.end("SIGKILL"), b.end("SIGKILL")]);
  const view = await lab.until(id, ({ state }) => state === "awaiting-finalize");
  await same(vm.vmId, view.vm.targetVmId);
  const copies = (await lab.doneBy(id)).filter(({ activity }) => activity === "copyDisk");
  assert.equal(copies.at(-1)?.queue, "novacron");
});
