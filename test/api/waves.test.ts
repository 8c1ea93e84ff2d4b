import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { WaveView } from "../../src/domain/wave.ts";
import type { Wire } from "../../src/domain/wire.ts";
import { startTestApi } from "./support/harness.ts";

const defaults = { from: "onprem-a", to: "onprem-b" };
const api = await startTestApi({ after });
const asWave = (body: unknown) => body as Wire<WaveView>;

describe("waves over the API", () => {
  async function plan(body: object) {
    return api.call("POST", "/v1/waves", { body: { dry_run: true, ...body } });
  }

  async function start(): Promise<string> {
    const { status, body, response } = await api.call("POST", "/v1/waves", {
      body: { name: "friday", defaults, vms: [{ vm: "web-1" }, { vm: "db-1", group: "db" }], parallel: 2 },
    });
    assert.equal(status, 202, JSON.stringify(body));
    const wave = asWave(body);
    assert.equal(response.headers.get("location"), `/v1/waves/${wave.wave_id}`);
    return wave.wave_id;
  }

  async function untilState(id: string, state: string): Promise<Wire<WaveView>> {
    for (;;) {
      const wave = asWave((await api.call("GET", `/v1/waves/${id}`)).body);
      if (wave.state === state) return wave;
      await sleep(20);
    }
  }

  test("are planned as one, and executed by that plan's hash alone", async () => {
    const made = await plan({ name: "friday", defaults, vms: [{ vm: "web-1" }, { vm: "web-2", after: ["web-1"] }] });
    assert.equal(made.status, 200, JSON.stringify(made.body));
    const approved = { plan_id: made.body.plan_id, plan_hash: made.body.hash };
    const wrong = await api.call("POST", "/v1/waves", { body: { ...approved, plan_hash: "0".repeat(64) } });
    assert.equal(wrong.status, 409);
    const asMigration = await api.call("POST", "/v1/migrations", { body: approved });
    assert.equal(asMigration.status, 409);
    assert.match(asMigration.body.detail, /of kind migrate-wave/);
    const started = await api.call("POST", "/v1/waves", { body: approved });
    assert.equal(started.status, 202);
    const wave = asWave(started.body);
    assert.deepEqual(
      wave.members.map(({ vm, state, from, to }) => [vm, state, from, to]),
      [
        ["web-1", "waiting", "onprem-a", "onprem-b"],
        ["web-2", "waiting", "onprem-a", "onprem-b"],
      ],
    );
    assert.equal(wave.totals.bytes_to_move, 2 * 2 ** 26);
    const requesters = await api.store.guard.requesters(`${made.body.plan_id}-2`);
    assert.deepEqual(requesters, await api.store.guard.requesters(made.body.plan_id));
    assert.equal(requesters.length, 1);
  });

  test("take their VMs from a search and a CSV, too", async () => {
    await api.call("GET", "/v1/vms?refresh=true");
    const found = await plan({ defaults, query: "state:running tag.env=prod" });
    assert.equal(found.status, 200, JSON.stringify(found.body));
    assert.deepEqual(
      (found.body as unknown as { actions: { resource: { id: string } }[] }).actions.map(({ resource }) => resource.id),
      ["id-id-web-1", "id-id-web-2"],
    );
    const csv = await plan({ defaults, csv: "vm,group\nweb-1,web\ndb-1,db\n" });
    assert.deepEqual(csv.body.inputs["groups"], [{ name: "web" }, { name: "db" }]);
    const broken = await plan({ defaults, csv: "vm,colour\nweb-1,red\n" });
    assert.equal(broken.status, 400);
    assert.match(broken.body.detail, /colour/);
    const nothing = await plan({ defaults, query: "name:nobody" });
    assert.equal(nothing.status, 400);
    assert.match(nothing.body.detail, /names no VM/);
    const garbled = await plan({ defaults, query: "cpu>" });
    assert.equal(garbled.status, 400);
  });

  test("with a VM that can't move are refused with its remedy", async () => {
    const { status, body } = await api.call("POST", "/v1/waves", {
      body: { defaults, vms: [{ vm: "web-1" }, { vm: "full" }] },
    });
    assert.equal(status, 409);
    assert.match(body.detail, /full: 1 MiB free/);
    assert.equal(body.action, "Free some space.");
  });

  test("are paused, resumed and listed, the newest first", async () => {
    const id = await start();
    assert.equal((await api.call("POST", `/v1/waves/${id}/pause`)).status, 202);
    await untilState(id, "paused");
    assert.equal((await api.call("POST", `/v1/waves/${id}/resume`)).status, 202);
    await untilState(id, "completed");
    assert.equal((await api.call("POST", `/v1/waves/${id}/pause`)).status, 409);
    const first = await api.call("GET", "/v1/waves?limit=1");
    assert.deepEqual(
      first.body.items.map((item) => item["wave_id"]),
      [id],
    );
    const second = await api.call(
      "GET",
      `/v1/waves?limit=1&cursor=${encodeURIComponent(first.body.next_cursor ?? "")}`,
    );
    assert.notEqual(second.body.items[0]?.["wave_id"], id);
  });

  test("that are cancelled say so of each VM whose turn never came", async () => {
    const id = await start();
    assert.equal((await api.call("POST", `/v1/waves/${id}/cancel`)).status, 202);
    const wave = await untilState(id, "cancelled");
    assert.equal(wave.totals.cancelled, 2);
    assert.equal(wave.members[0]?.reason, "it was cancelled");
  });
});
