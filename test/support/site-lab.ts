import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Client, Connection } from "@temporalio/client";
import type { PayloadCodec } from "@temporalio/common";
import { pino } from "pino";
import { SiteAuthority } from "../../src/api/sites/authority.ts";
import { openSitePort, type SitePort } from "../../src/api/sites/site-port.ts";
import { loadConfig } from "../../src/config/config.ts";
import type { MigrationRequest, MigrationView } from "../../src/domain/migration.ts";
import type { Plan } from "../../src/domain/plan.ts";
import { loadHostTools } from "../../src/host/host-tools.ts";
import { makeSocketDir, toolsManifestPath } from "../../src/host/paths.ts";
import { FolderSite } from "../../src/sandbox/folder-site.ts";
import { writeJoinToken } from "../../src/site/join-token.ts";
import { hashToken, openStore, type Store } from "../../src/store/index.ts";
import type { Relay } from "../../src/telemetry/otlp/index.ts";
import { ActivityGateway } from "../../src/temporal/activity-gateway.ts";
import { connectClient, taskQueue } from "../../src/temporal/connection.ts";
import { buildDeps } from "../../src/worker/deps.ts";
import { copyProgressSignal } from "../../src/workflows/migrate-vm/messages.ts";
import { type Cleaner, temporaryDir, withPostgres, withTemporal } from "./servers.ts";
import { startSmallWorker } from "./small-worker.ts";

const program = fileURLToPath(new URL("../../src/worker/site-main.ts", import.meta.url));
const stuckMs = 90_000;

export interface SiteLabOptions {
  /** Where the site port listens. Default 127.0.0.1. */
  readonly host?: string;
  readonly codec?: PayloadCodec;
  /** Where what workers tell is sent on, if anywhere. */
  readonly relay?: Relay;
  /** How often workers tell what they have counted. Default 15 s, as in production. */
  readonly metricsEveryMs?: number;
  /** The worker for everything can't reach the sites' folders. */
  readonly ownWorkersOnly?: boolean;
}

export interface SiteProcess {
  readonly workerId: string;
  readonly child: ChildProcess;
  readonly logFile: string;
  end(signal?: NodeJS.Signals): Promise<void>;
}

/** Two sites that are folders, the port that their workers call, and a worker for everything; all of it real. */
export class SiteLab {
  readonly dir: string;
  readonly sitePort: SitePort;
  readonly databaseUrl: string;
  readonly store: Store;
  readonly client: Client;
  readonly temporalAddress: string;
  readonly authority: SiteAuthority;
  readonly url: string;
  readonly a: FolderSite;
  readonly b: FolderSite;
  readonly #deps: Awaited<ReturnType<typeof buildDeps>>;
  readonly #ends: (() => Promise<unknown>)[];
  #made = 0;

  private constructor(
    parts: Pick<
      SiteLab,
      "dir" | "sitePort" | "databaseUrl" | "store" | "client" | "temporalAddress" | "authority" | "url" | "a" | "b"
    >,
    deps: Awaited<ReturnType<typeof buildDeps>>,
    ends: (() => Promise<unknown>)[],
  ) {
    this.dir = parts.dir;
    this.sitePort = parts.sitePort;
    this.databaseUrl = parts.databaseUrl;
    this.store = parts.store;
    this.client = parts.client;
    this.temporalAddress = parts.temporalAddress;
    this.authority = parts.authority;
    this.url = parts.url;
    this.a = parts.a;
    this.b = parts.b;
    this.#deps = deps;
    this.#ends = ends;
  }

