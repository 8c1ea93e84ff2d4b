import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { type ConfiguredPlace, describeAge, freshnessOf, type Reading } from "../../src/domain/freshness.ts";
import { type ResourceKind, resourceKinds } from "../../src/domain/resource.ts";
import { matches } from "../../src/domain/search/evaluate.ts";
import { readMoment } from "../../src/domain/search/moment.ts";
import { parseSearch } from "../../src/domain/search/parser.ts";
import type { Expression } from "../../src/domain/search/query.ts";
import { mayMatch } from "../../src/domain/search/reach.ts";
import { now, resourceArbitrary, searchArbitrary } from "../support/resources.ts";

function whereOf(text: string): Expression {
  const parsed = parseSearch(text, now);
  if (!parsed.ok) assert.fail(parsed.problem.message);
  return parsed.query.where;
}

const ago = (seconds: number) => new Date(now - seconds * 1_000).toISOString();
const regions = [1, 2, 3, 4, 5].map((n) => ({ site: `aws-r${n}`, provider: "aws", region: `r${n}` }));
const configured: readonly ConfiguredPlace[] = [
  ...regions.map((place) => ({ ...place, enabled: true })),
  { site: "onprem-a", provider: "libvirt", enabled: true },
  { site: "off", provider: "libvirt", enabled: false },
];

/** All kinds read `seconds` ago, but for those of the sites that fail: 12 minutes ago. */
function readings(seconds: number, failing: readonly string[] = []): Reading[] {
  return configured
    .filter(({ enabled }) => enabled)
    .flatMap(({ enabled: _enabled, ...place }) =>
      resourceKinds.map((kind) => ({
        ...place,
        kind,
        ...(failing.includes(place.site)
          ? { observedAt: ago(12 * 60 + 5), error: "no answer", failedAt: ago(3) }
          : { observedAt: ago(seconds) }),
      })),
    );
}

const freshness = (text: string, rows: readonly Reading[], more: { at?: number; kinds?: ResourceKind[] } = {}) =>
  freshnessOf({ readings: rows, configured, where: whereOf(text), at: now, ...more });

describe("how fresh an answer is", () => {
  test("one region of five that fails makes its provider incomplete, with the age of its rows", () => {
    const all = freshness("", readings(20, ["aws-r3"]));
    assert.equal(all.summary, "aws: 4 of 5 regions, 12 min old; libvirt: 1 of 1 site, 20 s old");
    assert.equal(all.complete, false);
    assert.equal(all.ageSeconds, 725);
    const failed = all.sites.filter(({ upToDate }) => !upToDate);
    assert.deepEqual(
      failed.map(({ site, problems }) => [site, problems.map(({ kinds, error }) => [kinds.length, error])]),
      [["aws-r3", [[resourceKinds.length, "no answer"]]]],
    );
  });

  test("speaks only of what the search can find", () => {
    const rows = readings(20, ["aws-r3"]);
    assert.equal(freshness("region:r1,r2", rows).summary, "aws: 2 of 2 regions, 20 s old");
    assert.equal(freshness("-region:r3 provider:aws", rows).complete, true);
    assert.equal(freshness("provider:gcp", rows).summary, "no site can have this");
    assert.equal(freshness("site:aws-r3 or name:x", rows).providers.length, 2);
  });

  test("tells a kind that was not read yet, and one whose newest reading failed", () => {
    const vmsOnly = readings(5).filter(({ kind }) => kind === "vm");
    assert.equal(freshness("vms", vmsOnly).complete, true);
    const volumes = freshness("volumes provider:libvirt", vmsOnly);
    assert.equal(volumes.summary, "libvirt: 0 of 1 site, never read");
    assert.deepEqual(volumes.sites[0]?.problems, [{ kinds: ["volume"], error: "not read yet" }]);
    const tunnels = freshness("tunnels region:r3", readings(5, ["aws-r3"]));
    assert.deepEqual(tunnels.sites[0]?.problems, [{ kinds: ["tunnel"], error: "no answer", failedAt: ago(3) }]);
    assert.equal(freshness("provider:libvirt", vmsOnly, { kinds: ["vm"] }).complete, true);
  });

  test("counts sites that left rows behind when they were disabled or taken out of the configuration", () => {
    const left: Reading[] = ["off", "former"].map((site) => ({
      ...{ site, provider: "libvirt", kind: "vm" },
      observedAt: ago(3 * 86_400),
    }));
    const { summary, sites } = freshness("vms provider:libvirt", [...readings(5), ...left]);
    assert.equal(summary, "libvirt: 1 of 3 sites, 3 d old");
    assert.deepEqual(
      sites.flatMap(({ site, problems }) => problems.map(({ error }) => `${site}: ${error}`)),
      ["former: the site is no longer in the configuration", "off: the site is disabled in the configuration"],
    );
  });

  test("of a moment of the past is that of the readings since: one that came later has seen it", () => {
    const rows = readings(20, ["aws-r3"]);
    const before = freshness("vms provider:aws", rows, { at: now - 3_600_000 });
    assert.deepEqual([before.complete, before.ageSeconds], [true, 0]);
    const between = freshness("vms region:r3", rows, { at: now - 600_000 });
    assert.deepEqual([between.complete, between.ageSeconds], [false, 125]);
  });

  test("ages are rounded down, so that none looks younger", () => {
    assert.deepEqual([0, 59.9, 60, 3_599, 7_200, 172_799, 172_800].map(describeAge), [
      ...["0 s", "59 s", "1 min", "59 min", "2 h", "47 h", "2 d"],
    ]);
  });
});

test("a site and kind are left out only where nothing there can match", () => {
  fc.assert(
    fc.property(searchArbitrary, resourceArbitrary, (text, resource) => {
      const where = whereOf(text);
      const seen = { ...resource, firstSeenAt: ago(60), changedAt: ago(60) };
      if (matches(where, seen)) assert.ok(mayMatch(where, resource, resource.kind), text);
    }),
    { numRuns: 2_000 },
  );
  const place = { site: "a", provider: "aws" };
  for (const text of ["region:eu", "site:b", "kind:volume", "-provider:aws", "provider:aws volumes", "not vms"])
    assert.equal(mayMatch(whereOf(text), place, "vm"), false, text);
});

test("a moment is a time, the beginning of a day, or an age", () => {
  const iso = (text: string) => {
    const moment = readMoment(text, now);
    return moment === undefined ? undefined : new Date(moment).toISOString();
  };
  assert.equal(iso("2h"), "2026-11-24T10:00:00.000Z");
  assert.equal(iso("yesterday"), "2026-11-23T00:00:00.000Z");
  assert.equal(iso("2026-11"), "2026-11-01T00:00:00.000Z");
  assert.equal(iso("2026-11-24T10:30+01:00"), "2026-11-24T09:30:00.000Z");
  assert.equal(iso("soon"), undefined);
});
