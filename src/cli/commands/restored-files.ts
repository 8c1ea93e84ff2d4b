import { createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream } from "node:stream/web";
import { connectApi, problemError } from "../client.ts";
import { CliError } from "../failure.ts";
import { formatBytes } from "../units.ts";
import type { CommonOptions } from "./options.ts";

export interface FilesOptions extends CommonOptions {
  readonly group: string;
  readonly point?: string;
  readonly before?: string;
  readonly suspectToo?: boolean;
  readonly disk?: string;
  readonly volume?: string;
  readonly out?: string;
}

/** Written as it comes; a file that did not come whole is not left there. */
export async function restoreFiles(vm: string, path: string, options: FilesOptions): Promise<void> {
  const { group, point, before, suspectToo, disk, volume, out } = options;
  const { api } = connectApi(options);
  const body = {
    ...{ group_id: group, vm, path },
    ...(point === undefined ? {} : { point_id: point }),
    ...(before === undefined ? {} : { before }),
    ...(suspectToo ? { suspect_too: true } : {}),
    ...(disk === undefined ? {} : { disk_id: disk }),
    ...(volume === undefined ? {} : { volume }),
  };
  const { data, error, response } = await api.POST("/v1/restores/files", { body, parseAs: "stream" });
  if (!response.ok || !data) throw problemError(error, response.status);
  const bytes = Readable.fromWeb(data as ReadableStream<Uint8Array>);
  if (out === undefined) {
    await whole(pipeline(bytes, process.stdout, { end: false }));
    return;
  }
  const partial = `${out}.part`;
  const file = createWriteStream(partial, { mode: 0o600 });
  try {
    await whole(pipeline(bytes, file));
    await rename(partial, out);
  } catch (failure) {
    await rm(partial, { force: true });
    throw failure;
  }
  process.stderr.write(`${out}: ${formatBytes(file.bytesWritten)}, ${toldOf(response)}\n`);
}

async function whole(written: Promise<void>): Promise<void> {
  try {
    await written;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new CliError(`It did not come whole: ${why}`, "Ask for it again; see novacron logs for the reason.");
  }
}

function toldOf(response: Response): string {
  const told = JSON.parse(decodeURIComponent(response.headers.get("x-novacron-restored") ?? "{}")) as {
    readonly taken_at?: string;
    readonly in_use?: boolean;
  };
  const torn = told.in_use ? "; its file system was in use then: its last seconds may be missed" : "";
  return `as it was at ${told.taken_at ?? "the point's moment"}${torn}`;
}
