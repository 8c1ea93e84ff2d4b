import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { hashToken } from "../../src/api/tokens.ts";
import { keepVms, sampleVm } from "./support/activities.ts";
import { startTestApi } from "./support/harness.ts";

const api = await startTestApi({ after }, { worker: false });

interface Saved {
  readonly search_id: string;
  readonly name: string;
  readonly query: string;
  readonly owner: string;
  readonly mine: boolean;
  readonly shared: boolean;
  readonly detail: string;
}

const people: Record<string, string> = {};
before(async () => {
  for (const userId of ["ann", "ben"]) {
    await api.store.users.create({ userId, name: userId });
    const bindings = [{ role: "viewer", scope: {} } as const];
    await api.store.bindings.add({
      ...{ bindingId: `b-${userId}`, holder: `user/${userId}`, role: "viewer", scope: {} },
      createdBy: "token/bootstrap",
    });
    people[userId] = `${userId}-token-0123456789-0123456789`;
    await api.store.tokens.create({
      ...{ tokenId: userId, name: userId, hash: hashToken(people[userId] ?? ""), userId, bindings },
      createdBy: "token/bootstrap",
    });
  }
  await keepVms(
    api.store,
    "onprem-a",
    ["web-1", "web-2", "db-1"].map((name) => sampleVm("onprem-a", name)),
  );
});

async function call(who: string, method: string, path: string, body?: object) {
  const answer = await api.call(method, `/v1/${path}`, { token: people[who], ...(body ? { body } : {}) });
  return { status: answer.status, body: answer.body as unknown as Saved & { items: Saved[] } };
}
const namesOf = async (who: string) => (await call(who, "GET", "searches")).body.items.map(({ name }) => name);

test("a saved search is its owner's alone until it is shared, and theirs to change", async () => {
  const made = await call("ann", "POST", "searches", { name: "Idle", query: "stopped>30d sort:-cost" });
  assert.equal(made.status, 201);
  const { search_id: id, owner, mine, shared } = made.body;
  assert.deepEqual([owner, mine, shared], ["user/ann", true, false]);
  assert.deepEqual([await namesOf("ann"), await namesOf("ben")], [["Idle"], []]);
  assert.equal((await call("ben", "GET", `searches/${id}`)).status, 404);
  assert.equal((await call("ben", "POST", `searches/${id}`, { name: "mine now" })).status, 404);

  const changed = await call("ann", "POST", `searches/${id}`, { shared: true });
  assert.deepEqual([changed.body.shared, changed.body.query], [true, "stopped>30d sort:-cost"]);
  assert.deepEqual(await namesOf("ben"), ["Idle"]);
  assert.equal((await call("ben", "GET", `searches/${id}`)).body.mine, false);
  assert.equal((await call("ben", "DELETE", `searches/${id}`)).status, 403);

  assert.equal((await call("ann", "DELETE", `searches/${id}`)).status, 200);
  assert.equal((await call("ann", "GET", `searches/${id}`)).status, 404);
  const { items } = await api.store.audit.list({ limit: 50 });
  const trail = items.map(({ entry }) => (JSON.parse(entry) as { action: string }).action);
  assert.deepEqual(trail.filter((event) => event.startsWith("search.")).slice(0, 2), [
    "search.remove",
    "search.remove",
  ]);
});

test("names are one's own: a clash tells nothing of what others keep to themselves", async () => {
  const body = { name: "Mine", query: "vms" };
  assert.equal((await call("ann", "POST", "searches", body)).status, 201);
  assert.equal((await call("ben", "POST", "searches", body)).status, 201);
  assert.equal((await call("ben", "POST", "searches", body)).status, 409);
});

test("a query that can't be read is refused with its column, when it is saved and when it is changed", async () => {
  const wrong = await call("ann", "POST", "searches", { name: "Wrong", query: "cpus>many" });
  assert.deepEqual([wrong.status, wrong.body.detail], [400, "many is not a value of cpus (query, column 6)"]);
  const { search_id: id } = (await call("ann", "POST", "searches", { name: "Right", query: "vms" })).body;
  assert.equal((await call("ann", "POST", `searches/${id}`, { query: "(" })).status, 400);
});

test("a search runs within a saved one, in its order unless another is asked for", async () => {
  const { search_id: id } = (await call("ann", "POST", "searches", { name: "Web", query: "name:web* sort:-name" }))
    .body;
  const found = async (who: string, more = "") =>
    (await call(who, "GET", `resources?search=${id}${more}`)).body.items?.map(({ name }) => name);
  assert.deepEqual(await found("ann"), ["web-2", "web-1"]);
  assert.deepEqual(await found("ann", "&sort=name"), ["web-1", "web-2"]);
  assert.deepEqual(await found("ann", "&q=name:*-2"), ["web-2"]);
  assert.equal((await call("ben", "GET", `resources?search=${id}`)).status, 404);
});
