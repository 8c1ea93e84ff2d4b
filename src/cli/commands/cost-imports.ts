import { createReadStream, statSync } from "node:fs";
import { basename } from "node:path";
import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { answerOf, connectApi, type Schemas } from "../client.ts";
import { CliError } from "../failure.ts";
import { show, table } from "../output.ts";
import { readCount } from "../units.ts";
import type { CommonOptions } from "./options.ts";

type CostImport = Schemas["CostImport"];

const lookEveryMs = 250;

export interface ImportCostOptions extends CommonOptions {
  readonly source: string;
  readonly provider: string;
  readonly site?: string;
  readonly part?: string;
  readonly format?: "focus" | "aws-cur2" | "gcp-billing";
  readonly at?: string;
  readonly bucket?: string;
  readonly prefix?: string;
}

/** Gives a file, or names an export in object storage, and waits for what becomes of it. */
export async function importCosts(file: string | undefined, options: ImportCostOptions): Promise<void> {
  const { api } = connectApi(options);
  const { source, provider, site, part, format, at, bucket, prefix = "" } = options;
  const delivery = {
    ...{ source, provider },
    ...(site ? { site } : {}),
    ...(part ? { part } : {}),
    ...(format ? { format } : {}),
  };
  const begin = async (): Promise<CostImport> => {
    if (file !== undefined && at === undefined) return upload(file);
    if (file === undefined && at !== undefined && bucket !== undefined) {
      const body = { ...delivery, objects: { site: at, bucket, prefix } };
      return answerOf(api.POST("/v1/costs/imports", { body }));
    }
    throw new CliError("There is nothing to import", "Name a file, or --at SITE --bucket NAME --prefix FOLDER.");
  };
  const upload = (path: string) => {
    const { size } = statSync(path);
    const query = { ...delivery, file_name: basename(path) };
    return answerOf(
      api.POST("/v1/costs/uploads", {
        params: { query },
        // The contract says bytes; the client's types know no stream.
        body: Readable.toWeb(createReadStream(path)) as unknown as string,
        bodySerializer: (stream: unknown) => stream,
        headers: { "content-type": "application/octet-stream", "content-length": String(size) },
        duplex: "half",
      }),
    );
  };
  let now = await begin();
  while (now.state === "waiting" || now.state === "running") {
    await sleep(lookEveryMs);
    now = await answerOf(api.GET("/v1/costs/imports/{id}", { params: { path: { id: now.import_id } } }));
  }
  await show(now, options.output, describe);
  if (now.state === "refused" || now.state === "failed") process.exitCode = 1;
}

export async function listImports(options: CommonOptions & { source?: string; limit: string }): Promise<void> {
  const { api } = connectApi(options);
  const query = {
    limit: Math.min(200, readCount(options.limit)),
    ...(options.source ? { source: options.source } : {}),
  };
  const { items } = await answerOf(api.GET("/v1/costs/imports", { params: { query } }));
  await show(items, options.output, (imports) =>
    table(
      imports,
      [
        { head: "AT", value: (line) => line.created_at },
        { head: "SOURCE", value: (line) => line.source_id },
        { head: "FILE", value: (line) => line.file_name },
        { head: "FORMAT", value: (line) => line.format },
        { head: "MONTHS", value: (line) => line.months.join(", ") },
        { head: "ROWS", align: "right", value: (line) => line.rows },
        { head: "STATE", value: (line) => line.state },
        { head: "FINDINGS", align: "right", value: (line) => line.findings.length },
      ],
      "Nothing has been imported.",
    ),
  );
}

async function describe(found: CostImport): Promise<string> {
  const { state, source_id: source, rows, months, message, findings } = found;
  const said =
    message ??
    {
      imported: `${rows} rows of ${months.join(", ")} are taken as the costs of ${source}.`,
      unchanged: `${source} has exactly this of ${months.join(", ")} already: nothing changed.`,
    }[state as string] ??
    state;
  if (findings.length === 0) return said;
  const rules = await table(
    findings,
    [
      { head: "RULE OF FOCUS", value: ({ rule }) => rule },
      { head: "ROWS", align: "right", value: (finding) => finding.rows },
      { head: "WHAT", value: ({ what }) => what },
    ],
    "",
  );
  return `${said}\n\n${rules}`;
}
