import assert from "node:assert/strict";
import { test } from "node:test";
import { useStore } from "../support/store.ts";

const lab = useStore();
const route = { from: "a", to: "b", createdBy: "user/ann" };

test("a map has a version a change; what says the same is none, and a removal counts", async () => {
  const { maps } = lab.store;
  const first = await maps.set({ name: "prod", ...route, networkMap: { lan: "front", dmz: "edge" } });
  assert.deepEqual([first.version, first.networkMap], [1, { lan: "front", dmz: "edge" }]);
  const again = await maps.set({
    name: "prod",
    ...route,
    networkMap: { dmz: "edge", lan: "front" },
    createdBy: "user/ben",
  });
  assert.deepEqual([again.version, again.createdBy], [1, "user/ann"]);
  const second = await maps.set({ name: "prod", ...route, networkMap: { lan: "back" }, encryptionKey: "ours" });
  assert.equal(second.version, 2);
  assert.deepEqual((await maps.get("prod", 1))?.networkMap, { lan: "front", dmz: "edge" });

  await maps.remove("prod", "user/ben");
  await maps.remove("prod", "user/ben");
  assert.equal(await maps.get("prod"), undefined);
  assert.equal((await maps.get("prod", 2))?.encryptionKey, "ours");
  // As it was, and yet not what a plan of version 2 was made with.
  const back = await maps.set({ name: "prod", ...route, networkMap: { lan: "back" }, encryptionKey: "ours" });
  assert.equal(back.version, 4);
});

test("changes that are made at the same time each get a version", async () => {
  const { maps } = lab.store;
  const made = await Promise.all(
    Array.from({ length: 8 }, (_, index) => maps.set({ name: "busy", ...route, encryptionKey: `key-${index}` })),
  );
  assert.deepEqual(
    made.map(({ version }) => version).sort((a, b) => a - b),
    [1, 2, 3, 4, 5, 6, 7, 8],
  );
});

test("lists the newest of each by name, a page at a time, and only where both sites are reached", async () => {
  const { maps } = lab.store;
  for (const name of ["list-b", "list-a", "list-c"])
    await maps.set({ name, from: `x-${name}`, to: "y", createdBy: "" });
  await maps.set({ name: "list-a", from: "x-list-a", to: "y", createdBy: "", encryptionKey: "k" });
  await maps.remove("list-c", "");
  const scopes = [{ site: "x-list-a" }, { site: "x-list-b" }, { site: "x-list-c" }, { site: "y" }];
  const page = await maps.list({ limit: 1, scopes });
  assert.deepEqual(
    page.items.map(({ name, version }) => [name, version]),
    [["list-a", 2]],
  );
  const rest = await maps.list({ limit: 5, scopes, cursor: page.nextCursor });
  assert.deepEqual([rest.items.map(({ name }) => name), rest.nextCursor], [["list-b"], undefined]);
  assert.deepEqual((await maps.list({ limit: 5, scopes: [{ site: "y" }] })).items, []);
});
