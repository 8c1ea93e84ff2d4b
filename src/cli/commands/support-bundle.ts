import { createWriteStream } from "node:fs";
import { chmod, rename, rm } from "node:fs/promises";
import { arch, platform, release } from "node:os";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { Scrubber } from "../../telemetry/scrub.ts";
import { type TarEntry, tar } from "../../transfer/tar.ts";
import { type Api, answerOf, connectApi, type Schemas } from "../client.ts";
import { CliError } from "../failure.ts";
import { show } from "../output.ts";
import { momentOf } from "../units.ts";
import { installationFindings } from "./doctor.ts";
import type { CommonOptions } from "./options.ts";

const newest = 50;
const logPage = 200;
const mostLines = 5_000;

interface BundleOptions extends CommonOptions {
  /** The file that is made. */
  readonly to: string;
  /** How far back lines go: `24h`, or a time. */
  readonly since: string;
}

interface Part {
  readonly name: string;
  readonly text: string;
}

/**
 * One archive with what somebody needs who helps from afar: findings, sites, schedules, what ran last, and what was said
 * at `warn` and above. It holds what this caller may read over the API, which shows no secret; what looks like one of
 * ours is taken out once more.
 */
export async function makeBundle(options: BundleOptions): Promise<void> {
  const connected = connectApi(options);
  const { api, token } = connected;
  const now = new Date();
  const scrubber = new Scrubber();
  scrubber.remember(token);
  const missing: { part: string; why: string }[] = [];
  const parts: Part[] = [];
  const add = (name: string, text: string) => parts.push({ name, text: scrubber.clean(text) });
  const asked: Readonly<Record<string, () => Promise<unknown>>> = {
    ...readings(api),
    doctor: async () => ({ findings: await installationFindings(api, now) }),
  };
  for (const [name, read] of Object.entries(asked)) {
    process.stderr.write(`${name}\n`);
    try {
      add(`${name}.json`, `${JSON.stringify(await read(), undefined, 2)}\n`);
    } catch (error) {
      missing.push(unread(name, error));
    }
  }
  process.stderr.write("logs\n");
  try {
    const lines = await linesSince(api, momentOf(options.since));
    add("logs.jsonl", lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  } catch (error) {
    missing.push(unread("logs", error));
  }
  const machine = { node: process.version, platform: platform(), release: release(), arch: arch() };
  add("bundle.json", `${JSON.stringify({ made_at: now.toISOString(), machine, missing }, undefined, 2)}\n`);
  await write(options.to, parts, now);
  const made = { file: options.to, parts: parts.map(({ name }) => name), missing };
  await show(made, options.output, ({ file, parts: names }) =>
    [
      `${file} holds ${names.join(", ")}.`,
      ...missing.map(({ part, why }) => `Without ${part}: ${why}`),
      "It shows names, addresses and tags of your machines: look at it before you hand it on.",
    ].join("\n"),
  );
}

function readings(api: Api): Readonly<Record<string, () => Promise<unknown>>> {
  const limit = { params: { query: { limit: newest } } };
  return {
    health: () => answerOf(api.GET("/v1/health")),
    session: () => answerOf(api.GET("/v1/auth/session")),
    providers: () => answerOf(api.GET("/v1/providers")),
    sites: () => answerOf(api.GET("/v1/sites")),
    "site-workers": () => answerOf(api.GET("/v1/site-workers")),
    "unified-view": () => answerOf(api.GET("/v1/unified-view")),
    "control-plane": () => answerOf(api.GET("/v1/control-plane")),
    schedules: () => answerOf(api.GET("/v1/schedules")),
    migrations: () => answerOf(api.GET("/v1/migrations", limit)),
    "migration-statistics": () => answerOf(api.GET("/v1/migrations/statistics")),
    waves: () => answerOf(api.GET("/v1/waves", limit)),
    operations: () => answerOf(api.GET("/v1/operations", limit)),
    "protection-groups": () => answerOf(api.GET("/v1/protection-groups")),
    restores: () => answerOf(api.GET("/v1/restores", limit)),
    "burst-pools": () => answerOf(api.GET("/v1/burst-pools")),
    savings: () => answerOf(api.GET("/v1/savings")),
    connections: () => answerOf(api.GET("/v1/connections")),
    "policy-findings": () => answerOf(api.GET("/v1/policy-findings", limit)),
    alerts: () => answerOf(api.GET("/v1/alerts")),
    "cost-sources": () => answerOf(api.GET("/v1/costs/sources")),
  };
}

async function linesSince(api: Api, since: string): Promise<readonly Schemas["LogLine"][]> {
  const lines: Schemas["LogLine"][] = [];
  let cursor: string | undefined;
  do {
    const query = { level: "warn" as const, since, limit: logPage, ...(cursor ? { cursor } : {}) };
    const page: Schemas["LogLineList"] = await answerOf(api.GET("/v1/logs", { params: { query } }));
    lines.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor !== undefined && lines.length < mostLines);
  return lines.toReversed();
}

function unread(part: string, error: unknown): { part: string; why: string } {
  if (error instanceof CliError) return { part, why: error.message };
  throw error;
}

/** Readable by its owner only, and whole or not at all. */
async function write(file: string, parts: readonly Part[], at: Date): Promise<void> {
  const partial = `${file}.${process.pid}`;
  try {
    await pipeline(tar(entriesOf(parts), at), createGzip(), createWriteStream(partial, { mode: 0o600, flags: "wx" }));
    await chmod(partial, 0o600);
    await rename(partial, file);
  } catch (cause) {
    await rm(partial, { force: true });
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new CliError(`${file} can't be written: ${why}`, "Name another file with --to.", { cause });
  }
}

async function* entriesOf(parts: readonly Part[]): AsyncGenerator<TarEntry> {
  for (const { name, text } of parts) {
    const bytes = Buffer.from(text);
    yield {
      path: `novacron-support/${name}`,
      kind: "file",
      sizeBytes: bytes.length,
      async *content() {
        yield bytes;
      },
    };
  }
}
