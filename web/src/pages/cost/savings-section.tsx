import { Button, Drawer, Select } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { answer, api, type Schemas } from "../../api/client.ts";
import { useOrder } from "../../api/order.ts";
import { usePages } from "../../api/pages.ts";
import { useMay } from "../../api/session.ts";
import { tell } from "../../app/tell.tsx";
import { money, words } from "../../lib/format.ts";
import type { Column } from "../../parts/data-table.tsx";
import { CsvButton, List } from "../../parts/list.tsx";
import { Ago } from "../../parts/now.tsx";
import { Panel, Stat } from "../../parts/panel.tsx";
import { StateBadge } from "../../parts/state-badge.tsx";
import { Empty } from "../../parts/states.tsx";
import { RecommendationBody } from "./recommendation.tsx";

type Recommendation = Schemas["Recommendation"];
const kinds = [
  "rightsize",
  "architecture",
  "stop",
  "schedule",
  "spot",
  "delete-disk",
  "release-address",
  "commit",
] as const;

/** What could cost less, what saves most first; each opens with its evidence, and what can be done by a plan is. */
export function SavingsSection() {
  const search = useSearch({ from: "/cost" });
  const navigate = useNavigate({ from: "/cost" });
  const plans = useMay("plans:write");
  const type = kinds.find((each) => each === search.type);
  const change = (next: Partial<typeof search>) => void navigate({ search: (before) => ({ ...before, ...next }) });
  const summary = useQuery({
    queryKey: ["savings", "summary"],
    queryFn: ({ signal }) => answer(api.GET("/v1/savings", { signal })),
    refetchInterval: 5_000,
  });
  const pages = usePages<Recommendation>({
    key: ["savings", "recommendations", type],
    fetch: (cursor, signal) => {
      const query = { limit: 100, ...(type ? { type } : {}), ...(cursor ? { cursor } : {}) };
      return answer(api.GET("/v1/savings/recommendations", { params: { query }, signal }));
    },
    keeps: true,
  });
  const analyse = useOrder(() => answer(api.POST("/v1/savings/analyses")), {
    touches: ["savings"],
    done: "It is analysed now",
  });
  const { newest, shown, potential = [] } = summary.data ?? {};
  const running = newest?.state === "running";
  const opened = pages.rows.find(({ finding_id: id }) => id === search.open);
  return (
    <>
      <div className="grid grid-stats">
        <Stat
          label="Could be saved a month"
          value={money(shown?.totals?.potential_savings)}
          sub={
            shown?.totals?.savings_percent === undefined
              ? "of what is looked at"
              : `${shown.totals.savings_percent.toFixed(1)} % of what is looked at`
          }
          ring={{ share: (shown?.totals?.savings_percent ?? 0) / 100, tone: "good" }}
        />
        <Stat
          label="Looked at"
          value={shown?.totals?.resources ?? "–"}
          sub={shown ? `use of ${shown.settings.lookback_days} days` : "no analysis yet"}
        />
        <Stat
          label="Analysed"
          value={<Ago at={shown?.ended_at} />}
          sub={newest ? <StateBadge state={newest.state} /> : "every week, or now"}
        />
      </div>
      <Panel
        className="fills"
        title="Recommendations"
        aside={
          <>
            <Select
              aria-label="Kind"
              placeholder="All kinds"
              data={kinds.map((value) => {
                const found = potential.find((each) => each.type === value);
                return { value, label: found ? `${words(value)} (${found.count})` : words(value) };
              })}
              value={type ?? null}
              onChange={(value) => change({ type: value ?? undefined })}
              clearable
              w={180}
            />
            <CsvButton name="recommendations" columns={columns} rows={pages.readAll} />
            {plans ? (
              <Button
                variant="default"
                loading={analyse.isPending || running}
                onClick={() => analyse.mutate(undefined, { onError: tell.failure })}
              >
                Analyse now
              </Button>
            ) : undefined}
          </>
        }
        flush
      >
        <List
          label="Recommendations"
          columns={columns}
          pages={pages}
          rowKey={({ finding_id: id }) => id}
          onOpen={({ finding_id: id }) => change({ open: id })}
          empty={
            <Empty icon="cost" title={shown ? "Nothing could cost less" : "Nothing was analysed yet"}>
              {shown
                ? `novacron savings unchanged says why of each resource: it has to have been measured for ${shown.settings.least_days} days, and to save enough.`
                : "It looks at what VMs used and what is paid for that nobody uses, and changes nothing."}
            </Empty>
          }
        />
      </Panel>
      <Drawer
        opened={opened !== undefined}
        onClose={() => change({ open: undefined })}
        position="right"
        size={560}
        title="Recommendation"
        closeButtonProps={{ "aria-label": "Close" }}
        transitionProps={{ duration: 120 }}
      >
        {opened ? <RecommendationBody key={opened.finding_id} found={opened} /> : undefined}
      </Drawer>
    </>
  );
}

const riskTones = { low: "good", medium: "warn", high: "bad" } as const;

const columns: readonly Column<Recommendation>[] = [
  { id: "name", head: "Resource", width: 160, csv: ({ name }) => name, cell: ({ name }) => <strong>{name}</strong> },
  { id: "site", head: "Site", width: 130, csv: ({ site }) => site, cell: ({ site }) => site },
  { id: "type", head: "Kind", width: 110, csv: ({ type }) => type, cell: ({ type }) => words(type) },
  {
    ...{ id: "action", head: "What to do", width: 300, grows: true, csv: ({ action }: Recommendation) => action },
    cell: ({ action }) => <span title={action}>{action}</span>,
  },
  {
    ...{ id: "now", head: "Now", width: 96, align: "right" as const },
    csv: ({ current_cost: cost }) => cost.micros / 1e6,
    cell: ({ current_cost: cost }) => money(cost),
  },
  {
    ...{ id: "saves", head: "Saves", width: 96, align: "right" as const },
    csv: ({ potential_savings: saves }) => saves.micros / 1e6,
    cell: ({ potential_savings: saves }) => <strong>{money(saves)}</strong>,
  },
  {
    ...{ id: "percent", head: "Of it", width: 70, align: "right" as const },
    csv: ({ savings_percent: percent }) => percent,
    cell: ({ savings_percent: percent }) => `${percent.toFixed(0)} %`,
  },
  {
    ...{ id: "risk", head: "Risk", width: 90, csv: ({ risk }: Recommendation) => risk },
    cell: ({ risk }) => <StateBadge state={risk} tone={riskTones[risk]} />,
  },
  {
    ...{ id: "sure", head: "Sure", width: 66, align: "right" as const },
    csv: ({ confidence }) => confidence,
    cell: ({ confidence }) => `${Math.round(confidence * 100)} %`,
  },
];
