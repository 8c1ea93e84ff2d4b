import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Payload } from "@temporalio/common";
import { historyToJSON } from "@temporalio/common/lib/proto-utils.js";
import { type Connection, downStack, upStack } from "../../src/cli/stack/index.ts";
import { instanceDir } from "../../src/host/paths.ts";
import { freePorts } from "../../src/host/ports.ts";
import { connectClient } from "../../src/temporal/connection.ts";
import { EncryptingCodec } from "../../src/temporal/payload-codec.ts";
import { Collector } from "../telemetry/collector.ts";

const example = fileURLToPath(new URL("../../config.example.yaml", import.meta.url));
const instance = `canary-${randomBytes(4).toString("hex")}`;
const canary = (name: string): string => `canary-${name}-${randomBytes(12).toString("hex")}`;
const secrets = { AWS_ACCESS_KEY: canary("access"), AWS_SECRET_KEY: canary("secret") };
const others = { GCP_SERVICE_ACCOUNT: "robot", AZURE_TENANT_ID: "tenant", AZURE_CLIENT_ID: "client" };
const scratch = mkdtempSync(join(tmpdir(), "nvc-canary-"));
const configFile = join(scratch, "config.yaml");
/** What the configuration only refers to. */
const referred = { vaultSecretId: canary("secret-id"), oidcSecret: canary("oidc"), otlpHeaders: canary("collector") };
const collector = new Collector();
const collectorUrl = await collector.start();
const [metricsPort = 0] = await freePorts(1);
const references = `
secrets: { vault_address: http://127.0.0.1:9, vault_role_id: novacron, vault_secret_id: "\${secret:file:${scratch}/vaultSecretId}" }
oidc: { issuer: http://127.0.0.1:9, client_id: novacron, client_secret: "\${secret:file:${scratch}/oidcSecret}" }
telemetry: { otlp_endpoint: ${collectorUrl}, otlp_headers: "\${secret:file:${scratch}/otlpHeaders}", otlp_metrics_interval: 500ms, worker_metrics: 127.0.0.1:${metricsPort} }
`;

after(async () => {
  await downStack({ instance, wipe: true });
  await collector.stop();
  rmSync(scratch, { recursive: true, force: true });
});

/** Everything the API says about everything, wrong requests included. */
async function answers(connection: Connection, token: string): Promise<string> {
  const call = async (method: string, path: string, body?: object): Promise<string> => {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const answer = await fetch(`${connection.apiUrl}${path}`, { method, headers, body: body && JSON.stringify(body) });
    return `${path} ${answer.status} ${await answer.text()}`;
  };
  const request = { vm: "not-there", from: "onprem-a", to: "onprem-b" };
  return [
    await call("GET", "/v1/health"),
    await call("GET", "/v1/providers"),
    await call("GET", "/v1/sites"),
    await call("GET", "/v1/vms?refresh=true"),
    await call("POST", "/v1/sites/onprem-a/check"),
    await call("POST", "/v1/sites/aws-eu-west-1/check"),
    await call("POST", "/v1/plans", { kind: "migrate_vm", request }),
    await call("POST", "/v1/migrations", request),
    await call("POST", "/v1/migrations", { ...request, to: "aws-eu-west-1" }),
    await call("GET", "/v1/migrations"),
    await call("GET", "/v1/auth/sign-in"),
    await call("POST", "/v1/users", { name: "Canary" }),
    await call("GET", "/v1/tokens"),
    await call("GET", "/v1/audit/export"),
  ].join("\n");
}

