import { Button, Select } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useMay } from "../../api/session.ts";
import { CsvButton, List } from "../../parts/list.tsx";
import { Panel } from "../../parts/panel.tsx";
import { Empty } from "../../parts/states.tsx";
import { FindingDrawer } from "./finding-drawer.tsx";
import { findingColumns, useFindings } from "./findings.tsx";
import { policiesQuery } from "./queries.ts";
import { useRemediation } from "./remediate.tsx";

const states = ["open", "exempt", "resolved"] as const;
const severities = ["critical", "high", "medium", "low"] as const;

/** What breaks policies, by policy, severity and state, all in the address; each opens with its reason. */
export function FindingsSection() {
  const search = useSearch({ from: "/policies" });
  const navigate = useNavigate({ from: "/policies" });
  const policies = useQuery(policiesQuery);
  const plans = useMay("plans:write");
  const state = states.find((each) => each === search.state) ?? "open";
  const severity = severities.find((each) => each === search.severity);
  const pages = useFindings({ state, policy: search.policy, severity });
  const { modal, ask } = useRemediation();
  const change = (next: Partial<typeof search>) => void navigate({ search: (before) => ({ ...before, ...next }) });
  const mends = policies.data?.find(({ name }) => name === search.policy)?.remediation !== undefined;
  return (
    <>
      <Panel
        className="fills"
        title="Findings"
        aside={
          <>
            <Select
              aria-label="Policy"
              placeholder="All policies"
              data={(policies.data ?? []).map(({ name }) => name)}
              value={search.policy ?? null}
              onChange={(value) => change({ policy: value ?? undefined })}
              clearable
              searchable
              w={220}
            />
            <Select
              aria-label="Severity"
              placeholder="All severities"
              data={[...severities]}
              value={severity ?? null}
              onChange={(value) => change({ severity: value ?? undefined })}
              clearable
              w={140}
            />
            <Select
              aria-label="State"
              data={[...states]}
              value={state}
              onChange={(value) => change({ state: value === "open" ? undefined : (value ?? undefined) })}
              w={110}
            />
            <CsvButton name="findings" columns={findingColumns} rows={pages.readAll} />
            {plans && mends && state === "open" && search.policy && pages.rows.length > 0 ? (
              <Button onClick={() => ask({ policy: search.policy })}>Plan to mend them…</Button>
            ) : undefined}
          </>
        }
        flush
      >
        <List
          label="Findings"
          columns={findingColumns}
          pages={pages}
          rowKey={({ finding_id: id }) => id}
          onOpen={({ finding_id: id }) => change({ open: id })}
          empty={
            <Empty icon="check" title={`Nothing is ${state}`}>
              {state === "open" ? "No resource that was looked at breaks these policies." : undefined}
            </Empty>
          }
        />
      </Panel>
      <FindingDrawer open={search.open} onClose={() => change({ open: undefined })} onMend={ask} />
      {modal}
    </>
  );
}
