// Long because it is one stack, with what a test or a bench asks of it.
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "@temporalio/client";
import type { ActivityDeps } from "../../src/activities/deps.ts";
import { sandboxCall } from "../../src/cli/demo/sandbox-admin.ts";
import { loadConfig } from "../../src/config/config.ts";
import { isProviderError } from "../../src/domain/errors.ts";
import type { MigrationRequest, MigrationView } from "../../src/domain/migration.ts";
import type { Plan } from "../../src/domain/plan.ts";
import { loadHostTools } from "../../src/host/host-tools.ts";
import { makeSocketDir, socketDirPath, toolsManifestPath } from "../../src/host/paths.ts";
import type { HostTools } from "../../src/host/tools.ts";
import { openStore, type Store } from "../../src/store/index.ts";
import { connectClient, taskQueue } from "../../src/temporal/connection.ts";
import { buildDeps } from "../../src/worker/deps.ts";
import { finalizeUpdate } from "../../src/workflows/migrate-vm/messages.ts";
import { LabApi } from "./lab-api.ts";
import { NodePart, type Part, PostgresPart, processesWith, TemporalPart } from "./parts.ts";

export type Site =
  | "onprem-a"
  | "onprem-b"
  | "vault"
  | "aws-us-east-1"
  | "azure-eastus"
  | "gcp-us-central1"
  | "oci-us-ashburn-1"
  | "digitalocean-nyc3";

/** What a lab consists of, up and running. */
export interface LabParts {
  readonly dir: string;
  readonly env: NodeJS.ProcessEnv;
  readonly postgres: PostgresPart;
  readonly temporal: TemporalPart;
  readonly sandbox: NodePart;
  readonly store: Store;
  readonly client: Client;
  readonly deps: ActivityDeps & { close(): Promise<void> };
  readonly tools: HostTools;
}

export interface LabOptions {
  /** Adds the site `vault`, a folder. */
  readonly vault?: boolean;
  /** And lets it keep a zone on a name server. */
  readonly nameServer?: Readonly<Record<"address" | "zone" | "keyName" | "secret", string>>;
  /** The list of tools, instead of the machine's. */
  readonly toolsManifest?: string;
}

/** Real PostgreSQL, Temporal and the sandbox's sites (two private libvirt hosts, unless the tools say that there can be
 *  none) in a folder of their own. */
export async function startParts(options: LabOptions = {}): Promise<LabParts> {
  const dir = mkdtempSync(join(tmpdir(), "nvc-lab-"));
  // As root the tools run as another account, which has to get through.
  chmodSync(dir, 0o711);
  mkdirSync(join(dir, "run"));
  const postgres = new PostgresPart(join(dir, "postgres"));
  const temporal = new TemporalPart(join(dir, "temporal"));
  const env = {
    ...process.env,
    NOVACRON_INSTANCE_DIR: dir,
    NOVACRON_SITES: join(dir, "sites.json"),
    NOVACRON_TOOLS: options.toolsManifest ?? toolsManifestPath(),
    ...(options.vault ? { NOVACRON_CONFIG: vaultConfig(dir, options.nameServer) } : {}),
  };
  const socket = sandboxSocket(dir);
  const sandbox = new NodePart("sandbox", { env, logFile: join(dir, "sandbox.log"), ready: () => healthy(socket) });
  try {
    await Promise.all([postgres.start(), temporal.start(), sandbox.start()]);
    const store = await openStore({ databaseUrl: postgres.databaseUrl });
    await store.migrate();
    const client = await connectClient({ address: temporal.address, namespace: "default" });
    const config = loadConfig({ file: env.NOVACRON_CONFIG, sitesFile: env.NOVACRON_SITES, env: process.env });
    const tools = loadHostTools(env.NOVACRON_TOOLS);
    const deps = await buildDeps({ config, store, client, tools, runDir: makeSocketDir(dir) });
    const servers = { DATABASE_URL: postgres.databaseUrl, TEMPORAL_ADDRESS: temporal.address };
    return { dir, env: { ...env, ...servers }, postgres, temporal, sandbox, store, client, deps, tools };
  } catch (error) {
    await Promise.allSettled([sandbox.stop(), temporal.stop(), postgres.stop()]);
    removeFolders(dir);
    throw error;
  }
}

/** Far beyond what any of these moves takes: a hang should be a failure with a reason. */
const stuckMs = 240_000;

