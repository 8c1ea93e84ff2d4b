import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { connect } from "node:http2";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import proto from "@temporalio/proto";
import { isProviderError } from "../../src/domain/errors.ts";
import { siteQueue } from "../../src/domain/site-work.ts";
import { SiteClient } from "../../src/site/client.ts";
import type { SiteInput, SiteOperation } from "../../src/site/contract.ts";
import { SiteIdentity } from "../../src/site/identity.ts";
import { readJoinToken, writeJoinToken } from "../../src/site/join-token.ts";
import { SiteLab } from "../support/site-lab.ts";

const lab = await SiteLab.start({ after });
let made = 0;
const freshDir = () => join(lab.dir, `identity-${(made += 1)}`);
const code = (wanted: string) => (error: unknown) => isProviderError(error) && error.code === wanted;

async function joined(site: string): Promise<{ identity: SiteIdentity; client: SiteClient }> {
  const identity = await SiteIdentity.join(freshDir(), await lab.joinToken(site));
  return { identity, client: clientOf(identity) };
}

function clientOf({ url, tls }: SiteIdentity): SiteClient {
  const client = new SiteClient({ url, authority: tls.ca, certificate: { key: tls.key, cert: tls.cert } });
  after(() => client.close());
  return client;
}

describe("a join token", () => {
  test("makes one machine a worker of its site, once, and leaves a trail", async () => {
    const token = await lab.joinToken("site-a");
    const dir = freshDir();
    const identity = await SiteIdentity.join(dir, token);
    assert.equal(identity.site, "site-a");
    assert.equal((await SiteIdentity.read(dir))?.workerId, identity.workerId);
    const worker = await lab.store.siteWorkers.get(identity.workerId);
    assert.equal(worker?.state, "silent");
    const { items } = await lab.store.audit.list({ limit: 5, action: "site-worker.join" });
    assert.ok(items.some(({ entry }) => entry.includes(identity.workerId)));
    await assert.rejects(SiteIdentity.join(freshDir(), token), code("PolicyBlocked"));
  });

  test("is not used up by a key that can't be certified", async () => {
    const text = await lab.joinToken("site-a");
    const { secret } = readJoinToken(text);
    const client = new SiteClient({ url: lab.url, authority: lab.authority.pem });
    const publicKey = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----";
    await assert.rejects(client.call("join", { token: secret, name: "n", publicKey }), code("InvalidInput"));
    client.close();
    assert.equal((await SiteIdentity.join(freshDir(), text)).site, "site-a");
  });

  test("is of no use after its end", async () => {
    await assert.rejects(SiteIdentity.join(freshDir(), await lab.joinToken("site-a", -1)), code("PolicyBlocked"));
  });

  test("is told to nobody but the authority that it names", async () => {
    const token = readJoinToken(await lab.joinToken("site-a"));
    const other = writeJoinToken({ ...token, authority: "0".repeat(64) });
    await assert.rejects(SiteIdentity.join(freshDir(), other), /Nothing was sent to it/);
    // Its secret is as good as before.
    assert.equal((await SiteIdentity.join(freshDir(), writeJoinToken(token))).site, "site-a");
  });
});

describe("a worker's certificate", () => {
  test("is wanted for everything but joining", async () => {
    const { identity } = await joined("site-a");
    const nobody = new SiteClient({ url: identity.url, authority: identity.tls.ca });
    await assert.rejects(nobody.call("assignment", {}), code("Unavailable"));
    nobody.close();
  });

  test("can be renewed; the one before counts until the renewal after that", async () => {
    const { identity, client } = await joined("site-a");
    const first = client;
    await identity.renew(client);
    const second = clientOf(identity);
    for (const each of [first, second]) await each.call("beat", {});
    await identity.renew(second);
    const third = clientOf(identity);
    for (const each of [second, third]) await each.call("beat", {});
    await untilRefused(first);
  });

  test("is of no use any more once the worker was removed", async () => {
    const { identity, client } = await joined("site-a");
    await client.call("beat", {});
    await lab.store.siteWorkers.remove(identity.workerId);
    await untilRefused(client);
  });

  test("says when it is to be drained", async () => {
    const { identity, client } = await joined("site-a");
    assert.deepEqual(await client.call("beat", { dataAddress: "127.0.0.1:1" }), { draining: false });
    assert.deepEqual(await lab.store.siteWorkers.standings(["site-a", "site-b"]), [
      { site: "site-a", live: true, listens: true },
      { site: "site-b", live: false, listens: false },
    ]);
    await lab.store.siteWorkers.drain(identity.workerId);
    while (!(await client.call("beat", {})).draining);
    assert.equal((await lab.store.siteWorkers.get(identity.workerId))?.state, "draining");
  });
});

/** Within the two seconds for which a process believes what it has seen. */
async function untilRefused(client: SiteClient): Promise<void> {
  for (const deadline = Date.now() + 10_000; Date.now() < deadline; ) {
    try {
      await client.call("beat", {});
    } catch (error) {
      assert.ok(code("Unavailable")(error), String(error));
      return;
    }
  }
  assert.fail("it is still accepted");
}

