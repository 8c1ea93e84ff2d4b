import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "kysely";
import pg from "pg";
import { vmResource } from "../../src/domain/resource.ts";
import { parseSearch } from "../../src/domain/search/parser.ts";
import type { PowerState, Vm } from "../../src/domain/vm.ts";
import { fromWire, type Wire } from "../../src/domain/wire.ts";
import { openDatabase } from "../../src/store/database.ts";
import { type InventoryVm, openStore, type Store, type VmQuery } from "../../src/store/index.ts";
import { VmRepository } from "../../src/store/vm-repository.ts";
import { useStore } from "../support/store.ts";

const lab = useStore();
const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();

function vm(site: string, vmId: string, more: Partial<Vm> = {}): Vm {
  return {
    vmId,
    site,
    name: `vm-${vmId}`,
    state: "running",
    cpus: 2,
    memoryBytes: 2 ** 31,
    firmware: "bios",
    architecture: "x86_64",
    disks: [{ diskId: "vda", volumeId: `v-${vmId}`, sizeBytes: 2 ** 34, bus: "virtio-blk", boot: true }],
    nics: [],
    publishPorts: [],
    endpoints: [],
    tags: {},
    ...more,
  };
}

async function replaceSite(site: string, vms: readonly Vm[], seenAt: string): Promise<void> {
  const place = { site, provider: "libvirt" };
  await lab.store.inventory.replace(
    place,
    "vm",
    vms.map((one) => vmResource(place, one)),
    seenAt,
  );
}

async function ids(query: Omit<VmQuery, "limit" | "cursor">, limit = 1000): Promise<string[]> {
  const found: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await lab.store.vms.list({ ...query, limit, cursor });
    found.push(...(JSON.parse(page.json) as Wire<InventoryVm>[]).map((item) => `${item.site}/${item.vm_id}`));
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return found;
}

describe("the inventory", () => {
  test("is exactly what a site showed last, and leaves other sites alone", async () => {
    const { vms } = lab.store;
    await replaceSite("a", [vm("a", "1"), vm("a", "2")], at(1));
    await replaceSite("b", [vm("b", "1")], at(1));
    await replaceSite("a", [vm("a", "2", { state: "stopped" }), vm("a", "3")], at(2));
    assert.deepEqual(await ids({}), ["b/1", "a/2", "a/3"]);
    assert.equal(await vms.get("a", "1"), undefined);
    const text = (await vms.get("a", "2")) ?? assert.fail("it is gone");
    const { observedAt, ...seen } = fromWire<InventoryVm>(JSON.parse(text));
    assert.equal(observedAt, at(2));
    assert.deepEqual(seen, vm("a", "2", { state: "stopped" }));
    await replaceSite("a", [], at(3));
    assert.deepEqual(await ids({}), ["b/1"]);
    await replaceSite("b", [], at(3));
  });

  test("doesn't go back to an older reading that arrives late", async () => {
    await replaceSite("late", [vm("late", "new")], at(9));
    await replaceSite("late", [vm("late", "old")], at(8));
    assert.deepEqual(await ids({ site: "late" }), ["late/new"]);
  });

  test("says how fresh each site is, and keeps rows with the reason when it can't be read", async () => {
    const { vms } = lab.store;
    await replaceSite("fresh", [vm("fresh", "1")], at(1));
    await lab.store.inventory.noteFailure({ site: "fresh", provider: "libvirt" }, "vm", "no route to host", at(5));
    await lab.store.inventory.noteFailure({ site: "never", provider: "libvirt" }, "vm", "no route to host", at(6));
    const sites = await vms.sites();
    assert.deepEqual(
      sites.filter(({ site }) => site === "fresh" || site === "never"),
      [
        { site: "fresh", vmCount: 1, observedAt: at(1), error: "no route to host", failedAt: at(5) },
        { site: "never", vmCount: 0, error: "no route to host", failedAt: at(6) },
      ],
    );
    assert.deepEqual(await ids({ site: "fresh" }), ["fresh/1"]);
    await replaceSite("fresh", [], at(7));
    const after = (await vms.sites()).find(({ site }) => site === "fresh");
    assert.deepEqual(after, { site: "fresh", vmCount: 0, observedAt: at(7) });
  });

  test("pages through every filter without losing or repeating a row", async () => {
    const states: PowerState[] = ["running", "stopped", "paused"];
    const all = ["p", "q"].flatMap((site) =>
      Array.from({ length: 40 }, (_, i) => vm(site, `${i}`, { name: `n${i % 4}`, state: states[i % 3] })),
    );
    for (const site of ["p", "q"])
      await replaceSite(
        site,
        all.filter((one) => one.site === site),
        at(1),
      );
    const queries = [
      { site: "p" },
      { site: "q", state: "paused" as const },
      { name: "n1" },
      { name: "n*", site: "p" },
      { name: "n2", state: "running" as const },
      { site: "p", name: "*" },
    ];
    for (const query of queries) {
      const found = await ids(query, 3);
      const expected = all.filter(
        (one) =>
          (query.site === undefined || one.site === query.site) &&
          (query.state === undefined || one.state === query.state) &&
          (query.name === undefined || query.name.endsWith("*") || one.name === query.name),
      );
      assert.deepEqual(
        [...found].sort(),
        expected.map((one) => `${one.site}/${one.vmId}`).sort(),
        JSON.stringify(query),
      );
    }
    assert.deepEqual(await ids({ name: "%" }), []);
    for (const site of ["p", "q"]) await replaceSite(site, [], at(2));
  });
});