/** The whole stack (with the API where it is asked for), each part a process that can be killed; a move is planned, started and watched. */
export class StackLab implements AsyncDisposable {
  readonly dir: string;
  readonly store: Store;
  readonly client: Client;
  readonly deps: ActivityDeps;
  readonly tools: HostTools;
  readonly postgres: PostgresPart;
  readonly temporal: TemporalPart;
  /** The process that is the simulated clouds, and that made the hosts. */
  readonly sandboxPart: Part;
  readonly #parts: LabParts;
  readonly #workers: NodePart[] = [];
  #api: LabApi | undefined;
  #planned = 0;

  constructor(parts: LabParts) {
    const { dir, store, client, deps, tools, postgres, temporal, sandbox } = parts;
    this.dir = dir;
    this.store = store;
    this.client = client;
    this.deps = deps;
    this.tools = tools;
    this.postgres = postgres;
    this.temporal = temporal;
    this.sandboxPart = sandbox;
    this.#parts = parts;
  }

  sandbox<T>(method: "GET" | "POST" | "DELETE", path: string, body?: object): Promise<T> {
    return sandboxCall(sandboxSocket(this.dir), method, path, body);
  }

  /** A worker as a process of its own, with the lab's environment but for `env`; ended with the lab. */
  async startWorkerProcess(env: NodeJS.ProcessEnv = {}): Promise<NodePart> {
    const readyFile = join(this.dir, "run/worker.ready");
    const logFile = join(this.dir, `worker-${this.#workers.length}.log`);
    const ready = (pid: number): boolean => textOf(readyFile).trim() === String(pid);
    const worker = new NodePart("worker", { env: { ...this.#parts.env, ...env }, logFile, ready });
    this.#workers.push(worker);
    await worker.start();
    return worker;
  }

  /** The API as a process of its own; ended with the lab. */
  async startApi(): Promise<LabApi> {
    this.#api = await LabApi.start(this.dir, this.#parts.env);
    return this.#api;
  }

  async plan(request: MigrationRequest): Promise<Plan> {
    this.#planned += 1;
    const planId = `p${this.#planned}-${Date.now()}`;
    const args: [{ planId: string; request: MigrationRequest }] = [{ planId, request }];
    return this.client.workflow.execute("planMigration", { taskQueue, workflowId: `plan/${planId}`, args });
  }

  /** Plans and starts; resolves with the migration's id. */
  async migrate(request: MigrationRequest): Promise<string> {
    return this.execute(await this.plan(request));
  }

  /** Starts what was planned. */
  async execute(plan: Plan): Promise<string> {
    const migrationId = `m${plan.planId.slice(1)}`;
    const { planId, hash: planHash, inputs } = plan;
    const workflowId = `migration/${migrationId}`;
    await this.store.migrations.create({
      migrationId,
      planId,
      workflowId,
      vm: { name: String(inputs.vmName), sourceVmId: String(inputs.vm) },
      from: String(inputs.from),
      to: String(inputs.to),
    });
    const { startAt } = (inputs.schedule ?? {}) as { startAt?: string };
    const args = [{ migrationId, planId, planHash, startAt }];
    await this.client.workflow.start("migrateVm", { taskQueue, workflowId, args, workflowTaskTimeout: "5 seconds" });
    return migrationId;
  }

  /** The dry run of a migration's finalize. */
  async planFinalize(migrationId: string): Promise<Plan> {
    this.#planned += 1;
    const planId = `f${this.#planned}-${Date.now()}`;
    const args = [{ planId, finalize: { migrationId } }];
    return this.client.workflow.execute("planOperation", { taskQueue, workflowId: `plan/${planId}`, args });
  }

  /** Deletes what the plan (by default one that is made for it) names. */
  async finalize(migrationId: string, plan?: Plan): Promise<void> {
    const { planId, hash: planHash } = plan ?? (await this.planFinalize(migrationId));
    const run = this.client.workflow.getHandle(`migration/${migrationId}`);
    await run.executeUpdate(finalizeUpdate, { args: [{ planId, planHash }] });
  }

  /** Waits until the migration is in one of the states. */
  async until(migrationId: string, ...states: MigrationView["state"][]): Promise<MigrationView> {
    const wanted = (view: MigrationView): boolean => states.includes(view.state);
    return this.untilView(migrationId, wanted);
  }

  /** Waits until what is known of the migration is as wanted; a store that is away is waited for. */
  async untilView(migrationId: string, wanted: (view: MigrationView) => boolean, pollMs = 50): Promise<MigrationView> {
    for (const deadline = Date.now() + stuckMs; ; ) {
      const view = await this.#view(migrationId);
      if (view && wanted(view)) return view;
      if (view?.endedAt) throw new Error(`${migrationId} ended as ${view.state}: ${JSON.stringify(view.problem)}`);
      if (Date.now() > deadline) throw new Error(`${migrationId} is stuck: ${JSON.stringify(view)}`);
      await sleep(pollMs);
    }
  }

  /** Everything at a site that is there because of us, one line each. */
  async census(site: Site): Promise<string[]> {
    const provider = await this.deps.registry.provider(site);
    const entries = await Array.fromAsync(provider.census(AbortSignal.timeout(30_000)));
    return entries.map(({ kind, id }) => `${kind} ${id}`).sort();
  }

  /** The NBD servers that run now for this end of a copy. */
  servers(kind: "generation" | "source" | "point") {
    return processesWith("--description=novacron:", `:${kind}:`, `--socket=${socketDirPath(this.dir)}/`);
  }

  /** Image files of a VM's disks, in order. */
  async diskFiles(site: Site, vmId: string): Promise<string[]> {
    if (site === "aws-us-east-1") return this.#volumeFiles(vmId);
    const listed = await this.virsh(site, "domblklist", vmId, "--details");
    return listed.split("\n").flatMap((line) => {
      const [, device, , path] = line.trim().split(/\s+/);
      return device === "disk" && path ? [path] : [];
    });
  }

  /** Whether the disks of two stopped VMs hold the same bytes, as `qemu-img` sees them; zeros at the end of the larger one
   *  don't count. */
  async sameDisks(left: { site: Site; vmId: string }, right: { site: Site; vmId: string }): Promise<boolean> {
    const files = await Promise.all([left, right].map(({ site, vmId }) => this.diskFiles(site, vmId)));
    const [ours = [], theirs = []] = files;
    if (ours.length === 0 || ours.length !== theirs.length) return false;
    for (const [index, file] of ours.entries()) {
      const args = ["compare", "-q", "-f", "qcow2", "-F", "qcow2", file, theirs[index] ?? ""];
      if ((await this.tools.run("qemu-img", args)).exitCode !== 0) return false;
    }
    return true;
  }

  /** What `virsh` printed. */
  async virsh(site: Site, ...args: readonly string[]): Promise<string> {
    const { providers } = JSON.parse(textOf(join(this.dir, "sites.json"))) as {
      providers: { name: string; uri: string }[];
    };
    const uri = providers.find(({ name }) => name === site)?.uri ?? "";
    const { exitCode, stdout, stderr } = await this.tools.run("virsh", ["-q", "-c", uri, ...args]);
    if (exitCode !== 0) throw new Error(`virsh ${args.join(" ")}: ${stderr}`);
    return stdout;
  }

  async close(): Promise<void> {
    const { deps, client, store, sandbox, temporal, postgres } = this.#parts;
    for (const worker of this.#workers) worker.signal("SIGCONT");
    await Promise.all([...this.#workers, ...(this.#api ? [this.#api.part] : [])].map((part) => part.stop()));
    await deps.close();
    await client.connection.close();
    await store.close();
    await Promise.all([sandbox.stop(), temporal.stop(), postgres.stop()]);
    removeFolders(this.dir);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #volumeFiles(instanceId: string): Promise<string[]> {
    const { resources } = await this.sandbox<{
      resources: { facts?: { instanceId?: string; device: string; file: string } }[];
    }>("GET", "/aws/census");
    return resources
      .flatMap(({ facts }) => (facts?.instanceId === instanceId && facts.file ? [facts] : []))
      .toSorted((a, b) => (a.device < b.device ? -1 : 1))
      .map(({ file }) => file);
  }

  async #view(migrationId: string): Promise<MigrationView | undefined> {
    try {
      return await this.store.migrations.get(migrationId);
    } catch (error) {
      if (isProviderError(error, "Unavailable", "Timeout")) return undefined;
      throw error;
    }
  }
}

function vaultConfig(dir: string, server: LabOptions["nameServer"]): string {
  const file = join(dir, "novacron.yaml");
  mkdirSync(join(dir, "vault"));
  const keeps = server
    ? `, name_server: { address: "${server.address}", zones: [${server.zone}], key_name: ${server.keyName}, key: ${server.secret} }`
    : "";
  writeFileSync(file, `providers: [{ name: vault, type: folder, storage_path: ${join(dir, "vault")}${keeps} }]\n`);
  return file;
}

function sandboxSocket(dir: string): string {
  return join(makeSocketDir(dir), "sandbox.sock");
}

function removeFolders(dir: string): void {
  for (const folder of [join(dir, "postgres"), dir].flatMap((each) => [socketDirPath(each), each])) {
    rmSync(folder, { recursive: true, force: true });
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

function healthy(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const outgoing = request({ socketPath, path: "/health" }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    outgoing.on("error", () => resolve(false));
    outgoing.end();
  });
}
