import assert from "node:assert/strict";
import { test } from "node:test";
import { sql } from "kysely";
import { openDatabase } from "../../src/store/database.ts";
import { useStore } from "../support/store.ts";

const lab = useStore();

for (const zone of ["UTC", "America/St_Johns"]) {
  test(`timestamps are read as UTC in ISO form, to the millisecond, from a server in ${zone}`, async () => {
    const url = new URL(lab.postgres.databaseUrl);
    url.searchParams.set("options", `-c TimeZone=${zone}`);
    const database = openDatabase({ databaseUrl: url.href, log: () => undefined });
    try {
      for (const [written, read] of [
        ["2026-11-29 02:51:47.882999+00", "2026-11-29T02:51:47.882Z"],
        ["2026-11-29 02:51:47.5+00", "2026-11-29T02:51:47.500Z"],
        ["2026-11-29 02:51:47+00", "2026-11-29T02:51:47.000Z"],
        ["2026-02-28 23:59:59.01-03:30", "2026-03-01T03:29:59.010Z"],
      ] as const) {
        const { rows } = await sql<{ at: string }>`select ${written}::timestamptz as at`.execute(database);
        assert.equal(rows[0]?.at, read);
      }
    } finally {
      await database.destroy();
    }
  });
}
