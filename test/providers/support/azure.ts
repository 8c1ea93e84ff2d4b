import { existsSync } from "node:fs";
import { createAzureProvider } from "../../../src/providers/azure/index.ts";
import type { AzurePatience } from "../../../src/providers/azure/settings.ts";
import type { Provider, ProviderContext } from "../../../src/providers/provider.ts";
import { whyNoGuests } from "../../sandbox/aws/support.ts";
import { type AzureLab, startAzureLab } from "../../sandbox/azure/support.ts";
import { type ConformanceHarness, deafGuestMs } from "../harness.ts";
import { makeAzureTraffic } from "./azure-traffic.ts";
import { writeImage } from "./write-image.ts";

export interface AzureAddress {
  readonly region: string;
  readonly endpoint: string;
  readonly subscriptionId: string;
  readonly resourceGroup: string;
  readonly storageAccount: string;
  readonly values: Readonly<Record<string, string>>;
}

/** The adapter at a server on this machine, which answers sooner than Azure. `onCall` hears of each kind of call that is used,
 *  once. */
export function connectAzure(
  { values, ...place }: AzureAddress,
  patience: Partial<AzurePatience> = {},
  onCall: (name: string) => void = () => undefined,
  context: Partial<ProviderContext> = {},
): Provider {
  const called = new Set<string>();
  return createAzureProvider({
    entry: { ...place, simulated: true, credentials: async () => ({ type: "client_secret", values }) },
    context: {
      site: "conformance",
      budget: () => ({ take: async () => {} }),
      log: () => {},
      onCall({ call }) {
        if (!called.has(call)) onCall(call);
        called.add(call);
      },
      ...context,
    },
    patience: { pollMs: { first: 5, most: 100 }, requestTimeoutMs: 20_000, ...patience },
  });
}

export function addressOf({ azure }: AzureLab): AzureAddress {
  const { location: region, endpoint, subscriptionId, resourceGroup, tenantId, clientId, clientSecret } = azure;
  return {
    ...{ region, endpoint, subscriptionId, resourceGroup },
    storageAccount: azure.storageAccount.name,
    values: { tenant_id: tenantId, client_id: clientId, client_secret: clientSecret },
  };
}

export const harness: ConformanceHarness = {
  kind: "azure",
  module: import.meta.url,
  timeoutMs: 600_000,
  unavailable: whyNoGuests,
  async open() {
    const lab = await startAzureLab({ operationMs: 20, snapshotCopyMs: 20, stopGraceMs: deafGuestMs, pageSize: 3 });
    const descriptor = addressOf(lab);
    const provider = connectAzure(descriptor);
    return {
      provider,
      descriptor,
      bus: "hyperv",
      tracking: "changed-blocks",
      wholeLeaves: false,
      powerOffWithin: (stopGraceMs) => lab.azure.cloud.changeSettings({ stopGraceMs }),
      async writeAsGuest(vmId, diskId, offset, length, pattern) {
        const vm = await provider.compute.getVm(vmId, AbortSignal.timeout(10_000));
        const volumeId = vm.disks.find((disk) => disk.diskId === diskId)?.volumeId ?? "";
        await writeVolume(lab, { vmId, running: vm.state === "running", volumeId, offset, length, pattern });
      },
      traffic: () => makeAzureTraffic(lab),
      async close() {
        await provider.close();
        await lab.close();
      },
    };
  },
  connect: (descriptor) => connectAzure(descriptor as AzureAddress),
};

async function writeVolume(
  { azure }: AzureLab,
  input: { vmId: string; running: boolean; volumeId: string; offset: number; length: number; pattern: number },
): Promise<void> {
  const { vmId, running, volumeId, offset, length, pattern } = input;
  const { cloud } = azure;
  const { tables } = cloud;
  const factsOf = (type: string, name: string): object => {
    const found = [...tables.resources.values()].find(
      (resource) => resource.type.toLowerCase() === type && resource.name.toLowerCase() === name.toLowerCase(),
    );
    if (!found) throw new Error(`there is no ${name} of ${type}`);
    return found.facts;
  };
  const { diskId } = factsOf("microsoft.compute/disks", volumeId) as { diskId: string };
  if (running) {
    const { guestId } = factsOf("microsoft.compute/virtualmachines", vmId) as { guestId: string };
    // Flushed, as a guest does that wants to keep it: it may be turned off hard.
    for (const command of [`write -P ${pattern} ${offset} ${length}`, "flush"]) {
      const said = await cloud.guests.human(guestId, `qemu-io -d ${diskId} "${command}"`);
      if (said !== "") throw new Error(`the guest could not ${command}: ${said}`);
    }
    return;
  }
  const { tools, socketDir } = cloud.parts;
  const path = cloud.disks.path(tables.bytes.get(diskId)?.layerId ?? "");
  if (!existsSync(path)) throw new Error(`${volumeId} has no file`);
  await writeImage(tools, socketDir, { path, offset, bytes: Buffer.alloc(length, pattern) });
}
