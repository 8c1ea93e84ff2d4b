import { Button, Drawer, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useMutation } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { answer, api, type Schemas } from "../../api/client.ts";
import { usePages } from "../../api/pages.ts";
import { useTemporalUrl } from "../../api/server-facts.ts";
import { useMay } from "../../api/session.ts";
import { tell } from "../../app/tell.tsx";
import { time } from "../../lib/format.ts";
import { type Column } from "../../parts/data-table.tsx";
import { downloadFrom } from "../../parts/download.ts";
import { Icon } from "../../parts/icons.tsx";
import { CsvButton, List } from "../../parts/list.tsx";
import { Facts, PageHead, Panel } from "../../parts/panel.tsx";
import { SameBy } from "../../parts/same-by.tsx";
import { StateBadge } from "../../parts/state-badge.tsx";
import { Empty, Forbidden } from "../../parts/states.tsx";

type Entry = Schemas["AuditRecord"];

const filters = [
  ["actor", "user/…, token/…"],
  ["action", "migration.finalize"],
  ["resource", "/v1/migrations/…"],
  ["outcome", "done, asked, Forbidden"],
] as const;
type Filter = (typeof filters)[number][0];

/** What was done, by whom, and what came of it: the chain of the audit trail, the newest first. */
export function AuditPage() {
  const search = useSearch({ from: "/audit" });
  const navigate = useNavigate({ from: "/audit" });
  const reads = useMay("audit:read");
  const [typed, setTyped] = useState<Partial<Record<Filter, string>>>({ ...search });
  const [asked] = useDebouncedValue(typed, 250);
  useEffect(() => {
    void navigate({
      search: ({ open }) => ({
        open,
        ...Object.fromEntries(Object.entries(asked).filter(([name, value]) => value && name !== "open")),
      }),
      replace: true,
    });
  }, [asked, navigate]);
  const query = Object.fromEntries(
    filters.flatMap(([name]) => (asked[name]?.trim() ? [[name, asked[name]?.trim() ?? ""]] : [])),
  );
  const pages = usePages<Entry>({
    key: ["audit", query],
    fetch: (cursor, signal) =>
      answer(
        api.GET("/v1/audit", { params: { query: { ...query, limit: 200, ...(cursor ? { cursor } : {}) } }, signal }),
      ),
    enabled: reads,
    keeps: true,
    refetchMs: 10_000,
  });
  const exported = useMutation({
    mutationFn: () => downloadFrom("/v1/audit/export", "audit.jsonl"),
    onError: tell.failure,
  });
  if (!reads) return <Forbidden permission="audit:read" />;
  const opened = pages.rows.find(({ sequence }) => String(sequence) === search.open);
  return (
    <>
      <PageHead
        title="Audit"
        sub="Each entry holds the hash of the one before it: novacron audit verify computes the chain again"
        actions={
          <>
            <SameBy cli="audit list" api={`GET /v1/audit?${new URLSearchParams(query)}`} />
            <Button
              variant="default"
              loading={exported.isPending}
              onClick={() => exported.mutate()}
              leftSection={<Icon name="download" size={14} />}
            >
              Whole trail
            </Button>
          </>
        }
      />
      <Panel className="fills" flush>
        <div className="toolbar">
          {filters.map(([name, example]) => (
            <TextInput
              key={name}
              value={typed[name] ?? ""}
              onChange={(event) => {
                const value = event.currentTarget.value;
                setTyped((before) => ({ ...before, [name]: value }));
              }}
              placeholder={`${name}: ${example}`}
              aria-label={name}
              flex={1}
            />
          ))}
          <CsvButton name="audit" columns={columns} rows={() => pages.rows} />
        </div>
        <List
          label="Audit trail"
          columns={columns}
          pages={pages}
          rowKey={({ sequence }) => String(sequence)}
          onOpen={({ sequence }) => void navigate({ search: (before) => ({ ...before, open: String(sequence) }) })}
          empty={
            <Empty icon="audit" title="No entry is like that">
              Values are compared whole: an actor is user/… or token/….
            </Empty>
          }
        />
      </Panel>
      <Drawer
        opened={opened !== undefined}
        onClose={() => void navigate({ search: (before) => ({ ...before, open: undefined }) })}
        position="right"
        size={560}
        title={opened ? `Entry ${opened.sequence}` : ""}
        closeButtonProps={{ "aria-label": "Close" }}
      >
        {opened ? <EntryFacts record={opened} /> : undefined}
      </Drawer>
    </>
  );
}

