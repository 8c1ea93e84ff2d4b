import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { hashToken } from "../../src/api/tokens.ts";
import type { Resource, ResourceKind } from "../../src/domain/resource.ts";
import { startTestApi } from "./support/harness.ts";

const api = await startTestApi({ after });
const { store } = api;
const started = Date.now();
/** So many minutes before the tests began. */
const ago = (minutes: number) => new Date(started - minutes * 60_000).toISOString();

interface View {
  readonly site: string;
  readonly kind: string;
  readonly resource_id: string;
  readonly name: string;
  readonly state?: string;
  readonly monthly_cost?: object;
  readonly tags: Readonly<Record<string, string>>;
  readonly details: Readonly<Record<string, unknown>>;
}
interface Found {
  readonly items: readonly View[];
  readonly next_cursor?: string;
  readonly freshness: { readonly complete: boolean; readonly summary: string; readonly age_seconds?: number };
  readonly facts: { readonly column: number; readonly shown: string };
  readonly detail: string;
}
interface Changes {
  readonly items: readonly { change: string; resource_id: string; before?: View; after?: View }[];
}
interface Story extends View {
  readonly gone_at?: string;
  readonly history: readonly { valid_from: string; valid_to?: string; gone: boolean; resource: View }[];
}

function resource(site: string, kind: ResourceKind, id: string, more: Partial<Resource> = {}): Resource {
  const { tags = {}, document = {}, ...rest } = more;
  return {
    ...{ site, provider: "libvirt", kind, resourceId: id, name: id },
    ...rest,
    tags,
    document: { ...document, tags },
  };
}

const replace = (site: string, kind: ResourceKind, minutes: number, resources: readonly Resource[]) =>
  store.inventory.replace({ site, provider: "libvirt" }, kind, resources, ago(minutes));
const vm = (id: string, more: Partial<Resource> = {}) => resource("onprem-a", "vm", id, { state: "running", ...more });
const prod = { tags: { env: "prod" } };

async function search<T = Found>(query: Record<string, string>, token?: string): Promise<T> {
  const answer = await api.call(
    "GET",
    `/v1/resources?${new URLSearchParams(query).toString()}`,
    token ? { token } : {},
  );
  return answer.body as unknown as T;
}
const ids = ({ items }: Found) => items.map(({ resource_id: id }) => id);

async function tokenOf(id: string, scope: object): Promise<string> {
  const token = `${id}-0123456789-0123456789`;
  const bindings = [{ role: "viewer", scope } as const];
  await store.tokens.create({ tokenId: id, name: id, hash: hashToken(token), bindings, createdBy: "token/bootstrap" });
  return token;
}

before(async () => {
  await replace("onprem-a", "vm", 60, [vm("web-1", prod), vm("web-2", { tags: { env: "test" } }), vm("old", prod)]);
  const costly = { cpus: 8, monthlyCostMicros: 140_160_000, document: { instance_type: "m6i.2xlarge", someThing: 1 } };
  await replace("onprem-a", "vm", 30, [
    vm("web-1", { ...prod, state: "stopped", ...costly }),
    vm("web-2", prod),
    vm('=odd, "name"', { tags: { env: "test" } }),
  ]);
  await replace("onprem-b", "volume", 20, [
    resource("onprem-b", "volume", "pool/disk 1", { sizeBytes: 2 ** 33, inUse: false, name: "data" }),
  ]);
});

