import { createPublicKey } from "node:crypto";
import { createReadStream, createWriteStream, existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { type Checkpoint, type Record, verifyChain } from "../audit-chain.ts";
import { allPages, answerOf, type ConnectedApi, connectApi, problemError, type Schemas } from "../client.ts";
import { usageError } from "../failure.ts";
import { show, table } from "../output.ts";
import type { CommonOptions } from "./options.ts";

export interface AuditFilters {
  readonly actor?: string;
  readonly action?: string;
  readonly resource?: string;
  readonly request?: string;
  readonly workflow?: string;
  readonly outcome?: string;
  readonly since?: string;
  readonly until?: string;
  readonly limit?: string;
}

export async function listAudit(options: CommonOptions & AuditFilters): Promise<void> {
  const { api } = connectApi(options);
  const { actor, action, resource, request, workflow, outcome, since, until } = options;
  const named = { actor, action, resource, outcome, request_id: request, workflow_id: workflow, since, until };
  const given = Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined));
  const query = { ...given, limit: Number(options.limit ?? 50) };
  const { items } = await answerOf(api.GET("/v1/audit", { params: { query } }));
  await show(items, options.output, (records) =>
    table(
      records,
      [
        { head: "SEQ", align: "right", value: (record) => record.sequence },
        { head: "AT", value: ({ entry }) => entry.at },
        { head: "WHO", value: ({ entry }) => entry.actor_name ?? entry.actor },
        { head: "ACTION", value: ({ entry }) => entry.action },
        { head: "RESOURCE", value: ({ entry }) => entry.resource },
        { head: "OUTCOME", value: ({ entry }) => entry.outcome },
      ],
      "No entries.",
    ),
  );
}

export async function exportAudit(
  options: CommonOptions & { format?: "jsonl" | "ocsf"; file?: string; after?: string },
): Promise<void> {
  const connected = connectApi(options);
  const body = await exported(connected, options.format ?? "jsonl", options.after);
  if (!options.file) {
    for await (const chunk of body) process.stdout.write(chunk as Buffer);
    return;
  }
  await pipeline(body, createWriteStream(options.file, { mode: 0o600, flags: "wx" }));
}

/** Of the instance, or of a file that was exported; the signed ends come from the API, and from the instance's folder or
 *  where one says. */
export async function verifyAudit(
  options: CommonOptions & { file?: string; anchors?: string; publicKey?: string },
): Promise<void> {
  const connected = options.file && options.anchors ? undefined : connectApi(options);
  const folder = connected?.tokenFile === undefined ? undefined : dirname(connected.tokenFile);
  const anchorsFile = options.anchors ?? ours(folder, "audit-checkpoints.jsonl");
  const key = readKey(options.publicKey ?? ours(folder, "audit-key.pem"));
  const signed = [
    ...(connected ? await checkpointsOf(connected) : []),
    ...(anchorsFile ? readAnchors(anchorsFile) : []),
  ];
  const stream = options.file
    ? createReadStream(options.file)
    : await exported(connected as ConnectedApi, "jsonl", undefined);
  const verdict = await verifyChain(parsed(stream), signed, key);
  if (verdict.faults.length > 0) process.exitCode = 1;
  await show({ ...verdict, trusted_key: key !== undefined }, options.output, async (shown) => {
    const rows = shown.faults.map(({ sequence, what }) => `  at ${sequence}: ${what}`);
    const head = `${shown.entries} entries, ${shown.checkpoints} signed ends`;
    const trust = shown.trusted_key
      ? []
      : ["The signatures were only compared with the key that came with them; give --public-key to be sure."];
    if (rows.length === 0)
      return [`${head}: the chain is whole, up to entry ${shown.last.sequence}`, ...trust].join("\n");
    return [`${head}: THE CHAIN IS BROKEN`, ...rows, ...trust].join("\n");
  });
}

function ours(folder: string | undefined, name: string): string | undefined {
  const file = folder === undefined ? undefined : join(folder, name);
  return file !== undefined && existsSync(file) ? file : undefined;
}

function readKey(file: string | undefined): string | undefined {
  if (file === undefined) return undefined;
  return createPublicKey(readFileSync(file)).export({ type: "spki", format: "pem" }).toString();
}

function readAnchors(file: string): Checkpoint[] {
  const lines = readFileSync(file, "utf8").split("\n").filter(Boolean);
  return lines.map((line) => {
    const { keyId, publicKey, ...rest } = JSON.parse(line) as globalThis.Record<string, string>;
    return { ...rest, key_id: keyId, public_key: publicKey } as unknown as Checkpoint;
  });
}

function checkpointsOf({ api }: ConnectedApi): Promise<Schemas["AuditCheckpoint"][]> {
  return allPages((cursor) =>
    answerOf(api.GET("/v1/audit/checkpoints", { params: { query: { limit: 200, ...(cursor ? { cursor } : {}) } } })),
  );
}

async function exported(
  { baseUrl, token }: ConnectedApi,
  format: "jsonl" | "ocsf",
  after: string | undefined,
): Promise<Readable> {
  const url = `${baseUrl}/v1/audit/export?format=${format}${after ? `&after=${encodeURIComponent(after)}` : ""}`;
  const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
  if (!response.ok || !response.body) throw problemError(await response.json(), response.status);
  return Readable.fromWeb(response.body);
}

async function* parsed(stream: Readable): AsyncGenerator<Record> {
  let number = 0;
  for await (const line of createInterface({ input: stream })) {
    number += 1;
    if (line === "") continue;
    try {
      yield JSON.parse(line) as Record;
    } catch {
      throw usageError(`Line ${number} is not JSON`, "Give a file that audit export --format jsonl made.");
    }
  }
}
