import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import type { PowerState, Vm } from "../../src/domain/vm.ts";
import { fromWire, type Wire } from "../../src/domain/wire.ts";
import type { InventoryVm, VmQuery } from "../../src/store/index.ts";
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
    await vms.replaceSite("a", [vm("a", "1"), vm("a", "2")], at(1));
    await vms.replaceSite("b", [vm("b", "1")], at(1));
    await vms.replaceSite("a", [vm("a", "2", { state: "stopped" }), vm("a", "3")], at(2));
    assert.deepEqual(await ids({}), ["b/1", "a/2", "a/3"]);
    assert.equal(await vms.get("a", "1"), undefined);
    const text = (await vms.get("a", "2")) ?? assert.fail("it is gone");
    const { observedAt, ...seen } = fromWire<InventoryVm>(JSON.parse(text));
    assert.equal(observedAt, at(2));
    assert.deepEqual(seen, vm("a", "2", { state: "stopped" }));
    await vms.replaceSite("a", [], at(3));
    assert.deepEqual(await ids({}), ["b/1"]);
    await vms.replaceSite("b", [], at(3));
  });

  test("doesn't go back to an older reading that arrives late", async () => {
    const { vms } = lab.store;
    await vms.replaceSite("late", [vm("late", "new")], at(9));
    await vms.replaceSite("late", [vm("late", "old")], at(8));
    assert.deepEqual(await ids({ site: "late" }), ["late/new"]);
  });

  test("says how fresh each site is, and keeps rows with the reason when it can't be read", async () => {
    const { vms } = lab.store;
    await vms.replaceSite("fresh", [vm("fresh", "1")], at(1));
    await vms.noteFailure("fresh", "no route to host", at(5));
    await vms.noteFailure("never", "no route to host", at(6));
    const sites = await vms.sites();
    assert.deepEqual(
      sites.filter(({ site }) => site === "fresh" || site === "never"),
      [
        { site: "fresh", vmCount: 1, observedAt: at(1), error: "no route to host", failedAt: at(5) },
        { site: "never", vmCount: 0, error: "no route to host", failedAt: at(6) },
      ],
    );
    assert.deepEqual(await ids({ site: "fresh" }), ["fresh/1"]);
    await vms.replaceSite("fresh", [], at(7));
    const after = (await vms.sites()).find(({ site }) => site === "fresh");
    assert.deepEqual(after, { site: "fresh", vmCount: 0, observedAt: at(7) });
  });

  test("pages through every filter without losing or repeating a row", async () => {
    const { vms } = lab.store;
    const states: PowerState[] = ["running", "stopped", "paused"];
    const all = ["p", "q"].flatMap((site) =>
      Array.from({ length: 40 }, (_, i) => vm(site, `${i}`, { name: `n${i % 4}`, state: states[i % 3] })),
    );
    for (const site of ["p", "q"])
      await vms.replaceSite(
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
    for (const site of ["p", "q"]) await vms.replaceSite(site, [], at(2));
  });
});

describe("with 100,000 VMs", () => {
  test("every list and get reads a handful of rows by an index", async () => {
    const { vms } = lab.store;
    const states: PowerState[] = ["running", "stopped"];
    for (const site of ["big-a", "big-b"]) {
      const many = Array.from({ length: 50_000 }, (_, i) =>
        vm(site, `${i}`, { name: `app-${String(i).padStart(5, "0")}`, state: states[i % 2] }),
      );
      await vms.replaceSite(site, many, at(1));
    }
    const first = await vms.list({ limit: 50 });
    const middle = await vms.list({ limit: 50, name: "app-25*" });
    assert.equal(JSON.parse(first.json).length, 50);
    const queries: VmQuery[] = [
      { limit: 50 },
      { limit: 50, cursor: middle.nextCursor },
      { limit: 50, site: "big-b" },
      { limit: 50, site: "big-b", cursor: middle.nextCursor },
      { limit: 50, state: "stopped", cursor: middle.nextCursor },
      { limit: 50, site: "big-a", state: "stopped", cursor: middle.nextCursor },
      { limit: 50, name: "app-31337" },
      { limit: 50, name: "app-3*", site: "big-a" },
    ];
    const before = await rowsRead();
    for (const query of queries) await vms.list(query);
    await vms.get("big-b", "31337");
    const read = (await rowsRead()) - before;
    // A page, one row more, and what the index has on the way.
    assert.ok(read <= queries.length * 150, `${queries.length} lists and a get read ${read} rows`);
  });

  /** Rows of `vms` that the server has fetched so far, by index or by scanning. */
  async function rowsRead(): Promise<number> {
    const client = new pg.Client({ connectionString: lab.postgres.databaseUrl });
    await client.connect();
    const text = "select seq_tup_read + coalesce(idx_tup_fetch, 0) as n from pg_stat_user_tables where relname = 'vms'";
    let last = -1;
    for (;;) {
      const { rows } = await client.query<{ n: string }>(text);
      const now = Number(rows[0]?.n);
      if (now === last) break;
      last = now;
      // A backend reports its counters at the latest a second after its statement.
      await sleep(1_100);
    }
    await client.end();
    return last;
  }
});
