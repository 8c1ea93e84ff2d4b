import { existsSync } from "node:fs";
import { createAwsProvider } from "../../../src/providers/aws/index.ts";
import type { AwsPatience } from "../../../src/providers/aws/settings.ts";
import type { Provider, ProviderContext } from "../../../src/providers/provider.ts";
import { type AwsLab, startAwsLab, whyNoGuests } from "../../sandbox/aws/support.ts";
import { type ConformanceHarness, deafGuestMs } from "../harness.ts";
import { makeAwsTraffic } from "./aws-traffic.ts";
import { writeImage } from "./write-image.ts";

export interface AwsAddress {
  readonly region: string;
  readonly endpoint?: string;
  readonly keys?: { readonly id: string; readonly secret: string };
}

/** The adapter at a server on this machine, which answers sooner than AWS. `onCall` hears of each `service:Operation` that
 *  is used, once. */
export function connectAws(
  { endpoint, region, keys }: AwsAddress,
  patience: Partial<AwsPatience> = {},
  onCall: (name: string) => void = () => undefined,
  context: Partial<ProviderContext> = {},
): Provider {
  const { id = "AKIDEXAMPLE", secret = "only-for-tests" } = keys ?? {};
  return createAwsProvider({
    entry: {
      region,
      endpoint,
      simulated: true,
      credentials: async () => ({ type: "access_key", values: { access_key: id, secret_key: secret } }),
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
    patience: { pollMs: { first: 5, most: 100 }, consistencyMs: 2_000, requestTimeoutMs: 20_000, ...patience },
  });
}

export const harness: ConformanceHarness = {
  kind: "aws",
  module: import.meta.url,
  unavailable: whyNoGuests,
  async open() {
    const lab = await startAwsLab({
      consistencyMs: 50,
      emptyFirstPage: true,
      volumeCreatingMs: 20,
      snapshotPendingMs: 20,
      imagePendingMs: 20,
      terminatedVisibleMs: 500,
      stopGraceMs: deafGuestMs,
      dnsPendingMs: 50,
      targetHealthMs: 20,
    });
    const descriptor: AwsAddress = {
      region: "us-east-1",
      endpoint: lab.aws.endpoint,
      keys: lab.aws.cloud.identity.administratorKeys,
    };
    const provider = connectAws(descriptor);
    return {
      provider,
      descriptor,
      bus: "nvme",
      tracking: "changed-blocks",
      wholeLeaves: true,
      powerOffWithin: (stopGraceMs) => lab.aws.cloud.changeSettings({ stopGraceMs }),
      async writeAsGuest(vmId, diskId, offset, length, pattern) {
        const vm = await provider.compute.getVm(vmId, AbortSignal.timeout(10_000));
        const volumeId = vm.disks.find((disk) => disk.diskId === diskId)?.volumeId ?? "";
        await writeVolume(lab, { vmId, running: vm.state === "running", volumeId, offset, length, pattern });
      },
      traffic: () => makeAwsTraffic(descriptor),
      async close() {
        await provider.close();
        await lab.close();
      },
    };
  },
  connect: (descriptor) => connectAws(descriptor as AwsAddress),
};

async function writeVolume(
  { aws }: AwsLab,
  input: { vmId: string; running: boolean; volumeId: string; offset: number; length: number; pattern: number },
): Promise<void> {
  const { vmId, running, volumeId, offset, length, pattern } = input;
  const { cloud } = aws;
  if (running) {
    // Flushed, as a guest does that wants to keep it: an instance may be turned off hard.
    for (const command of [`write -P ${pattern} ${offset} ${length}`, "flush"]) {
      const said = await cloud.guests.human(vmId, `qemu-io -d ${volumeId} "${command}"`);
      if (said !== "") throw new Error(`the guest could not ${command}: ${said}`);
    }
    return;
  }
  const { tools, socketDir } = cloud.parts;
  const path = cloud.disks.path(cloud.tables.volumes.get(volumeId)?.layerId ?? "");
  if (!existsSync(path)) throw new Error(`${volumeId} has no file`);
  await writeImage(tools, socketDir, { path, offset, bytes: Buffer.alloc(length, pattern) });
}
