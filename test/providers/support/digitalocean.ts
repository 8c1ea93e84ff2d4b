import { existsSync } from "node:fs";
import { createDigitalOceanProvider } from "../../../src/providers/digitalocean/index.ts";
import type { DigitalOceanPatience } from "../../../src/providers/digitalocean/settings.ts";
import type { Provider } from "../../../src/providers/provider.ts";
import { deviceId, machineId } from "../../../src/sandbox/digitalocean/machines.ts";
import { whyNoGuests } from "../../sandbox/aws/support.ts";
import { type DigitalOceanLab, startDigitalOceanLab } from "../../sandbox/digitalocean/support.ts";
import type { ConformanceHarness } from "../harness.ts";
import { writeImage } from "./write-image.ts";

export interface DigitalOceanAddress {
  readonly region: string;
  readonly endpoint: string;
  readonly token: string;
}

/** The adapter at a server on this machine, which answers sooner than DigitalOcean. `onCall` hears of each operation that was
 *  asked for. */
export function connectDigitalOcean(
  { region, endpoint, token }: DigitalOceanAddress,
  patience: Partial<DigitalOceanPatience> = {},
  onCall: (operation: string) => void = () => undefined,
): Provider {
  return createDigitalOceanProvider({
    entry: {
      ...{ region, endpoint, simulated: true },
      credentials: async () => ({ type: "api_token", values: { token } }),
    },
    context: {
      site: "conformance",
      budget: () => ({ take: async () => {} }),
      log: () => {},
      onCall: ({ call }) => onCall(call),
    },
    patience: {
      pollMs: { first: 10, most: 100 },
      requestTimeoutMs: 20_000,
      firstRetryMs: 20,
      helperStartMs: 30_000,
      ...patience,
    },
  });
}

export function addressOf({ digitalocean }: DigitalOceanLab): DigitalOceanAddress {
  const { region, endpoint, token } = digitalocean;
  return { region, endpoint, token };
}

export const harness: ConformanceHarness = {
  kind: "digitalocean",
  module: import.meta.url,
  // Each of its handles is a machine, and its smallest disk has 1 GiB.
  timeoutMs: 600_000,
  unavailable: whyNoGuests,
  async open() {
    const lab = await startDigitalOceanLab({ pageSize: 2, actionMs: 10, detachMs: 10 });
    const descriptor = addressOf(lab);
    const provider = connectDigitalOcean(descriptor);
    return {
      provider,
      descriptor,
      bus: "virtio-scsi",
      tracking: "hash-compare",
      hidesAllocation: true,
      wholeLeaves: false,
      async writeAsGuest(vmId, diskId, offset, length, pattern) {
        await writeVolume(lab, { vmId, volumeId: diskId, offset, length, pattern });
      },
      async close() {
        await provider.close();
        await lab.close();
        if (lab.complaints.length > 0) throw new Error(lab.complaints.join("\n"));
      },
    };
  },
  connect: (descriptor) => connectDigitalOcean(descriptor as DigitalOceanAddress),
};

async function writeVolume(
  { digitalocean }: DigitalOceanLab,
  input: { vmId: string; volumeId: string; offset: number; length: number; pattern: number },
): Promise<void> {
  const { vmId, volumeId, offset, length, pattern } = input;
  const { cloud } = digitalocean;
  const droplet = cloud.tables.droplets.get(vmId);
  const volume = cloud.tables.volumes.get(volumeId);
  if (!droplet || !volume) throw new Error(`there is no volume ${volumeId} at droplet ${vmId}`);
  if (droplet.status === "active") {
    // Flushed, as a guest does that wants to keep it: a droplet may be turned off hard.
    for (const command of [`write -P ${pattern} ${offset} ${length}`, "flush"]) {
      const said = await cloud.guests.human(machineId(droplet), `qemu-io -d ${deviceId(volume)} "${command}"`);
      if (said !== "") throw new Error(`the guest could not ${command}: ${said}`);
    }
    return;
  }
  const { tools, socketDir } = cloud.parts;
  const path = cloud.disks.path(volume.layerId);
  if (!existsSync(path)) throw new Error(`${volumeId} has no file`);
  await writeImage(tools, socketDir, { path, offset, bytes: Buffer.alloc(length, pattern) });
}