function EntryFacts({ record: { entry, hash } }: { readonly record: Entry }) {
  const temporal = useTemporalUrl(entry.workflow_id);
  return (
    <div className="stack-wide">
      <Facts
        items={[
          ["At", `${time(entry.at)} UTC`],
          ["Who", `${entry.actor_name ?? ""} ${entry.actor}`],
          ["What", entry.action],
          [
            "To what",
            <span key="resource" className="mono">
              {entry.resource}
            </span>,
          ],
          [
            "Outcome",
            <StateBadge
              key="outcome"
              state={entry.outcome}
              tone={toneOfOutcome(entry.outcome)}
              label={entry.outcome}
            />,
          ],
          ["From", entry.address],
          [
            "Request",
            <span key="request" className="mono">
              {entry.request_id}
            </span>,
          ],
          [
            "Run",
            entry.workflow_id === undefined ? undefined : temporal ? (
              <a key="run" href={temporal} target="_blank" rel="noreferrer" className="mono">
                {entry.workflow_id}
              </a>
            ) : (
              <span key="run" className="mono">
                {entry.workflow_id}
              </span>
            ),
          ],
          [
            "Hash",
            <span key="hash" className="mono">
              {hash}
            </span>,
          ],
        ]}
      />
      {[
        ["Request's body", entry.request] as const,
        ["Before", entry.before] as const,
        ["After", entry.after] as const,
      ].map(([name, value]) =>
        value === undefined || value === null ? undefined : (
          <div key={name}>
            <h3 className="part-title">{name}</h3>
            <pre className="json" tabIndex={0} role="group" aria-label={name}>
              {JSON.stringify(value, undefined, 2)}
            </pre>
          </div>
        ),
      )}
      <Link to="/audit" search={{ actor: entry.actor }}>
        All of the same actor
      </Link>
    </div>
  );
}

function toneOfOutcome(outcome: string) {
  return outcome === "done" ? "good" : outcome === "asked" ? "idle" : "bad";
}

const columns: readonly Column<Entry>[] = [
  {
    id: "sequence",
    head: "No.",
    width: 70,
    align: "right",
    csv: ({ sequence }) => sequence,
    cell: ({ sequence }) => sequence,
  },
  {
    ...{ id: "at", head: "At (UTC)", width: 172, csv: ({ entry }: Entry) => entry.at },
    cell: ({ entry }) => <time dateTime={entry.at}>{time(entry.at)}</time>,
  },
  {
    ...{ id: "actor", head: "Who", width: 200, csv: ({ entry }: Entry) => entry.actor },
    cell: ({ entry }) => (
      <span title={entry.actor}>
        {entry.actor_name ?? entry.actor}{" "}
        <span className="quiet">{entry.actor_name ? entry.actor.split("/")[0] : ""}</span>
      </span>
    ),
  },
  {
    id: "action",
    head: "What",
    width: 190,
    csv: ({ entry }) => entry.action,
    cell: ({ entry }) => <strong>{entry.action}</strong>,
  },
  {
    ...{ id: "resource", head: "To what", width: 260, grows: true, csv: ({ entry }: Entry) => entry.resource },
    cell: ({ entry }) => <span className="mono quiet">{entry.resource}</span>,
  },
  {
    ...{ id: "outcome", head: "Outcome", width: 140, csv: ({ entry }: Entry) => entry.outcome },
    cell: ({ entry }) => <StateBadge state={entry.outcome} tone={toneOfOutcome(entry.outcome)} label={entry.outcome} />,
  },
  {
    id: "address",
    head: "From",
    width: 120,
    csv: ({ entry }) => entry.address,
    cell: ({ entry }) => entry.address ?? "–",
  },
];
