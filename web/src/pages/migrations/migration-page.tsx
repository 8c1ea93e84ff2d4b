import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { answer, api, type Schemas } from "../../api/client.ts";
import { useEvents } from "../../api/events.ts";
import { useMay } from "../../api/session.ts";
import { bytes, duration, time } from "../../lib/format.ts";
import { toneOf } from "../../lib/tone.ts";
import { LinkButton } from "../../parts/link-button.tsx";
import { useNow } from "../../parts/now.tsx";
import { Bar, Facts, PageHead, Panel, Stat } from "../../parts/panel.tsx";
import { ProblemPanel } from "../../parts/problem-panel.tsx";
import { SameBy } from "../../parts/same-by.tsx";
import { StateBadge } from "../../parts/state-badge.tsx";
import { Failed, Loading } from "../../parts/states.tsx";
import { CertificatePanel } from "./certificate-panel.tsx";
import { DisksPanel } from "./disks-panel.tsx";
import { OrderButtons } from "./order-buttons.tsx";
import { StepsPanel } from "./steps-panel.tsx";
import { type StoryLine, StoryPanel } from "./story-panel.tsx";

const mostLines = 400;

/** One migration as it happens: steps, disks, its story by server-sent events, what can be ordered, its certificate. */
export function MigrationPage() {
  const { id } = useParams({ from: "/migrations/$id" });
  return <OneMigration key={id} id={id} />;
}

function OneMigration({ id }: { readonly id: string }) {
  const [story, setStory] = useState<readonly StoryLine[]>([]);
  const query = useQuery({
    queryKey: ["migrations", "one", id],
    queryFn: ({ signal }) => answer(api.GET("/v1/migrations/{id}", { params: { path: { id } }, signal })),
    // The stream says when to look again; this is for what it does not tell.
    refetchInterval: (state) => (state.state.data?.ended_at ? false : 5_000),
  });
  const stream = useEvents(`/v1/migrations/${encodeURIComponent(id)}/events`, ({ data }) => {
    const event = JSON.parse(data) as Schemas["MigrationEvent"];
    setStory((lines) =>
      lines.some(({ sequence }) => sequence === event.sequence) ? lines : [...lines, event].slice(-mostLines),
    );
    void query.refetch();
  });
  const writes = useMay("migrations:write");
  const now = useNow();
  if (query.isPending) return <Loading label="Reading the migration" />;
  if (query.isError) return <Failed error={query.error} onRetry={() => void query.refetch()} />;
  const migration = query.data;
  const ended = migration.ended_at !== undefined;
  const seconds =
    ((migration.ended_at ? Date.parse(migration.ended_at) : now) - Date.parse(migration.created_at)) / 1000;
  return (
    <>
      <PageHead
        trail={<Link to="/migrations">Migrations</Link>}
        title={
          <>
            {migration.vm.name}
            <StateBadge state={migration.state} />
          </>
        }
        sub={`${migration.from} → ${migration.to}`}
        actions={
          <>
            <SameBy
              cli={`migrations show ${id} --watch`}
              api={`GET /v1/migrations/${id}\nGET /v1/migrations/${id}/events`}
              workflowId={migration.workflow_id}
            />
            {writes ? <OrderButtons migration={migration} /> : undefined}
          </>
        }
      />
      <div className="grid grid-stats">
        <Stat
          label="Progress"
          value={`${Math.round(migration.progress)} %`}
          sub={migration.step ? `step ${migration.step}` : undefined}
          ring={{ share: migration.progress / 100, tone: toneOf(migration.state) }}
        />
        <Stat
          label="Moved"
          value={bytes(migration.bytes_copied)}
          sub={`of ${bytes(migration.bytes_to_move)}${migration.bytes_resent > 0 ? `, ${bytes(migration.bytes_resent)} again` : ""}`}
        />
        <Stat
          label={ended ? "Took" : "Since"}
          value={duration(Math.max(0, migration.times?.seconds ?? seconds))}
          sub={
            migration.times?.predicted_seconds === undefined
              ? undefined
              : `predicted ${duration(migration.times.predicted_seconds)}`
          }
        />
        <Stat
          label="Downtime"
          value={duration(migration.downtime_seconds)}
          sub={
            migration.times?.predicted_downtime_seconds === undefined
              ? undefined
              : `predicted ${duration(migration.times.predicted_downtime_seconds)}`
          }
        />
        <Stat label="Boot" value={migration.boot_proof ?? "–"} sub="proof at the target" />
      </div>
      {migration.problem ? <ProblemPanel problem={migration.problem} /> : undefined}
      <div className="grid grid-main">
        <div className="stack-wide">
          {migration.warm ? <WarmPanel warm={migration.warm} /> : undefined}
          {migration.live ? <LivePanel live={migration.live} /> : undefined}
          <DisksPanel migration={migration} />
          <StoryPanel lines={story} stream={ended ? "ended" : stream} />
          {migration.certificate_id ? <CertificatePanel id={id} /> : undefined}
        </div>
        <div className="stack-wide">
          <StepsPanel steps={migration.steps} />
          <Panel title="About it">
            <Facts
              items={[
                [
                  "Migration",
                  <span className="mono" key="id">
                    {migration.migration_id}
                  </span>,
                ],
                [
                  "Plan",
                  <span className="mono" key="plan">
                    {migration.plan_id}
                  </span>,
                ],
                [
                  "At the source",
                  <span className="mono" key="source">
                    {migration.vm.source_vm_id}
                  </span>,
                ],
                [
                  "At the target",
                  migration.vm.target_vm_id ? (
                    <span className="mono" key="target">
                      {migration.vm.target_vm_id}
                    </span>
                  ) : undefined,
                ],
                [
                  "Wave",
                  migration.wave_id ? (
                    <Link key="wave" to="/waves/$id" params={{ id: migration.wave_id }}>
                      {migration.wave_id}
                    </Link>
                  ) : undefined,
                ],
                [
                  "Tests",
                  migration.tests ? `${migration.tests.passed} passed, ${migration.tests.failed} failed` : undefined,
                ],
                [
                  "Undo",
                  migration.undo ? `${migration.undo.state}, until ${time(migration.undo.until)} UTC` : undefined,
                ],
                ["Begun", `${time(migration.created_at)} UTC`],
                ["Ended", migration.ended_at ? `${time(migration.ended_at)} UTC` : undefined],
              ]}
            />
            {migration.undo?.migration_id && migration.undo.migration_id !== id ? (
              <LinkButton to="/migrations/$id" params={{ id: migration.undo.migration_id }} variant="default">
                The way home
              </LinkButton>
            ) : undefined}
          </Panel>
        </div>
      </div>
    </>
  );
}

