import { startGcpLab } from "../../sandbox/gcp/support.ts";
import { bringInFakeGcs, startFakeGcs } from "../../support/fake-gcs.ts";
import { startRelay } from "../../support/relay.ts";
import { fakeGcsDifferences } from "../fake-gcs-differences.ts";
import type { ConformanceHarness } from "../harness.ts";
import { connectGcp, type GcpAddress } from "./gcp.ts";

/** Built when this is loaded. */
const missing = await bringInFakeGcs();
const storagePath = /^\/(upload\/|download\/|batch\/)?storage\/v1\//;

/** A simulated Google Cloud whose Cloud Storage is fake-gcs-server. */
export const harness: ConformanceHarness = {
  kind: "gcp at fake-gcs-server",
  module: import.meta.url,
  timeoutMs: 120_000,
  differences: fakeGcsDifferences,
  serves: [
    "makes a bucket of ours once, and deletes what is gone",
    "goes on with an upload that another process began, and reads any part of it",
  ],
  unavailable: () => missing,
  async open() {
    const lab = await startGcpLab();
    const storage = await startFakeGcs("127.0.0.1");
    const relay = await startRelay(({ url = "/" }) => ({
      origin: storagePath.test(url) ? storage.origin : lab.gcp.endpoint,
    }));
    const { project, zone, serviceAccountKey: key } = lab.gcp;
    const descriptor: GcpAddress = { project, zone, endpoint: relay.endpoint, key };
    const provider = connectGcp(descriptor);
    return {
      provider,
      descriptor,
      bus: "virtio-scsi",
      tracking: "hash-compare",
      wholeLeaves: false,
      writeAsGuest: () => Promise.reject(new Error("fake-gcs-server's objects have no guests")),
      async close() {
        await provider.close();
        await relay.close();
        await storage.stop();
        await lab.close();
      },
    };
  },
  connect: (descriptor) => connectGcp(descriptor as GcpAddress),
};
