import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { ComputeManagementClient } from "@azure/arm-compute";
import { DnsManagementClient } from "@azure/arm-dns";
import { NetworkManagementClient } from "@azure/arm-network";
import { TrafficManagerManagementClient } from "@azure/arm-trafficmanager";
import { createDefaultHttpClient, type HttpClient } from "@azure/core-rest-pipeline";
import { ClientSecretCredential } from "@azure/identity";
import { AnonymousCredential, BlobServiceClient, newPipeline, PageBlobClient } from "@azure/storage-blob";
import { loadHostTools } from "../../../src/host/host-tools.ts";
import { makeSocketDir, socketDirPath, toolsManifestPath } from "../../../src/host/paths.ts";
import { type RunningAzure, startAzure } from "../../../src/sandbox/azure/index.ts";
import { guestImage } from "../../../src/sandbox/guest/image.ts";

export interface AzureLab {
  readonly azure: RunningAzure;
  /** What went wrong in the background. */
  readonly complaints: string[];
  /** JSON answers of ARM by `METHOD path`, as they came. */
  readonly answers: { readonly request: string; readonly body: unknown }[];
  readonly httpClient: HttpClient;
  credential(client?: { clientId: string; clientSecret: string }): ClientSecretCredential;
  compute(credential?: ClientSecretCredential): ComputeManagementClient;
  network(credential?: ClientSecretCredential): NetworkManagementClient;
  dns(): DnsManagementClient;
  trafficManager(): TrafficManagerManagementClient;
  blobs(): BlobServiceClient;
  /** What a shared access signature of a managed disk leads to. */
  pageBlob(sas: string): PageBlobClient;
  /** Ends the server without ceremony (its guests run on) and starts another on the same state. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

const quick = { consistencyMs: 0, throttling: false, operationMs: 0, retryAfterSeconds: 0, snapshotCopyMs: 0 };
const retryOptions = { maxRetries: 0 };

/** A simulated Azure of the test's own. It is quick: operations end at once, and nothing is throttled. */
export async function startAzureLab(settings: object = {}): Promise<AzureLab> {
  const dir = mkdtempSync(join(tmpdir(), "nvc-azure-"));
  chmodSync(dir, 0o711);
  const manifest = toolsManifestPath();
  const tools = loadHostTools(manifest);
  const complaints: string[] = [];
  const answers: { request: string; body: unknown }[] = [];
  const parts = {
    tools,
    dir: join(dir, "azure"),
    socketDir: makeSocketDir(dir),
    guestImage: () => guestImage(tools, join(dirname(manifest), "guests")),
    log: (message: string, facts?: object) => {
      complaints.push(
        `${message} ${JSON.stringify(facts, (_, value: unknown) => (value instanceof Error ? value.stack : value))}`,
      );
    },
  };
  let running = await startAzure(parts, 0);
  running.cloud.changeSettings({ ...quick, ...settings });
  const http = createDefaultHttpClient();
  const httpClient: HttpClient = {
    async sendRequest(request) {
      const { url } = request;
      const { host, pathname, search } = new URL(url);
      request.url = `${running.endpoint}${pathname}${search}`;
      request.headers.set("x-forwarded-host", host);
      request.allowInsecureConnection = true;
      try {
        const response = await http.sendRequest(request);
        if (host === "management.azure.com" && response.bodyAsText)
          answers.push({ request: `${request.method} ${pathname}`, body: JSON.parse(response.bodyAsText) });
        return response;
      } finally {
        request.url = url;
      }
    },
  };
  const credential = (client?: { clientId: string; clientSecret: string }) => {
    const { clientId, clientSecret } = client ?? running;
    return new ClientSecretCredential(running.tenantId, clientId, clientSecret, { httpClient, retryOptions });
  };
  const options = { httpClient, retryOptions };
  const pipelineOf = (token: Parameters<typeof newPipeline>[0]) =>
    // The blob client knows core-http's old clients only, and this member for the others.
    Object.assign(newPipeline(token, { retryOptions: { maxTries: 1 } }), { _coreHttpClient: httpClient });
  return {
    get azure() {
      return running;
    },
    complaints,
    answers,
    httpClient,
    credential,
    compute: (token = credential()) => new ComputeManagementClient(token, running.subscriptionId, options),
    network: (token = credential()) => new NetworkManagementClient(token, running.subscriptionId, options),
    dns: () => new DnsManagementClient(credential(), running.subscriptionId, options),
    trafficManager: () => new TrafficManagerManagementClient(credential(), running.subscriptionId, options),
    blobs: () =>
      new BlobServiceClient(`https://${running.storageAccount.name}.blob.core.windows.net`, pipelineOf(credential())),
    pageBlob: (sas) => new PageBlobClient(sas, pipelineOf(new AnonymousCredential())),
    async restart() {
      await running.front.close();
      await running.stopTraffic();
      running.cloud.guests.close();
      await running.cloud.disks.close();
      await running.cloud.pages.close();
      running.cloud.documents.close();
      running = await startAzure(parts, running.port);
    },
    async close() {
      running.cloud.changeSettings({ stopGraceMs: 0 });
      await running.stop();
      rmSync(dir, { recursive: true, force: true });
      rmSync(socketDirPath(dir), { recursive: true, force: true });
    },
  };
}

/** For long-running operations: the SDK waits two seconds else, whatever an answer says. */
export const quickly = { updateIntervalInMs: 20 };

/** Azure's code of what a call fails with; undefined when it goes well. */
export async function codeOf(call: PromiseLike<unknown>): Promise<string | undefined> {
  try {
    await call;
    return undefined;
  } catch (error) {
    const { code, details } = error as { code?: string; details?: { error?: { code?: string }; errorCode?: string } };
    // A failed operation says it in words only.
    const [, said] = /operation has failed\. (\w+)\./.exec(String(error)) ?? [];
    return said ?? details?.error?.code ?? details?.errorCode ?? code ?? String(error);
  }
}
