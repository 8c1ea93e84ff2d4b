import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadHostTools } from "../../../src/host/host-tools.ts";
import { makeToolDir, socketDirPath, toolsManifestPath } from "../../../src/host/paths.ts";
import { createLibvirtProvider } from "../../../src/providers/libvirt/index.ts";
import type { Provider } from "../../../src/providers/provider.ts";
import { LibvirtHost } from "../../../src/sandbox/libvirt-host.ts";
import type { ConformanceHarness, ConformanceSite } from "../harness.ts";
import { writeImage } from "./write-image.ts";

interface Descriptor {
  readonly uri: string;
  readonly storagePath: string;
  readonly runDir: string;
}

const site = "conformance";

export const harness: ConformanceHarness = {
  kind: "libvirt",
  module: import.meta.url,
  unavailable() {
    try {
      const tools = loadHostTools(toolsManifestPath());
      return tools.missing("libvirtd") ?? tools.missing("virsh") ?? tools.missing("qemu-nbd");
    } catch (error) {
      return (error as Error).message;
    }
  },
  open: openPrivateHost,
  connect: (descriptor) => connect(descriptor as Descriptor),
};

function connect({ uri, storagePath, runDir }: Descriptor): Provider {
  return createLibvirtProvider({
    entry: { uri, storagePath },
    tools: loadHostTools(toolsManifestPath()),
    runDir,
    context: { site, budget: () => ({ take: async () => {} }), log: () => {} },
  });
}

/** A libvirt host of the test's own. */
export async function openPrivateHost(): Promise<ConformanceSite> {
  const tools = loadHostTools(toolsManifestPath());
  const dir = makeToolDir(mkdtempSync(join(tmpdir(), "nvc-c-")), 0o755);
  const host = new LibvirtHost(tools, dir, site, 0);
  await host.start(0);
  const runDir = join(socketDirPath(dir), "n");
  const descriptor: Descriptor = { uri: host.uri, storagePath: host.storagePath, runDir };
  const provider = connect(descriptor);
  const virsh = (...args: string[]) => tools.run("virsh", ["--quiet", "--connect", host.uri, ...args]);

  const writeRunning = async (vmId: string, diskIndex: number, command: string): Promise<void> => {
    const device = `/machine/peripheral/virtio-disk${diskIndex}/virtio-backend`;
    const said = await virsh("qemu-monitor-command", "--hmp", vmId, `qemu-io -d ${device} "${command}"`);
    // It says how it went on QEMU's own output, here only what is wrong with the command.
    if (said.exitCode !== 0 || said.stdout.trim() !== "")
      throw new Error(`the guest could not write: ${said.stdout}${said.stderr}`);
  };

  return {
    provider,
    descriptor,
    bus: "virtio-blk",
    tracking: "dirty-bitmap",
    wholeLeaves: false,
    async writeAsGuest(vmId, diskId, offset, length, pattern) {
      const vm = await provider.compute.getVm(vmId, AbortSignal.timeout(10_000));
      const index = vm.disks.findIndex((disk) => disk.diskId === diskId);
      const volumeId = vm.disks[index]?.volumeId ?? "";
      const path = volumeId.startsWith("/") ? volumeId : join(host.storagePath, "layers", `${volumeId}.qcow2`);
      if (vm.state === "running") await writeRunning(vmId, index, `write -P ${pattern} ${offset} ${length}`);
      else await writeImage(tools, socketDirPath(dir), { path, offset, bytes: Buffer.alloc(length, pattern) });
    },
    async close() {
      await provider.close();
      await host.stop();
      rmSync(dir, { recursive: true, force: true });
      rmSync(socketDirPath(dir), { recursive: true, force: true });
    },
  };
}
