import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { pino } from "pino";
import { AuditCheckpoints, signCheckpoint } from "../../src/api/audit-checkpoints.ts";
import { openStore } from "../../src/store/index.ts";
import { startTestApi } from "../api/support/harness.ts";

const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
const api = await startTestApi({ after }, { worker: false });
const instance = dirname(api.tokenFile);
const elsewhere = await mkdtemp(join(tmpdir(), "nvc-audit-"));
after(() => rm(elsewhere, { recursive: true, force: true }));

interface Verdict {
  readonly entries: number;
  readonly faults: readonly { readonly sequence: number; readonly what: string }[];
  readonly trusted_key: boolean;
}

function run(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const env = { ...process.env, NOVACRON_API_URL: api.url, NOVACRON_TOKEN_FILE: api.tokenFile };
  const child = spawn(process.execPath, [main, ...args], { env, stdio: ["ignore", "pipe", "pipe"] });
  const ran = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk: Buffer) => (ran.stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (ran.stderr += chunk.toString()));
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, ...ran })));
}

async function verify(...args: string[]): Promise<Verdict & { code: number | null }> {
  const { code, stdout, stderr } = await run("audit", "verify", "--output", "json", ...args);
  assert.ok(stdout, stderr);
  return { code, ...(JSON.parse(stdout) as Verdict) };
}

before(async () => {
  const checkpoints = await AuditCheckpoints.open(api.store, instance, pino({ level: "silent" }));
  for (let i = 0; i < 12; i++) {
    await api.call("POST", "/v1/users", { body: { name: `Person ${i} \u0000 \ud800 "é"` } });
    if (i % 4 === 3) await checkpoints.take();
  }
});

/** Past the trigger that keeps the trail append-only, as somebody with the database's own account could; taken back. */
async function tampered(statements: string, check: () => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: api.databaseUrl });
  await client.connect();
  const backup = ["audit", "audit_head", "audit_checkpoints"];
  try {
    await client.query("set session_replication_role = replica");
    for (const table of backup) await client.query(`create table kept_${table} as table ${table}`);
    await client.query(statements);
    await check();
    for (const table of backup) {
      await client.query(`delete from ${table}`);
      const columns = table === "audit" ? "(sequence, entry, hash) select sequence, entry, hash from" : "table";
      await client.query(`insert into ${table} ${columns} kept_${table}; drop table kept_${table}`);
    }
  } finally {
    await client.end();
  }
}

/** What an attacker who can write to the database would run to make everything fit again from one row on. */
const recompute = `do $$ declare r record; h text := repeat('0', 64); begin
  for r in select * from audit order by sequence loop
    h := encode(sha256(convert_to(h || E'\\n' || r.sequence || E'\\n' || r.entry, 'UTF8')), 'hex');
    update audit set hash = h where sequence = r.sequence;
  end loop; update audit_head set hash = h, sequence = (select max(sequence) from audit); end $$`;
const alter = `update audit set entry = replace(entry, '"Person 2 ', '"Person X ') where sequence = 6`;

