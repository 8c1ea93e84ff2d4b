import assert from "node:assert/strict";
import { after, test } from "node:test";
import { startTestApi } from "./support/harness.ts";

const api = await startTestApi({ after }, { worker: false });

interface Answered {
  readonly cidr: string;
  readonly allocation_id: string;
  readonly detail: string;
  readonly items: readonly { readonly cidr: string; readonly name: string }[];
  readonly overlaps: readonly { readonly relation: string }[];
  readonly proposals: readonly { readonly renumber_to?: { readonly cidr: string; readonly pool?: string } }[];
}

async function call(method: string, path: string, body?: object) {
  const answer = await api.call(method, path, body ? { body } : {});
  return { status: answer.status, body: answer.body as unknown as Answered };
}

async function seen(site: string, networkId: string, cidr: string): Promise<void> {
  const place = { site, provider: "libvirt" };
  const resource = {
    ...place,
    kind: "network",
    resourceId: networkId,
    name: networkId,
    tags: {},
    document: { cidr },
  } as const;
  await api.store.inventory.replace(place, "network", [resource], new Date().toISOString());
}

test("pools give out ranges that are free everywhere, at once to many, and take them back", async () => {
  await seen("onprem-a", "lan", "10.32.0.0/24");
  assert.equal((await call("POST", "/v1/address-pools/new", { cidr: "10.32.0.0/16" })).status, 200);
  const clash = await call("POST", "/v1/address-pools/other", { cidr: "10.32.7.0/24" });
  assert.deepEqual([clash.status, /overlaps the pool new/.test(clash.body.detail)], [409, true]);
  const wanted = { site: "onprem-b", prefix_length: 24, name: "web" };
  const got = await Promise.all(
    Array.from({ length: 6 }, () => call("POST", "/v1/address-pools/new/allocations", wanted)),
  );
  assert.deepEqual(
    got.map(({ body }) => body.cidr).sort(),
    [1, 2, 3, 4, 5, 6].map((third) => `10.32.${third}.0/24`),
  );
  assert.match((await call("DELETE", "/v1/address-pools/new")).body.detail, /is given out/);
  assert.match((await call("POST", "/v1/address-pools/new", { cidr: "10.33.0.0/16" })).body.detail, /is given out/);
  const first = got.find(({ body }) => body.cidr === "10.32.1.0/24")?.body.allocation_id ?? "";
  assert.equal((await call("DELETE", `/v1/address-allocations/${first}`)).status, 200);
  assert.equal((await call("DELETE", `/v1/address-allocations/${first}`)).status, 404);
  assert.equal((await call("POST", "/v1/address-pools/new/allocations", wanted)).body.cidr, "10.32.1.0/24");
  assert.equal((await call("GET", "/v1/address-allocations?pool=new")).body.items.length, 6);
  assert.equal((await call("POST", "/v1/address-pools/new/allocations", { ...wanted, prefix_length: 8 })).status, 400);
  assert.equal((await call("POST", "/v1/address-pools/new/allocations", { ...wanted, prefix_length: 16 })).status, 422);
  assert.equal((await call("POST", "/v1/address-pools/nothing/allocations", wanted)).status, 404);
});

test("the plan shows where networks of sites overlap, and a range of a pool to go to", async () => {
  await seen("onprem-b", "lan", "10.32.0.0/25");
  const { body } = await call("GET", "/v1/address-plan");
  assert.deepEqual(
    body.overlaps.map(({ relation }) => relation),
    ["first-contains-second"],
  );
  assert.deepEqual(body.proposals[0]?.renumber_to, { cidr: "10.32.7.0/25", pool: "new" });
  assert.equal((await call("GET", "/v1/address-plan?site=nowhere")).status, 404);
});
