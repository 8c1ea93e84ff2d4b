import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { keepVms, sampleVm } from "./support/activities.ts";
import { startTestApi } from "./support/harness.ts";

const api = await startTestApi({ after });

describe("the inventory over the API", () => {
  test("a refresh reads the sites, and a site that fails shows its reason beside the others' rows", async () => {
    const before = await api.call("GET", "/v1/vms");
    assert.deepEqual(before.body.items, []);
    assert.deepEqual(
      before.body.sites.map(({ site, observed_at: at }) => [site, at]),
      [
        ["onprem-a", undefined],
        ["onprem-b", undefined],
      ],
    );
    const { body } = await api.call("GET", "/v1/vms?refresh=true");
    assert.deepEqual(
      body.items.map(({ name }) => name),
      ["db-1", "web-1", "web-2"],
    );
    assert.equal(body.sites[0]?.vm_count, 3);
    assert.match(body.sites[1]?.error ?? "", /onprem-b is away/);
  });

  test("one VM comes with its tags as the site has them and the age of what is shown", async () => {
    const { body } = await api.call("GET", "/v1/vms/onprem-a/id-web-1");
    assert.deepEqual(body.tags, { "novacron:managed": "true", ownTag_Of: "someBody", env: "prod", project: "web" });
    assert.equal(body.freshness.site, "onprem-a");
    assert.equal((await api.call("GET", "/v1/vms/onprem-a/none")).status, 404);
  });

  test("filters and pages cover all VMs once in the order of their names", async () => {
    const names = Array.from({ length: 25 }, (_, index) => `many-${String(index).padStart(2, "0")}`);
    await keepVms(
      api.store,
      "onprem-b",
      names.map((name) => sampleVm("onprem-b", name)),
    );
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const query = `?name=many-*&limit=10${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`;
      const { body } = await api.call("GET", `/v1/vms${query}`);
      seen.push(...body.items.map(({ name }) => name));
      cursor = body.next_cursor;
    } while (cursor);
    assert.deepEqual(seen, names);
    const stopped = await api.call("GET", "/v1/vms?state=stopped&site=onprem-a");
    assert.deepEqual(
      stopped.body.items.map(({ name }) => name),
      ["db-1"],
    );
  });

  test("sites and kinds say what they are and what they cannot do; a check gives its rows", async () => {
    const sites = await api.call("GET", "/v1/sites");
    assert.deepEqual(
      sites.body.items.map(({ site }) => site),
      ["onprem-a", "onprem-b"],
    );
    assert.equal((await api.call("GET", "/v1/sites/onprem-b")).status, 200);
    assert.equal((await api.call("GET", "/v1/sites/nowhere")).status, 404);
    const providers = await api.call("GET", "/v1/providers");
    const libvirt = providers.body.items.find(({ kind }) => kind === "libvirt");
    assert.deepEqual(libvirt?.sites, ["onprem-a", "onprem-b"]);
    const check = await api.call("POST", "/v1/sites/onprem-a/check");
    assert.deepEqual([check.body.ok, check.body.checks[1]?.remedy], [true, "Free some space."]);
  });
});

describe("prices over the API", () => {
  test("come with their day, age and source, and are searched page by page", async () => {
    await api.store.seedPrices();
    const query = "/v1/prices?provider=aws&region=us-east-1&item=m6i.*&terms=on-demand&order=price&limit=3";
    const seen: unknown[] = [];
    let cursor: string | undefined;
    do {
      const { body } = await api.call("GET", `${query}${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`);
      seen.push(...body.items.map(({ item }) => item));
      cursor = body.next_cursor;
      const [first] = body.items;
      assert.equal(first?.priced_on, "2026-07-20");
      assert.equal(first.age_days, Math.floor((Date.now() - Date.parse("2026-07-20")) / 86_400_000));
      assert.match(String(first.source), /^AWS price list/);
    } while (cursor);
    assert.equal(seen.length, new Set(seen).size);
    assert.deepEqual(seen.slice(0, 2), ["m6i.large", "m6i.xlarge"]);
  });

  test("that nobody knows are absent, and a search that makes no sense is refused", async () => {
    assert.deepEqual((await api.call("GET", "/v1/prices?provider=aws&kind=disk")).body.items, []);
    for (const query of ["kind=lunch", "terms=free", "min_cpus=-1", "cursor=abc", "limit=0"]) {
      assert.equal((await api.call("GET", `/v1/prices?${query}`)).status, 400, query);
    }
  });
});
