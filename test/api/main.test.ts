import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { get } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { migrationWorkflowId } from "../../src/api/runs.ts";
import { samplePlan } from "./support/activities.ts";
import { startTestApi } from "./support/harness.ts";

const main = fileURLToPath(new URL("../../src/api/main.ts", import.meta.url));
const { databaseUrl, temporalAddress, store } = await startTestApi({ after });
const dir = await mkdtemp(join(tmpdir(), "nvc-m-"));
after(() => rm(dir, { recursive: true, force: true }));

const tokenFile = join(dir, "token");
const sitesFile = join(dir, "sites.json");
await writeFile(
  sitesFile,
  JSON.stringify({
    providers: [
      {
        name: "onprem-a",
        type: "libvirt",
        enabled: true,
        uri: "qemu:///session?socket=/tmp/x",
        storage_path: dir,
        sandbox: true,
      },
    ],
  }),
);

interface Started {
  readonly child: ChildProcess;
  log(): string;
  readonly ended: Promise<number | null>;
}

function start(env: Record<string, string> = {}): Started {
  const child = spawn(process.execPath, [main], {
    env: {
      PATH: process.env.PATH,
      DATABASE_URL: databaseUrl,
      TEMPORAL_ADDRESS: temporalAddress,
      NOVACRON_SITES: sitesFile,
      NOVACRON_TOKEN_FILE: tokenFile,
      NOVACRON_API_PORT: "0",
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  after(() => void child.kill("SIGKILL"));
  let log = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (log += chunk.toString()));
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  return { child, log: () => log, ended };
}

async function untilServing({ log, ended }: Started): Promise<string> {
  let over = false;
  void ended.then(() => (over = true));
  for (;;) {
    const port = /"port":(\d+)/.exec(log())?.[1];
    if (port) return `http://127.0.0.1:${port}`;
    if (over) throw new Error(`it ended: ${log()}`);
    await sleep(50);
  }
}

test("serves by its environment, makes its token file, keeps the token out of the log, ends on SIGTERM", async () => {
  const api = start();
  const url = await untilServing(api);
  assert.equal((await fetch(`${url}/v1/health`)).status, 200);
  const token = (await readFile(tokenFile, "utf8")).trim();
  assert.equal((await stat(tokenFile)).mode & 0o777, 0o600);
  const sites = await fetch(`${url}/v1/sites`, { headers: { authorization: `Bearer ${token}` } });
  const body = (await sites.json()) as { items: { site: string; simulated: boolean }[] };
  assert.deepEqual(
    body.items.map(({ site, simulated }) => [site, simulated]),
    [["onprem-a", false]],
  );
  api.child.kill("SIGTERM");
  assert.equal(await api.ended, 0, api.log());
  assert.ok(!api.log().includes(token));
});

test("a token from before is kept, and one that is too short is refused with what to do", async () => {
  const known = await readFile(tokenFile, "utf8");
  const api = start();
  await untilServing(api);
  assert.equal(await readFile(tokenFile, "utf8"), known);
  api.child.kill("SIGTERM");
  await api.ended;
  const shortToken = join(dir, "short");
  await writeFile(shortToken, "abc");
  await chmod(shortToken, 0o600);
  const refused = start({ NOVACRON_TOKEN_FILE: shortToken });
  assert.equal(await refused.ended, 1);
  assert.match(refused.log(), /Remove the file/);
});

test("refuses an address that other machines can reach without TLS and a sign-in", async () => {
  const refused = start({ NOVACRON_API_HOST: "0.0.0.0" });
  assert.equal(await refused.ended, 1);
  assert.match(refused.log(), /127\.0\.0\.1/);
  const config = join(dir, "tls-only.yaml");
  await writeFile(config, "api: { tls: self_made }\n");
  const half = start({ NOVACRON_API_HOST: "0.0.0.0", NOVACRON_CONFIG: config, NOVACRON_INSTANCE_DIR: dir });
  assert.equal(await half.ended, 1);
  assert.match(half.log(), /no authentication beyond the bootstrap token/);
  assert.doesNotMatch(half.log(), /TLS is not configured/);
});

test("serves over TLS by a certificate of the instance's own", async () => {
  const config = join(dir, "tls.yaml");
  await writeFile(config, "api: { tls: self_made }\n");
  const api = start({ NOVACRON_CONFIG: config, NOVACRON_INSTANCE_DIR: dir });
  const { port } = new URL(await untilServing(api));
  const ca = await readFile(join(dir, "tls/ca.pem"));
  const status = await new Promise((resolve, reject) => {
    const asked = get({ host: "127.0.0.1", port, path: "/v1/health", ca }, (response) => {
      resolve(response.resume().statusCode);
    });
    asked.on("error", reject);
  });
  assert.equal(status, 200);
  await assert.rejects(fetch(`http://127.0.0.1:${port}/v1/health`), "plain HTTP is not served");
  api.child.kill("SIGTERM");
  assert.equal(await api.ended, 0, api.log());
});

test("starts a migration that an earlier process had only registered", async () => {
  const plan = samplePlan("plan-left-over", true, { vm: "web-1", from: "onprem-a", to: "onprem-b" });
  await store.plans.insert(plan);
  const migrationId = "left-over-1";
  await store.migrations.create({
    migrationId,
    planId: plan.planId,
    workflowId: migrationWorkflowId(migrationId),
    vm: { name: "web-1", sourceVmId: "id-web-1" },
    from: "onprem-a",
    to: "onprem-b",
    createdAt: new Date(Date.now() - 60_000).toISOString(),
  });
  const api = start();
  await untilServing(api);
  while ((await store.migrations.get(migrationId))?.steps.length === 0) await sleep(50);
  api.child.kill("SIGTERM");
  assert.equal(await api.ended, 0);
});
