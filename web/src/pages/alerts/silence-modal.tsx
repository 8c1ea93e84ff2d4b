import { Modal, Select, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { answer, api, type Schemas } from "../../api/client.ts";
import { useOrder } from "../../api/order.ts";
import { sitesQuery } from "../../api/queries.ts";
import { hoursFrom } from "../../lib/format.ts";
import { OrderForm } from "../../parts/order-form.tsx";
import { rulesQuery } from "./queries.ts";

/** What a new silence is of; what is absent is everything. */
export interface SilenceDraft {
  readonly rule?: string;
  readonly site?: string;
  readonly resource?: string;
}

export function SilenceModal({
  draft,
  onClose,
}: {
  readonly draft: SilenceDraft | undefined;
  readonly onClose: () => void;
}) {
  return (
    <Modal opened={draft !== undefined} onClose={onClose} title="Tell nobody for a while">
      {draft ? <SilenceForm draft={draft} onDone={onClose} /> : undefined}
    </Modal>
  );
}

const lengths = [
  { value: "1", label: "1 hour" },
  { value: "2", label: "2 hours" },
  { value: "8", label: "8 hours" },
  { value: "24", label: "a day" },
  { value: "168", label: "a week" },
];

function SilenceForm({ draft, onDone }: { readonly draft: SilenceDraft; readonly onDone: () => void }) {
  const rules = useQuery(rulesQuery);
  const sites = useQuery(sitesQuery);
  const [rule, setRule] = useState(draft.rule ?? "");
  const [site, setSite] = useState(draft.site ?? "");
  const [resource, setResource] = useState(draft.resource ?? "");
  const [severity, setSeverity] = useState<string>();
  const [hours, setHours] = useState("2");
  const [reason, setReason] = useState("");
  const silence = useOrder(
    () =>
      answer(
        api.POST("/v1/silences", {
          body: {
            ...{ until: hoursFrom(Date.now(), Number(hours)), reason: reason.trim() },
            ...(rule ? { rule } : {}),
            ...(site ? { site } : {}),
            ...(resource.trim() ? { resource_id: resource.trim() } : {}),
            ...(severity ? { severity: severity as Schemas["Silence"]["severity"] & string } : {}),
          },
        }),
      ),
    { touches: ["silences", "alerts"], done: "Nobody is told of it until then", onDone },
  );
  return (
    <OrderForm order={silence} verb="Silence it" disabled={reason.trim() === ""}>
      <p className="quiet">It is judged and shown all the same. What still fires at the end is told then.</p>
      <Select
        label="Rule"
        placeholder="All rules"
        data={(rules.data ?? []).map(({ name }) => name)}
        value={rule || null}
        onChange={(value) => setRule(value ?? "")}
        clearable
        searchable
      />
      <Select
        label="Site"
        placeholder="All sites"
        data={(sites.data ?? []).map((each) => each.site)}
        value={site || null}
        onChange={(value) => setSite(value ?? "")}
        clearable
        searchable
      />
      <TextInput
        label="Resource"
        placeholder="All of them, or one's id"
        value={resource}
        onChange={(event) => setResource(event.currentTarget.value)}
      />
      <Select
        label="Severity"
        placeholder="All of them"
        data={["critical", "warning", "info"]}
        value={severity ?? null}
        onChange={(value) => setSeverity(value ?? undefined)}
        clearable
      />
      <Select label="For" data={lengths} value={hours} onChange={(value) => setHours(value ?? "2")} />
      <TextInput
        label="Why"
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
        required
        data-autofocus
      />
    </OrderForm>
  );
}
