import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { downStack, stackStatus, upStack } from "../../src/cli/stack/index.ts";
import { processesOf } from "../../src/cli/stack/orphans.ts";
import { readStackState } from "../../src/cli/stack/state.ts";
import { resolvePolicy } from "../../src/domain/protection-policy.ts";
import { instanceDir, socketDirPath, toolsManifestPath } from "../../src/host/paths.ts";
import { startPostgres } from "../../src/host/postgres.ts";
import { isAlive } from "../../src/host/process-identity.ts";
import { openStore } from "../../src/store/index.ts";

const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
const tag = randomBytes(3).toString("hex");
const [first, second] = [`cp-a-${tag}`, `cp-b-${tag}`];
const scratch = mkdtempSync(join(tmpdir(), "nvc-recover-t-"));
chmodSync(scratch, 0o711);
const file = (name: string) => join(scratch, name);

after(async () => {
  for (const instance of [first, second]) await downStack({ instance, wipe: true });
  rmSync(scratch, { recursive: true, force: true });
});

function write(name: string, content: string): string {
  writeFileSync(file(name), content, { mode: 0o600 });
  return file(name);
}

/** The command line as a program of its own; what it says on stdout, as JSON. */
async function novacron<T>(...args: string[]): Promise<T> {
  const child = spawn(process.execPath, [main, "--output", "json", ...args], { stdio: ["ignore", "pipe", "pipe"] });
  let [said, complained] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (complained += chunk.toString()));
  const code = await new Promise((resolve) => child.on("close", resolve));
  assert.equal(code, 0, `${args.join(" ")}: ${complained}${said}`);
  return JSON.parse(said) as T;
}

/** What was under way: a group with a point, a plan, and a migration in the middle. */
async function doSomething(databaseUrl: string): Promise<void> {
  const store = await openStore({ databaseUrl });
  const policy = resolvePolicy({ primarySite: "hall-a", recoverySite: "vault" }, {});
  assert.ok(policy);
  const members = [{ position: 0, name: "db-1", vmId: "v1", tags: {} }];
  const group = { groupId: "shop", name: "shop", workflowId: "protection/shop", policy, members, createdBy: "user/u" };
  await store.protection.create(group);
  const direction = { from: "hall-a", to: "vault" };
  const { pointId } = await store.groupPoints.open("shop", { kind: "scheduled", epoch: 0, ...direction });
  const takenAt = new Date().toISOString();
  await store.groupPoints.noteFrozen(pointId, { takenAt, spreadMs: 0, together: true, vms: [] });
  await store.groupPoints.complete(pointId, { vms: [], bytesCopied: 5 });
  // A person stops it for a while: its run has nothing to freeze here.
  await store.protection.become("shop", { from: ["initial", "protected"], to: "paused", message: "paused" });
  const vm = { name: "web-1", sourceVmId: "v2" };
  const move = { migrationId: "m1", planId: "p1", workflowId: "migration/m1", vm, from: "hall-a", to: "vault" };
  await store.migrations.create({ ...move, state: "running", bytesToMove: 1, tags: {} });
  await store.migrations.update("m1", { state: "awaiting-finalize" });
  await store.close();
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  await client.query("update protection_groups set started_at = now()");
  await client.end();
}

/** All of it at once and for good, as when a hall burns down. */
async function lose(instance: string): Promise<void> {
  const dir = instanceDir(instance);
  const supervisor = readStackState(dir)?.supervisor;
  if (supervisor) process.kill(supervisor.pid, "SIGKILL");
  while (processesOf(dir).length > 0 || (supervisor && isAlive(supervisor))) {
    for (const { pid } of processesOf(dir)) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It has ended.
      }
    }
    await sleep(50);
  }
  // What the former machine is switched on with again, afterwards.
  // With its owners: as root, the database belongs to another account.
  assert.equal(spawnSync("cp", ["-a", "--", dir, file("former")]).status, 0);
  rmSync(dir, { recursive: true, force: true });
}

interface Report {
  readonly backup_id: string;
  readonly epoch?: number;
  readonly audit: { readonly entries: number };
  readonly groups: readonly {
    readonly name: string;
    readonly site_answers: boolean;
    readonly newest_point_at: string;
  }[];
  readonly interrupted: readonly { readonly workflow_id: string; readonly outcome: string }[];
  readonly rto_seconds: number;
  readonly rpo_seconds: number;
}

