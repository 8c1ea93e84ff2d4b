import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Runtime } from "@temporalio/worker";
import type { Logger } from "pino";
import { readRuntime, required } from "../config/runtime.ts";
import { isProviderError } from "../domain/errors.ts";
import { loadHostTools } from "../host/host-tools.ts";
import { makeSocketDir, toolsManifestPath } from "../host/paths.ts";
import { createRegistry } from "../providers/registry.ts";
import { apiCallBudget, apiStore } from "../site/api-store.ts";
import { SiteClient } from "../site/client.ts";
import type { SiteOutput } from "../site/contract.ts";
import { DataPort } from "../site/data-port.ts";
import { SiteIdentity } from "../site/identity.ts";
import { peerSites } from "../site/peers.ts";
import type { Say } from "../telemetry/say.ts";
import { Scrubber } from "../telemetry/scrub.ts";
import { startTelling } from "../telemetry/telling.ts";
import { sharedHashPool } from "../transfer/hash-pool.ts";
import { callLines } from "./call-lines.ts";
import { readDataAddress } from "./data-address.ts";
import { dataPlane } from "./deps.ts";
import { observeProvider } from "./observed-provider.ts";
import { sdkLogger } from "./sdk-log.ts";
import { SiteTelemetry } from "./site-telemetry.ts";
import { SiteWork } from "./site-work.ts";
import { watchOver } from "./watch-over.ts";

const beatEveryMs = 4_000;
const askAgainMs = 1_000;
const renewLookMs = 60_000;
/** What was said last is kept within this time, or not. */
const lastLinesMs = 2_000;

/** The process of a worker of one site: joins the first time, then takes the site's work until a signal ends it, or until
 *  it is drained or removed. It has no database, and reaches nothing but the API, its site, and workers of other sites. */
export async function runAtSite({ env, onWorking }: { env: NodeJS.ProcessEnv; onWorking: () => void }): Promise<void> {
  const runtime = readRuntime(env);
  const listen = readDataAddress(runtime);
  const scrubber = new Scrubber();
  const telling = await startTelling({
    ...{ name: "site-worker", level: runtime.logLevel ?? "info", scrubber },
    ...{ keepMs: Number.POSITIVE_INFINITY, otlp: undefined },
  });
  const { log } = telling;
  const say: Say = (level, message, facts) => log[level](facts ?? {}, message);
  const dir = required(runtime, "siteDir");
  const telemetry = await SiteTelemetry.start({ flows: telling.flows, scrubber, log: say });
  const { metrics, spans } = telemetry;
  Runtime.install({
    shutdownSignals: [],
    logger: sdkLogger(log),
    telemetryOptions: { metrics: telemetry.sdk },
  });
  const stopping = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => stopping.abort());

  const identity = (await SiteIdentity.read(dir)) ?? (await joinNow(dir, required(runtime, "joinTokenFile")));
  const { site, workerId, url } = identity;
  const client = new SiteClient(clientOptions(identity));
  const assignment = await untilAnswered(() => client.call("assignment", {}), log, stopping.signal);
  if (!assignment) return;
  // How long is the API's affair, as is whether at all.
  telling.keepIn({
    append: async (lines) => void (assignment.keepsLines && (await client.call("keepLines", { lines: [...lines] }))),
  });
  mkdirSync(join(dir, "run"), { recursive: true });
  const registry = registryOf(client, assignment, dir, { say, scrubber, telemetry });
  const dataPort = listen
    ? await DataPort.open({
        ...{ host: listen.host, port: listen.port },
        identity,
        compression: assignment.compression,
        encryptionKey: assignment.entry.encryptionKey,
        provider: () => registry.provider(site),
        log: (message, facts) => log.warn(facts, message),
      })
    : undefined;
  const dataAddress = dataPort && listen?.told(dataPort.port);
  const work = new SiteWork({
    url,
    identity,
    assignment,
    log: say,
    telling: { spans, attempts: metrics.attempts, heartbeats: metrics.heartbeats },
    deps: {
      registry,
      store: apiStore(client),
      transfer: dataPlane,
      copies: metrics.copies,
      peers: peerSites(client, identity, assignment.compression),
      async signalCopyProgress(workflowId, { diskId, fraction }) {
        const migrationId = workflowId.replace(/^migration\//, "");
        await client.call("signalProgress", { migrationId, diskId, fraction });
      },
    },
  });
  await sharedHashPool().warmUp();
  const renewing = keepCertificate(identity, { log, signal: stopping.signal, onRenewed: renewed });
  await work.start(stopping.signal);
  const beating = keepBeating(client, {
    ...{ dataAddress, log, signal: stopping.signal, onDrained: () => stopping.abort() },
    takesWork: () => work.takesWork,
  });
  const tellingApi = telemetry.tell(client, assignment, stopping.signal);
  const watching =
    runtime.watchdog === "true"
      ? watchOver({ client, assignment, dir, registry, log: say }, stopping.signal)
      : undefined;
  log.info({ site, workerId, dataAddress }, "The worker takes its site's work");
  onWorking();
  stopping.signal.addEventListener("abort", () => void client.call("leave", {}).catch(() => undefined));
  await work.until(stopping.signal);
  await Promise.all([beating, renewing, tellingApi, watching]);
  await dataPort?.close();
  await registry.close();
  await Promise.all([telling.close(lastLinesMs), telemetry.close(lastLinesMs)]);
  client.close();

  async function renewed(): Promise<void> {
    client.use(clientOptions(identity));
    dataPort?.renew(identity);
    work.reconnectWhenIdle();
  }

  async function keepCertificate(
    own: SiteIdentity,
    options: { log: Logger; signal: AbortSignal; onRenewed(): Promise<void> },
  ): Promise<void> {
    while (!options.signal.aborted) {
      try {
        if (own.isDue) {
          await own.renew(client);
          await options.onRenewed();
          options.log.info("another certificate is in use");
        }
      } catch (error) {
        options.log.warn({ reason: String(error) }, "the certificate could not be renewed; it is tried again");
      }
      await sleep(renewLookMs, undefined, { signal: options.signal }).catch(() => undefined);
    }
  }
}

