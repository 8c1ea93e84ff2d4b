import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { MigrationObservations } from "../../src/domain/migration-parts.ts";
import type { TrafficObservation, TrafficOptions } from "../../src/domain/traffic.ts";
import { gapChecks } from "../../src/domain/traffic-gap.ts";
import { trafficHome } from "../../src/domain/traffic-home.ts";
import { planTraffic } from "../../src/domain/traffic-plan.ts";
import { parsePoolTargetId, poolTargetVersion } from "../../src/domain/traffic-pool-plan.ts";
import type { Vm } from "../../src/domain/vm.ts";

const dns = { site: "aws-us-east-1", zoneId: "Z1", name: "app.example.com", type: "A" as const, port: 8080 };
const proxy = { proxy: "edge", listener: "app", port: 8080 };
const pool = { site: "aws-us-east-1", poolId: "pool", port: 8080 };
const record = { ttlSeconds: 300, values: ["10.0.0.1"], version: "v1" };
const listener = { backend: "10.0.0.1:8080", state: "open" as const, protocol: "http" as const };
const members = [{ targetId: "t1", shareId: "s1", vmId: "vm-1", port: 8080 }];
const other = { targetId: "t2", shareId: "s1", vmId: "vm-2", port: 8080 };
const shares = [
  { shareId: "s1", weight: 100, accepts: "vm" as const },
  { shareId: "s2", weight: 0, accepts: "vm" as const },
];

function planned(
  seen: Partial<TrafficObservation>,
  {
    live = false,
    homeward = false,
    state = "running",
    point,
    wanted = {},
  }: { live?: boolean; homeward?: boolean; state?: Vm["state"]; point?: "freeze"; wanted?: TrafficOptions } = {},
) {
  const traffic = { dns: [], pools: [], proxies: [], endpoints: [], ...seen };
  const request = { vm: "vm-1", from: "onprem-a", to: "aws-us-east-1", point, traffic: wanted };
  const vm = { vmId: "vm-1", name: "app", state };
  return planTraffic({ request, traffic, vm, homeward } as unknown as MigrationObservations, live);
}

const failed = (plan: ReturnType<typeof planned>) =>
  plan.checks.filter(({ result }) => result === "fail").map(({ check, detail }) => `${check}: ${detail}`);

