import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { CircuitBreaker, NoRetryConfigurationDetails, Region, SimpleAuthenticationDetailsProvider } from "oci-common";
import { BlockstorageClient, ComputeClient, VirtualNetworkClient } from "oci-core";
import { DnsClient } from "oci-dns";
import { IdentityClient } from "oci-identity";
import { LimitsClient } from "oci-limits";
import { LoadBalancerClient } from "oci-loadbalancer";
import { ObjectStorageClient } from "oci-objectstorage";
import { WorkRequestClient } from "oci-workrequests";
import { loadHostTools } from "../../../src/host/host-tools.ts";
import { makeSocketDir, socketDirPath, toolsManifestPath } from "../../../src/host/paths.ts";
import { readToolsManifest } from "../../../src/host/tools-manifest.ts";
import { guestImage } from "../../../src/sandbox/guest/image.ts";
import { type RunningOci, startOci } from "../../../src/sandbox/oci/index.ts";
import { modelComplaint } from "./models.ts";

export interface OciLab {
  readonly oci: RunningOci;
  /** What went wrong in the background, or did not fit the vendor's models. */
  readonly complaints: string[];
  compute(): ComputeClient;
  blockstorage(): BlockstorageClient;
  network(): VirtualNetworkClient;
  identity(credentials?: object): IdentityClient;
  limits(): LimitsClient;
  workRequests(): WorkRequestClient;
  storage(): ObjectStorageClient;
  dns(): DnsClient;
  balancers(): LoadBalancerClient;
  /** Ends the server without ceremony (its guests run on) and starts another on the same state. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

const quick = {
  throttling: false,
  provisioningMs: 0,
  backupMs: 0,
  imageMs: 0,
  terminatingMs: 0,
  volumeLeastGib: 1,
};

/** A simulated Oracle Cloud of the test's own. It is quick, small volumes are allowed, and nothing is throttled. */
export async function startOciLab(settings: object = {}): Promise<OciLab> {
  const dir = mkdtempSync(join(tmpdir(), "nvc-oci-"));
  chmodSync(dir, 0o711);
  const manifest = toolsManifestPath();
  const tools = loadHostTools(manifest);
  const complaints: string[] = [];
  const parts = {
    tools,
    dir: join(dir, "oci"),
    socketDir: makeSocketDir(dir),
    guestImage: () => guestImage(tools, join(dirname(manifest), "guests")),
    log: (message: string, facts?: object) => {
      complaints.push(
        `${message} ${JSON.stringify(facts, (_, value: unknown) => (value instanceof Error ? value.stack : value))}`,
      );
    },
  };
  const start = async (port: number): Promise<RunningOci> => {
    const oci = await startOci(parts, port);
    oci.gateway.witness = (operation, taken, answered) =>
      complaints.push(...modelComplaint(operation, taken, answered));
    return oci;
  };
  let running = await start(0);
  running.cloud.changeSettings({ ...quick, ...settings });
  const made = <T extends { endpoint: string }>(
    Client: new (parameters: object, configuration: object) => T,
    credentials: object = {},
  ): T => {
    const { tenancy, user, fingerprint, privateKey, region } = { ...running.credentials, ...credentials };
    const authenticationDetailsProvider = new SimpleAuthenticationDetailsProvider(
      tenancy,
      user,
      fingerprint,
      privateKey,
      null,
      Region.fromRegionId(region),
    );
    const client = new Client(
      { authenticationDetailsProvider },
      {
        retryConfiguration: NoRetryConfigurationDetails,
        circuitBreaker: new CircuitBreaker({ disableClientCircuitBreaker: true }),
      },
    );
    client.endpoint = running.endpoint;
    return client;
  };
  return {
    get oci() {
      return running;
    },
    complaints,
    compute: () => made(ComputeClient as never),
    blockstorage: () => made(BlockstorageClient as never),
    network: () => made(VirtualNetworkClient as never),
    identity: (credentials) => made(IdentityClient as never, credentials),
    limits: () => made(LimitsClient as never),
    workRequests: () => made(WorkRequestClient as never),
    storage: () => made(ObjectStorageClient as never),
    dns: () => made(DnsClient as never),
    balancers: () => made(LoadBalancerClient as never),
    async restart() {
      await running.front.close();
      await running.stopTraffic();
      await running.cloud.settled();
      running.cloud.guests.close();
      await running.cloud.disks.close();
      running.cloud.documents.close();
      running = await start(running.port);
    },
    async close() {
      running.cloud.changeSettings({ stopGraceMs: 0 });
      await running.stop();
      rmSync(dir, { recursive: true, force: true });
      rmSync(socketDirPath(dir), { recursive: true, force: true });
    },
  };
}

/** Why no guest can run here, as a sentence; undefined when one can. */
export function whyNoGuests(): string | undefined {
  const manifest = readToolsManifest(toolsManifestPath());
  if (!manifest) return "the tools were not brought in";
  return manifest.guests.possible ? undefined : manifest.guests.reason;
}
