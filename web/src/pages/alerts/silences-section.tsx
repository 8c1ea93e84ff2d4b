import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { answer, api, type Schemas } from "../../api/client.ts";
import { usePages } from "../../api/pages.ts";
import { useMay } from "../../api/session.ts";
import { subjectText } from "../../lib/figures.ts";
import { Confirm, useConfirmed } from "../../parts/confirm.tsx";
import type { Column } from "../../parts/data-table.tsx";
import { Icon } from "../../parts/icons.tsx";
import { CsvButton, List } from "../../parts/list.tsx";
import { Ago } from "../../parts/now.tsx";
import { Panel } from "../../parts/panel.tsx";
import { RowAction } from "../../parts/row-action.tsx";
import { Empty } from "../../parts/states.tsx";
import { rulesQuery } from "./queries.ts";
import { type SilenceDraft, SilenceModal } from "./silence-modal.tsx";

type Silence = Schemas["Silence"];

/** Of what nobody is told for a while, until when and why. */
export function SilencesSection() {
  const writes = useMay("alerts:write");
  const rules = useQuery(rulesQuery);
  const [making, setMaking] = useState<SilenceDraft>();
  const pages = usePages<Silence>({
    key: ["silences"],
    fetch: (_cursor, signal) => answer(api.GET("/v1/silences", { signal })),
    refetchMs: 10_000,
  });
  const {
    row: ending,
    ask,
    shown,
  } = useConfirmed(
    ({ silence_id: id }: Silence) => answer(api.DELETE("/v1/silences/{id}", { params: { path: { id } } })),
    {
      touches: ["silences", "alerts"],
      done: "The silence is over",
    },
  );
  const ruleOf = ({ rule_id: id }: Silence) =>
    id === undefined ? "all rules" : (rules.data?.find((rule) => rule.rule_id === id)?.name ?? id);
  const told: readonly Column<Silence>[] = [
    {
      ...{ id: "rule", head: "Rule", width: 180, csv: ruleOf },
      cell: (silence) => <strong>{ruleOf(silence)}</strong>,
    },
    { id: "of", head: "Of", width: 220, csv: subjectText, cell: subjectText },
    {
      ...{ id: "severity", head: "Severity", width: 90, csv: ({ severity }: Silence) => severity },
      cell: ({ severity }) => severity ?? "all",
    },
    {
      ...{ id: "reason", head: "Why", width: 220, grows: true, csv: ({ reason }: Silence) => reason },
      cell: ({ reason }) => <span title={reason}>{reason}</span>,
    },
    {
      ...{ id: "by", head: "By", width: 150, csv: ({ created_by: by }: Silence) => by },
      cell: ({ created_by: by }) => <span className="quiet">{by}</span>,
    },
    { id: "from", head: "From", width: 100, csv: ({ from }) => from, cell: ({ from }) => <Ago at={from} /> },
    { id: "until", head: "Ends", width: 100, csv: ({ until }) => until, cell: ({ until }) => <Ago at={until} /> },
  ];
  const columns: readonly Column<Silence>[] = [
    ...told,
    {
      ...{ id: "end", head: "Actions", width: 90 },
      cell: (silence) =>
        writes ? (
          <RowAction verb="End" of={`the silence of ${ruleOf(silence)}`} ends onClick={() => ask(silence)} />
        ) : undefined,
    },
  ];
  return (
    <>
      <Panel
        className="fills"
        title="Silences that are not over"
        aside={
          <>
            <CsvButton name="silences" columns={told} rows={pages.readAll} />
            {writes ? (
              <Button leftSection={<Icon name="plus" size={13} />} onClick={() => setMaking({})}>
                Silence something
              </Button>
            ) : undefined}
          </>
        }
        flush
      >
        <List
          label="Silences"
          columns={columns}
          pages={pages}
          rowKey={({ silence_id: id }) => id}
          empty={
            <Empty icon="alerts" title="Nothing is silenced">
              People are told of everything that fires.
            </Empty>
          }
        />
      </Panel>
      <SilenceModal draft={making} onClose={() => setMaking(undefined)} />
      <Confirm {...shown} title="End the silence" verb="End it now">
        What still fires of {ending ? ruleOf(ending) : ""} is told at the next look.
      </Confirm>
    </>
  );
}
