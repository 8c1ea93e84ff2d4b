import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { migrationStates } from "../../src/domain/migration.ts";
import { may, mayEverywhere, scopeText } from "../../web/src/lib/access.ts";
import { attention } from "../../web/src/lib/attention.ts";
import { bootGraph } from "../../web/src/lib/boot-graph.ts";
import { changesBetween } from "../../web/src/lib/changes.ts";
import { toCsv } from "../../web/src/lib/csv.ts";
import { EventBlocks } from "../../web/src/lib/event-blocks.ts";
import { ago, bytes, coarse, duration, money } from "../../web/src/lib/format.ts";
import { ordersOf } from "../../web/src/lib/migration-orders.ts";
import { migrateCommand, requestOf, type WizardFields } from "../../web/src/lib/migration-request.ts";
import { rpoGauge, rtoGauge, trend } from "../../web/src/lib/objectives.ts";
import { best, rank } from "../../web/src/lib/ranking.ts";
import { readAddress } from "../../web/src/lib/resource-address.ts";
import { gaugeTone, toneOf } from "../../web/src/lib/tone.ts";

const now = Date.parse("2026-11-24T12:00:00Z");
const before = (seconds: number) => new Date(now - seconds * 1000).toISOString();

describe("figures", () => {
  test("are short, carry their unit, and tell unknown from nothing", () => {
    assert.equal(bytes(undefined), "–");
    assert.equal(bytes(0), "0 B");
    assert.equal(bytes(1536), "1.5 KiB");
    assert.equal(bytes(42.3 * 2 ** 20), "42 MiB");
    assert.equal(duration(0.084), "84 ms");
    assert.equal(duration(95), "1 min 35 s");
    assert.equal(duration(7200), "2 h");
    assert.equal(money(undefined), "–");
    assert.equal(money({ micros: 1_863_524_120_000, currency: "USD" }), "$1\u202f863\u202f524");
    assert.equal(money({ micros: 9_990_000, currency: "EUR" }), "9.99 EUR");
    assert.equal(money({ micros: -387_000_000, currency: "USD" }), "−$387.00");
    assert.equal(ago(before(731), now), "12 min ago");
    assert.equal(ago(undefined, now), "never");
    assert.equal(ago(before(-3600), now), "in 1 h");
    assert.equal(coarse(200_000), "2 d");
  });
});

describe("CSV", () => {
  test("quotes what has to be, and defuses what a spreadsheet would run", () => {
    const columns = [
      { head: "name", value: (row: { name: string; size?: number }) => row.name },
      { head: "size", value: (row: { name: string; size?: number }) => row.size },
    ];
    const rows = [{ name: 'a "b", c', size: 1 }, { name: "=HYPERLINK(1)" }];
    assert.equal(toCsv(columns, rows), 'name,size\r\n"a ""b"", c",1\r\n\'=HYPERLINK(1),\r\n');
  });
});

describe("server-sent events", () => {
  test("are whole however they are cut, and comments are none", () => {
    const text = 'retry: 1000\n\n: alive\n\nid: 7\nevent: step\ndata: {"a":1}\n\nid: 8\r\ndata: x\r\ndata: y\r\n\r\n';
    for (let size = 1; size < 12; size++) {
      const blocks = new EventBlocks();
      const events = Array.from({ length: Math.ceil(text.length / size) }, (_, at) =>
        blocks.take(text.slice(at * size, (at + 1) * size)),
      ).flat();
      // A CR LF pair that is cut in the middle still ends its line.
      assert.deepEqual(events[0], { id: "7", type: "step", data: '{"a":1}' });
      assert.deepEqual(events[1], { id: "8", type: "message", data: "x\ny" });
      assert.equal(events.length, 2);
    }
  });
});