describe("a worker of a site", () => {
  test("is told of its own site only, and gets no other's credentials", async () => {
    const { client } = await joined("site-b");
    const { entry, taskQueue } = await client.call("assignment", {});
    assert.equal(entry.site, "site-b");
    assert.equal(taskQueue, siteQueue("site-b"));
    assert.deepEqual(await client.call("credentials", {}), { values: { password: "of site-b" } });
  });

  test("reaches nothing that is another site's", async () => {
    const { client } = await joined("site-a");
    const away = { planId: "p", workflowId: "migration/away", vm: { name: "v", sourceVmId: "v" } };
    await lab.store.migrations.create({ ...away, migrationId: "away", from: "site-b", to: "site-c" });
    const point = {
      site: "site-b",
      pointId: "p",
      kind: "sealed" as const,
      lineage: "l",
      diskId: "d",
      sizeBytes: 1,
      manifestId: "away-d",
      rootHash: "r",
      migrationId: "away",
      createdAt: new Date().toISOString(),
    };
    const attempts: { readonly [N in SiteOperation]?: SiteInput<N> } = {
      beginAttempt: { generationId: "away-d", sizeBytes: 512 },
      chunks: { manifestId: "away-d", after: -1 },
      generation: { generationId: "away-d" },
      sealManifest: { generationId: "away-d", attempt: 1, rootHash: "r" },
      noteSent: { generationId: "away-d", attempt: 1, bytesSent: 1 },
      recordPoint: point,
      renewLease: { resource: "link:site-b/site-c", holder: "h", limitPerSecond: 1, ttlMs: 1 },
      releaseLease: { resource: "link:site-b/site-c", holder: "h" },
      noteProgress: { migrationId: "away", progress: 1, bytesCopied: 1, bytesResent: 0, message: "m" },
      signalProgress: { migrationId: "away", diskId: "d", fraction: 0.5 },
      commit: {
        generationId: "away-d",
        attempt: 1,
        chunks: [],
        progress: { bytesDone: 0, bytesToMove: 0, bytesCopied: 0, bytesResent: 0, leavesWritten: 0 },
      },
      appendEvent: { migrationId: "away", at: point.createdAt, type: "note", message: "m" },
      link: { generationId: "away-d" },
    };
    for (const [name, input] of Object.entries(attempts)) {
      await assert.rejects(client.call(name as SiteOperation, input), code("PolicyBlocked"), name);
    }
  });

  test("can't write the trail in another's name, nor of anything but what it did", async () => {
    const { identity, client } = await joined("site-a");
    const entry = {
      at: new Date().toISOString(),
      resource: "r",
      requestId: `by-${identity.workerId}`,
      outcome: "done",
    };
    await client.call("appendAudit", { ...entry, action: "activity.stopVm" });
    const { items } = await lab.store.audit.list({ limit: 1, requestId: entry.requestId });
    assert.match(items[0]?.entry ?? "", new RegExp(`"actor":"site-worker/${identity.workerId}"`));
    await assert.rejects(client.call("appendAudit", { ...entry, action: "token.create" }), code("InvalidInput"));
    const forged = { ...entry, action: "activity.stopVm", actor: "user/somebody" };
    await assert.rejects(client.call("appendAudit", forged), /actor/);
  });
});

describe("of Temporal, a worker of a site", () => {
  const { PollActivityTaskQueueRequest, RespondActivityTaskCompletedRequest, StartWorkflowExecutionRequest } =
    proto.temporal.api.workflowservice.v1;

  test("gets its own queue, the tasks that came from it, and nothing else", async () => {
    const { identity } = await joined("site-a");
    const session = connect(identity.url, { ...identity.tls });
    const poll = PollActivityTaskQueueRequest.encode({ taskQueue: { name: siteQueue("site-b") } }).finish();
    assert.match(await refusal(session, "PollActivityTaskQueue", poll), /^7 .*only have the task queue/);
    const token = Buffer.alloc(64, 1);
    const forged = RespondActivityTaskCompletedRequest.encode({ taskToken: token }).finish();
    assert.match(await refusal(session, "RespondActivityTaskCompleted", forged), /^7 .*was not given/);
    const start = StartWorkflowExecutionRequest.encode({ workflowId: "mine" }).finish();
    assert.match(await refusal(session, "StartWorkflowExecution", start), /^7 .*not for workers/);
    session.close();
  });

  test("has to show its certificate", async () => {
    const { identity } = await joined("site-a");
    const session = connect(identity.url, { ca: identity.tls.ca });
    assert.match(await refusal(session, "GetSystemInfo", new Uint8Array()), /^14 .*not of a worker/);
    session.close();
  });
});

/** Status and message of one gRPC call. */
function refusal(session: ReturnType<typeof connect>, method: string, message: Uint8Array): Promise<string> {
  const stream = session.request({
    ":method": "POST",
    ":path": `/temporal.api.workflowservice.v1.WorkflowService/${method}`,
    "content-type": "application/grpc",
    te: "trailers",
  });
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.byteLength, 1);
  stream.end(Buffer.concat([head, message]));
  stream.resume();
  return new Promise((resolve, reject) => {
    stream.once("error", reject);
    stream.once("response", (headers) =>
      resolve(`${String(headers["grpc-status"])} ${decodeURIComponent(String(headers["grpc-message"]))}`),
    );
  });
}

test("the key of a worker stays on its machine", async () => {
  const { identity } = await joined("site-a");
  const rows = JSON.stringify(await lab.store.siteWorkers.get(identity.workerId));
  assert.doesNotMatch(rows, /PRIVATE/);
  assert.match(readFileSync(join(lab.dir, `identity-${made}`, "identity.json"), "utf8"), /PRIVATE KEY/);
});
