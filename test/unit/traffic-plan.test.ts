import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { MigrationObservations } from "../../src/domain/migration-parts.ts";
import type { TrafficObservation, TrafficOptions } from "../../src/domain/traffic.ts";
import { trafficHome } from "../../src/domain/traffic-home.ts";
import { planTraffic } from "../../src/domain/traffic-plan.ts";

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
  { live = false, point, wanted = {} }: { live?: boolean; point?: "freeze"; wanted?: TrafficOptions } = {},
) {
  const traffic = { dns: [], pools: [], proxies: [], endpoints: [], ...seen };
  const request = { vm: "vm-1", from: "onprem-a", to: "aws-us-east-1", point, traffic: wanted };
  const vm = { vmId: "vm-1", name: "app", state: "running" };
  return planTraffic({ request, traffic, vm } as unknown as MigrationObservations, live);
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
            ...{ shares, weighs: true, version: "v2" },
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
        ["target-pool", "pool", "v2"],
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
      pools: [{ shift: pool, members: [at], shares: [{ shareId: "t1", accepts: "address" }], version: "v" }],
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
      [{ pools: [{ shift: pool, members: [], shares, version: "v" }] }, /none of its targets is app/],
      [{ pools: [{ shift: { ...pool, shareId: "s9" }, members, shares, version: "v" }] }, /no share s9/],
      [{ pools: [{ shift: { ...pool, steps: [5, 100] }, members, shares, weighs: true, version: "v" }] }, /one weight/],
      [
        { proxies: [{ shift: { ...proxy, holdSeconds: 10, drainSeconds: 10 }, listener }] },
        /hold of 10 s could be over/,
      ],
      [
        {
          pools: [{ shift: { ...pool, shareId: "s2", steps: [50, 100] }, members, shares, weighs: true, version: "v" }],
        },
        /app is stopped before its traffic moves/,
      ],
      [
        {
          pools: [
            {
              ...{ shift: { ...pool, shareId: "s2", steps: [5, 100] }, members, shares, weighs: true, version: "v" },
              leastWeight: 10,
            },
          ],
        },
        /a step of 5 would divide its weight of 100 into 5 and 95, and it takes none below 10/,
      ],
      [{ pools: [{ shift: { ...pool, site: "gcp" }, members, shares, version: "v" }] }, /takes VMs of gcp only/],
    ];
    for (const [seen, reason] of cases) assert.match(failed(planned(seen)).join("; "), reason);
    assert.match(failed(planned({}, { point: "freeze" })).join("; "), /source goes on/);
    assert.match(failed(planned({}, { live: true })).join("; "), /moves while it runs/);
  });

  test("raises no TTL that is lower already", () => {
    const { actions, choices } = planned({ dns: [{ shift: dns, record: { ...record, ttlSeconds: 10 } }] });
    assert.deepEqual([actions[0]?.parameters.lowTtlSeconds, actions[0]?.parameters.ttlAfterSeconds], [10, 10]);
    assert.deepEqual(choices, []);
  });

  test("of the way home leads everything back, and ends with the TTLs of the beginning", () => {
    const values = ["203.0.113.9"];
    const { actions } = planned({
      dns: [
        { shift: dns, record },
        { shift: { ...dns, name: "b.example.com", values }, record },
      ],
      proxies: [{ shift: proxy, listener }],
      pools: [{ shift: { ...pool, shareId: "s2" }, members, shares, weighs: true, version: "v2" }],
    });
    const home = trafficHome({ actions });
    assert.deepEqual(
      home?.dns?.map(({ name, values: to, port, ttlAfterSeconds }) => [name, to, port, ttlAfterSeconds]),
      [
        ["app.example.com", undefined, 8080, 300],
        ["b.example.com", ["10.0.0.1"], 8080, 300],
      ],
    );
    assert.deepEqual(home?.pools?.[0]?.shareId, "s1");
    assert.deepEqual([home?.proxies?.[0]?.proxy, home?.proxies?.[0]?.port], ["edge", 8080]);
    assert.equal(trafficHome({ actions: [] }), undefined);
  });
});
