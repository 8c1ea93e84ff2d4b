import { existsSync } from "node:fs";
import { createOciProvider } from "../../../src/providers/oci/index.ts";
import type { OciPatience } from "../../../src/providers/oci/settings.ts";
import type { Provider, ProviderContext } from "../../../src/providers/provider.ts";
import { whyNoGuests } from "../../sandbox/aws/support.ts";
import { type OciLab, startOciLab } from "../../sandbox/oci/support.ts";
import { type ConformanceHarness, deafGuestMs } from "../harness.ts";
import { makeOciTraffic } from "./oci-traffic.ts";
import { writeImage } from "./write-image.ts";

export interface OciAddress {
  readonly region: string;
  readonly endpoint?: string;
  readonly compartment?: string;
  readonly credentials: Readonly<Record<string, string>>;
}

/** The adapter at a server on this machine, which answers sooner than Oracle, and has small volumes. `onCall` hears of each
 *  `service:Operation` that is used, once. */
export function connectOci(
  { endpoint, region, compartment, credentials }: OciAddress,
  patience: Partial<OciPatience> = {},
  onCall: (name: string) => void = () => undefined,
  context: Partial<ProviderContext> = {},
): Provider {
  return createOciProvider({
    entry: {
      region,
      endpoint,
      compartment,
      simulated: true,
      credentials: async () => ({ type: "api_key", values: credentials }),
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
      pollMs: { first: 5, most: 100 },
      consistencyMs: 2_000,
      requestTimeoutMs: 20_000,
      smallestVolumeGib: 1,
      helperStartMs: 60_000,
      ...patience,
    },
  });
}

export function addressOf({ oci }: OciLab): OciAddress {
  const { tenancy, user, fingerprint, privateKey, region } = oci.credentials;
  const credentials = { tenancy, user, fingerprint, private_key: privateKey };
  return { region, endpoint: oci.endpoint, compartment: oci.compartment, credentials };
}

export const harness: ConformanceHarness = {
  kind: "oci",
  module: import.meta.url,
  // Each of its handles on a disk takes a machine.
  timeoutMs: 900_000,
  unavailable: whyNoGuests,
  async open() {
    const lab = await startOciLab({ stopGraceMs: deafGuestMs, terminatedVisibleMs: 500 });
    const descriptor = addressOf(lab);
    const provider = connectOci(descriptor);
    // What every empty disk is made of stays once it is there: the census before and after counts it.
    const signal = AbortSignal.timeout(60_000);
    const first = await provider.disks.createVolume({ sizeBytes: 1, key: "first", tags: {} }, signal);
    await provider.disks.deleteVolume(first.volumeId, signal);
    return {
      provider,
      descriptor,
      bus: "virtio-blk",
      tracking: "hash-compare",
      hidesAllocation: true,
      wholeLeaves: false,
      powerOffWithin: (stopGraceMs) => lab.oci.cloud.changeSettings({ stopGraceMs }),
      async writeAsGuest(vmId, diskId, offset, length, pattern) {
        const vm = await provider.compute.getVm(vmId, AbortSignal.timeout(10_000));
        const volumeId = vm.disks.find((disk) => disk.diskId === diskId)?.volumeId ?? "";
        await writeVolume(lab, { vmId, running: vm.state === "running", volumeId, offset, length, pattern });
      },
      traffic: () => makeOciTraffic(lab),
      async close() {
        await provider.close();
        await lab.close();
      },
    };
  },
  connect: (descriptor) => connectOci(descriptor as OciAddress),
};

async function writeVolume(
  { oci }: OciLab,
  input: { vmId: string; running: boolean; volumeId: string; offset: number; length: number; pattern: number },
): Promise<void> {
  const { vmId, running, volumeId, offset, length, pattern } = input;
  const { cloud } = oci;
  if (running) {
    const guestId = cloud.tables.instances.get(vmId)?.guestId ?? "";
    // Flushed, as a guest does that wants to keep it: an instance may be turned off hard.
    for (const command of [`write -P ${pattern} ${offset} ${length}`, "flush"]) {
      const said = await cloud.guests.human(guestId, `qemu-io -d ${volumeId}/virtio-backend "${command}"`);
      if (said !== "") throw new Error(`the guest could not ${command}: ${said}`);
    }
    return;
  }
  const { tools, socketDir } = cloud.parts;
  const path = cloud.disks.path(cloud.tables.volumes.get(volumeId)?.layerId ?? "");
  if (!existsSync(path)) throw new Error(`${volumeId} has no file`);
  await writeImage(tools, socketDir, { path, offset, bytes: Buffer.alloc(length, pattern) });
}