async function joinNow(dir: string, tokenFile: string): Promise<SiteIdentity> {
  return SiteIdentity.join(dir, readFileSync(tokenFile, "utf8"));
}

function clientOptions({ url, tls }: SiteIdentity) {
  return { url, authority: tls.ca, certificate: { key: tls.key, cert: tls.cert } };
}

function registryOf(
  client: SiteClient,
  { entry, hasCredentials }: SiteOutput<"assignment">,
  dir: string,
  { say, scrubber, telemetry: { metrics, spans } }: { say: Say; scrubber: Scrubber; telemetry: SiteTelemetry },
) {
  const credentials = async () => {
    const given = await client.call("credentials", {});
    for (const secret of Object.values(given.values)) scrubber.remember(secret);
    return given;
  };
  const calls = callLines({ log: say, spans, metrics });
  return createRegistry([{ ...entry, ...(hasCredentials ? { credentials } : {}) }], {
    tools: loadHostTools(toolsManifestPath()),
    runDir: makeSocketDir(dir),
    context: (site) => ({
      site,
      log: say,
      budget: (name, rate) => metrics.timed(site, apiCallBudget(client, name, rate)),
      onCall: (call) => calls.cloud(site, call),
    }),
    onMade: (provider) => observeProvider(provider, calls.site),
  });
}

/** Says that it is there, while it takes work, until the signal ends it; hears that it is to be drained. */
async function keepBeating(
  client: SiteClient,
  {
    dataAddress,
    log,
    signal,
    onDrained,
    takesWork,
  }: {
    dataAddress: string | undefined;
    log: Logger;
    signal: AbortSignal;
    onDrained(): void;
    takesWork(): boolean;
  },
): Promise<void> {
  while (!signal.aborted) {
    try {
      const beat = dataAddress === undefined ? {} : { dataAddress };
      const heard = takesWork() ? await client.call("beat", beat) : undefined;
      if (heard?.draining) {
        log.info("The worker is drained: it gets nothing new");
        onDrained();
      }
    } catch (error) {
      log.warn({ reason: String(error) }, "the API does not hear this worker");
    }
    await sleep(beatEveryMs, undefined, { signal }).catch(() => undefined);
  }
}

/** Waits for an API that is away; undefined when we are to end before. */
async function untilAnswered<T>(ask: () => Promise<T>, log: Logger, signal: AbortSignal): Promise<T | undefined> {
  while (!signal.aborted) {
    try {
      return await ask();
    } catch (error) {
      if (!isProviderError(error, "Unavailable", "Timeout")) throw error;
      log.warn({ reason: error.message }, "waiting for the API");
      await sleep(askAgainMs, undefined, { signal }).catch(() => undefined);
    }
  }
  return undefined;
}