  static async start(cleaner: Cleaner, options: SiteLabOptions = {}): Promise<SiteLab> {
    const ends: (() => Promise<unknown>)[] = [];
    // Before the servers' own: what uses them ends first.
    cleaner.after(async () => {
      for (const end of ends.toReversed()) await end();
    });
    const [postgres, temporal] = await Promise.all([withPostgres(cleaner), withTemporal(cleaner)]);
    const dir = temporaryDir();
    const [a, b] = ["site-a", "site-b"].map((site) => new FolderSite(dir, site, "not needed")) as [
      FolderSite,
      FolderSite,
    ];
    await Promise.all([a.start(), b.start()]);
    const file = join(dir, "novacron.yaml");
    const providers = [a, b].map(({ site, storagePath }) =>
      options.ownWorkersOnly
        ? { name: site, type: "folder", storage_path: "/where/it/is/not", served_by: "own_workers" }
        : { name: site, type: "folder", storage_path: storagePath },
    );
    writeFileSync(file, JSON.stringify({ providers }));
    const config = loadConfig({ file, env: {} });
    const store = await openStore({ databaseUrl: postgres.databaseUrl });
    await store.migrate();
    const client = await connectClient({ address: temporal.address, namespace: "default", codec: options.codec });
    const tools = loadHostTools(toolsManifestPath());
    const deps = await buildDeps({ config, store, client, tools, runDir: makeSocketDir(dir) });
    const ending = new AbortController();
    const host = options.host ?? "127.0.0.1";
    const folder = join(dir, "site-authority");
    const authority = await SiteAuthority.open(folder, ["localhost", host]);
    const connection = client.connection as Connection;
    const gateway = new ActivityGateway({
      connection,
      namespace: "default",
      codec: options.codec,
      key: authority.taskKey,
    });
    const sites = config.sites.map(({ site, type, enabled, failureDomain }) => ({
      failureDomain,
      entry: { site, type, enabled, storagePath: site === a.site ? a.storagePath : b.storagePath },
      credentials: async () => ({ values: { password: `of ${site}` } }),
    }));
    const sitePort = await openSitePort(
      {
        store,
        authority,
        sites,
        namespace: "default",
        compression: true,
        leaseTerms: config.leaseTerms,
        keepsLines: true,
        relay: options.relay,
        metricsEveryMs: options.metricsEveryMs ?? 15_000,
        signalProgress: (workflowId, progress) =>
          client.workflow.getHandle(workflowId).signal(copyProgressSignal, progress),
      },
      {
        host,
        port: 0,
        dir: folder,
        names: ["localhost", host],
        gateway,
        log: pino({ level: "silent" }),
        signal: ending.signal,
      },
    );
    ends.push(async () => {
      ending.abort();
      await sitePort.close(0);
      await deps.close();
      await store.close();
    });
    const url = `https://${host}:${sitePort.port}`;
    const { databaseUrl } = postgres;
    const lab = { dir, sitePort, databaseUrl, store, client, temporalAddress: temporal.address, authority, url, a, b };
    return new SiteLab(lab, deps, ends);
  }

