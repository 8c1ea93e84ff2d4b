import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { startTestApi } from "../api/support/harness.ts";
import { temporaryDir } from "../support/servers.ts";
import { runnerOf } from "./support/run.ts";

const { databaseUrl, temporalAddress } = await startTestApi({ after });
const dir = temporaryDir();
const file = join(dir, "novacron.yaml");
mkdirSync(join(dir, "site-a"));
writeFileSync(
  file,
  `providers: [{ name: site-a, type: folder, storage_path: ${join(dir, "site-a")} }]\nsite_workers: { port: 0 }\n`,
);
const tokenFile = join(dir, "token");

interface Program {
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;
  said(): string;
}

function start(path: string, args: readonly string[], env: NodeJS.ProcessEnv): Program {
  const program = fileURLToPath(new URL(`../../src/${path}`, import.meta.url));
  const child = spawn(process.execPath, [program, ...args], { env, stdio: ["ignore", "pipe", "pipe"] });
  after(() => void child.kill("SIGTERM"));
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (text += chunk.toString()));
  return { child, ended: new Promise((resolve) => child.once("close", resolve)), said: () => text };
}

async function until<T>(look: () => T | undefined | Promise<T | undefined>, why: () => string): Promise<T> {
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; await sleep(100)) {
    const seen = await look();
    if (seen !== undefined) return seen;
  }
  throw new Error(why());
}

test("a machine joins with a token, works for its site, is drained, and is removed", async () => {
  const api = start("api/main.ts", [], {
    ...process.env,
    DATABASE_URL: databaseUrl,
    TEMPORAL_ADDRESS: temporalAddress,
    NOVACRON_INSTANCE_DIR: dir,
    NOVACRON_CONFIG: file,
    NOVACRON_TOKEN_FILE: tokenFile,
    NOVACRON_API_PORT: "0",
  });
  const port = await until(() => /"port":(\d+)/.exec(api.said())?.[1], api.said);
  const cli = runnerOf({ url: `http://127.0.0.1:${port}`, tokenFile });
  const list = () =>
    cli.json<{ items: { worker_id: string; state: string; data_address?: string }[] }>("workers", "list");
  assert.deepEqual(await list(), { items: [] });

  const joinFile = join(dir, "join-token");
  const made = await cli.run("sites", "join-token", "site-a", "--file", joinFile);
  assert.equal(made.code, 0, made.stderr);
  assert.equal(statSync(joinFile).mode & 0o777, 0o600);
  const token = readFileSync(joinFile, "utf8").trim();
  assert.ok(!made.stdout.includes(token), "it is in the file, not on the screen");
  assert.equal((await cli.run("sites", "join-token", "nowhere")).code, 1);

  const worksIn = join(dir, "worker");
  const args = ["join", "--join-file", joinFile, "--dir", worksIn, "--listen", "127.0.0.1:0"];
  const joining = start("cli/main.ts", args, process.env);
  const live = await until(
    async () => (await list()).items.find(({ state }) => state === "live"),
    () => joining.said(),
  );
  assert.match(live.data_address ?? "", /^127\.0\.0\.1:[1-9]\d*$/);
  assert.match(live.worker_id, /^site-a-/);
  assert.equal(statSync(join(worksIn, "identity.json")).mode & 0o777, 0o600);

  assert.equal((await cli.run("workers", "drain", live.worker_id)).code, 0);
  assert.equal(await joining.ended, 0, joining.said());
  assert.equal((await list()).items[0]?.state, "draining");
  assert.equal((await cli.run("workers", "remove", live.worker_id, "--yes")).code, 0);
  assert.deepEqual(await list(), { items: [] });
  assert.ok(!(api.said() + joining.said()).includes(token), "the token is in no line");
});