/** Every line that is kept, at the most talkative. */
async function keptLines(connection: Connection, token: string): Promise<string> {
  const texts: string[] = [];
  for (let cursor = ""; ; ) {
    const query = `limit=200${cursor && `&cursor=${encodeURIComponent(cursor)}`}`;
    const answer = await fetch(`${connection.apiUrl}/v1/logs?${query}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    const text = await answer.text();
    texts.push(text);
    cursor = (JSON.parse(text) as { next_cursor?: string }).next_cursor ?? "";
    if (cursor === "") return texts.join("\n");
  }
}

/** As they are stored, and as they are with the key. */
async function histories(address: string, codec: EncryptingCodec): Promise<string> {
  const client = await connectClient({ address, namespace: "default" });
  try {
    const texts: string[] = [];
    for await (const { workflowId, runId } of client.workflow.list()) {
      const history = historyToJSON(await client.workflow.getHandle(workflowId, runId).fetchHistory());
      texts.push(history, await decrypted(history, codec));
    }
    assert.ok(texts.length > 0, "there are runs to look into");
    return texts.join("\n");
  } finally {
    await client.connection.close();
  }
}

async function decrypted(history: string, codec: EncryptingCodec): Promise<string> {
  const found: Payload[] = [];
  JSON.parse(history, (_key, member: { metadata?: Record<string, string>; data?: string } | null) => {
    if (!member?.metadata?.encoding || member.data === undefined) return member;
    const metadata = Object.entries(member.metadata).map(([name, value]) => [name, Buffer.from(value, "base64")]);
    found.push({ metadata: Object.fromEntries(metadata), data: Buffer.from(member.data, "base64") });
    return member;
  });
  return (await codec.decode(found)).map(({ data }) => Buffer.from(data ?? []).toString()).join("\n");
}

/** Waits for a trace that goes through both processes; everything that was sent by then. */
async function telemetry(): Promise<string> {
  const spanOf = (name: string) => collector.until(({ spans }) => spans.find((span) => span.name === name));
  const [request, call] = [await spanOf("POST /v1/sites/{site}/check"), await spanOf("check")];
  assert.equal(call.traceId, request.traceId);
  await collector.until(({ metrics }) => metrics.find(({ name }) => name === "http_server_request_duration_seconds"));
  await collector.until(({ metrics }) => metrics.find(({ name }) => name === "novacron_site_call_duration_seconds"));
  assert.ok(collector.requests.every(({ headers }) => headers["x-key"] === referred.otlpHeaders));
  const scraped = await fetch(`http://127.0.0.1:${metricsPort}/metrics`);
  return [...collector.requests.map(({ text }) => text), await scraped.text()].join("\n");
}

test("no credential shows in logs, answers, histories, telemetry or the sites' list", async () => {
  Object.assign(process.env, secrets, others);
  // Nothing leaves this machine: AWS is asked at a port where nobody listens.
  const local = readFileSync(example, "utf8").replace(
    "    region: us-east-1\n",
    // The sandbox has a site in the example's region.
    "    region: eu-west-1\n    endpoint: http://127.0.0.1:9\n",
  );
  assert.match(local, /endpoint: http:\/\/127/);
  for (const [name, value] of Object.entries(referred)) writeFileSync(join(scratch, name), value, { mode: 0o600 });
  writeFileSync(join(scratch, "otlpHeaders"), `x-key=${referred.otlpHeaders}`);
  writeFileSync(configFile, local + references);
  process.env.NOVACRON_LOG_LEVEL = "debug";
  const connection = await upStack({ instance, configFile });
  const token = readFileSync(connection.tokenFile, "utf8").trim();
  const said = await answers(connection, token);
  assert.match(said, /\/v1\/sites 200 .*aws-eu-west-1/, "the configuration with the credentials is in force");
  const keyRing = readFileSync(join(instanceDir(instance), "payload-keys.json"), "utf8");
  const payloadKey = Object.values((JSON.parse(keyRing) as { keys: Record<string, string> }).keys)[0] ?? "";
  const recorded = await histories(connection.temporalAddress, new EncryptingCodec(async () => keyRing));
  assert.match(recorded, /encryption-key-id/, "histories are encrypted");
  assert.match(recorded, /"site":"onprem-a"/, "and can be read with the key");
  const logs = join(instanceDir(instance), "logs");
  const written = readdirSync(logs).map((name) => readFileSync(join(logs, name), "utf8"));
  assert.ok(written.join("").includes("aws"), "the logs speak of the site");
  const kept = await keptLines(connection, token);
  const sent = await telemetry();
  assert.match(kept, /"message":"the request is answered"/, "lines of the API are kept");
  assert.match(kept, /"message":"the site has answered"/, "and of the worker");
  for (const [name, secret] of Object.entries({ ...secrets, ...referred, token, payloadKey })) {
    assert.ok(!said.includes(secret), `${name} in an answer`);
    assert.ok(!recorded.includes(secret), `${name} in a history`);
    assert.ok(!kept.includes(secret), `${name} in a kept line`);
    assert.ok(!sent.includes(secret), `${name} in what a collector got`);
    assert.ok(!written.some((text) => text.includes(secret)), `${name} in a log`);
  }
});