describe("what a session may do", () => {
  const session = {
    may: [
      { permission: "vms:write", scopes: [{ site: "a" }] },
      { permission: "system:freeze", scopes: [{}] },
      { permission: "audit:read", scopes: [] },
    ],
  };
  test("is held somewhere, everywhere, or not at all", () => {
    assert.deepEqual(
      ["vms:write", "system:freeze", "audit:read", "x"].map((each) => may(session, each)),
      [true, true, false, false],
    );
    assert.equal(mayEverywhere(session, "vms:write"), false);
    assert.equal(mayEverywhere(session, "system:freeze"), true);
    assert.equal(scopeText({ site: "a", tags: { env: "prod" } }), "at a, env=prod");
    assert.equal(scopeText({}), "everywhere");
  });
});

describe("what needs a person", () => {
  const move = { migration_id: "m", vm: { name: "web" }, from: "a", to: "b", updated_at: before(60) };
  test("comes up, the worst first, and what goes on by itself doesn't", () => {
    const items = attention(
      {
        migrations: [
          { ...move, state: "running" },
          { ...move, migration_id: "m2", state: "awaiting-finalize" },
          { ...move, migration_id: "m3", state: "failed", problem: { message: "the disk is full" } },
          { ...move, migration_id: "m4", state: "awaiting-cutover", wave_id: "w" },
        ],
        groups: [
          {
            group_id: "g",
            name: "shop",
            state: "protected",
            breached: true,
            lag_seconds: 900,
            policy: { rpo_seconds: 300 },
          },
          { group_id: "h", name: "well", state: "protected", breached: false, policy: { rpo_seconds: 300 } },
        ],
        backups: [{ site: "vault", overdue: true }],
      },
      now,
    );
    assert.deepEqual(
      items.map(({ key }) => key),
      ["migration/m3", "group/g", "backup/vault", "migration/m2"],
    );
    assert.match(items[1]?.detail ?? "", /15 min; the objective is 5 min/);
  });

  test("speaks of sites that fail alike as one, and of old failures no more", () => {
    const problems = [{ error: "the network is down", failed_at: before(5) }];
    const sites = ["a", "b", "c"].map((site) => ({ site, up_to_date: false, problems }));
    const old = { ...move, state: "failed", updated_at: before(9 * 86_400) };
    const items = attention(
      { sites: [...sites, { site: "d", up_to_date: true, problems: [] }], migrations: [old] },
      now,
    );
    assert.deepEqual(
      items.map(({ title }) => title),
      ["3 sites can't be read"],
    );
  });
});

describe("orders for a migration", () => {
  test("fit its state, and an undo its window", () => {
    const open = { state: "open", until: before(-60) };
    assert.deepEqual(ordersOf({ state: "running" }, now), ["pause", "cancel"]);
    assert.deepEqual(ordersOf({ state: "awaiting-finalize" }, now), ["rollback", "finalize"]);
    assert.deepEqual(ordersOf({ state: "awaiting-finalize", undo: open }, now), ["undo", "rollback", "finalize"]);
    assert.deepEqual(ordersOf({ state: "awaiting-finalize", undo: { ...open, until: before(1) } }, now), [
      "rollback",
      "finalize",
    ]);
    for (const state of ["finalized", "failed", "cancelled", "undone", "rolled-back"])
      assert.deepEqual(ordersOf({ state }, now), []);
  });

  test("and every state has a tone of its meaning", () => {
    for (const state of migrationStates) {
      if (!["undone", "rolled-back", "cancelled"].includes(state)) assert.notEqual(toneOf(state), "idle", state);
    }
    assert.equal(toneOf("running"), "busy");
    assert.equal(toneOf("running", "resource"), "good");
    assert.deepEqual([undefined, 0.2, 0.8, 1.2].map(gaugeTone), ["idle", "good", "warn", "bad"]);
  });
});

