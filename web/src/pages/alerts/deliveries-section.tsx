import { answer, api, type Schemas } from "../../api/client.ts";
import { usePages } from "../../api/pages.ts";
import { plural } from "../../lib/format.ts";
import { severityTone } from "../../lib/tone.ts";
import type { Column } from "../../parts/data-table.tsx";
import { ListPanel } from "../../parts/list.tsx";
import { Ago } from "../../parts/now.tsx";
import { StateBadge } from "../../parts/state-badge.tsx";
import { Empty } from "../../parts/states.tsx";

type Notification = Schemas["AlertNotification"];
/** One way to one person or channel; a notification that tells nobody has a row, too. */
type Told = Omit<Notification, "deliveries"> & { readonly delivery: Schemas["AlertDelivery"] | undefined };

const toldOf = ({ deliveries, ...notification }: Notification): Told[] =>
  deliveries.length === 0
    ? [{ ...notification, delivery: undefined }]
    : deliveries.map((delivery) => ({ ...notification, delivery }));

/** What people were told, and how it got to each of them. */
export function DeliveriesSection() {
  const pages = usePages<Told>({
    key: ["alerts", "notifications"],
    fetch: async (cursor, signal) => {
      const query = { limit: 100, ...(cursor ? { cursor } : {}) };
      const { items, next_cursor } = await answer(api.GET("/v1/alerts/notifications", { params: { query }, signal }));
      return { items: items.flatMap(toldOf), next_cursor };
    },
    refetchMs: 5_000,
  });
  return (
    <ListPanel
      title="Who was told what"
      csv="alert-deliveries"
      label="Deliveries"
      columns={columns}
      pages={pages}
      rowKey={({ notification_id: id, delivery }) => `${id}/${delivery?.action ?? ""}`}
      empty={
        <Empty icon="alerts" title="Nobody was told of anything yet">
          What a rule fires, and what it resolves, is told to the rule's actions.
        </Empty>
      }
    />
  );
}

const tones = { delivered: "good", waiting: "busy", failed: "bad" } as const;
const says = ({ firing, resolved }: Told) => `${plural(firing.length, "alert")} firing, ${resolved.length} resolved`;

const columns: readonly Column<Told>[] = [
  { id: "at", head: "Told", width: 100, csv: ({ at }) => at, cell: ({ at }) => <Ago at={at} /> },
  { id: "rule", head: "Rule", width: 170, csv: ({ rule }) => rule, cell: ({ rule }) => <strong>{rule}</strong> },
  {
    ...{ id: "state", head: "State", width: 110, csv: ({ state }: Told) => state },
    cell: ({ state, severity }) => (
      <StateBadge state={state} tone={state === "firing" ? severityTone(severity) : "good"} />
    ),
  },
  {
    ...{ id: "says", head: "Says", width: 190, csv: says },
    cell: (row) => (
      <span title={[...row.firing, ...row.resolved].map(({ site, resource_id: id }) => `${site}/${id}`).join("\n")}>
        {says(row)}
      </span>
    ),
  },
  {
    ...{ id: "action", head: "To", width: 220, csv: ({ delivery }: Told) => delivery?.action },
    cell: ({ delivery }) => delivery?.action ?? <span className="quiet">nobody: the rule has no action</span>,
  },
  {
    ...{ id: "delivery", head: "Delivery", width: 120, csv: ({ delivery }: Told) => delivery?.state },
    cell: ({ delivery }) =>
      delivery ? <StateBadge state={delivery.state} tone={tones[delivery.state]} /> : <span className="quiet">–</span>,
  },
  {
    ...{
      id: "tries",
      head: "Tries",
      width: 70,
      align: "right" as const,
      csv: ({ delivery }: Told) => delivery?.attempts,
    },
    cell: ({ delivery }) => delivery?.attempts ?? "–",
  },
  {
    ...{ id: "error", head: "Why not", width: 240, grows: true, csv: ({ delivery }: Told) => delivery?.last_error },
    cell: ({ delivery }) => <span title={delivery?.last_error}>{delivery?.last_error ?? ""}</span>,
  },
];