function WarmPanel({ warm }: { readonly warm: NonNullable<Schemas["Migration"]["warm"]> }) {
  return (
    <Panel title="Replication" aside={`round ${warm.rounds}`}>
      <Facts
        items={[
          ["Proven up to", `${time(warm.proven_up_to)} UTC`],
          ["Last round", bytes(warm.last_round_bytes)],
          [
            "Changes",
            warm.change_bytes_per_second === undefined ? undefined : `${bytes(warm.change_bytes_per_second)}/s`,
          ],
          ["Cutover now would take", duration(warm.predicted_downtime_seconds)],
          ["Consistency", warm.consistency ? `${warm.consistency.level}: ${warm.consistency.why}` : undefined],
        ]}
      />
    </Panel>
  );
}

function LivePanel({ live }: { readonly live: NonNullable<Schemas["Migration"]["live"]> }) {
  const share = (done: number, left: number) => (done + left === 0 ? 0 : (100 * done) / (done + left));
  return (
    <Panel title="Live move" aside={live.phase}>
      <Facts
        items={[
          ["Disks", <Bar key="disks" value={share(live.disk_bytes_done, live.disk_bytes_left)} label="Disks" />],
          ["Memory", <Bar key="memory" value={share(live.memory_bytes_done, live.memory_bytes_left)} label="Memory" />],
          [
            "Memory is rewritten",
            live.dirty_bytes_per_second === undefined ? undefined : `${bytes(live.dirty_bytes_per_second)}/s`,
          ],
          ["Stood still for", live.pause_ms === undefined ? undefined : `${Math.round(live.pause_ms)} ms`],
          ["Switched", live.switched_at ? `${time(live.switched_at)} UTC` : undefined],
        ]}
      />
    </Panel>
  );
}