test("what is named alike lies together, and is numbered in the order of the listing", async () => {
  const words = Array.from({ length: 20 }, (_, index) => `word${String.fromCharCode(97 + index)}`);
  const listed = Array.from({ length: 2_000 }, (_, i) => vm("laid", `${7_000 - i}`, { name: `${words[i % 20]}-${i}` }));
  await replaceSite("laid", listed, at(1));
  const client = new pg.Client({ connectionString: lab.postgres.databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ resource_id: string; block: number; name: string }>(
      "select resource_id, name, (ctid::text::point)[0] as block from resources where site = 'laid' order by resource_no",
    );
    assert.deepEqual(
      rows.map((row) => row.resource_id),
      listed.map(({ vmId }) => vmId),
    );
    const blocks = new Set(rows.filter(({ name }) => name.startsWith("wordc-")).map(({ block }) => block));
    assert.ok(blocks.size <= 20, `a hundred rows lie in ${blocks.size} blocks`);
  } finally {
    await client.end();
    await replaceSite("laid", [], at(2));
  }
});

describe("with 40,000 VMs", () => {
  before(() =>
    withOwnStore(async (store) => {
      const states: PowerState[] = ["running", "stopped"];
      for (const site of ["big-a", "big-b"]) {
        const place = { site, provider: "libvirt" };
        const many = Array.from({ length: 20_000 }, (_, i) =>
          vm(site, `${i}`, {
            name: `app-${String(i).padStart(5, "0")}`,
            state: states[i % 2],
            tags: {
              parity: `${i % 2}`,
              ...(i >= 17_600 ? { last: "yes" } : {}),
              ...(i % 4_000 === 0 ? { rare: "yes" } : {}),
            },
          }),
        );
        await store.inventory.replace(
          place,
          "vm",
          // The dearest are the largest; what the rest costs has nothing to do with their size.
          many.map((one, i) => vmResource(place, { ...one, cpus: i < 5_000 ? 64 : 1 + (i % 8) }, costOf(i))),
          at(1),
        );
      }
      await ask("vacuum analyze resources");
    }),
  );

  const costOf = (i: number) => (i < 5_000 ? 900_000_000 + i : i % 10 === 0 ? undefined : (i * 7_919) % 500_000_000);

  test("every list and get reads a handful of rows by an index", async () => {
    const { vms } = lab.store;
    assert.equal(JSON.parse((await vms.list({ limit: 50 })).json).length, 50);
    const middle = await vms.list({ limit: 50, name: "app-12*" });
    const queries: VmQuery[] = [
      { limit: 50 },
      { limit: 50, cursor: middle.nextCursor },
      { limit: 50, site: "big-b" },
      { limit: 50, site: "big-b", cursor: middle.nextCursor },
      { limit: 50, state: "stopped", cursor: middle.nextCursor },
      { limit: 50, site: "big-a", state: "stopped", cursor: middle.nextCursor },
      { limit: 50, name: "app-13337" },
      { limit: 50, name: "app-1*", site: "big-a" },
    ];
    for (const query of queries) {
      // A page, one row more, and what the index has on the way.
      await requireFewRows(150, JSON.stringify(query), (store) => store.vms.list(query));
    }
    await requireFewRows(10, "a get", (store) => store.vms.get("big-b", "13337"));
  });

  test("a search reads no more than it has to, also where what matches lies at the end of the order", async () => {
    const search = async (text: string, most: number) => {
      const parsed = parseSearch(text, Date.now());
      assert.ok(parsed.ok);
      const request = { ...parsed.query, limit: 50 };
      const page = await requireFewRows(most, text, (store) => store.resources.search(request));
      return page.items.map(({ name }) => name);
    };
    const pairs = (from: number, step: number) =>
      Array.from({ length: 50 }, (_, i) => `app-${String(from + step * Math.floor(i / 2)).padStart(5, "0")}`);
    assert.deepEqual(await search("tag.parity=1", 500), pairs(1, 2));
    assert.deepEqual(await search("tag.rare=yes sort:-name", 100), pairs(16_000, -4_000).slice(0, 10));
    // Many match, so they are looked for in the order of names, and given up on after 20,000 of the 35,200 before them.
    assert.deepEqual(await search("tag.last=yes", 100_000), pairs(17_600, 1));
    assert.deepEqual(await search("name:app-1999*", 100), pairs(19_990, 1).slice(0, 20));
    // Ten thousand that are too large come first: the index alone tells.
    const cheaper = Array.from({ length: 20_000 }, (_, i) => i)
      .filter((i) => i >= 5_000 && costOf(i) !== undefined && 1 + (i % 8) <= 4)
      .sort((a, b) => (costOf(b) ?? 0) - (costOf(a) ?? 0))
      .flatMap((i) => [i, i])
      .slice(0, 50)
      .map((i) => `app-${String(i).padStart(5, "0")}`);
    assert.deepEqual(await search("cpu:1..4 sort:-cost", 500), cheaper);
  });

  test("lists and gets are planned once a connection, not once a call", async () => {
    const db = openDatabase({ databaseUrl: lab.postgres.databaseUrl, log: () => undefined, maxConnections: 1 });
    try {
      const vms = new VmRepository(db);
      for (let i = 10; i < 25; i++) {
        const page = await vms.list({ limit: 40 + i, name: `app-1${i}0*` });
        assert.equal(JSON.parse(page.json)[0].name, `app-1${i}00`);
        assert.match((await vms.get("big-b", `${i}`)) ?? "", new RegExp(`"vm_id":"${i}"`));
      }
      const { rows } = await sql<{ planned: number; once: number }>`
        select custom_plans::integer as planned, generic_plans::integer as once from pg_prepared_statements`.execute(
        db,
      );
      // PostgreSQL looks at the first five by themselves. One list asks for 51 rows, the others for 101.
      const calls = rows.reduce((sum, { planned, once }) => sum + planned + once, 0);
      const planned = rows.reduce((sum, row) => sum + row.planned, 0);
      assert.deepEqual([rows.length, calls, planned], [3, 30, 11]);
    } finally {
      await db.destroy();
    }
  });

  async function requireFewRows<T>(most: number, what: string, work: (store: Store) => Promise<T>): Promise<T> {
    const before = await rowsRead();
    const result = await withOwnStore(work);
    const read = (await rowsRead()) - before;
    assert.ok(read <= most, `${what} read ${read} rows`);
    return result;
  }

  /** Backends keep their counters to themselves for seconds; one that ends has told them. */
  async function withOwnStore<T>(work: (store: Store) => Promise<T>): Promise<T> {
    const backends = () =>
      ask("select count(*)::integer as n from pg_stat_activity where application_name = 'novacron'");
    const others = await backends();
    const store = await openStore({ databaseUrl: lab.postgres.databaseUrl, maxConnections: 1 });
    try {
      return await work(store);
    } finally {
      await store.close();
      while ((await backends()) > others) await sleep(20);
    }
  }

  /** Rows of `resources` that have been fetched so far, by index or by scanning. */
  function rowsRead(): Promise<number> {
    return ask(
      "select (seq_tup_read + coalesce(idx_tup_fetch, 0))::integer as n from pg_stat_user_tables where relname = 'resources'",
    );
  }

  async function ask(text: string): Promise<number> {
    const client = new pg.Client({ connectionString: lab.postgres.databaseUrl });
    await client.connect();
    const { rows } = await client.query<{ n: number }>(text);
    await client.end();
    return rows[0]?.n ?? 0;
  }
});
