import { useEffect, useRef, useState } from "react";
import { EventBlocks, type ServerEvent } from "../lib/event-blocks.ts";
import { credentialHeaders } from "./credentials.ts";

const firstPauseMs = 500;
const longestPauseMs = 15_000;

/** How a stream stands: what it last said may be old while it is `away`. */
export type StreamState = "connecting" | "live" | "away" | "ended";

/**
 * Follows server-sent events until the signal: comes back after a broken connection with the newest id, so nothing is
 * missed. Not EventSource, which can't carry a token.
 */
async function follow(
  path: string,
  signal: AbortSignal,
  on: { event(event: ServerEvent): void; state(state: StreamState): void },
): Promise<void> {
  let pauseMs = firstPauseMs;
  let lastId: string | undefined;
  while (!signal.aborted) {
    try {
      const headers = { ...credentialHeaders("GET"), ...(lastId === undefined ? {} : { "last-event-id": lastId }) };
      const response = await fetch(path, { headers, signal });
      if (response.status === 204 || (response.status >= 400 && response.status < 500 && response.status !== 429)) {
        on.state("ended");
        return;
      }
      if (response.ok && response.body) {
        on.state("live");
        const blocks = new EventBlocks();
        const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
        for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
          for (const event of blocks.take(piece.value)) {
            lastId = event.id ?? lastId;
            on.event(event);
          }
          pauseMs = firstPauseMs;
        }
      }
    } catch {
      // The connection broke, or the signal ended it: the loop says which.
    }
    if (signal.aborted) return;
    on.state("away");
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    pauseMs = Math.min(longestPauseMs, pauseMs * 2);
  }
}

/** Follows a stream while the component is there. */
export function useEvents(path: string | undefined, onEvent: (event: ServerEvent) => void): StreamState {
  const [state, setState] = useState<StreamState>("connecting");
  const newest = useRef(onEvent);
  useEffect(() => {
    newest.current = onEvent;
  });
  useEffect(() => {
    if (path === undefined) return undefined;
    const stop = new AbortController();
    void follow(path, stop.signal, { event: (event) => newest.current(event), state: setState });
    return () => stop.abort();
  }, [path]);
  return state;
}
