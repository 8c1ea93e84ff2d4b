import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import type { Response } from "express";
import type { FilesHead } from "../domain/restored-files.ts";
import type { Store } from "../store/index.ts";
import { ProblemError } from "./problem.ts";
import type { FilesRun } from "./runs.ts";

const lookEveryMs = 20;
/** For a worker that takes it up and finds the file. */
const patienceMs = 120_000;

/**
 * Answers with what comes through the pipe, as fast as the caller reads. A failure before the first byte is the caller's as a
 * problem; later ones break the connection, so that nobody takes half a file for a whole one.
 */
export async function answerWithFiles(
  { filePipe }: Pick<Store, "filePipe">,
  pipeId: string,
  run: FilesRun,
  response: Response,
  signal: AbortSignal,
): Promise<void> {
  const begunBy = Date.now() + patienceMs;
  let failure: unknown;
  run.sent.catch((error: unknown) => {
    failure = error ?? new Error("The run failed");
  });
  try {
    for (let sequence = 0; ; sequence++) {
      const chunk = await next(sequence);
      if (chunk === "end") break;
      if (sequence === 0) begin(response, JSON.parse(chunk.toString("utf8")) as FilesHead);
      else if (!response.write(chunk)) await once(response, "drain", { signal });
    }
    response.end();
  } catch (error) {
    await run.cancel().catch(() => undefined);
    if (response.headersSent) response.destroy();
    throw error;
  }

  async function next(sequence: number): Promise<Buffer | "end"> {
    for (;;) {
      signal.throwIfAborted();
      const chunk = await filePipe.take(pipeId, sequence);
      if (chunk !== undefined) return chunk;
      if (failure !== undefined) throw failure;
      if (sequence === 0 && Date.now() > begunBy) throw notBegun();
      await sleep(lookEveryMs, undefined, { signal });
    }
  }
}

function notBegun(): ProblemError {
  return new ProblemError("Timeout", {
    detail: `No worker has found it within ${patienceMs / 1000} s`,
    action: "See whether workers run (novacron status), and ask again.",
  });
}

function begin(response: Response, head: FilesHead): void {
  const { name, kind, sizeBytes, diskId, volume, takenAt, inUse } = head;
  const file = kind === "folder" ? `${name}.tar` : name;
  response.status(200);
  // Never a type that a browser would run: the content is somebody else's.
  response.setHeader("Content-Type", kind === "folder" ? "application/x-tar" : "application/octet-stream");
  response.setHeader("X-Content-Type-Options", "nosniff");
  response.setHeader("Content-Disposition", `attachment; filename*=UTF-8''${encoded(file)}`);
  if (sizeBytes !== undefined) response.setHeader("Content-Length", sizeBytes);
  const told = { taken_at: takenAt, disk_id: diskId, volume, in_use: inUse };
  response.setHeader("X-Novacron-Restored", encoded(JSON.stringify(told)));
  response.flushHeaders();
}

/** RFC 8187. */
function encoded(text: string): string {
  return encodeURIComponent(text.replaceAll(/\p{Surrogate}/gu, "�")).replaceAll(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
