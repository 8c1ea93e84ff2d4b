import { spawn } from "node:child_process";
import { chmodSync, createWriteStream, mkdtempSync, rmSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Client } from "@temporalio/client";
import { DefaultLogger, Runtime } from "@temporalio/worker";
import type { ActivityDeps } from "../../src/activities/deps.ts";
import { sandboxCall } from "../../src/cli/demo/sandbox-admin.ts";
import { loadConfig } from "../../src/config/config.ts";
import type { MigrationRequest, MigrationView } from "../../src/domain/migration.ts";
import type { Plan } from "../../src/domain/plan.ts";
import { loadHostTools } from "../../src/host/host-tools.ts";
import { cacheDir, makeSocketDir, socketDirPath, toolsManifestPath } from "../../src/host/paths.ts";
import { openStore, type Store } from "../../src/store/index.ts";
import { connectClient, taskQueue } from "../../src/temporal/connection.ts";
import { buildDeps } from "../../src/worker/deps.ts";
import { createWorker, type WorkerSettings } from "../../src/worker/worker.ts";
import { type Cleaner, withPostgres, withTemporal } from "./servers.ts";

export interface Lab {
  readonly store: Store;
  readonly client: Client;
  readonly deps: ActivityDeps;
  readonly dir: string;
  sandbox<T>(method: "GET" | "POST" | "DELETE", path: string, body?: object): Promise<T>;
  /** A worker in this process; ended by the returned function or with the lab. */
  startWorker(decorate?: WorkerSettings["decorate"]): Promise<() => Promise<void>>;
  plan(request: MigrationRequest): Promise<Plan>;
  /** Plans and starts; resolves with the migration's id. */
  migrate(request: MigrationRequest): Promise<string>;
  /** Waits until the migration is in one of the states. */
  until(migrationId: string, ...states: MigrationView["state"][]): Promise<MigrationView>;
  /** Everything at a site that is there because of us, one line each. */
  census(site: string): Promise<string[]>;
  close(): Promise<void>;
}

/** Real Postgres, Temporal and two private libvirt hosts of the test's own, until `close()`: call it from a root `after`
 *  (one that is registered inside a `before` runs too early). */
export async function startLab(): Promise<Lab> {
  const ends: (() => Promise<void>)[] = [];
  const cleaner: Cleaner = { after: (work) => void ends.push(work) };
  const close = async (): Promise<void> => {
    for (const end of ends.splice(0).reverse()) await end();
  };
  try {
    return await makeLab(cleaner, close);
  } catch (error) {
    await close();
    throw error;
  }
}

/** Far beyond what any of these moves takes: a hang should be a failure with a reason. */
const stuckMs = 20_000;

// A failing activity is what these tests are about; its line would only be noise.
Runtime.install({ logger: new DefaultLogger("ERROR"), shutdownSignals: [] });

async function makeLab(cleaner: Cleaner, close: () => Promise<void>): Promise<Lab> {
  const [postgres, temporal] = await Promise.all([withPostgres(cleaner), withTemporal(cleaner)]);
  const dir = mkdtempSync(join(tmpdir(), "nvc-lab-"));
  // As root the tools run as another account, which has to get through.
  chmodSync(dir, 0o711);
  const sitesFile = join(dir, "sites.json");
  const toolsManifest = toolsManifestPath();
  const socket = join(makeSocketDir(dir), "sandbox.sock");
  const env = {
    ...process.env,
    NOVACRON_INSTANCE_DIR: dir,
    NOVACRON_SITES: sitesFile,
    NOVACRON_TOOLS: toolsManifest,
    NOVACRON_SANDBOX_SOCKET: socket,
  };
  const main = fileURLToPath(new URL("../../src/sandbox/main.ts", import.meta.url));
  const sandbox = spawn(process.execPath, [main], { env, stdio: ["ignore", "pipe", "pipe"] });
  const log = createWriteStream(join(dir, "sandbox.log"));
  sandbox.stdout.pipe(log);
  sandbox.stderr.pipe(log);
  cleaner.after(async () => {
    if (sandbox.exitCode === null) {
      sandbox.kill("SIGTERM");
      await new Promise((resolve) => sandbox.once("exit", resolve));
    }
    rmSync(dir, { recursive: true, force: true });
    rmSync(socketDirPath(dir), { recursive: true, force: true });
  });
  await untilHealthy(socket, () => sandbox.exitCode === null);

  const store = await openStore({ databaseUrl: postgres.databaseUrl });
  await store.migrate();
  const client = await connectClient({ address: temporal.address, namespace: "default" });
  const config = loadConfig({ sitesFile, env: process.env });
  const deps = await buildDeps({
    config,
    store,
    client,
    tools: loadHostTools(toolsManifest),
    runDir: makeSocketDir(dir),
  });
  cleaner.after(async () => {
    await deps.close();
    await client.connection.close();
    await store.close();
  });
  let planned = 0;

  const lab: Lab = {
    store,
    client,
    deps,
    dir,
    close,
    sandbox: (method, path, body) => sandboxCall(socket, method, path, body),
    async startWorker(decorate) {
      const settings = {
        temporal: { address: temporal.address, namespace: "default" },
        bundleCacheDir: cacheDir(),
        deps,
        decorate,
      };
      const { worker, close } = await createWorker(settings);
      const running = worker.run();
      let ended = false;
      const end = async (): Promise<void> => {
        if (ended) return;
        ended = true;
        worker.shutdown();
        await running;
        await close();
      };
      cleaner.after(end);
      return end;
    },
    async plan(request) {
      planned += 1;
      const planId = `p${planned}-${Date.now()}`;
      return client.workflow.execute("planMigration", {
        taskQueue,
        workflowId: `plan/${planId}`,
        args: [{ planId, request }],
      });
    },
    async migrate(request) {
      const plan = await lab.plan(request);
      const migrationId = `m${planned}`;
      const workflowId = `migration/${migrationId}`;
      const name = String(plan.inputs.vmName);
      const vm = { name, sourceVmId: String(plan.inputs.vm) };
      await store.migrations.create({
        migrationId,
        planId: plan.planId,
        workflowId,
        vm,
        from: request.from,
        to: request.to,
      });
      const args = [{ migrationId, planId: plan.planId, planHash: plan.hash }];
      await client.workflow.start("migrateVm", { taskQueue, workflowId, args, workflowTaskTimeout: "5 seconds" });
      return migrationId;
    },
    async until(migrationId, ...states) {
      for (const deadline = Date.now() + stuckMs; ; ) {
        const view = await store.migrations.get(migrationId);
        if (view && states.includes(view.state)) return view;
        if (view?.endedAt) throw new Error(`${migrationId} ended as ${view.state}: ${JSON.stringify(view.problem)}`);
        if (Date.now() > deadline) throw new Error(`${migrationId} is stuck: ${JSON.stringify(view)}`);
        await sleep(50);
      }
    },
    async census(site) {
      const provider = await deps.registry.provider(site);
      const entries = await Array.fromAsync(provider.census(AbortSignal.timeout(30_000)));
      return entries.map(({ kind, id }) => `${kind} ${id}`).sort();
    },
  };
  return lab;
}

async function untilHealthy(socketPath: string, alive: () => boolean): Promise<void> {
  for (;;) {
    const healthy = await new Promise<boolean>((resolve) => {
      const outgoing = request({ socketPath, path: "/health" }, (response) => {
        response.resume();
        resolve(response.statusCode === 200);
      });
      outgoing.on("error", () => resolve(false));
      outgoing.end();
    });
    if (healthy) return;
    if (!alive()) throw new Error("the sandbox ended before it was ready");
    await sleep(100);
  }
}