test("a control plane that was lost is brought up elsewhere from its backup, and the former one acts no more", async (context) => {
  const vault = file("vault");
  mkdirSync(vault, { mode: 0o777 });
  const config = write(
    "novacron.yaml",
    `providers:
- { name: vault, type: folder, storage_path: ${vault} }
- { name: hall-a, type: folder, storage_path: ${file("burnt-down")} }
control_plane: { backup_to: [vault], backup_interval: 1h }
`,
  );
  const passphrase = write("passphrase", "correct horse\n");
  await novacron(
    "--instance",
    first,
    "control-plane",
    "key",
    "--file",
    file("owner.json"),
    "--passphrase-file",
    passphrase,
  );
  const before = await upStack({ instance: first, configFile: config });
  await doSomething(before.databaseUrl);
  await novacron("--instance", first, "tokens", "create", "kept", "--role", "viewer", "--everywhere");
  await novacron("--instance", first, "control-plane", "backup");
  await novacron("--instance", first, "tokens", "create", "lost", "--role", "viewer", "--everywhere");
  await lose(first);

  const from = ["--from", "vault", "--config", config, "--key", file("owner.json"), "--passphrase-file", passphrase];
  const listed = await novacron<{ installations: { backups: string[] }[] }>("recover", "--list", ...from);
  const checked = await novacron<Report>("--instance", second, "recover", "--check", ...from);
  assert.equal(checked.epoch, undefined);
  assert.equal(checked.backup_id, listed.installations[0]?.backups[0]);
  assert.ok(!existsSync(instanceDir(second)), "a check leaves nothing");
  const sure = ["--made-sure-of", "hall A has burnt down", "--yes"];
  const report = await novacron<Report>("--instance", second, "recover", ...from, ...sure);
  assert.equal(report.epoch, 2);
  assert.deepEqual(
    report.groups.map(({ name, site_answers: answers }) => [name, answers]),
    [["shop", false]],
  );
  assert.ok(report.groups[0]?.newest_point_at);
  const outcomes = Object.fromEntries(report.interrupted.map(({ workflow_id: id, outcome }) => [id, outcome]));
  assert.deepEqual(outcomes, { "migration/m1": "lost", "protection/shop": "restarted" });
  context.diagnostic(
    `RTO ${report.rto_seconds} s, RPO ${report.rpo_seconds} s before the recovery began, check ${checked.rto_seconds} s`,
  );

  const audit = await novacron<{ faults: unknown[]; entries: number }>("--instance", second, "audit", "verify");
  assert.deepEqual(audit.faults, []);
  assert.ok(audit.entries > report.audit.entries, "the trail goes on behind what came back");
  const tokens = await novacron<{ name: string }[]>("--instance", second, "tokens", "list");
  assert.ok(
    tokens.some(({ name }) => name === "kept"),
    "the token of before is there",
  );
  assert.ok(!tokens.some(({ name }) => name === "lost"), "what came after the backup is not");
  const shown = await novacron<{ state: string; problem: { message: string } }>(
    "--instance",
    second,
    "migrations",
    "show",
    "m1",
  );
  assert.match(shown.problem.message, /lost with the control plane/);
  await novacron("--instance", second, "control-plane", "backup");

  await formerActsNoMore(config, stackStatus({ instance: second }).connection?.temporalAddress ?? "");
});

/** The former machine is switched on again: its database, and a worker on it. */
async function formerActsNoMore(config: string, temporalAddress: string): Promise<void> {
  const dir = file("former");
  const server = await startPostgres({ dir: join(dir, "postgres") });
  const store = await openStore({ databaseUrl: server.databaseUrl });
  const worker = spawn(process.execPath, [fileURLToPath(new URL("../../src/worker/main.ts", import.meta.url))], {
    stdio: ["ignore", "pipe", "inherit"],
    env: {
      ...{ ...process.env, NOVACRON_INSTANCE_DIR: dir, DATABASE_URL: server.databaseUrl, NOVACRON_CONFIG: config },
      ...{ TEMPORAL_ADDRESS: temporalAddress, NOVACRON_TOOLS: toolsManifestPath() },
      NOVACRON_PAYLOAD_KEYS: join(dir, "payload-keys.json"),
    },
  });
  const ended = once(worker, "exit");
  try {
    let said = "";
    for await (const chunk of worker.stdout) {
      said += String(chunk);
      if (/takes (no )?work/.test(said)) break;
    }
    assert.match(said, /this worker takes no work/);
    assert.equal((await store.controlPlane.get()).supersededBy?.epoch, 2);
    assert.match((await store.guard.frozen())?.reason ?? "", /another control plane \(epoch 2/);
  } finally {
    worker.kill("SIGTERM");
    await ended;
    await store.close();
    await server.stop();
    for (const each of [dir, join(dir, "postgres")]) rmSync(socketDirPath(each), { recursive: true, force: true });
  }
}
