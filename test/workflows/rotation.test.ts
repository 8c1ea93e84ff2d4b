import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { historyToJSON } from "@temporalio/common/lib/proto-utils.js";
import { pino } from "pino";
import { createApi } from "../../src/api/app.ts";
import { createAwsProvider } from "../../src/providers/aws/index.ts";
import { hashToken } from "../../src/store/index.ts";
import { taskQueue } from "../../src/temporal/connection.ts";
import { ensureRotationSchedules } from "../../src/temporal/schedules.ts";
import type { RotateSecretResult } from "../../src/workflows/rotate-secret/types.ts";
import { startAwsLab } from "../sandbox/aws/support.ts";
import { smallDeps, startServers, startSmallWorker } from "../support/small-worker.ts";

const site = "aws-us-east-1";
const graceMs = 4_000;
const { store, client, temporalAddress } = await startServers();
const lab = await startAwsLab({ consistencyMs: 100 });
const dir = await mkdtemp(join(tmpdir(), "nvc-rot-"));
const keyFile = join(dir, "aws.json");
const tokenFile = join(dir, "ci.token");
const { identity } = lab.aws.cloud;
const first = identity.administratorKeys;
await writeFile(keyFile, JSON.stringify({ access_key: first.id, secret_key: first.secret, note: "ours" }), {
  mode: 0o600,
});
const firstToken = "token-of-the-rotation-test-0123456789";
await writeFile(tokenFile, `${firstToken}\n`, { mode: 0o600 });
await store.tokens.create({
  tokenId: "ci",
  name: "ci",
  hash: hashToken(firstToken),
  bindings: [{ role: "viewer", scope: {} }],
  createdBy: "token/bootstrap",
});

const provider = createAwsProvider({
  entry: {
    region: "us-east-1",
    endpoint: lab.aws.endpoint,
    simulated: true,
    credentials: async () => {
      const { access_key, secret_key } = JSON.parse(await readFile(keyFile, "utf8")) as Record<string, string>;
      return { type: "access_key", values: { access_key: access_key ?? "", secret_key: secret_key ?? "" } };
    },
  },
  context: { site, budget: () => ({ take: async () => {} }), log: () => {} },
  // As quick as the grace of this test wants it; one attempt a call, so that no failure is hidden by a repeat.
  patience: { pollMs: { first: 5, most: 50 }, consistencyMs: 2_000, credentialsKeptMs: 1_000, attempts: 1 },
});
const deps = smallDeps({
  registry: {
    sites: [{ site, provider: "aws", region: "us-east-1", simulated: true }],
    provider: async () => provider,
  },
  store,
  credentialFile: () => keyFile,
});
const endWorker = await startSmallWorker(temporalAddress, deps);
const log = pino({ level: "silent" });
const app = createApi({ store, temporal: client, sites: [], log, temporalUiUrl: undefined });
const server = app.listen(0, "127.0.0.1");
await new Promise((resolve) => server.once("listening", resolve));
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
after(async () => {
  server.closeAllConnections();
  server.close();
  await endWorker();
  await client.connection.close();
  await store.close();
  await provider.close();
  await lab.close();
  await rm(dir, { recursive: true, force: true });
});

const token = async () => (await readFile(tokenFile, "utf8")).trim();
const asks = async (secret: string) =>
  (await fetch(`${url}/v1/auth/session`, { headers: { authorization: `Bearer ${secret}` } })).status;

