import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { type ControlPlaneClaim, claimName } from "../../src/domain/control-plane.ts";
import { openStore } from "../../src/store/index.ts";
import { claimOf, Standing } from "../../src/worker/control-plane/standing.ts";
import { useStore } from "../support/store.ts";
import { placeOf, type TestPlace } from "./support/place.ts";

const world = useStore();
const signal = new AbortController().signal;

/** A control plane with a store of its own. */
async function controlPlane(context: Pick<TestContext, "after">, place: TestPlace) {
  const databaseUrl = await world.postgres.createDatabase();
  const store = await openStore({ databaseUrl });
  await store.migrate();
  context.after(() => store.close());
  const said: string[] = [];
  const standing = new Standing({
    ...{ store, provider: place.provider, sites: ["place"] },
    log: (_, message) => void said.push(message),
    times: { lookEveryMs: 50 },
  });
  return { store, standing, said, databaseUrl };
}

const claimAt = async ({ documents }: TestPlace, installationId: string) =>
  (await documents.get(claimName(installationId), signal))?.value as ControlPlaneClaim | undefined;

test("a control plane puts its claim, goes on while the place is away, and stops for good when a later one has taken over", async (context) => {
  const place = placeOf(context);
  const { store, standing } = await controlPlane(context, place);
  assert.equal(await standing.mayBegin(signal), true);
  const own = await store.controlPlane.get();
  assert.equal((await claimAt(place, own.installationId))?.epoch, 1);
  assert.ok(own.seenAt);
  let stopped = false;
  const keeping = standing.keep(signal, () => {
    stopped = true;
  });
  place.away = true;
  await sleep(200);
  assert.equal(stopped, false, "what can't be seen takes nothing away");
  place.away = false;
  const later = claimOf({ ...own, epoch: 2, holderId: "another" }, "hall A has no power");
  const name = claimName(own.installationId);
  const { version = "" } = (await place.documents.get(name, signal)) ?? {};
  await place.documents.put({ name, value: later, version, key: "k" }, signal);
  await keeping;
  assert.equal(stopped, true);
  assert.match((await store.guard.frozen())?.reason ?? "", /another control plane \(epoch 2/);
  assert.equal(await standing.mayBegin(signal), false, "also when it is started again");
  assert.equal((await claimAt(place, own.installationId))?.holderId, "another", "it never writes over the later claim");
});

test("one that was off for long begins nothing until it has seen the place, one that was restarted begins at once", async (context) => {
  const place = placeOf(context);
  const { store, standing, said, databaseUrl } = await controlPlane(context, place);
  assert.equal(await standing.mayBegin(signal), true);
  place.away = true;
  assert.equal(await standing.mayBegin(signal), true, "it was seen moments ago");
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  await client.query("update control_plane set seen_at = now() - interval '1 hour'");
  await client.end();
  let may: boolean | undefined;
  const waiting = standing.mayBegin(signal).then((answer) => {
    may = answer;
  });
  while (!said.some((line) => line.startsWith("waiting"))) await sleep(20);
  assert.equal(may, undefined);
  const own = await store.controlPlane.get();
  const later = claimOf({ ...own, epoch: 5, holderId: "another" });
  const name = claimName(own.installationId);
  const { version = "" } = (await place.documents.get(name, signal)) ?? {};
  await place.documents.put({ name, value: later, version, key: "k" }, signal);
  place.away = false;
  await waiting;
  assert.equal(may, false, "and then it is told that it is not the one any more");
});

test("one that was rebuilt replaces the claim of the former one at places that it did not reach then", async (context) => {
  const place = placeOf(context);
  const { store, standing } = await controlPlane(context, place);
  await standing.mayBegin(signal);
  await store.guard.freeze("user/a", "holidays");
  await store.controlPlane.supersede(claimOf({ ...(await store.controlPlane.get()), epoch: 2, holderId: "x" }));
  await store.controlPlane.rebuilt({ epoch: 3, holderId: "rebuilt" });
  assert.equal(await standing.mayBegin(signal), true);
  const { installationId, supersededBy } = await store.controlPlane.get();
  assert.equal(supersededBy, undefined);
  assert.equal((await claimAt(place, installationId))?.holderId, "rebuilt");
  assert.equal((await store.guard.frozen())?.by, "user/a", "a person's freeze stays");
});
