import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { hashToken } from "../../src/api/tokens.ts";
import type { Resource, ResourceKind } from "../../src/domain/resource.ts";
import { startTestApi } from "./support/harness.ts";

const api = await startTestApi({ after }, { worker: false });
const { store } = api;
const started = Date.now();
const ago = (minutes: number) => new Date(started - minutes * 60_000).toISOString();

interface Cost {
  readonly known?: { readonly micros: number };
  readonly unknown_resources: number;
}
interface View {
  readonly total_vms: number;
  readonly total_cpus: number;
  readonly total_memory_gb: number;
  readonly total_cost: Cost;
  readonly provider_breakdown: Readonly<Record<string, { vms: number; cpus: number; cost: Cost }>>;
  readonly cost_savings: Cost;
  readonly burst_workloads: number;
  readonly active_migrations?: number;
  readonly policy_violations: number;
  readonly freshness: { readonly summary: string };
}

async function view(query: Record<string, string> = {}, token?: string): Promise<View> {
  const path = `/v1/unified-view?${new URLSearchParams(query).toString()}`;
  const { body, status } = await api.call("GET", path, token ? { token } : {});
  assert.equal(status, 200, JSON.stringify(body));
  return body as unknown as View;
}

const usd = (amount: number) => ({ monthlyCostMicros: amount * 1e6 });
async function keep(provider: string, site: string, kind: ResourceKind, minutes: number, all: Partial<Resource>[]) {
  const place = { site, provider };
  const resources = all.map((more, index) => {
    const id = more.resourceId ?? `${kind}-${index}`;
    const tags = more.tags ?? {};
    return { ...place, kind, resourceId: id, name: id, ...more, tags, document: { tags } };
  });
  await store.inventory.replace(place, kind, resources, ago(minutes));
}
const vm = (cpus: number, gib: number, more: Partial<Resource> = {}) => ({ cpus, memoryBytes: gib * 2 ** 30, ...more });
const prod = { tags: { env: "prod" } };

async function migration(migrationId: string, sourceVmId: string, state: "running" | "awaiting-finalize" | "failed") {
  await store.migrations.create({
    ...{ migrationId, planId: "p", workflowId: migrationId, vm: { name: sourceVmId, sourceVmId } },
    ...{ from: "onprem-a", to: "onprem-b", createdAt: ago(50), tags: prod.tags },
  });
  await store.migrations.update(migrationId, { state });
  await store.migrations.appendEvent(migrationId, { at: ago(30), type: "state", message: state, data: { state } });
}

before(async () => {
  await keep("libvirt", "onprem-a", "vm", 60, [vm(2, 4), vm(64, 512)]);
  await keep("libvirt", "onprem-a", "vm", 40, [vm(2, 4, prod), vm(4, 8, { tags: { "novacron:burst": "shop" } })]);
  await keep("aws", "onprem-b", "vm", 40, [vm(8, 32, { ...usd(140.25), ...prod }), vm(2, 0.5, usd(7.5))]);
  await keep("aws", "onprem-b", "volume", 40, [
    { sizeBytes: 2 ** 36, ...usd(5.12), ...prod },
    { sizeBytes: 2 ** 36, ...usd(5.12), inUse: false, ...prod },
    { sizeBytes: 2 ** 36, inUse: false },
  ]);
  await keep("aws", "onprem-b", "network", 40, [{}]);
  await migration("m-run", "vm-0", "running");
  await migration("m-wait", "vm-1", "awaiting-finalize");
  await migration("m-gone", "vm-0", "failed");
});

test("adds up all sites, and counts what is unknown instead of taking it for nothing", async () => {
  const { freshness, ...all } = await view();
  assert.deepEqual(all, {
    total_vms: 4,
    total_cpus: 16,
    total_memory_gb: 44.5,
    total_cost: { known: { micros: 157_990_000, currency: "USD" }, unknown_resources: 3 },
    provider_breakdown: {
      aws: { vms: 2, cpus: 10, cost: { known: { micros: 157_990_000, currency: "USD" }, unknown_resources: 1 } },
      libvirt: { vms: 2, cpus: 6, cost: { unknown_resources: 2 } },
    },
    cost_savings: { known: { micros: 5_120_000, currency: "USD" }, unknown_resources: 1 },
    burst_workloads: 1,
    active_migrations: 2,
    policy_violations: 0,
  });
  assert.match(freshness.summary, /^libvirt: 0 of 2 sites, 40 min old$/);
});

test("totals equal the sums of their parts, whatever is looked for", async () => {
  const queries = ["", "provider:aws", "vms", "volumes", "tag.env=prod", "-tag.env=prod", "cost:unknown", "cpu>2"];
  for (const q of [...queries, "unused", "site:onprem-a", "name:vm-0", "tag.none", "-vms", "networks"]) {
    const all = await view({ q });
    const parts = Object.values(all.provider_breakdown);
    const add = (value: (part: (typeof parts)[number]) => number) => parts.reduce((sum, part) => sum + value(part), 0);
    assert.equal(
      add(({ vms }) => vms),
      all.total_vms,
      q,
    );
    assert.equal(
      add(({ cpus }) => cpus),
      all.total_cpus,
      q,
    );
    assert.equal(
      add(({ cost }) => cost.known?.micros ?? 0),
      all.total_cost.known?.micros ?? 0,
      q,
    );
    assert.equal(
      add(({ cost }) => cost.unknown_resources),
      all.total_cost.unknown_resources,
      q,
    );
  }
  const tagged = await view({ q: "tag.env=prod" });
  assert.deepEqual([tagged.total_vms, tagged.total_cost.known?.micros], [2, 150_490_000]);
  assert.deepEqual([tagged.active_migrations, tagged.burst_workloads], [1, 0]);
  assert.deepEqual((await view({ q: "cost:unknown vms" })).total_cost, { unknown_resources: 2 });
  assert.deepEqual((await view({ q: "tag.none" })).total_cost, {
    known: { micros: 0, currency: "USD" },
    unknown_resources: 0,
  });
});

test("counts what the caller reaches, and migrations only for those who may look at them", async () => {
  const tokenOf = async (tokenId: string, scope: object, permissions?: readonly "inventory:read"[]) => {
    const token = `${tokenId}-0123456789-0123456789`;
    await store.tokens.create({
      ...{ tokenId, name: tokenId, hash: hashToken(token), bindings: [{ role: "viewer", scope } as const] },
      ...{ permissions, createdBy: "token/bootstrap" },
    });
    return token;
  };
  const prodOnly = await view({}, await tokenOf("prod", prod));
  assert.deepEqual([prodOnly.total_vms, prodOnly.total_cpus, prodOnly.active_migrations], [2, 10, 1]);
  const oneSite = await view({}, await tokenOf("site-a", { site: "onprem-a" }));
  assert.deepEqual(Object.keys(oneSite.provider_breakdown), ["libvirt"]);
  assert.equal(oneSite.active_migrations, 0, "a move concerns two sites");
  const inventoryOnly = await view({}, await tokenOf("inventory-only", {}, ["inventory:read"]));
  assert.deepEqual([inventoryOnly.total_vms, inventoryOnly.active_migrations], [4, undefined]);
});

test("shows any moment of the past as it was, its migrations too", async () => {
  const before = await view({ as_of: "45m" });
  assert.deepEqual([before.total_vms, before.total_cpus], [2, 66]);
  assert.equal(before.active_migrations, 3, "the one that failed was still running");
  assert.equal((await view({ as_of: "2h" })).total_vms, 0);
  assert.equal((await view({ as_of: "2h" })).active_migrations, 0);
});
