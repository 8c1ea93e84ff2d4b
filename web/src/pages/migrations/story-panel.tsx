import { useEffect, useRef } from "react";
import type { StreamState } from "../../api/events.ts";
import { Panel } from "../../parts/panel.tsx";
import { StateBadge } from "../../parts/state-badge.tsx";

export interface StoryLine {
  readonly sequence: number;
  readonly at: string;
  readonly type: string;
  readonly message: string;
}

/** What was said as it happened; stays at the newest line unless somebody reads further up. */
export function StoryPanel({ lines, stream }: { readonly lines: readonly StoryLine[]; readonly stream: StreamState }) {
  const box = useRef<HTMLDivElement>(null);
  const stays = useRef(true);
  useEffect(() => {
    if (stays.current) box.current?.scrollTo({ top: box.current.scrollHeight });
  }, [lines]);
  return (
    <Panel
      title="Story"
      aside={<StateBadge state={stream} tone={stream === "live" ? "good" : stream === "ended" ? "idle" : "warn"} />}
      flush
    >
      <div
        ref={box}
        className="story"
        tabIndex={0}
        role="log"
        aria-label="Story"
        onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => {
          stays.current = scrollHeight - scrollTop - clientHeight < 24;
        }}
      >
        {lines.map(({ sequence, at, type, message }) => (
          <div key={sequence} data-type={type}>
            <time dateTime={at}>{at.slice(11, 19)}</time>
            <span>{message}</span>
          </div>
        ))}
        {lines.length === 0 ? <div className="quiet">Nothing was said yet.</div> : undefined}
      </div>
    </Panel>
  );
}