describe("a search over the API", () => {
  test("finds what the language says, with what is unknown left out and details as the site has them", async () => {
    assert.deepEqual(ids(await search({ q: "vms tag.env=prod" })), ["web-1", "web-2"]);
    const [first] = (await search({ q: "cpu>4" })).items;
    assert.deepEqual(first?.monthly_cost, { micros: 140_160_000, currency: "USD" });
    assert.equal(first?.details.someThing, 1);
    const [disk] = (await search({ q: "unused" })).items;
    assert.equal(disk?.monthly_cost, undefined);
  });

  test("comes in the order asked for, the parameter before the query's own, on pages that fit together", async () => {
    assert.deepEqual(ids(await search({ q: "web sort:-name" })), ["web-2", "web-1"]);
    assert.deepEqual(ids(await search({ q: "web sort:-name", sort: "name" })), ["web-1", "web-2"]);
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page: Found = await search({ sort: "-cost,name", limit: "1", ...(cursor ? { cursor } : {}) });
      seen.push(...ids(page));
      cursor = page.next_cursor;
    } while (cursor);
    assert.deepEqual(seen, ["web-1", '=odd, "name"', "pool/disk 1", "web-2"]);
  });

  test("that can't be read is answered with the column", async () => {
    const refused = await search({ q: "state:running cpus>many" });
    assert.equal(refused.detail, "many is not a value of cpus (q, column 20)");
    assert.equal(refused.facts.column, 20);
    assert.equal(refused.facts.shown, `state:running cpus>many\n${" ".repeat(19)}^^^^`);
    const sort = await search({ sort: "name,sise" });
    assert.match(sort.detail, /\(sort, column 6\)/);
    for (const query of ["as_of=soon", "as_of=2999-01-01", "as_of=2y", "limit=0", "cursor=x", "format=xml"])
      assert.equal((await api.call("GET", `/v1/resources?${query}`)).status, 400, query);
  });

  test("as of a moment shows what was there then, and ages are counted from then", async () => {
    assert.deepEqual(ids(await search({ q: "vms", as_of: ago(45) })), ["old", "web-1", "web-2"]);
    assert.deepEqual(ids(await search({ q: "tag.env=prod", as_of: "45m" })), ["old", "web-1"]);
    assert.deepEqual(ids(await search({ q: "vms", as_of: "2h" })), []);
    assert.deepEqual(ids(await search({ q: "running>10m", as_of: "45m" })), ["old", "web-1", "web-2"]);
    assert.deepEqual(ids(await search({ q: "running>20m", as_of: "45m" })), []);
  });

  test("says how fresh and complete it is, for what it can speak of", async () => {
    const vms = await search({ q: "vms site:onprem-a" });
    assert.deepEqual([vms.freshness.complete, vms.freshness.summary], [true, "libvirt: 1 of 1 site, 30 min old"]);
    const all = await search({});
    assert.equal(all.freshness.complete, false);
    assert.match(all.freshness.summary, /^libvirt: 0 of 2 sites/);
    const theirs = await search({}, await tokenOf("only-b", { site: "onprem-b" }));
    assert.match(theirs.freshness.summary, /^libvirt: 0 of 1 site,/);
    assert.ok(!JSON.stringify(theirs).includes("onprem-a"));
  });
});

describe("an export", () => {
  const fetched = async (query: string, accept?: string) => {
    const headers = { authorization: `Bearer ${api.token}`, ...(accept ? { accept } : {}) };
    const response = await fetch(`${api.url}/v1/resources?${query}`, { headers });
    return { response, text: await response.text() };
  };

  test("as CSV has a line a resource, quoted as spreadsheets want it and harmless to them", async () => {
    const { response, text } = await fetched("q=vms&format=csv");
    assert.equal(response.headers.get("content-type"), "text/csv; charset=utf-8");
    assert.match(response.headers.get("x-freshness") ?? "", /^libvirt: 1 of 2 sites, 30 min old$/);
    assert.equal(response.headers.get("x-complete"), "false");
    const lines = text.split("\r\n");
    assert.match(lines[0] ?? "", /^site,provider,region,kind,resource_id,name,.*,monthly_cost_usd,/);
    assert.ok(lines[1]?.startsWith(`onprem-a,libvirt,,vm,"'=odd, ""name""","'=odd, ""name""",running,`), lines[1]);
    assert.match(lines[2] ?? "", /,web-1,stopped,.*,8,,,140.16,m6i.2xlarge,,,"{""env"":""prod""}",/);
    assert.deepEqual([lines.length, lines.at(-1)], [5, ""]);
  });

  test("as JSON lines, by Accept, has all of it, or so many, in the order asked for", async () => {
    const { response, text } = await fetched("sort=-name&limit=3", "application/x-ndjson");
    assert.equal(response.headers.get("content-type"), "application/x-ndjson; charset=utf-8");
    const names = text.split("\n").flatMap((line) => (line ? [(JSON.parse(line) as View).name] : []));
    assert.deepEqual(names, ["web-2", "web-1", "data"]);
    assert.equal((await fetched("q=cpus>many", "text/csv")).response.status, 400);
  });

  test("of the past is as it was", async () => {
    const { text } = await fetched("q=vms&format=csv&as_of=45m");
    assert.match(text, /^onprem-a,libvirt,,vm,old,old,running,/m);
  });
});

