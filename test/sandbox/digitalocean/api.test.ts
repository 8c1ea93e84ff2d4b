import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type DigitalOceanLab, type Said, startDigitalOceanLab } from "./support.ts";

describe("the simulated DigitalOcean's API", () => {
  let lab: DigitalOceanLab;
  before(async () => {
    lab = await startDigitalOceanLab();
  });
  after(async () => {
    await lab?.close();
    assert.deepEqual(lab?.complaints, []);
  });

  const volume = async (name: string, more: object = {}): Promise<string> => {
    const said = await lab.call("POST", "volumes", { name, region: "nyc3", size_gigabytes: 1, ...more });
    assert.equal(said.status, 201, JSON.stringify(said.body));
    return (said.body.volume as { id: string }).id;
  };
  const message = ({ status, body }: Said): [number, unknown, string] => [status, body.id, String(body.message)];

  test("refuses who has no token, what is no path and what is no method", async () => {
    const stranger = await fetch(`${lab.digitalocean.endpoint}/v2/account`);
    assert.deepEqual([stranger.status, ((await stranger.json()) as { id: string }).id], [401, "unauthorized"]);
    assert.deepEqual(message(await lab.call("GET", "nothing")).slice(0, 2), [404, "not_found"]);
    assert.deepEqual(message(await lab.call("PUT", "volumes")).slice(0, 2), [405, "method_not_allowed"]);
    assert.deepEqual(message(await lab.call("GET", "volumes?nme=x")).slice(0, 2), [400, "bad_request"]);
    const account = await lab.call("GET", "account");
    assert.equal(account.headers.get("ratelimit-limit"), "5000");
    assert.match(account.headers.get("x-request-id") ?? "", /^[0-9a-f-]{36}$/);
  });

  test("holds requests to DigitalOcean's published description", async () => {
    const none = message(await lab.call("POST", "volumes", { nme: "x", region: "nyc3", size_gigabytes: 1 }));
    assert.deepEqual(none.slice(0, 2), [422, "unprocessable_entity"]);
    assert.match(none[2], /name is missing/);
    const [, , odd] = message(
      await lab.call("POST", "volumes", { name: "x", nme: "x", region: "nyc3", size_gigabytes: 1 }),
    );
    assert.match(odd, /nme is no member that is described/);
    const [, , text] = message(await lab.call("POST", "volumes", { name: "x", region: "nyc3", size_gigabytes: "1" }));
    assert.match(text, /size_gigabytes is no integer/);
  });

  test("shows lists a page at a time, with links to the others", async () => {
    const ids = [await volume("page-a"), await volume("page-b"), await volume("page-c")];
    const first = await lab.call("GET", "volumes?region=nyc3&per_page=2");
    const { pages } = first.body.links as { pages: { next: string; last: string; first?: string } };
    assert.deepEqual(
      [(first.body.volumes as unknown[]).length, pages.first, first.body.meta],
      [2, undefined, { total: 3 }],
    );
    assert.match(pages.next, /region=nyc3&per_page=2&page=2$/);
    const second = await lab.call("GET", pages.next.slice(pages.next.indexOf("/v2/") + 4));
    assert.deepEqual(
      [(second.body.volumes as unknown[]).length, Object.keys((second.body.links as { pages: object }).pages)],
      [1, ["first", "prev"]],
    );
    for (const id of ids) assert.equal((await lab.call("DELETE", `volumes/${id}`)).status, 204);
  });

  test("a volume's name is taken once in a region, and what is made of a snapshot has its size", async () => {
    const id = await volume("once", { size_gigabytes: 2 });
    const again = await lab.call("POST", "volumes", { name: "once", region: "nyc3", size_gigabytes: 2 });
    assert.deepEqual(message(again).slice(0, 2), [409, "conflict"]);
    const { body } = await lab.call("POST", `volumes/${id}/snapshots`, { name: "s", tags: ["Env:Prod"] });
    const snapshot = body.snapshot as { id: string; min_disk_size: number };
    assert.equal(snapshot.min_disk_size, 2);
    const clone = await volume("clone", { size_gigabytes: 9, snapshot_id: snapshot.id });
    const shown = await lab.call("GET", `volumes/${clone}`);
    assert.equal((shown.body.volume as { size_gigabytes: number }).size_gigabytes, 2);
    const grow = await lab.call("POST", `volumes/${clone}/actions`, {
      type: "resize",
      size_gigabytes: 3,
      region: "nyc3",
    });
    assert.equal(grow.status, 202);
    await ends((grow.body.action as { id: number }).id, "completed");
    const shrink = await lab.call("POST", `volumes/${clone}/actions`, { type: "resize", size_gigabytes: 1 });
    assert.equal(shrink.status, 422);
    for (const gone of [id, clone]) await lab.call("DELETE", `volumes/${gone}`);
    assert.equal((await lab.call("GET", `snapshots/${snapshot.id}`)).status, 200, "it outlives its volume");
    assert.equal((await lab.call("DELETE", `snapshots/${snapshot.id}`)).status, 204);
  });

  test("a tag keeps the case that it was made with, and stays when nothing has it any more", async () => {
    const id = await volume("tagged", { tags: ["Web"] });
    assert.equal((await lab.call("GET", "tags/web")).status, 404);
    const second = await volume("tagged-2", { tags: ["web"] });
    const shown = await lab.call("GET", `volumes/${second}`);
    assert.deepEqual((shown.body.volume as { tags: unknown }).tags, ["Web"]);
    const refused = await lab.call("POST", "tags", { name: "a b" });
    assert.equal(refused.status, 422);
    for (const gone of [id, second]) await lab.call("DELETE", `volumes/${gone}`);
    const { tag } = (await lab.call("GET", "tags/Web")).body as { tag: { resources: { count: number } } };
    assert.equal(tag.resources.count, 0);
    await lab.call("DELETE", "tags/Web");
  });

  test("a firewall needs a rule, and tags that are there", async () => {
    const rule = { protocol: "tcp", ports: "22", sources: { addresses: ["0.0.0.0/0"] } };
    assert.equal((await lab.call("POST", "firewalls", { name: "none", inbound_rules: [] })).status, 422);
    const unknown = await lab.call("POST", "firewalls", { name: "web", inbound_rules: [rule], tags: ["not-there"] });
    assert.equal(unknown.status, 400);
    const made = await lab.call("POST", "firewalls", { name: "web", inbound_rules: [rule] });
    assert.equal(made.status, 202);
    assert.equal((await lab.call("POST", "firewalls", { name: "web", inbound_rules: [rule] })).status, 409);
    await lab.call("DELETE", `firewalls/${(made.body.firewall as { id: string }).id}`);
  });

  test("a VPC's range is private, of a certain size and nobody else's", async () => {
    const make = (ip_range: string) => lab.call("POST", "vpcs", { name: "v", region: "nyc3", ip_range });
    for (const range of ["8.8.0.0/16", "10.0.0.0/8", "10.1.2.0/29", "10.108.1.0/24"]) {
      assert.equal((await make(range)).status, 422, range);
    }
    const made = await make("10.77.0.0/24");
    assert.equal(made.status, 201);
    assert.equal((await lab.call("DELETE", `vpcs/${(made.body.vpc as { id: string }).id}`)).status, 204);
    const { vpcs } = (await lab.call("GET", "vpcs")).body as { vpcs: { id: string; default: boolean }[] };
    assert.equal((await lab.call("DELETE", `vpcs/${vpcs.find((one) => one.default)?.id}`)).status, 403);
  });

  test("keeps what there is over a restart", async () => {
    const id = await volume("kept");
    await lab.restart();
    assert.equal((await lab.call("GET", `volumes/${id}`)).status, 200);
    await lab.call("DELETE", `volumes/${id}`);
  });

  test("turns requests away beyond 250 in a minute, and says when to come back", async () => {
    lab.digitalocean.cloud.changeSettings({ throttling: true });
    try {
      let said = await lab.call("GET", "account");
      for (let count = 0; count < 260 && said.status === 200; count++) said = await lab.call("GET", "account");
      assert.deepEqual(message(said), [429, "too_many_requests", "API Rate limit exceeded."]);
      assert.ok(Number(said.headers.get("retry-after")) >= 1);
      assert.equal(said.headers.get("ratelimit-remaining"), "0");
    } finally {
      lab.digitalocean.cloud.changeSettings({ throttling: false });
    }
  });

  async function ends(action: number, status: string): Promise<void> {
    for (const deadline = Date.now() + 20_000; Date.now() < deadline; ) {
      const { body } = await lab.call("GET", `actions/${action}`);
      const now = (body.action as { status: string }).status;
      if (now === status) return;
      assert.equal(now, "in-progress");
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    assert.fail(`action ${action} did not end`);
  }
});
