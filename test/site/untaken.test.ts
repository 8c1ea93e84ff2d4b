import assert from "node:assert/strict";
import { connect } from "node:http2";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import proto from "@temporalio/proto";
import { siteQueue } from "../../src/domain/site-work.ts";
import { SiteClient } from "../../src/site/client.ts";
import { SiteIdentity } from "../../src/site/identity.ts";
import { taskQueue } from "../../src/temporal/connection.ts";
import { siteAsker } from "../../src/worker/relayed-provider.ts";
import { SiteLab } from "../support/site-lab.ts";

const lab = await SiteLab.start({ after });
await lab.startCentral();

/** A worker that is heard of all the time, and takes nothing. */
async function deaf(site: string): Promise<{ end(): Promise<void> }> {
  const { url, tls } = await SiteIdentity.join(join(lab.dir, `deaf-${site}`), await lab.joinToken(site));
  const client = new SiteClient({ url, authority: tls.ca, certificate: { key: tls.key, cert: tls.cert } });
  const ended = new AbortController();
  await client.call("beat", {});
  const beating = (async () => {
    while (!ended.signal.aborted) {
      await sleep(1_000, undefined, { signal: ended.signal }).catch(() => undefined);
      await client.call("beat", {});
    }
  })();
  return {
    async end() {
      ended.abort();
      await beating;
      client.close();
    },
  };
}

test("what a worker that is heard of does not take is done by the workers for everything", async () => {
  const worker = await deaf("site-a");
  try {
    const workflowId = "ask/site-a/untaken";
    const input = { site: "site-a", question: "describe" };
    const answer = await lab.client.workflow.execute("askSite", { taskQueue, workflowId, args: [input] });
    assert.ok("value" in answer, JSON.stringify(answer));
    const { events } = await lab.client.workflow.getHandle(workflowId).fetchHistory();
    const queues = events?.flatMap((event) => event.activityTaskScheduledEventAttributes?.taskQueue?.name ?? []);
    assert.deepEqual(queues, [siteQueue("site-a"), taskQueue]);
    const gaveUp = siteAsker(lab.client, "site-a")("describe", AbortSignal.timeout(300));
    await assert.rejects(gaveUp, { name: "TimeoutError" });
  } finally {
    await worker.end();
  }
});

test("a worker that is removed while it waits for a task gets none", async () => {
  const worker = await deaf("site-b");
  const identity = await SiteIdentity.join(join(lab.dir, "removed"), await lab.joinToken("site-b"));
  const session = connect(identity.url, { ...identity.tls });
  try {
    const name = siteQueue("site-b");
    const { PollActivityTaskQueueRequest } = proto.temporal.api.workflowservice.v1;
    const message = PollActivityTaskQueueRequest.encode({ taskQueue: { name }, identity: "removed" }).finish();
    const stream = session.request({
      ":method": "POST",
      ":path": "/temporal.api.workflowservice.v1.WorkflowService/PollActivityTaskQueue",
      "content-type": "application/grpc",
    });
    const head = Buffer.alloc(5);
    head.writeUInt32BE(message.byteLength, 1);
    stream.end(Buffer.concat([head, message]));
    const answered = new Promise<string>((resolve) =>
      stream.once("response", (headers) => resolve(String(headers["grpc-status"]))),
    );
    await sleep(500);
    await lab.store.siteWorkers.remove(identity.workerId);
    // So long it may still be believed.
    await sleep(2_500);
    const args = [{ site: "site-b", question: "describe" }];
    await lab.client.workflow.start("askSite", { taskQueue, workflowId: "ask/site-b/removed", args });
    assert.equal(await answered, "14");
  } finally {
    session.destroy();
    await worker.end();
  }
});
