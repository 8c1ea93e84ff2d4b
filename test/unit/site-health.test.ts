import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseHealthProbe } from "../../src/domain/health-probe.ts";
import { controlPlane, type HealthSettings, lookoutNotes, vantagesOf } from "../../src/domain/lookout.ts";
import { automaticFailover, type HealthSample, judgeSite, type Sight, sightOf } from "../../src/domain/site-health.ts";

const terms = { intervalMs: 30_000, threshold: 3 };
const startMs = Date.parse("2026-11-29T03:00:00Z");
const site = "primary";

/** What each vantage point saw, round by round, the last one now. */
function seen(rounds: Readonly<Record<string, string>>, lateMs: Readonly<Record<string, number>> = {}) {
  const sights: Readonly<Record<string, Sight>> = { u: "up", d: "down", b: "blind" };
  const longest = Math.max(...Object.values(rounds).map((text) => text.length));
  const nowMs = startMs + longest * terms.intervalMs;
  const samples = Object.entries(rounds).flatMap(([name, text]) => {
    const [vantage = "", failureDomain = vantage] = name.split("@");
    return text.split("").map(
      (letter, index): HealthSample => ({
        ...{ site, vantage, failureDomain, sees: sights[letter] ?? "up", probes: [] },
        at: new Date(nowMs - (text.length - 1 - index) * terms.intervalMs - (lateMs[name] ?? 0)).toISOString(),
      }),
    );
  });
  return judgeSite({ site, failureDomain: site, samples, terms, nowMs });
}

test("a majority of failure domains, each of them so many times in a row, makes an outage", () => {
  assert.equal(seen({ a: "uuuddd", b: "uuuddd", c: "uuuuuu" }).verdict, "down");
  assert.deepEqual(seen({ a: "uuuddd", b: "uuuddd", c: "uuuuuu" }).down, ["a", "b"]);
  assert.equal(seen({ a: "uuuudd", b: "uuuudd", c: "uuuudd" }).verdict, "suspect", "not often enough yet");
  assert.equal(seen({ a: "uuuddd", b: "uuuuuu", c: "uuuuuu" }).verdict, "suspect", "one alone is no majority");
  assert.equal(seen({ a: "ddd", b: "ddd", c: "uuu", d: "uuu" }).verdict, "suspect", "half is no majority");
  assert.equal(seen({ a: "uuu", b: "uuu", c: "uuu" }).verdict, "up");
  assert.equal(seen({}).verdict, "unknown");
});

test("vantage points that fail together count once, and who sees the site there wins", () => {
  const judgement = seen({ "a1@a": "ddd", "a2@a": "ddd", "a3@a": "ddd", b: "uuu", c: "uuu" });
  assert.deepEqual([judgement.verdict, judgement.domains.length, judgement.down], ["suspect", 3, ["a"]]);
  assert.equal(seen({ "a1@a": "ddd", "a2@a": "uuu", b: "ddd", c: "uuu" }).verdict, "suspect");
  assert.equal(seen({ [`x@${site}`]: "ddd", b: "uuu" }).verdict, "up", "the site's own domain is not asked");
});

test("an observer that sees nothing else has no vote, and counts as there", () => {
  const cut = seen({ a: "bbb", b: "bbb", c: "uuu" });
  assert.deepEqual([cut.verdict, cut.blind], ["up", ["a", "b"]]);
  assert.equal(seen({ a: "bbb", b: "bbb", c: "bbb" }).verdict, "unknown");
  assert.equal(seen({ a: "bbb", b: "bbb", c: "ddd" }).verdict, "suspect", "one of three");
  assert.equal(seen({ a: "bbb", b: "ddd", c: "ddd" }).verdict, "down", "two of three");
  assert.equal(seen({ a: "dbd", b: "ddd", c: "dbd" }).verdict, "suspect", "a blind round breaks the row");
});

test("who has not been heard of lately is not there", () => {
  const late = { a: terms.intervalMs * 3, b: terms.intervalMs * 3 };
  const judgement = seen({ a: "ddd", b: "ddd", c: "uuu" }, late);
  assert.deepEqual([judgement.verdict, judgement.domains], ["up", ["c"]]);
});

test("a site that comes and goes is told apart from one that is gone", () => {
  const flapping = "dduddududduddd";
  assert.equal(seen({ a: flapping, b: flapping, c: flapping }).verdict, "flapping");
  assert.equal(seen({ a: "duddd", b: "duddd", c: "duddd" }).verdict, "down", "once is nothing");
});

