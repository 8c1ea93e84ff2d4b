import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { bringInSiteTools } from "../../host/bring-in/index.ts";
import { answerOf, connectApi, type Schemas } from "../client.ts";
import { confirm } from "../confirm.ts";
import { usageError } from "../failure.ts";
import { show, table } from "../output.ts";
import type { CommonOptions } from "./options.ts";

const program = fileURLToPath(new URL("../../worker/site-main.ts", import.meta.url));

export async function makeJoinToken(
  site: string,
  options: CommonOptions & { minutes?: string; file?: string },
): Promise<void> {
  const { api } = connectApi(options);
  const minutes = options.minutes === undefined ? undefined : Number(options.minutes);
  if (minutes !== undefined && !Number.isInteger(minutes)) throw usageError("--minutes is a whole number", "Write 60.");
  const body = minutes === undefined ? {} : { expires_in_minutes: minutes };
  const made = await answerOf(api.POST("/v1/sites/{site}/join-tokens", { params: { path: { site } }, body }));
  if (options.file !== undefined) writeFileSync(options.file, `${made.token}\n`, { mode: 0o600, flag: "wx" });
  const shown = options.file === undefined ? made : { ...made, token: `in ${options.file}` };
  await show(shown, options.output, async ({ token, url, expires_at }) =>
    [
      token,
      "",
      `One machine that reaches ${url} becomes a worker of ${site} with it, until ${expires_at}:`,
      "  novacron join --listen 0.0.0.0:8789 --address HOST:8789 < TOKEN",
    ].join("\n"),
  );
}

/** Runs until it is ended, drained or removed. The token goes through a file of this machine's own: arguments and the
 *  environment are for others to read. */
export async function joinSite(
  options: CommonOptions & { joinFile?: string; dir: string; listen?: string; address?: string; watchdog?: boolean },
): Promise<number> {
  if (options.address !== undefined && options.listen === undefined) {
    throw usageError("--address says how others reach what --listen opens", "Add --listen HOST:PORT.");
  }
  const { toolsManifest } = await bringInSiteTools({ onProgress: (line) => process.stderr.write(`${line}\n`) });
  const dir = resolve(options.dir);
  const tokenFile = options.joinFile ?? keepToken(dir);
  const child = spawn(process.execPath, [program], {
    stdio: ["ignore", "inherit", "inherit"],
    env: {
      ...process.env,
      NOVACRON_SITE_DIR: dir,
      NOVACRON_TOOLS: toolsManifest,
      ...(tokenFile === undefined ? {} : { NOVACRON_JOIN_TOKEN_FILE: resolve(tokenFile) }),
      ...(options.listen === undefined ? {} : { NOVACRON_DATA_LISTEN: options.listen }),
      ...(options.address === undefined ? {} : { NOVACRON_DATA_ADDRESS: options.address }),
      ...(options.watchdog ? { NOVACRON_WATCHDOG: "true" } : {}),
    },
  });
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => child.kill(signal));
  const code = await new Promise<number>((done) => child.once("exit", (exitCode) => done(exitCode ?? 1)));
  if (tokenFile !== undefined && options.joinFile === undefined) rmSync(tokenFile, { force: true });
  return code;
}

export async function listWorkers(options: CommonOptions): Promise<void> {
  const { api } = connectApi(options);
  const list = await answerOf(api.GET("/v1/site-workers"));
  await show(list, options.output, ({ items }) => workerTable(items));
}

export async function drainWorker(id: string, options: CommonOptions): Promise<void> {
  const { api } = connectApi(options);
  const worker = await answerOf(api.POST("/v1/site-workers/{id}/drain", { params: { path: { id } } }));
  await show(worker, options.output, async () => `${id} gets nothing new.`);
}

export async function removeWorker(id: string, options: CommonOptions & { yes?: boolean }): Promise<void> {
  await confirm(`Remove ${id}? Its certificate is not accepted any more.`, options.yes ?? false);
  const { api } = connectApi(options);
  const worker = await answerOf(api.DELETE("/v1/site-workers/{id}", { params: { path: { id } } }));
  await show(worker, options.output, async () => `${id} is no worker of ${worker.site} any more.`);
}

/** What came over stdin; undefined for a machine that has joined before. */
function keepToken(dir: string): string | undefined {
  if (process.stdin.isTTY) return undefined;
  const text = readFileSync(0, "utf8").trim();
  if (text === "") return undefined;
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const file = join(dir, "join-token");
  writeFileSync(file, text, { mode: 0o600 });
  return file;
}

function workerTable(items: readonly Schemas["SiteWorker"][]): Promise<string> {
  return table(
    items,
    [
      { head: "worker", value: ({ worker_id }) => worker_id },
      { head: "site", value: ({ site }) => site },
      { head: "machine", value: ({ name }) => name },
      { head: "state", value: ({ state }) => state },
      { head: "reached at", value: ({ data_address }) => data_address },
      { head: "seen", value: ({ seen_at }) => seen_at },
      { head: "certificate until", value: ({ certificate_ends_at }) => certificate_ends_at },
    ],
    "No machine works for a site of its own. novacron sites join-token SITE makes what one joins with.",
  );
}
