import { Select, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { answer, api, type Schemas } from "../../api/client.ts";
import { useEvents } from "../../api/events.ts";
import { Panel } from "../../parts/panel.tsx";
import { StateBadge } from "../../parts/state-badge.tsx";
import { Failed } from "../../parts/states.tsx";

const most = 1_000;
const levels = ["debug", "info", "warn", "error", "fatal"] as const;
type Level = (typeof levels)[number];

/** What all processes say, as they say it. */
export function LogPanel() {
  const [text, setText] = useState("");
  const [level, setLevel] = useState<Level>("info");
  const [asked] = useDebouncedValue(text.trim(), 300);
  const filter = `${level}\n${asked}`;
  return (
    <Panel
      className="fills"
      title="Log"
      aside={
        <>
          <TextInput
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
            placeholder="A part of the line"
            aria-label="A part of the line"
            w={260}
          />
          <Select
            data={[...levels]}
            value={level}
            onChange={(value) => setLevel(value ?? "info")}
            aria-label="This level and what is more urgent"
            w={110}
          />
        </>
      }
      flush
    >
      <Lines key={filter} level={level} text={asked} />
    </Panel>
  );
}

function Lines({ level, text }: { readonly level: Level; readonly text: string }) {
  const [since] = useState(() => new Date().toISOString());
  const [newer, setNewer] = useState<readonly Schemas["LogLine"][]>([]);
  const query = { level, ...(text ? { text } : {}) };
  const before = useQuery({
    queryKey: ["logs", query, since],
    queryFn: ({ signal }) =>
      answer(api.GET("/v1/logs", { params: { query: { ...query, until: since, limit: 200 } }, signal })),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const stream = useEvents(`/v1/logs/events?${new URLSearchParams({ ...query, since })}`, ({ data }) => {
    setNewer((lines) => [...lines, JSON.parse(data) as Schemas["LogLine"]].slice(-most));
  });
  const box = useRef<HTMLDivElement>(null);
  const stays = useRef(true);
  const lines = [...(before.data?.items ?? []).toReversed(), ...newer];
  useEffect(() => {
    if (stays.current) box.current?.scrollTo({ top: box.current.scrollHeight });
  });
  if (before.isError) return <Failed error={before.error} onRetry={() => void before.refetch()} />;
  return (
    <>
      <div className="log-state">
        <StateBadge state={stream} tone={stream === "live" ? "good" : "warn"} />
      </div>
      <div
        ref={box}
        className="story log"
        role="log"
        aria-label="Log"
        tabIndex={0}
        onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => {
          stays.current = scrollHeight - scrollTop - clientHeight < 30;
        }}
      >
        {lines.map(({ sequence, at, level: urgency, process, message, workflow_id: run, site }) => (
          <div key={sequence} data-level={urgency}>
            <time dateTime={at}>{at.slice(5, 19).replace("T", " ")}</time>
            <span className="log-level">{urgency}</span>
            <span className="quiet">{process}</span>
            <span>
              {message} <span className="quiet">{[site, run].filter(Boolean).join(" · ")}</span>
            </span>
          </div>
        ))}
        {lines.length === 0 ? <div className="quiet">No such line yet.</div> : undefined}
      </div>
    </>
  );
}
