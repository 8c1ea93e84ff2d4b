import assert from "node:assert/strict";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";
import { SiteClient } from "../../src/site/client.ts";
import { SiteIdentity } from "../../src/site/identity.ts";
import { Scrubber } from "../../src/telemetry/scrub.ts";
import { SiteTelemetry } from "../../src/worker/site-telemetry.ts";
import { SiteLab } from "../support/site-lab.ts";

const lab = await SiteLab.start({ after });

async function joined(name: string) {
  const { url, tls, workerId } = await SiteIdentity.join(join(lab.dir, name), await lab.joinToken("site-a"));
  const options = { url, authority: tls.ca, certificate: { key: tls.key, cert: tls.cert } };
  const client = new SiteClient(options);
  after(() => client.close());
  return { client, options, workerId };
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 60_000; !(await holds()); await sleep(20)) {
    if (Date.now() > deadline) throw new Error(`in vain: ${what}`);
  }
}

test("metrics that the API does not take are counted, and it is said when that begins and when it ends", async () => {
  const [one, other] = [await joined("one"), await joined("other")];
  const said: string[] = [];
  const telemetry = await SiteTelemetry.start({
    flows: new Map(),
    scrubber: new Scrubber(),
    log: (level, message) => void (message.includes("the API") && said.push(`${level}: ${message}`)),
  });
  const ending = new AbortController();
  const telling = telemetry.tell(one.client, { takesSpans: false, metricsEveryMs: 20 }, ending.signal);
  const count = async (name: string) => {
    const line = new RegExp(`^novacron_telemetry_${name}_total\\{flow="metrics"\\} (\\d+)$`, "m");
    return Number(line.exec(await telemetry.metrics.text())?.[1]);
  };
  try {
    await until("one is taken", async () => (await count("sent")) > 0);
    assert.equal(await count("dropped"), 0);
    await lab.store.siteWorkers.remove(one.workerId);
    await until("some are refused", async () => (await count("dropped")) > 2);
    assert.deepEqual(said, ["warn: the API does not take this worker's metrics"]);
    const before = await count("sent");
    one.client.use(other.options);
    await until("they are taken again", async () => (await count("sent")) > before);
    assert.deepEqual(said.slice(1), ["info: the API takes this worker's metrics again"]);
  } finally {
    ending.abort();
    await telling;
    await telemetry.close(0);
  }
});

// The last one: nothing is served afterwards.
test("the port answers what it is at before it ends, and refuses what comes", async () => {
  const { client } = await joined("late");
  const idle = await joined("idle");
  await idle.client.call("beat", {});
  const database = new Client({ connectionString: lab.databaseUrl });
  await database.connect();
  try {
    await database.query("BEGIN");
    await database.query("LOCK TABLE site_workers");
    const asked = client.call("beat", {});
    await until("it waits for the table", async () => {
      const waiting =
        "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND backend_type = 'client backend'";
      const { rows } = await database.query(waiting);
      return rows.length > 0;
    });
    let isClosed = false;
    const closing = lab.sitePort.close(60_000).then(() => {
      isClosed = true;
    });
    await assert.rejects(idle.client.call("beat", {}), { code: "Unavailable" });
    assert.equal(isClosed, false);
    await database.query("COMMIT");
    assert.deepEqual(await asked, { draining: false });
    await closing;
    await assert.rejects(client.call("beat", {}), { code: "Unavailable" });
  } finally {
    await database.end();
  }
});
