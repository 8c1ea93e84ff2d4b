import { setTimeout as sleep } from "node:timers/promises";
import type { LabApi } from "../../../bench/lib/lab-api.ts";
import type { IpsecParameters } from "../../../src/domain/ipsec.ts";
import type { Store } from "../../../src/store/index.ts";

const day = 86_400_000;
const dateOf = (at: number): string => new Date(at).toISOString().slice(0, 10);

/** Something on every page, made over the API as anybody would; but for a connection, as the lab has no gateways. */
export async function furnish(api: LabApi, store: Store): Promise<void> {
  await Promise.all([alerts(api), policies(api), costs(api), bursts(api), addresses(api), connection(store)]);
}

async function alerts(api: LabApi): Promise<void> {
  await api.post("/v1/alert-rules", {
    ...{ name: "orders-wait", metric: "queue.length", comparison: "gt", threshold: 100, severity: "critical" },
    ...{ duration_seconds: 0, group_by: "rule" },
  });
  await api.post("/v1/alert-rules", { name: "busy", metric: "cpu.utilisation", comparison: "gte", threshold: 0.9 });
  await pushQueues(api);
  const until = new Date(Date.now() + 2 * 3_600_000).toISOString();
  await api.post("/v1/silences", { rule: "busy", until, reason: "load test of the spring sale" });
}

/** The length of two queues, as it is now: one that alerts, and one that may. */
export async function pushQueues(api: LabApi): Promise<void> {
  await api.post("/v1/metrics/samples", {
    samples: ["orders", "invoices"].map((queue, at) => ({
      ...{ site: "onprem-a", resource_id: queue, metric: "queue.length", value: 184 - at * 150 },
    })),
  });
}

async function policies(api: LabApi): Promise<void> {
  for (const pack of ["required-tags", "encryption"]) await api.post(`/v1/policy-packs/${pack}/install`);
  // None is in the way of the moves that the same stack is to make.
  await api.post("/v1/policies/tags-owner", { actions: ["notify", "remediate"] });
  for (const name of ["tags-environment", "encryption-volumes"]) {
    await api.post(`/v1/policies/${name}`, { actions: ["notify"] });
  }
  const { scan_id: id } = await api.post<{ scan_id: string }>("/v1/policy-scans");
  const state = () => api.get<{ state: string }>(`/v1/policy-scans/${id}`).catch(() => ({ state: "running" }));
  while ((await state()).state === "running") await sleep(100);
}

/** A month of two projects, day by day, and what their provider says that it was. */
async function costs(api: LabApi): Promise<void> {
  const head =
    "BilledCost,EffectiveCost,ListCost,ContractedCost,BillingAccountId,BillingCurrency,BillingPeriodStart,BillingPeriodEnd,ChargeCategory,ChargeFrequency,ChargePeriodStart,ChargePeriodEnd,ServiceCategory,ServiceName,ResourceId,Tags";
  const today = Date.parse(dateOf(Date.now()));
  const month = dateOf(today).slice(0, 7);
  const rows = Array.from({ length: 40 }, (_, at) => today - (40 - at) * day).flatMap((at, index) => {
    const from = dateOf(at);
    const [year = 0, of = 0] = from.split("-").map(Number);
    const period = `${from.slice(0, 7)}-01T00:00:00Z,${dateOf(Date.UTC(year, of, 1))}T00:00:00Z`;
    const line = (cost: number, service: string, id: string, project: string) =>
      `${cost},${cost},${cost * 1.2},${cost},acme,USD,${period},Usage,Usage-Based,${from}T00:00:00Z,${dateOf(at + day)}T00:00:00Z,Compute,${service},${id},"{""project"":""${project}""}"`;
    return [
      line(40 + (index % 7) * 3, "Machines", "vm-1", "web"),
      line(21 + (index % 5), "Machines", "vm-2", "db"),
      line(6, "Disks", "vol-1", "db"),
    ];
  });
  const query = new URLSearchParams({
    ...{ source: "acme", provider: "aws", site: "aws-us-east-1", file_name: "costs.csv" },
  });
  const begun = await fetch(`${api.url}/v1/costs/uploads?${query.toString()}`, {
    method: "POST",
    headers: {
      ...{ authorization: `Bearer ${api.token}`, "content-type": "application/octet-stream" },
      "idempotency-key": crypto.randomUUID(),
    },
    body: [head, ...rows].join("\n"),
  });
  const { import_id: id } = (await begun.json()) as { import_id: string };
  const taken = () => api.get<{ state: string; message?: string }>(`/v1/costs/imports/${id}`);
  for (let now = await taken(); now.state !== "imported"; now = await taken()) {
    if (now.state === "refused" || now.state === "failed") throw new Error(now.message);
    await sleep(100);
  }
  const amount = { micros: 1_800_000_000, currency: "USD" };
  await api.post("/v1/costs/statements", { source: "acme", month, amount, said_by: "invoice 7" });
  await api.post("/v1/budgets", { name: "web", where: "tag:project=web", amount, warn_at: [0.5, 0.8] });
}

async function bursts(api: LabApi): Promise<void> {
  const signal = { metric: "queue.length", resource_id: "orders", measures: "backlog" };
  await api.post("/v1/burst-pools", {
    ...{ name: "spring", site: "onprem-a", own_vms: 4, sites: ["onprem-b"], sample_seconds: 2 },
    template: { cpus: 1, memory_bytes: 2 ** 27, image: "web-golden" },
    monthly_budget: { micros: 200_000_000, currency: "USD" },
    signals: [{ ...signal, threshold: 500, target: 300, release_under: 200 }],
  });
}

async function addresses(api: LabApi): Promise<void> {
  await api.post("/v1/address-pools/estate", { cidr: "10.64.0.0/12", excluded: ["10.64.0.0/24"] });
  await api.post("/v1/address-pools/estate/allocations", { site: "onprem-b", prefix_length: 24, name: "web tier" });
}

const parameters: IpsecParameters = {
  ...({ ike: "aes256gcm16", esp: "aes256gcm16", integrity: "sha384", dh: "ecp384" } as const),
  ...{ ikeSeconds: 14_400, espSeconds: 3_600 },
};

/** As its run leaves one that stands, with one of its tunnels down. */
async function connection(store: Store): Promise<void> {
  const end = (site: string, third: number) => ({
    ...{ site, networks: [`10.${third}.0.0/16`] },
    addresses: [`198.51.100.${third}`, `203.0.113.${third}`],
  });
  const [near, far] = [end("onprem-a", 10), end("aws-us-east-1", 20)];
  const connectionId = "yard-to-cloud";
  await store.connections.create({ connectionId, near: near.site, far: far.site, createdBy: "token/bootstrap" });
  const at = new Date().toISOString();
  await store.connections.update(connectionId, {
    ...{ state: "connected", generation: 1, keysAt: at },
    plan: {
      ...{ near, far, parameters, separatePaths: true },
      tunnels: [0, 1].map((index) => ({
        ...{ index, nearAddress: near.addresses[index] ?? "", farAddress: far.addresses[index] ?? "" },
      })),
    },
    seen: {
      at,
      up: [true, false],
      path: { lossRatio: 0.012, roundTripMs: 21.4, jitterMs: 1.9 },
      degraded: "one of 2 tunnels is down",
    },
  });
}
