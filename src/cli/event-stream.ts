import { setTimeout as sleep } from "node:timers/promises";
import { type ConnectedApi, problemError, type Schemas } from "./client.ts";

export type MigrationEvent = Schemas["MigrationEvent"];
export type LogLine = Schemas["LogLine"];

const longestPauseMs = 5_000;

/** A migration's events, each once, in order, over as many connections as it takes; ends with the stream. */
export async function* followMigration(
  connected: Pick<ConnectedApi, "baseUrl" | "token">,
  migrationId: string,
  options: { after?: number; onInterruption?: (reason: string) => void } = {},
): AsyncGenerator<MigrationEvent> {
  yield* follow<MigrationEvent>(`/v1/migrations/${encodeURIComponent(migrationId)}/events`, connected, {
    ...options,
    after: options.after ?? 0,
  });
}

/** What is said in the logs from now on, each line once; never ends by itself. */
export function followLogs(
  connected: Pick<ConnectedApi, "baseUrl" | "token">,
  filter: Readonly<Record<string, string>>,
  options: { onInterruption?: (reason: string) => void } = {},
): AsyncGenerator<LogLine> {
  return follow<LogLine>(`/v1/logs/events?${new URLSearchParams(filter).toString()}`, connected, options);
}

async function* follow<Event extends { readonly sequence: number }>(
  path: string,
  { baseUrl, token }: Pick<ConnectedApi, "baseUrl" | "token">,
  options: { after?: number; onInterruption?: (reason: string) => void },
): AsyncGenerator<Event> {
  let last = options.after;
  let pauseMs = 200;
  for (;;) {
    try {
      const response = await fetch(`${baseUrl}${path}`, {
        headers: {
          authorization: `Bearer ${token}`,
          ...(last === undefined ? {} : { "last-event-id": String(last) }),
        },
      });
      if (response.status === 204) return;
      const refused = !response.ok && response.status < 500 && response.status !== 429;
      if (refused) throw problemError(await response.json().catch(() => undefined), response.status);
      if (!response.ok || !response.body) throw new TypeError(`the API answered ${response.status}`);
      for await (const event of readEvents<Event>(response.body)) {
        yield event;
        last = event.sequence;
        pauseMs = 200;
      }
    } catch (error) {
      // fetch and its body fail with TypeErrors when the connection does; anything else is for the caller.
      if (!(error instanceof TypeError)) throw error;
      options.onInterruption?.(error.cause instanceof Error ? error.cause.message : error.message);
    }
    await sleep(pauseMs);
    pauseMs = Math.min(longestPauseMs, pauseMs * 2);
  }
}

/** Server-sent events as their data; comments and fields that are not ours are skipped. */
export async function* readEvents<Event>(body: ReadableStream<Uint8Array>): AsyncGenerator<Event> {
  const decoder = new TextDecoder();
  let buffered = "";
  for await (const chunk of body) {
    buffered += decoder.decode(chunk, { stream: true });
    const blocks = buffered.split(/\r?\n\r?\n/);
    buffered = blocks.pop() ?? "";
    for (const block of blocks) {
      const data = block
        .split(/\r?\n/)
        .filter((line) => line.startsWith("data:"))
        .map((line) => line.slice(5).trimStart())
        .join("\n");
      if (data) yield JSON.parse(data) as Event;
    }
  }
}