test("a slow API, or one broken application, is no outage", () => {
  const probe = { kind: "api", target: "x", tookMs: 1 } as const;
  assert.equal(
    sightOf(
      [
        { ...probe, result: "slow" },
        { ...probe, result: "failed" },
      ],
      true,
    ),
    "up",
  );
  assert.equal(sightOf([{ ...probe, result: "failed" }], true), "down");
  assert.equal(sightOf([{ ...probe, result: "failed" }], false), "blind");
  assert.equal(sightOf([], true), "blind", "who looks at nothing sees nothing");
});

test("an outage needs, whatever was seen, a majority that saw it at each of their last looks", () => {
  const rounds = fc.array(fc.constantFrom("u", "d", "b"), { minLength: 1, maxLength: 12 }).map((all) => all.join(""));
  const all = fc.dictionary(fc.constantFrom("a", "b", "c", "d", "e"), rounds, { minKeys: 1 });
  fc.assert(
    fc.property(all, (by) => {
      const judgement = seen(by);
      const sure = Object.entries(by).filter(([, text]) => text.length >= 3 && text.endsWith("ddd"));
      assert.deepEqual(judgement.down, sure.map(([name]) => name).sort());
      const majority = sure.length * 2 > Object.keys(by).length;
      assert.equal(["down", "flapping"].includes(judgement.verdict), majority);
      assert.ok(judgement.reasons.length > 0, "each judgement says why");
      // One more who sees it never makes an outage of what was none.
      if (!majority) assert.notEqual(seen({ ...by, f: "uuu" }).verdict, "down");
    }),
    { numRuns: 1_000 },
  );
});

test("what holds a failover back that would begin by itself", () => {
  const judgement = seen({ recovery: "ddd", b: "ddd", c: "ddd" });
  const asked = {
    judgement,
    optedIn: true,
    primaryDomain: site,
    recoveryDomain: "recovery",
    controlDomain: "b",
    canBegin: true,
  };
  assert.deepEqual(automaticFailover(asked), { allowed: true, reasons: [] });
  const why = (change: Partial<typeof asked>) => automaticFailover({ ...asked, ...change }).reasons.join("; ");
  assert.match(why({ optedIn: false }), /not opted/);
  assert.match(why({ canBegin: false }), /begins no failover/);
  assert.match(why({ controlDomain: site }), /primary site's own failure domain/);
  assert.match(why({ recoveryDomain: "elsewhere" }), /recovery site's failure domain/);
  assert.match(why({ judgement: seen({ recovery: "ddd", b: "ddd" }) }), /is off: 2 failure domains/);
  assert.match(why({ judgement: seen({ recovery: "udd", b: "ddd", c: "udd" }) }), /suspect/);
  assert.match(automaticFailover({ ...asked, controlDomain: undefined }).reasons.join(), /does not say/);
});

test("a site is looked at from other failure domains, and each observer has something else to look at", () => {
  const target = (written: string) => [parseHealthProbe(written)].flatMap((each) => each ?? []);
  const settings: HealthSettings = {
    controlDomain: "hq",
    sites: [
      { site, failureDomain: "one", targets: target("tcp://10.0.0.1:22") },
      { site: "twin", failureDomain: "one", targets: target("tcp://10.0.0.2:22") },
      { site: "recovery", failureDomain: "two", targets: target("https://recovery.example.com") },
      { site: "third", failureDomain: "three", targets: target("tcp://10.0.3.1:22") },
    ],
  };
  const vantages = vantagesOf(site, settings, ["twin", "recovery", "third"]);
  assert.deepEqual(
    vantages.map(({ vantage }) => vantage),
    [controlPlane, "recovery", "third"],
  );
  assert.deepEqual(lookoutNotes(site, vantages), []);
  const [control, recovery] = vantages;
  assert.deepEqual(control?.elsewhereSites, ["recovery", "third"]);
  assert.deepEqual(
    recovery?.elsewhere.map(({ host }) => host),
    ["10.0.3.1"],
    "not what lies with either of the two",
  );
  assert.match(lookoutNotes(site, vantages.slice(0, 2)).join(), /from 2 failure domains/);
  assert.deepEqual(vantagesOf(site, { ...settings, controlDomain: "one" }, []), [], "the control plane fails with it");
});

test("probes are written as addresses", () => {
  assert.deepEqual(parseHealthProbe("tcp://[::1]:22"), {
    ...{ kind: "network", target: "tcp://[::1]:22", host: "::1", port: 22, http: false },
  });
  assert.deepEqual(parseHealthProbe("https://a.example.com/health")?.port, 443);
  for (const wrong of ["tcp://a", "ftp://a:21", "a:22", "tcp://a:99999", "http://"]) {
    assert.equal(parseHealthProbe(wrong), undefined, wrong);
  }
});
