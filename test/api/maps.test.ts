import assert from "node:assert/strict";
import { after, test } from "node:test";
import { startTestApi } from "./support/harness.ts";

const api = await startTestApi({ after }, { worker: false });
const route = { from: "onprem-a", to: "onprem-b" };

interface Answered {
  readonly version: number;
  readonly network_map: Readonly<Record<string, string>>;
  readonly detail: string;
  readonly items: readonly { readonly name: string }[];
}

async function call(method: string, path: string, body?: object) {
  const answer = await api.call(method, path, body ? { body } : {});
  return { status: answer.status, body: answer.body as unknown as Answered };
}

test("a map is set, read as it is and as it was, and removed; each change is in the audit trail", async () => {
  // Names of networks are other people's: nothing is done to them.
  const first = await call("POST", "/v1/maps/prod", { ...route, network_map: { webNet_1: "Front_Net" } });
  assert.deepEqual([first.status, first.body.version, first.body.network_map], [200, 1, { webNet_1: "Front_Net" }]);
  const second = await call("POST", "/v1/maps/prod", { ...route, encryption_key: "ours" });
  assert.deepEqual([second.body.version, second.body.network_map], [2, undefined]);
  assert.deepEqual((await call("GET", "/v1/maps/prod?version=1")).body.network_map, { webNet_1: "Front_Net" });
  assert.deepEqual(
    (await call("GET", "/v1/maps")).body.items.map(({ name }) => name),
    ["prod"],
  );
  assert.equal((await call("DELETE", "/v1/maps/prod")).status, 200);
  assert.equal((await call("GET", "/v1/maps/prod")).status, 404);
  assert.equal((await call("GET", "/v1/maps/prod?version=2")).status, 200);
  assert.deepEqual((await call("GET", "/v1/maps")).body.items, []);

  const { items } = await api.store.audit.list({ limit: 20, outcome: "done" });
  const trail = items.map(({ entry }) => JSON.parse(entry) as { action: string; after?: { version: number } });
  const changes = trail
    .filter(({ action }) => action.startsWith("map."))
    .map(({ action, after }) => [action, after?.version]);
  assert.deepEqual(changes.toReversed(), [
    ["map.set", 1],
    ["map.set", 2],
    ["map.remove", undefined],
  ]);
});

test("a map leads between two sites that are there, and says nothing that is not known", async () => {
  assert.match((await call("POST", "/v1/maps/x", { from: "onprem-a", to: "onprem-a" })).body.detail, /another one/);
  assert.equal((await call("POST", "/v1/maps/x", { from: "onprem-a", to: "nowhere" })).status, 404);
  assert.match((await call("POST", "/v1/maps/x", { ...route, colour: "red" })).body.detail, /colour/);
  const both = { ...route, rules: "translate", security_groups: ["web"] };
  assert.match((await call("POST", "/v1/maps/x", both)).body.detail, /names groups that would go instead/);
  assert.equal((await call("GET", "/v1/maps/x?version=99999999999")).status, 400);
});