test("a token and a cloud's key are exchanged by schedule while they are in use, and nobody gets an error", async () => {
  let over = false;
  const load = { token: 0, key: 0 };
  const askers = [
    ...Array.from({ length: 4 }, async () => {
      // A program that reads its token's file now and then.
      for (let secret = await token(); !over; load.token++) {
        assert.equal(await asks(secret), 200);
        if (load.token % 20 === 0) secret = await token();
        await sleep(5);
      }
    }),
    ...Array.from({ length: 4 }, async () => {
      for (; !over; load.key++) {
        await Array.fromAsync(provider.network.listNetworks(AbortSignal.timeout(10_000)));
        await sleep(5);
      }
    }),
  ];
  const working = Promise.all(askers);
  const secrets = [
    { kind: "token", tokenId: "ci", file: tokenFile },
    { kind: "site", site },
  ] as const;
  await ensureRotationSchedules(client, { secrets, intervalMs: 30 * 86_400_000, graceMs });
  for (const name of ["token-ci", `site-${site}`]) await client.schedule.getHandle(`rotation-of-${name}`).trigger();
  const replaced = (async () => {
    while ((await token()) === firstToken || identity.credentials.get(first.id)) await sleep(100);
    await sleep(500);
  })();
  await Promise.race([replaced, working]);
  over = true;
  await working;
  assert.ok(load.token > 100 && load.key > 100, JSON.stringify(load));

  // The new ones work, the old ones don't, and nothing else is left.
  const kept = JSON.parse(await readFile(keyFile, "utf8")) as Record<string, string>;
  assert.notEqual(kept.access_key, first.id);
  assert.equal(kept.note, "ours");
  assert.deepEqual(
    identity.credentials.where(({ userName }) => userName !== undefined).map(({ id }) => id),
    [kept.access_key],
  );
  for (const file of [keyFile, tokenFile]) {
    assert.equal((await stat(file)).mode & 0o777, 0o600);
    await assert.rejects(stat(`${file}.next`));
  }
  const second = await token();
  assert.equal(await asks(second), 200);
  while ((await asks(firstToken)) !== 401) await sleep(100);

  // The trail says that the schedules did it, and no secret is anywhere.
  const trail = (await store.audit.list({ limit: 100 })).items.map(
    ({ entry }) => JSON.parse(entry) as { actor: string; action: string; outcome: string },
  );
  const done = trail.filter(({ outcome, action }) => outcome === "done" && action.startsWith("activity."));
  assert.deepEqual(
    done.map(({ actor, action }) => `${actor} ${action}`).sort(),
    [
      `schedule/rotation-of-site-${site} activity.exchangeSecret`,
      `schedule/rotation-of-site-${site} activity.retireKey`,
      "schedule/rotation-of-token-ci activity.exchangeSecret",
    ].sort(),
  );
  let recorded = "";
  for await (const { workflowId } of client.workflow.list()) {
    const text = historyToJSON(await client.workflow.getHandle(workflowId).fetchHistory());
    recorded += text.replaceAll(/"data":\s*"([^"]*)"/g, (_all, data: string) => Buffer.from(data, "base64").toString());
  }
  assert.ok(recorded.includes(first.id), "the key's id, which tells nothing, is there");
  for (const secret of [firstToken, second, first.secret, kept.secret_key ?? ""]) {
    for (const text of [JSON.stringify(trail), recorded]) assert.ok(!text.includes(secret), "a secret is on record");
  }
});

test("neither is the key in use taken for one that was made and never used, nor is one left whose answer got lost", async () => {
  const { access_key, secret_key } = JSON.parse(await readFile(keyFile, "utf8")) as Record<string, string>;
  // As an attempt leaves it that dies right after it has switched.
  await writeFile(`${keyFile}.next`, JSON.stringify({ access_key, secret_key }), { mode: 0o600 });
  // IAM gives a user two at most: the lost one has to be gone before there is room for another.
  const lost = {
    fault: "timeout-after-act",
    service: "iam",
    operation: "CreateAccessKey",
    times: 1,
    delayMs: 0,
  } as const;
  lab.aws.cloud.faults.add(lost);
  const args = [{ scheduleId: "s", secret: { kind: "site", site }, graceMs: 2_000 }];
  const options = { taskQueue, workflowId: "rotation/left", args };
  const { before, after: now } = (await client.workflow.execute("rotateSecret", options)) as RotateSecretResult;
  assert.equal(before, access_key);
  assert.notEqual(now, before);
  const known = identity.credentials.where(({ userName }) => userName !== undefined).map(({ id }) => id);
  assert.deepEqual(known, [now]);
});

test("a secret that is not in the list any more has no schedule", async () => {
  await ensureRotationSchedules(client, { secrets: [], intervalMs: 86_400_000, graceMs });
  for (;;) {
    const left = await Array.fromAsync(client.schedule.list());
    if (!left.some(({ scheduleId }) => scheduleId.startsWith("rotation-of-"))) return;
    await sleep(100);
  }
});