describe("the plan of traffic", () => {
  test("pins what each record, listener and pool was, and what is done to it", () => {
    const { actions, observed, choices, checks } = planned(
      {
        dns: [{ shift: dns, record }],
        proxies: [{ shift: proxy, listener }],
        pools: [
          {
            shift: { ...pool, shareId: "s2", replaces: "t2", steps: [10, 100] },
            members: [...members, other],
            ...{ shares, weighs: true },
          },
        ],
      },
      { wanted: { probe: { url: "http://app.example.com/" } } },
    );
    assert.deepEqual(
      checks.filter(({ result }) => result !== "pass"),
      [],
    );
    assert.deepEqual(
      actions.map(({ action }) => action),
      ["shift-record", "hold-traffic", "shift-pool", "measure-gap"],
    );
    assert.match(actions[0]?.detail ?? "", /from 300 s to 30 s ahead.*from 10\.0\.0\.1.*port 8080.*300 s again/);
    assert.deepEqual(actions[0]?.parameters.before, { ttlSeconds: 300, values: ["10.0.0.1"] });
    assert.deepEqual(
      observed.map(({ kind, id, version }) => [kind, id, version]),
      [
        ["dns-record", "Z1/A/app.example.com", "v1"],
        ["proxy-listener", "app", "10.0.0.1:8080"],
        ["pool-target", "pool t2 s1 s2", JSON.stringify({ share: "s1", port: 8080, s1: 100, s2: 0 })],
      ],
    );
    assert.match(choices[0]?.chosen ?? "", /300 s after/);
    assert.deepEqual(actions[2]?.parameters.replaces, other);
  });

  test("notes where a listener or a pool points to a port of the source, as that may move", () => {
    const endpoints = [{ guestPort: 80, host: "127.0.0.1", port: 4001 }];
    const source = { site: "onprem-a", vmId: "vm-1", guestPort: 80 };
    const at = { targetId: "t1", shareId: "t1", address: "127.0.0.1", port: 4001 };
    const plan = planned({
      endpoints,
      proxies: [{ shift: proxy, listener: { ...listener, backend: "127.0.0.1:4001" } }],
      pools: [{ shift: pool, members: [at], shares: [{ shareId: "t1", accepts: "address" }] }],
    });
    assert.deepEqual(
      plan.actions.map(({ parameters }) => parameters.source),
      [source, source],
    );
    assert.equal(
      trafficHome(plan)?.proxies?.some((each) => "source" in each),
      false,
    );
  });

  test("refuses what leads nowhere, each with its reason", () => {
    const cases: readonly [Partial<TrafficObservation>, RegExp][] = [
      [{ dns: [{ shift: dns, gap: "there is no zone Z1" }] }, /traffic-record: there is no zone/],
      [{ dns: [{ shift: { ...dns, type: "CNAME" }, record }] }, /needs the name/],
      [{ dns: [{ shift: { ...dns, port: undefined }, record }] }, /neither values nor a port/],
      [{ proxies: [{ shift: proxy, gap: "no proxy of that name is configured" }] }, /traffic-proxy: no proxy/],
      [
        { proxies: [{ shift: proxy, listener: { ...listener, state: "holding" } }] },
        /holds requests for somebody else/,
      ],
      [{ pools: [{ shift: pool, members: [], shares }] }, /none of its targets is app/],
      [{ pools: [{ shift: { ...pool, shareId: "s9" }, members, shares }] }, /no share s9/],
      [{ pools: [{ shift: { ...pool, steps: [5, 100] }, members, shares, weighs: true }] }, /one weight/],
      [
        { proxies: [{ shift: { ...proxy, holdSeconds: 10, drainSeconds: 10 }, listener }] },
        /hold of 10 s could be over/,
      ],
      [
        {
          pools: [{ shift: { ...pool, shareId: "s2", steps: [50, 100] }, members, shares, weighs: true }],
        },
        /app is stopped before its traffic moves/,
      ],
      [
        {
          pools: [
            {
              ...{ shift: { ...pool, shareId: "s2", steps: [5, 100] }, members, shares, weighs: true },
              leastWeight: 10,
            },
          ],
        },
        /a step of 5 would divide its weight of 100 into 5 and 95, and it takes none below 10/,
      ],
      [{ pools: [{ shift: { ...pool, site: "gcp" }, members, shares }] }, /takes VMs of gcp only/],
    ];
    for (const [seen, reason] of cases) assert.match(failed(planned(seen)).join("; "), reason);
    assert.match(failed(planned({}, { point: "freeze" })).join("; "), /source goes on/);
    assert.match(failed(planned({}, { live: true })).join("; "), /moves while it runs/);
  });

  test("refuses to change the same thing twice", () => {
    const again = { ...dns, name: "APP.example.com." };
    const cases: readonly [Partial<TrafficObservation>, RegExp][] = [
      [{ dns: [dns, again].map((shift) => ({ shift, record })) }, /A record app\.example\.com of the zone Z1/],
      [{ proxies: [proxy, proxy].map((shift) => ({ shift, listener })) }, /listener app of the proxy edge/],
      [{ pools: [pool, pool].map((shift) => ({ shift, members, shares })) }, /port 8080 in the pool pool/],
    ];
    for (const [seen, what] of cases) {
      assert.match(failed(planned(seen)).join("; "), /^traffic-once: /);
      assert.match(failed(planned(seen)).join("; "), what);
    }
    const other = [dns, { ...dns, name: "b.example.com" }];
    assert.deepEqual(failed(planned({ dns: other.map((shift) => ({ shift, record })) })), []);
  });

  test("rests on what the move changes in a pool, not on what others do there", () => {
    const seen = { members: [...members, other], shares };
    const versionOf = (shareId?: string) => {
      const [owned] = planned({ pools: [{ shift: { ...pool, ...(shareId ? { shareId } : {}) }, ...seen }] }).observed;
      assert.ok(owned);
      return {
        planned: owned.version,
        now: (pool: typeof seen) => poolTargetVersion(pool, parsePoolTargetId(owned.id)),
      };
    };
    const one = versionOf();
    assert.equal(one.now(seen), one.planned);
    const successor = { targetId: "t3", shareId: "s1", vmId: "vm-9", port: 8080 };
    assert.equal(one.now({ ...seen, members: [...members, successor] }), one.planned);
    const weighed = shares.map((share) => ({ ...share, weight: 50 }));
    assert.equal(one.now({ ...seen, shares: weighed }), one.planned);
    assert.equal(one.now({ ...seen, members: [other] }), "absent");
    assert.notEqual(one.now({ ...seen, members: members.map((each) => ({ ...each, port: 81 })) }), one.planned);
    const between = versionOf("s2");
    assert.equal(between.now({ ...seen, members }), between.planned);
    assert.notEqual(between.now({ ...seen, shares: weighed }), between.planned);
  });

  test("of a way home goes on without what is gone, and says so", () => {
    const gap = "it is gone";
    const seen = {
      dns: [
        { shift: dns, gap },
        { shift: { ...dns, name: "b.example.com" }, record },
      ],
      proxies: [{ shift: proxy, gap }],
      pools: [{ shift: pool, members: [other], shares }],
    };
    const { actions, checks } = planned(seen, { homeward: true });
    assert.deepEqual(
      checks.filter(({ result }) => result === "warn").map(({ check, detail }) => `${check}: ${detail}`),
      ["traffic-record: it is gone", "traffic-proxy: it is gone", "traffic-pool: none of its targets is app"],
    );
    assert.deepEqual(failed({ ...planned(seen), checks }), []);
    assert.deepEqual(
      actions.map(({ resource }) => resource.id),
      ["Z1/A/b.example.com"],
    );
    assert.equal(failed(planned(seen)).length, 3);
    const off = planned({ dns: [{ shift: dns, record }] }, { homeward: true, state: "stopped" });
    assert.deepEqual([off.actions.length, failed(off).length], [0, 0]);
    assert.match(off.checks.find(({ result }) => result === "warn")?.detail ?? "", /app is stopped/);
  });

  test("says what gap its users have to expect", () => {
    const expected = (traffic: Partial<TrafficObservation>, downtime: number, mode?: "warm") => {
      const seen = { request: { mode }, vm: { name: "app", state: "running" } } as unknown as MigrationObservations;
      return gapChecks(seen, planned(traffic).actions, downtime).map(
        ({ result, detail, remedy }) => `${result}: ${detail} (${remedy})`,
      );
    };
    assert.deepEqual(expected({}, 50), []);
    assert.match(expected({ dns: [{ shift: dns, record }] }, 50)[0] ?? "", /^warn: .*50 s, .*it fails, with the 30 s/);
    assert.match(expected({ proxies: [{ shift: proxy, listener }] }, 50)[0] ?? "", /^pass: .*50 s.* waits/);
    const long = { proxies: [{ shift: proxy, listener }], dns: [{ shift: dns, record }] };
    assert.match(
      expected(long, 500)[0] ?? "",
      /^warn: .*at most 120 s: what waits then fails \(Move it with --mode warm/,
    );
    assert.match(expected(long, 500, "warm")[0] ?? "", /\(Give a longer hold_seconds/);
  });

  test("raises no TTL that is lower already", () => {
    const { actions, choices } = planned({ dns: [{ shift: dns, record: { ...record, ttlSeconds: 10 } }] });
    assert.deepEqual([actions[0]?.parameters.lowTtlSeconds, actions[0]?.parameters.ttlAfterSeconds], [10, 10]);
    assert.deepEqual(choices, []);
  });

  test("of the way home leads everything back, and ends with the TTLs of the beginning", () => {
    const values = ["203.0.113.9"];
    const { actions } = planned({
      endpoints: [{ guestPort: 8443, host: "10.0.0.7", port: 8443 }],
      dns: [
        { shift: dns, record },
        { shift: { ...dns, name: "b.example.com", values }, record },
        { shift: { ...dns, name: "c.example.com", values }, record: { ...record, values: ["10.0.0.7"] } },
      ],
      proxies: [{ shift: proxy, listener }],
      pools: [{ shift: { ...pool, shareId: "s2" }, members, shares, weighs: true }],
    });
    const home = trafficHome({ actions });
    assert.deepEqual(
      home?.dns?.map(({ name, values: to, port, ttlAfterSeconds }) => [name, to, port, ttlAfterSeconds]),
      [
        ["app.example.com", undefined, 8080, 300],
        ["b.example.com", ["10.0.0.1"], 8080, 300],
        // Where its former value was an address of the source, its successor's is looked up.
        ["c.example.com", undefined, 8443, 300],
      ],
    );
    assert.deepEqual(home?.pools?.[0]?.shareId, "s1");
    assert.deepEqual([home?.proxies?.[0]?.proxy, home?.proxies?.[0]?.port], ["edge", 8080]);
    assert.equal(trafficHome({ actions: [] }), undefined);
  });
});
