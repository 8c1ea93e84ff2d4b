import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { createActivities, createSiteActivities, effects } from "../../src/activities/index.ts";
import { queueFor, type SiteStanding, siteActivities, siteQueue, sitesOf } from "../../src/domain/site-work.ts";
import { siteContract } from "../../src/site/contract.ts";
import { smallDeps } from "../support/small-worker.ts";

const nothing = new Proxy({}, { get: () => undefined });
const deps = smallDeps({ registry: nothing as never, store: nothing as never });

test("a worker of a site has exactly the activities that are scheduled on its queue", () => {
  assert.deepEqual(Object.keys(createSiteActivities(deps)).sort(), [...siteActivities].sort());
  for (const [name, activity] of Object.entries(createSiteActivities(deps)))
    assert.equal(typeof activity, "function", name);
  const all = Object.keys(createActivities(deps));
  for (const name of siteActivities)
    assert.ok(all.includes(name), `${name} is done by the workers for everything, too`);
});

test("whatever changes a site is scheduled there, but for what needs more than one site has", () => {
  const tests = ["copyForTest", "cloneForTest", "isolateTest", "createTestVm", "removeTest", "sweepTests"];
  const live = ["moveLive", "undoLive"];
  // A zone, a pool or a proxy is reached by whoever reaches its interface; it need not be at an end of the move.
  const ofTraffic = ["lowerTtl", "shiftRecord", "restoreRecord", "holdTraffic", "directTraffic", "releaseTraffic"];
  const pools = ["shiftPool", "leavePool", "restorePool"];
  // Documents at another site than the one that writes.
  const leases = ["handOverLease", "takeLease", "takeExpiredLease", "outwaitLease"];
  // The control plane's own documents, wherever they are kept.
  const backups = ["backUpTo"];
  // Between two sites, at whichever both are reached from.
  const restores = ["copyPoint"];
  // By the control interface of a gateway, which workers for everything reach.
  const gateways = ["putTunnelEnd", "bringUpTunnel", "removeTunnelEnd"];
  // A pool may be at another site than the VM; a sweep is of all sites.
  const bursts = ["joinBurst", "leaveBurst", "sweepBursts"];
  const recovery = ["setRecoveryRecord", "joinRecoveryPool", "callRecoveryWebhook"];
  const elsewhere = [
    ...["exchangeSecret", "retireKey", "replicate", "rereadRules", "dropReplica", "forgetSource"],
    ...[...live, ...leases, ...backups, ...restores, ...recovery, ...tests, ...ofTraffic, ...pools, ...gateways],
    ...bursts,
  ];
  for (const [name, effect] of Object.entries(effects)) {
    if (effect === "reads" || effect === "records") continue;
    assert.ok((siteActivities as readonly string[]).includes(name) !== elsewhere.includes(name), name);
  }
});

const standing = (site: string, live: boolean, listens = false): SiteStanding => ({ site, live, listens });

test("work at one site is for its workers, while there are any", () => {
  assert.equal(queueFor(["a"], [standing("a", true)]), siteQueue("a"));
  assert.equal(queueFor(["a"], [standing("a", false)]), undefined);
  assert.equal(queueFor(["a"], []), undefined);
});

test("a copy is for the worker at the end that need not listen, the source's by preference", () => {
  const copy = ["a", "b"] as const;
  assert.equal(queueFor(copy, [standing("a", true), standing("b", true, true)]), siteQueue("a"));
  assert.equal(queueFor(copy, [standing("a", true, true), standing("b", true, true)]), siteQueue("a"));
  assert.equal(queueFor(copy, [standing("a", true, true), standing("b", true)]), siteQueue("b"));
  assert.equal(queueFor(copy, [standing("a", true), standing("b", true)]), undefined);
  assert.equal(queueFor(copy, [standing("a", true, true), standing("b", false)]), undefined);
  assert.equal(queueFor(["a", "a"], [standing("a", true, true)]), undefined);
});

test("an activity's input names its site, or the two", () => {
  assert.deepEqual(sitesOf({ site: "a", from: "b", to: "c" }), ["a"]);
  assert.deepEqual(sitesOf({ sourceSite: "a" }), ["a"]);
  assert.deepEqual(sitesOf({ from: "b", to: "c" }), ["b", "c"]);
  for (const input of [undefined, "a", {}, { from: "b" }]) assert.equal(sitesOf(input), undefined);
});

test("the page about workers of sites names every operation of the contract", () => {
  const page = readFileSync(new URL("../../docs/site-workers.md", import.meta.url), "utf8");
  for (const name of Object.keys(siteContract)) assert.ok(page.includes(`\`${name}\``), name);
});