describe("audit verify", () => {
  test("finds the untouched chain whole, with its signatures by the instance's own key", async () => {
    const verdict = await verify();
    assert.deepEqual([verdict.code, verdict.faults, verdict.trusted_key], [0, [], true]);
    assert.equal(verdict.entries, 24);
    assert.match((await run("audit", "verify")).stdout, /24 entries, 6 signed ends: the chain is whole/);
  });

  const cases: readonly [string, string, readonly [number, RegExp][]][] = [
    ["one entry altered", alter, [[6, /not the one that was chained/]]],
    ["one entry altered, and all hashes made to fit", `${alter}; ${recompute}`, [[8, /not the one that was signed/]]],
    ["one entry deleted", "delete from audit where sequence = 9", [[9, /missing/]]],
    [
      "two entries swapped",
      "update audit a set entry = b.entry from audit b where (a.sequence, b.sequence) in ((10, 12), (12, 10))",
      [
        [10, /not the one that was chained/],
        [12, /not the one that was chained/],
      ],
    ],
    [
      "an entry put in, and what follows moved on",
      `update audit set sequence = -sequence - 1 where sequence > 20; update audit set sequence = -sequence where sequence < 0;
       insert into audit (sequence, entry, hash) select 21, entry, hash from audit where sequence = 3; ${recompute}`,
      [[24, /not the one that was signed/]],
    ],
    [
      "the end cut off, with its signatures",
      `delete from audit where sequence > 15; delete from audit_checkpoints where sequence > 15; ${recompute}`,
      [[16, /entries up to 24 were there and signed/]],
    ],
    [
      "everything cut off",
      "delete from audit; delete from audit_checkpoints; update audit_head set sequence = 0, hash = repeat('0', 64)",
      [[1, /entries up to 24/]],
    ],
  ];
  for (const [name, statements, expected] of cases) {
    test(`finds ${name}`, () =>
      tampered(statements, async () => {
        const { code, faults } = await verify();
        assert.equal(code, 1);
        for (const [sequence, what] of expected) {
          assert.ok(
            faults.some((fault) => fault.sequence === sequence && what.test(fault.what)),
            JSON.stringify(faults),
          );
        }
      }));
  }

  test("finds an end that was signed with a key of somebody's own", async () => {
    const { privateKey } = generateKeyPairSync("ed25519");
    const end = signCheckpoint(privateKey, { ...(await api.store.audit.head()), at: new Date().toISOString() });
    await tampered("delete from audit_checkpoints", async () => {
      await api.store.audit.addCheckpoint(end);
      const { code, faults } = await verify();
      assert.equal(code, 1);
      assert.match(JSON.stringify(faults), /another key than the trusted one/);
    });
  });

  test("judges an export without the API, and finds a line changed in it", async () => {
    const file = join(elsewhere, "trail.jsonl");
    assert.equal((await run("audit", "export", "--file", file)).code, 0);
    const offline = ["--file", file, "--anchors", join(instance, "audit-checkpoints.jsonl")];
    const key = ["--public-key", join(instance, "audit-key.pem")];
    assert.deepEqual((await verify(...offline, ...key)).faults, []);
    const text = await readFile(file, "utf8");
    await writeFile(file, text.replace("Person 7", "Person 8"));
    assert.equal((await verify(...offline)).code, 1);
  });
});

test("the database itself refuses to change or remove an entry", async () => {
  for (const statement of ["delete from audit", "update audit set entry = '{}'", "truncate audit"]) {
    await assert.rejects(api.sql(statement), /only ever appended to/);
  }
});

test("many writers in two processes' stores make one chain without gaps", async () => {
  const other = await openStore({ databaseUrl: api.databaseUrl });
  const entry = {
    at: new Date().toISOString(),
    actor: "a",
    action: "b",
    resource: "c",
    requestId: "d",
    outcome: "done",
  };
  const first = await api.store.audit.head();
  try {
    const writes = Array.from({ length: 1_000 }, (_, i) =>
      (i % 2 ? api.store : other).audit.append({ ...entry, after: i }),
    );
    await Promise.all(writes);
  } finally {
    await other.close();
  }
  assert.equal((await api.store.audit.head()).sequence, first.sequence + 1_000);
  assert.deepEqual((await verify()).faults, []);
});

test("entries are found by who, what and when, and exported for other tools", async () => {
  const list = await run(
    "audit",
    "list",
    "--action",
    "user.create",
    "--outcome",
    "done",
    "--limit",
    "3",
    "--output",
    "json",
  );
  const records = JSON.parse(list.stdout) as { sequence: number; entry: { after: { name: string }; actor: string } }[];
  assert.deepEqual(
    records.map(({ entry }) => entry.after.name.slice(0, 9)),
    ["Person 11", "Person 10", "Person 9 "],
  );
  const ocsf = await run("audit", "export", "--format", "ocsf", "--after", "20");
  const [event] = ocsf.stdout.split("\n").map((line) => line && JSON.parse(line));
  assert.deepEqual(
    [event.class_uid, event.type_uid, event.api.operation, event.actor.user.uid, event.metadata.sequence],
    [6003, 600301, "user.create", "token/bootstrap", 21],
  );
});

test("who is refused for want of a role is on record", async () => {
  await api.call("POST", "/v1/users", {
    token: api.readerToken,
    body: { name: "x" },
    headers: { "x-request-id": "refused-1" },
  });
  const { items } = await api.store.audit.list({ limit: 5, requestId: "refused-1" });
  const entries = items.map(({ entry }) => JSON.parse(entry) as { actor: string; outcome: string; request?: unknown });
  assert.deepEqual(
    entries.map(({ actor, outcome }) => [actor, outcome]),
    [["token/reader", "Forbidden"]],
  );
});