describe("one resource", () => {
  const story = async (path: string, token?: string) =>
    (await api.call("GET", `/v1/resources/${path}`, token ? { token } : {})) as unknown as {
      status: number;
      body: Story;
    };

  test("comes with its history, the newest first, also when it is gone", async () => {
    const { body } = await story("onprem-a/vm/web-1");
    assert.deepEqual(
      body.history.map(({ valid_from, valid_to, resource: was }) => [valid_from, valid_to, was.state]),
      [
        [ago(30), undefined, "stopped"],
        [ago(60), ago(30), "running"],
      ],
    );
    assert.equal(body.gone_at, undefined);
    const old = (await story("onprem-a/vm/old")).body;
    assert.deepEqual([old.gone_at, old.state, old.history[0]?.gone], [ago(30), "running", true]);
    assert.equal((await story(`onprem-b/volume/${encodeURIComponent("pool/disk 1")}`)).body.name, "data");
    assert.equal((await story("onprem-a/vm/none")).status, 404);
  });

  test("is seen only as far as it was within the caller's scopes", async () => {
    const prodOnly = await tokenOf("prod-only", { tags: { env: "prod" } });
    const testOnly = await tokenOf("test-only", { tags: { env: "test" } });
    const now = (await story("onprem-a/vm/web-2", prodOnly)).body;
    assert.deepEqual([now.gone_at, now.history.length, now.tags.env], [undefined, 1, "prod"]);
    const before = (await story("onprem-a/vm/web-2", testOnly)).body;
    assert.deepEqual([before.gone_at, before.history.length, before.tags.env], [ago(30), 1, "test"]);
    assert.equal((await story("onprem-a/vm/web-1", testOnly)).status, 404);
  });
});

describe("changes between two moments", () => {
  const changes = async (query: string, token?: string) => {
    const { body } = await api.call("GET", `/v1/resources/changes?${query}`, token ? { token } : {});
    return (body as unknown as Changes).items.map(
      ({ change, resource_id: id, before, after }) => `${change} ${id} ${before?.state ?? ""}>${after?.state ?? ""}`,
    );
  };

  test("have both sides, and only what the search matches before or after", async () => {
    assert.deepEqual(await changes("from=45m&q=vms"), [
      "changed web-1 running>stopped",
      "changed web-2 running>running",
      "removed old running>",
      'added =odd, "name" >running',
    ]);
    assert.deepEqual(await changes(`from=${ago(45)}&q=state:stopped`), ["changed web-1 running>stopped"]);
    assert.deepEqual(await changes("from=25m&to=21m"), []);
    assert.deepEqual(await changes("from=25m&to=5m"), ["added pool/disk 1 >"]);
  });

  test("show no side that the caller's scopes don't reach", async () => {
    const testOnly = await tokenOf("test-changes", { tags: { env: "test" } });
    assert.deepEqual(await changes("from=45m", testOnly), ["removed web-2 running>", 'added =odd, "name" >running']);
    const prodOnly = await tokenOf("prod-changes", { tags: { env: "prod" } });
    assert.deepEqual(await changes("from=45m&q=web-2", prodOnly), ["added web-2 >running"]);
    assert.deepEqual(await changes("from=45m&q=tag.env=test", prodOnly), []);
  });
});
