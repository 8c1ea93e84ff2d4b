import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ApplicationFailure } from "@temporalio/common";
import type { Activities } from "../../src/activities/index.ts";
import { readPool } from "../../src/activities/look-at-traffic.ts";
import type { TrafficOptions } from "../../src/domain/traffic.ts";
import { parseListener } from "../../src/domain/traffic-proxy.ts";
import type { PoolTarget } from "../../src/providers/traffic-facets.ts";
import { Proxy } from "../../src/traffic/proxy.ts";
import { rollbackUpdate } from "../../src/workflows/migrate-vm/messages.ts";
import { makeAwsTraffic } from "../providers/support/aws-traffic.ts";
import { type Lab, startLab } from "../support/lab.ts";
import { after, before, describe, test } from "../support/needs-qemu.ts";

const MiB = 2 ** 20;
const home = "onprem-a";
const cloud = "aws-us-east-1";
const signal = () => AbortSignal.timeout(30_000);

let lab: Lab;
const ends: (() => Promise<unknown>)[] = [];

before(async () => {
  lab = await startLab();
});

after(async () => {
  await Promise.allSettled(ends.map((end) => end()));
  await lab?.close();
});

async function listening(): Promise<string> {
  const server = createServer((socket) => socket.end()).listen(0, "127.0.0.1");
  await once(server, "listening");
  ends.push(async () => server.close());
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function proxyTo(backend: string, protocol: "tcp" | "http"): Promise<Proxy> {
  const listener = parseListener(`app ${protocol} 127.0.0.1:0 ${backend}`);
  assert.ok(listener);
  const proxy = await Proxy.start({ dir: join(lab.dir, `proxy-${protocol}`), listeners: [listener] });
  ends.push(() => proxy.close());
  return proxy;
}

/** A record, and a pool with one target, at the simulated AWS; `seen` is all of both that a rollback has to bring back. */
async function usersWayAtAws(address: string) {
  const { providers } = JSON.parse(readFileSync(join(lab.dir, "sites.json"), "utf8")) as { providers: AwsEntry[] };
  const entry = providers.find(({ name }) => name === "aws");
  assert.ok(entry);
  const { endpoint, region, credentials } = entry;
  const keys = { id: credentials.access_key, secret: credentials.secret_key };
  const { zone, pool, close } = await makeAwsTraffic({ endpoint, region, keys }, { type: "network" });
  const provider = await lab.deps.registry.provider(cloud);
  const { dns, loadBalancing } = provider;
  assert.ok(dns && loadBalancing);
  const record = { name: `app.${zone.name}`, type: "A" as const, ttlSeconds: 1, values: ["127.0.0.1"] };
  await dns.putRecord({ zoneId: zone.zoneId, record }, signal());
  ends.push(async () => {
    await dns.deleteRecord({ zoneId: zone.zoneId, ...record }, signal());
    await close();
  });
  const [host = "", port] = address.split(":");
  const { poolId, shares } = pool;
  await loadBalancing.addTarget({ poolId, shareId: shares[0], address: host, port: Number(port) }, signal());
  const seen = async () => {
    const { version: _, ...now } = (await dns.getRecord({ zoneId: zone.zoneId, ...record }, signal())) ?? {};
    const { version: targets } = await readPool(provider, poolId, signal());
    return { now, targets };
  };
  return { zone, pool, record, seen };
}

interface AwsEntry {
  readonly name: string;
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: { readonly access_key: string; readonly secret_key: string };
}

async function targetOf(poolId: string): Promise<PoolTarget> {
  const { loadBalancing } = await lab.deps.registry.provider(cloud);
  assert.ok(loadBalancing);
  const targets = await Array.fromAsync(loadBalancing.listTargets(poolId, signal()));
  const [target] = targets.filter((each) => each.state !== "draining");
  assert.ok(target, JSON.stringify(targets));
  return target;
}

/** Where the balancer sends what comes. */
async function balancedTo(poolId: string): Promise<string> {
  const { address, port } = await targetOf(poolId);
  return `${address}:${port}`;
}

const port = 8080;
const path = "/cgi-bin/state";
/** Of a guest that boots under emulation beside other work. */
const patienceMs = 120_000;

async function addressOf(site: typeof home | typeof cloud, vmId: string): Promise<string> {
  const { compute } = await lab.deps.registry.provider(site);
  const endpoint = (await compute.getVm(vmId, signal())).endpoints.find(({ guestPort }) => guestPort === port);
  return `${endpoint?.host}:${endpoint?.port}`;
}

async function untilAnswered(address: string): Promise<void> {
  for (const deadline = Date.now() + patienceMs; ; await sleep(200)) {
    const answer = await fetch(`http://${address}${path}`, { signal: signal() }).catch(() => undefined);
    await answer?.body?.cancel();
    if (answer?.ok) return;
    assert.ok(Date.now() < deadline, `${address} does not answer`);
  }
}

/** Two who ask, each once it was answered, and wait as long as that takes. */
function usersOf(url: string) {
  let ended = false;
  const lost: string[] = [];
  let answered = 0;
  const asking = Array.from({ length: 2 }, async () => {
    for (; !ended; await sleep(100)) {
      try {
        const answer = await fetch(url);
        await answer.text();
        if (answer.ok) answered += 1;
        else lost.push(`${answer.status}`);
      } catch (error) {
        lost.push(String((error as Error).cause ?? error));
      }
    }
  });
  return {
    async end() {
      ended = true;
      await Promise.all(asking);
      return { lost, answered };
    },
  };
}

describe("the traffic of a VM", () => {
  test("goes to a cloud with a guest and home by its rollback, and no request is lost either way", async (t) => {
    const { vmId } = await lab.sandbox<{ vmId: string }>("POST", "/guests", { site: home, name: "shop" });
    const before = await addressOf(home, vmId);
    await untilAnswered(before);
    const proxy = await proxyTo(before, "http");
    Object.assign(lab.deps, { proxy: () => proxy });
    const endWorker = await lab.startWorker();
    const { pool } = await usersWayAtAws(before);
    const { targetId: replaces } = await targetOf(pool.poolId);
    const url = `http://${proxy.views[0]?.listen}${path}`;
    const traffic: TrafficOptions = {
      proxies: [{ proxy: "edge", listener: "app", port, path, holdSeconds: 290 }],
      pools: [{ site: cloud, poolId: pool.poolId, shareId: pool.shares[1], port, replaces }],
      probe: { url, intervalMs: 2_000 },
    };
    const users = usersOf(url);
    const warm = { roundPauseSeconds: 0.5, targetDowntimeSeconds: 200 };
    const verify = { httpProbes: [{ port, path }] };
    const id = await lab.migrate({ vm: vmId, from: home, to: cloud, mode: "live", warm, traffic, verify });
    const moved = await lab.until(id, "awaiting-finalize");
    const there = await addressOf(cloud, moved.vm.targetVmId ?? "");
    assert.equal(proxy.views[0]?.backend, there);
    assert.equal(await balancedTo(pool.poolId), there);
    const [held] = moved.traffic?.held ?? [];
    assert.deepEqual([held?.failed, held?.lapsed], [0, false]);
    assert.ok((held?.held ?? 0) > 0, "somebody asked during the gap, and waited");
    const { gap } = moved.traffic ?? {};
    t.diagnostic(`the longest gap between two answers was ${gap?.gapSeconds} s, ${moved.downtimeSeconds} s of it off`);
    assert.deepEqual([gap?.failed, (gap?.asked ?? 0) > 0], [0, true]);

    await lab.client.workflow.getHandle(`migration/${id}`).executeUpdate(rollbackUpdate);
    const back = await addressOf(home, vmId);
    const { state, backend, waiting } = proxy.views[0] ?? {};
    assert.deepEqual([state, backend, waiting], ["open", back, 0]);
    assert.equal(await balancedTo(pool.poolId), back);
    const { lost, answered } = await users.end();
    assert.deepEqual(lost, []);
    assert.ok(answered > 0);
    await lab.sandbox("DELETE", `/guests/${home}/${vmId}`);
    await endWorker();
  });

  test("is exactly as it was after a failure in each of its steps", async () => {
    const disks = [{ sizeBytes: 16 * MiB, dataBytes: MiB }];
    const made = { site: home, name: "data", disks };
    const { vmId } = await lab.sandbox<{ vmId: string }>("POST", "/data-vms", made);
    const { compute } = await lab.deps.registry.provider(home);
    await compute.startVm(vmId, signal());
    // A VM of disks alone serves nothing: what its application would be at both ends is played here.
    const [old, later] = [await listening(), await listening()];
    const proxy = await proxyTo(old, "tcp");
    Object.assign(lab.deps, { proxy: () => proxy });
    const failing = ["lowerTtl", "holdTraffic", "directTraffic", "shiftRecord", "shiftPool"] as const;
    let fails: string | undefined;
    const wrong = () => Promise.reject(ApplicationFailure.nonRetryable("it went wrong", "Conflict"));
    const endWorker = await lab.startWorker((activities) => {
      const guarded = failing.map((name) => {
        const activity = activities[name] as (input: never) => Promise<unknown>;
        const guard = async (input: never): Promise<unknown> => {
          const result = await activity(input);
          // The deed is done and its answer lost.
          return fails === name ? wrong() : result;
        };
        return [name, guard];
      });
      const trafficAddresses = async () => [{ port: 8080, host: "127.0.0.1", at: later }];
      return { ...activities, trafficAddresses, ...(Object.fromEntries(guarded) as Partial<Activities>) };
    });
    const before = proxy.views[0]?.backend;
    const { zone, pool, record, seen } = await usersWayAtAws(old);
    const asBefore = await seen();
    for (const name of failing) {
      fails = name;
      const traffic: TrafficOptions = {
        proxies: [{ proxy: "edge", listener: "app", port: 8080, drainSeconds: 0 }],
        dns: [
          { site: cloud, zoneId: zone.zoneId, name: record.name, type: "A", values: ["127.0.0.9"], lowTtlSeconds: 0 },
        ],
        pools: [
          {
            site: cloud,
            poolId: pool.poolId,
            shareId: pool.shares[1],
            port: 8080,
            replaces: (await targetOf(pool.poolId)).targetId,
          },
        ],
      };
      const rest = { stopGraceMs: 100, verify: { bootProof: false } };
      const id = await lab.migrate({ vm: vmId, from: home, to: "onprem-b", traffic, ...rest });
      const { problem } = await lab.untilView(id, ({ state }) => state === "rolled-back");
      assert.match(problem?.message ?? "", /it went wrong/, name);
      const { state, backend, waiting } = proxy.views[0] ?? {};
      assert.deepEqual([state, backend, waiting], ["open", before, 0], name);
      assert.deepEqual(await seen(), asBefore, name);
      assert.deepEqual(await lab.census("onprem-b"), [], name);
    }
    await endWorker();
  });
});
