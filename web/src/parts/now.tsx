import { useSyncExternalStore } from "react";
import { ago, time } from "../lib/format.ts";

let now = Date.now();
let timer: ReturnType<typeof setInterval> | undefined;
const listeners = new Set<() => void>();

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    now = Date.now();
    for (const each of listeners) each();
  }, 1_000);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  };
}

/** The time, moving on: one clock for the whole page. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now);
}

/** `12 min ago`; the moment itself when pointed at. */
export function Ago({ at }: { readonly at: string | undefined }) {
  const current = useNow();
  if (at === undefined) return <span className="quiet">–</span>;
  return (
    <time dateTime={at} title={`${time(at)} UTC`}>
      {ago(at, current)}
    </time>
  );
}
