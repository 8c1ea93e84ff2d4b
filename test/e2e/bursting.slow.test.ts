import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import type { LabApi } from "../../bench/lib/lab-api.ts";
import type { NodePart } from "../../bench/lib/parts.ts";
import { type Lab, startLab } from "../support/lab.ts";
import { after, before, test } from "../support/needs-qemu.ts";

const clouds = { aws: "aws-us-east-1", gcp: "gcp-us-central1", oci: "oci-us-ashburn-1" } as const;
const sites = Object.values(clouds);
const patienceMs = 240_000;

interface ShownLease {
  readonly state: string;
  readonly site?: string;
  readonly leave_reason?: string;
  readonly problems: readonly { readonly site?: string; readonly code: string }[];
}
interface ShownDecision {
  readonly action: string;
  readonly reason: string;
  readonly candidates: readonly { readonly site: string; readonly instance_type?: string }[];
}

let lab: Lab;
let api: LabApi;
let worker: NodePart;

before(async () => {
  lab = await startLab();
  [api, worker] = await Promise.all([lab.startApi(), lab.startWorkerProcess()]);
});
after(() => lab?.close());

const censuses = () => Promise.all(sites.map((site) => lab.census(site)));
const say = (value: number) =>
  api.post("/v1/metrics/samples", {
    samples: [
      {
        ...{ site: "onprem-a", resource_id: "shop", metric: "cpu.utilisation" },
        ...{ at: new Date().toISOString(), value },
      },
    ],
  });

async function until<T>(what: string, look: () => Promise<T | undefined | false>): Promise<T> {
  for (const deadline = Date.now() + patienceMs; ; await sleep(500)) {
    const found = await look();
    if (found) return found;
    assert.ok(Date.now() < deadline, `${what} within ${patienceMs} ms`);
  }
}

const list = async <T>(what: string) => (await api.get<{ items: T[] }>(`/v1/burst-pools/shop/${what}`)).items;
const inState = async (...states: string[]) =>
  (await list<ShownLease>("leases")).filter(({ state }) => states.includes(state));

test("a load brings a VM of the cheapest cloud that has room, through a killed worker, and leaves nothing behind", async () => {
  const before = await censuses();
  for (const cloud of ["gcp", "oci"]) await lab.sandbox("POST", `/${cloud}/settings`, { noCapacity: ["*/*"] });
  await api.post("/v1/burst-pools", {
    ...{ name: "shop", site: "onprem-a", sites, own_vms: 1, sample_seconds: 1, cooldown_seconds: 1, max_vms: 1 },
    least_billed_seconds: 1,
    template: { cpus: 2, memory_bytes: 4 * 2 ** 30, image: "debian-12" },
    signals: [{ metric: "cpu.utilisation", resource_id: "shop", sustain_seconds: 2 }],
  });
  // The one that has room makes it and never answers, and the worker dies meanwhile.
  await lab.sandbox("POST", "/aws/faults", { fault: "timeout-after-act", operation: "RunInstances", times: 1 });
  await until("an order", async () => {
    await say(0.97);
    return (await inState("creating", "joining", "serving")).length > 0;
  });
  await until("the attempt at AWS", async () => {
    await say(0.8);
    return (await lab.census(clouds.aws)).length > (before[0]?.length ?? 0);
  });
  await worker.kill();
  await worker.start();
  const [lease] = await until("a VM that serves", async () => {
    await say(0.8);
    const serving = await inState("serving");
    return serving.length > 0 && serving;
  });
  assert.equal(lease?.site, clouds.aws);
  const [burst] = (await list<ShownDecision>("decisions")).filter(({ action }) => action === "burst");
  const order = [...new Set(burst?.candidates.filter((each) => each.instance_type).map(({ site }) => site))];
  const cheaper = order.slice(0, order.indexOf(clouds.aws));
  assert.deepEqual(
    [...new Set(lease?.problems.filter(({ code }) => code === "InsufficientCapacity").map(({ site }) => site))],
    cheaper,
  );
  const { compute } = await lab.deps.registry.provider(clouds.aws);
  const vms = await Array.fromAsync(compute.listVms(AbortSignal.timeout(30_000)));
  assert.equal(vms.filter(({ tags }) => tags["novacron:burst"] === "shop").length, 1);
  const [ended] = await until("its end", async () => {
    await say(0.1);
    const removed = await inState("removed");
    return removed.length > 0 && removed;
  });
  assert.match(ended?.leave_reason ?? "", /does not need it/);
  assert.deepEqual(await censuses(), before);
  const { burstLeases, burstPools } = lab.deps.store;
  const [totals] = await burstLeases.totals();
  assert.ok(totals && totals.active === 0 && totals.costMicros > 0 && totals.currency === "USD");
  assert.ok(((await burstPools.bursts())[0]?.bursts ?? 0) >= 1);
});