describe("the wizard", () => {
  const fields: WizardFields = {
    ...{ vm: "web 1", from: "a", to: "b", mode: "cold", map: "", cutover: "manual", bandwidth: "" },
    ...{ instanceType: "", undoHours: "", startAt: "", networks: { n1: "" } },
  };
  test("says nothing of what was left alone", () => {
    assert.deepEqual(requestOf(fields), { vm: "web 1", from: "a", to: "b" });
    assert.equal(migrateCommand(fields), "migrate 'web 1' --from a --to b");
  });

  test("says all that was chosen, to the API and as a command", () => {
    const chosen = {
      ...fields,
      mode: "warm" as const,
      bandwidth: "64",
      undoHours: "24",
      map: "m",
      networks: { n1: "vpc" },
    };
    assert.deepEqual(requestOf(chosen), {
      ...{ vm: "web 1", from: "a", to: "b", mode: "warm", map: "m", warm: { cutover: "manual" } },
      ...{ bandwidth_bytes_per_second: 67_108_864, undo: { window_seconds: 86_400 }, network_map: { n1: "vpc" } },
    });
    assert.equal(
      migrateCommand(chosen),
      "migrate 'web 1' --from a --to b --mode warm --cutover manual --map m --bandwidth 64MiB/s --undo-window 24h",
    );
  });
});

describe("the palette", () => {
  test("puts beginnings first, then words, then letters that may be left out", () => {
    assert.deepEqual(
      best("mig", ["remigrate", "a migration", "migrations", "major thing"], (text) => text),
      ["migrations", "a migration", "remigrate", "major thing"],
    );
    assert.equal(rank("xyz", "migrations"), undefined);
  });
});

describe("a resource", () => {
  test("is told by its address, whatever its id holds", () => {
    assert.deepEqual(readAddress("aws/volume/arn:x/y"), { site: "aws", kind: "volume", id: "arn:x/y" });
    assert.equal(readAddress("aws/volume"), undefined);
    assert.equal(readAddress(undefined), undefined);
  });

  test("shows what changed in it, and not that it was looked at", () => {
    const old = { state: "running", observed_at: "1", tags: { env: "dev" }, cpus: 2 };
    const now = { state: "stopped", observed_at: "2", tags: { env: "dev", x: "1" }, cpus: 2 };
    assert.deepEqual(changesBetween(old, now), [
      { path: "state", before: "running", after: "stopped" },
      { path: "tags.x", before: undefined, after: "1" },
    ]);
  });
});

describe("objectives", () => {
  const group = { state: "protected", breached: false, policy: { rpo_seconds: 300, rto_seconds: 600 } };
  test("are measured, and nothing is guessed where nothing was", () => {
    assert.deepEqual(rpoGauge({ ...group, newest_point: { taken_at: before(240) } }, now).tone, "warn");
    assert.equal(rpoGauge({ ...group, newest_point: { taken_at: before(60) } }, now).seconds, 60);
    assert.equal(rpoGauge(group, now).tone, "bad");
    assert.deepEqual(rtoGauge([{ mode: "drill", created_at: "" }], 600).ratio, undefined);
    const runs = [
      { mode: "drill", created_at: before(10), report: { rto_seconds: 700, rpo_seconds: 1 } },
      { mode: "drill", created_at: before(99), report: { rto_seconds: 60, rpo_seconds: 2 } },
    ];
    assert.equal(rtoGauge(runs, 600).tone, "bad");
    assert.deepEqual(trend(runs).rto, [60, 700]);
  });
});

describe("boot groups as a graph", () => {
  const vms = [{ vm: "a" }];
  test("stand behind what they come after, the one before them where they name none", () => {
    const { nodes, edges } = bootGraph([
      { name: "db", vms },
      { name: "app", vms },
      { name: "mail", vms, after: ["db"] },
      { name: "web", vms, after: ["app", "mail"] },
    ]);
    assert.deepEqual(
      nodes.map(({ name, column, row }) => [name, column, row]),
      [
        ["db", 0, 0],
        ["app", 1, 0],
        ["mail", 1, 1],
        ["web", 2, 0],
      ],
    );
    assert.deepEqual(
      edges.map(({ from, to }) => `${from} ${to}`),
      ["db app", "db mail", "app web", "mail web"],
    );
  });

  test("in a circle are drawn, not followed for ever", () => {
    assert.equal(
      bootGraph([
        { name: "a", vms, after: ["b"] },
        { name: "b", vms, after: ["a"] },
      ]).nodes.length,
      2,
    );
  });
});
