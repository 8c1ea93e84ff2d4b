import { existsSync } from "node:fs";
import { createGcpProvider } from "../../../src/providers/gcp/index.ts";
import type { GcpPatience } from "../../../src/providers/gcp/settings.ts";
import type { Provider, ProviderContext } from "../../../src/providers/provider.ts";
import { whyNoGuests } from "../../sandbox/aws/support.ts";
import { type GcpLab, startGcpLab } from "../../sandbox/gcp/support.ts";
import { type ConformanceHarness, deafGuestMs } from "../harness.ts";
import { makeGcpTraffic } from "./gcp-traffic.ts";
import { writeImage } from "./write-image.ts";

export interface GcpAddress {
  readonly project: string;
  readonly zone: string;
  readonly endpoint: string;
  /** The service account's key, as Google makes it. */
  readonly key: object;
  /** That costs are exported to. */
  readonly billingTable?: string | undefined;
}

/** The adapter at a server on this machine, which answers sooner than Google and has smaller disks. `onCall` hears of each
 *  budget that is used, once. */
export function connectGcp(
  { project, zone, endpoint, key, billingTable }: GcpAddress,
  patience: Partial<GcpPatience> = {},
  onCall: (name: string) => void = () => undefined,
  context: Partial<ProviderContext> = {},
): Provider {
  return createGcpProvider({
    entry: {
      ...{ project, zone, endpoint, billingTable, simulated: true },
      credentials: async () => ({ type: "service_account", values: { service_account: JSON.stringify(key) } }),
    },
    context: {
      site: "conformance",
      budget(name) {
        onCall(name);
        return { take: async () => {} };
      },
      log: () => {},
      ...context,
    },
    patience: {
      pollMs: { first: 10, most: 100 },
      requestTimeoutMs: 20_000,
      helperStartMs: 30_000,
      smallestDiskGb: 1,
      ...patience,
    },
  });
}

export const harness: ConformanceHarness = {
  kind: "gcp",
  module: import.meta.url,
  // Each of its handles is a machine, and its smallest disk has 1 GiB.
  timeoutMs: 600_000,
  unavailable: whyNoGuests,
  async open() {
    const lab = await startGcpLab({
      emptyFirstPage: true,
      operationMs: 10,
      snapshotMs: 20,
      imageMs: 20,
      stopGraceMs: deafGuestMs,
      dnsPendingMs: 50,
      endpointHealthMs: 20,
    });
    const { project, zone, endpoint, serviceAccountKey: key } = lab.gcp;
    const descriptor: GcpAddress = { project, zone, endpoint, key };
    const provider = connectGcp(descriptor);
    return {
      provider,
      descriptor,
      bus: "virtio-scsi",
      tracking: "hash-compare",
      wholeLeaves: false,
      powerOffWithin: (stopGraceMs) => lab.gcp.cloud.changeSettings({ stopGraceMs }),
      async writeAsGuest(vmId, diskId, offset, length, pattern) {
        const vm = await provider.compute.getVm(vmId, AbortSignal.timeout(10_000));
        const volumeId = vm.disks.find((disk) => disk.diskId === diskId)?.volumeId ?? "";
        await writeDisk(lab, { running: vm.state === "running", vmId, volumeId, offset, length, pattern });
      },
      traffic: () => makeGcpTraffic(lab),
      async close() {
        await provider.close();
        await lab.close();
      },
    };
  },
  connect: (descriptor) => connectGcp(descriptor as GcpAddress),
};

async function writeDisk(
  { gcp }: GcpLab,
  input: { running: boolean; vmId: string; volumeId: string; offset: number; length: number; pattern: number },
): Promise<void> {
  const { running, vmId, volumeId, offset, length, pattern } = input;
  const { cloud, zone } = gcp;
  const disk = cloud.tables.disks.get(`zones/${zone}/disks/${volumeId}`);
  if (running) {
    // Flushed, as a guest does that wants to keep it: an instance may be turned off hard.
    const instance = cloud.tables.instances.get(`zones/${zone}/instances/${vmId}`);
    for (const command of [`write -P ${pattern} ${offset} ${length}`, "flush"]) {
      const said = await cloud.guests.human(`i${instance?.numericId}`, `qemu-io -d d${disk?.numericId} "${command}"`);
      if (said !== "") throw new Error(`the guest could not ${command}: ${said}`);
    }
    return;
  }
  const { tools, socketDir } = cloud.parts;
  const path = cloud.disks.path(disk?.layerId ?? "");
  if (!existsSync(path)) throw new Error(`${volumeId} has no file`);
  await writeImage(tools, socketDir, { path, offset, bytes: Buffer.alloc(length, pattern) });
}
