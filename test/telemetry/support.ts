import { after } from "node:test";
import { Runtime } from "@temporalio/worker";
import { createApi } from "../../src/api/app.ts";
import { hashToken } from "../../src/api/tokens.ts";
import { loadConfig } from "../../src/config/config.ts";
import { loadHostTools } from "../../src/host/host-tools.ts";
import { cacheDir, makeSocketDir, toolsManifestPath } from "../../src/host/paths.ts";
import { freePorts } from "../../src/host/ports.ts";
import { createLogger, type LineTaker } from "../../src/telemetry/logger.ts";
import type { Otlp } from "../../src/telemetry/otlp/index.ts";
import type { Say } from "../../src/telemetry/say.ts";
import type { SpanTaker } from "../../src/telemetry/span.ts";
import { connectClient } from "../../src/temporal/connection.ts";
import { buildDeps } from "../../src/worker/deps.ts";
import { sdkLogger } from "../../src/worker/sdk-log.ts";
import { startTelemetry } from "../../src/worker/telemetry.ts";
import { createWorker } from "../../src/worker/worker.ts";
import { startAwsLab } from "../sandbox/aws/support.ts";
import { fileWith } from "../support/config-file.ts";
import { temporaryDir } from "../support/servers.ts";
import { startServers } from "../support/small-worker.ts";

export type Line = Readonly<Record<string, unknown>>;
export const site = "aws-us-east-1";

export function collecting(): { lines: Line[]; output: LineTaker } {
  const lines: Line[] = [];
  return { lines, output: { take: (line) => void lines.push(JSON.parse(line) as Line) } };
}

export interface TracedOptions {
  readonly spans?: { readonly api: SpanTaker; readonly worker: SpanTaker };
  readonly takers?: readonly LineTaker[];
  /** Where the worker serves its metrics. */
  readonly workerMetrics?: string;
  readonly otlp?: Otlp;
}

/** The API and a worker in this process, with a simulated AWS as the one site; what each of them says. */
export async function startTraced({ spans, takers = [], workerMetrics, otlp }: TracedOptions = {}) {
  const api = collecting();
  const worker = collecting();
  const workerLog = createLogger({ name: "worker", level: "debug", output: worker.output, takers });
  const say: Say = (level, message, facts) => workerLog[level](facts ?? {}, message);
  const telemetry = await startTelemetry({ telemetry: { workerMetrics } }, { log: say, flows: new Map(), otlp });
  const { metrics, sdk } = telemetry;
  Runtime.install({
    logger: sdkLogger(workerLog),
    shutdownSignals: [],
    ...(sdk ? { telemetryOptions: { metrics: sdk } } : {}),
  });
  const { store, client, temporalAddress, temporalPorts } = await startServers();
  const lab = await startAwsLab();
  const { id, secret } = lab.aws.cloud.identity.administratorKeys;
  const config = loadConfig({
    file: fileWith(
      { after: (end) => after(() => (end as () => void)()) },
      `providers:
  - { name: aws, region: us-east-1, sandbox: true, endpoint: ${lab.aws.endpoint}, credentials: { access_key: ${id}, secret_key: ${secret} } }
`,
    ),
    env: {},
  });
  const tools = loadHostTools(toolsManifestPath());
  const workerClient = await connectClient({ address: temporalAddress, namespace: "default" });
  const parts = { config, store, client: workerClient, tools, runDir: makeSocketDir(temporaryDir()) };
  const deps = await buildDeps({ ...parts, log: say, spans: spans?.worker, metrics });
  const temporal = { address: temporalAddress, namespace: "default" };
  const running = await createWorker({
    temporal,
    bundleCacheDir: cacheDir(),
    deps,
    telling: { log: say, spans: spans?.worker, attempts: metrics?.attempts, heartbeats: metrics?.heartbeats },
  });
  const ran = running.worker.run();
  const token = "nvc_of-the-test-of-traces-0123456789abcdef";
  await store.tokens.create({
    tokenId: "traces",
    name: "traces",
    hash: hashToken(token),
    bindings: [{ role: "operator", scope: {} }],
    createdBy: "test",
  });
  const [port = 0] = await freePorts(1);
  const app = createApi({
    store,
    temporal: client,
    sites: [{ site, kind: "aws", region: "us-east-1", enabled: true, simulated: true }],
    log: createLogger({ name: "api", level: "debug", output: api.output, takers }),
    spans: spans?.api,
    temporalUiUrl: undefined,
  });
  const server = app.listen(port, "127.0.0.1");
  after(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    running.worker.shutdown();
    await ran;
    await running.close();
    await telemetry.close();
    await deps.close();
    await workerClient.connection.close();
    await client.connection.close();
    await lab.close();
    await store.close();
  });
  return { api: api.lines, worker: worker.lines, url: `http://127.0.0.1:${port}`, token, store, client, temporalPorts };
}