  /** A worker for everything, in this process. */
  async startCentral(): Promise<() => Promise<void>> {
    let end: (() => Promise<void>) | undefined = await startSmallWorker(this.temporalAddress, this.#deps);
    const once = async (): Promise<void> => {
      const now = end;
      end = undefined;
      await now?.();
    };
    this.#ends.push(once);
    return once;
  }

  async joinToken(site: string, minutes = 5): Promise<string> {
    this.#made += 1;
    const secret = `secret-${this.#made}`;
    const expiresAt = new Date(Date.now() + minutes * 60_000).toISOString();
    await this.store.siteWorkers.addJoinToken({ hash: hashToken(secret), site, createdBy: "token/test", expiresAt });
    return writeJoinToken({ url: this.url, authority: this.authority.fingerprint, secret });
  }

  /** A worker of the site as a process of its own; `under` runs it somewhere else, such as in a network namespace. */
  async startSiteWorker(
    site: string,
    options: { listen?: string; address?: string; dir?: string; under?: readonly string[] } = {},
  ): Promise<SiteProcess> {
    this.#made += 1;
    const dir = options.dir ?? join(this.dir, `worker-${this.#made}`);
    mkdirSync(dir, { recursive: true });
    const tokenFile = join(dir, "join-token");
    writeFileSync(tokenFile, await this.joinToken(site));
    const logFile = join(this.dir, `site-worker-${this.#made}.log`);
    const log = openSync(logFile, "a");
    const command = [...(options.under ?? []), process.execPath, program];
    const child = spawn(command[0] as string, command.slice(1), {
      stdio: ["ignore", log, log],
      env: {
        ...process.env,
        NOVACRON_SITE_DIR: dir,
        NOVACRON_JOIN_TOKEN_FILE: tokenFile,
        ...(options.listen ? { NOVACRON_DATA_LISTEN: options.listen } : {}),
        ...(options.address ? { NOVACRON_DATA_ADDRESS: options.address } : {}),
      },
    });
    closeSync(log);
    const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    const end = async (signal: NodeJS.Signals = "SIGTERM"): Promise<void> => {
      child.kill(signal);
      await gone;
    };
    this.#ends.push(() => end("SIGKILL"));
    process.once("exit", () => child.kill("SIGKILL"));
    for (const deadline = Date.now() + stuckMs; ; await sleep(50)) {
      const line = readFileSync(logFile, "utf8")
        .split("\n")
        .find((text) => text.includes("takes its site's work"));
      if (line) return { workerId: (JSON.parse(line) as { worker_id: string }).worker_id, child, logFile, end };
      if (child.exitCode !== null || Date.now() > deadline) throw new Error(readFileSync(logFile, "utf8"));
    }
  }

  async plan(request: MigrationRequest): Promise<Plan> {
    this.#made += 1;
    const planId = `p${this.#made}-${Date.now()}`;
    return this.client.workflow.execute("planMigration", {
      taskQueue,
      workflowId: `plan/${planId}`,
      args: [{ planId, request }],
    });
  }

  /** Plans and starts; resolves with the migration's id. */
  async migrate(request: MigrationRequest): Promise<string> {
    const { planId, hash: planHash, inputs, executable, checks } = await this.plan(request);
    if (!executable) throw new Error(JSON.stringify(checks.filter(({ result }) => result === "fail")));
    const migrationId = `m${planId.slice(1)}`;
    const workflowId = `migration/${migrationId}`;
    await this.store.migrations.create({
      migrationId,
      planId,
      workflowId,
      vm: { name: String(inputs.vmName), sourceVmId: String(inputs.vm) },
      from: request.from,
      to: request.to,
    });
    await this.client.workflow.start("migrateVm", { taskQueue, workflowId, args: [{ migrationId, planId, planHash }] });
    return migrationId;
  }

  async until(migrationId: string, wanted: (view: MigrationView) => boolean): Promise<MigrationView> {
    for (const deadline = Date.now() + stuckMs; ; await sleep(50)) {
      const view = await this.store.migrations.get(migrationId);
      if (view && wanted(view)) return view;
      if (view?.endedAt) throw new Error(`${migrationId} ended as ${view.state}: ${JSON.stringify(view.problem)}`);
      if (Date.now() > deadline) throw new Error(`${migrationId} is stuck: ${JSON.stringify(view)}`);
    }
  }

  /** Which worker did which activity, in order. */
  async doneBy(migrationId: string): Promise<readonly { activity: string; worker: string; queue: string }[]> {
    const { events } = await this.client.workflow.getHandle(`migration/${migrationId}`).fetchHistory();
    const scheduled = new Map<string, { activity: string; queue: string }>();
    const done = [];
    for (const event of events ?? []) {
      const begun = event.activityTaskScheduledEventAttributes;
      if (begun) {
        scheduled.set(String(event.eventId), {
          activity: begun.activityType?.name ?? "",
          queue: begun.taskQueue?.name ?? "",
        });
      }
      const started = event.activityTaskStartedEventAttributes;
      const which = started && scheduled.get(String(started.scheduledEventId));
      if (which) done.push({ ...which, worker: started.identity ?? "" });
    }
    return done;
  }
}
