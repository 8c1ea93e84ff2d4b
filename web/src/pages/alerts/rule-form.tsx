import { Autocomplete, Button, NumberInput, Select, Switch, TagsInput, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { answer, api, type Schemas } from "../../api/client.ts";
import { useOrder } from "../../api/order.ts";
import { sitesQuery } from "../../api/queries.ts";
import { useMay } from "../../api/session.ts";
import { comparisons, conditionText, figure } from "../../lib/figures.ts";
import { Snippet } from "../../parts/same-by.tsx";
import { Failed } from "../../parts/states.tsx";
import { metricsQuery } from "./queries.ts";

type Rule = Schemas["AlertRule"];

const severities = ["critical", "warning", "info"] as const;
const groupings = [
  { value: "rule", label: "all of the rule" },
  { value: "site", label: "each site" },
  { value: "resource", label: "each resource" },
] as const;
const own = "vms.crashed inventory.age replication.lag replication.breached site.down cost.monthly backup.age".split(
  " ",
);

/** A rule as it is made or changed; of one that is there the figure and where it is from stay. */
export function RuleForm({ rule, onDone }: { readonly rule: Rule | undefined; readonly onDone: () => void }) {
  const reads = useMay("metrics:read");
  const measured = useQuery({ ...metricsQuery, enabled: reads && rule === undefined });
  const sites = useQuery(sitesQuery);
  const [name, setName] = useState(rule?.name ?? "");
  const [metric, setMetric] = useState(rule?.metric ?? "cpu.utilisation");
  const [comparison, setComparison] = useState<Rule["comparison"]>(rule?.comparison ?? "gt");
  const [threshold, setThreshold] = useState<number | string>(rule?.threshold ?? 0.9);
  const [lasts, setLasts] = useState<number | string>(rule?.duration_seconds ?? 300);
  const [resolves, setResolves] = useState<number | string>(rule?.resolve_after_seconds ?? 300);
  const [site, setSite] = useState(rule?.site ?? "");
  const [resource, setResource] = useState(rule?.resource_id ?? "");
  const [severity, setSeverity] = useState<Rule["severity"]>(rule?.severity ?? "warning");
  const [groupBy, setGroupBy] = useState<Rule["group_by"]>(rule?.group_by ?? "site");
  const [actions, setActions] = useState<string[]>([...(rule?.actions ?? [])]);
  const [fires, setFires] = useState(rule?.missing === "fire");
  const [late, setLate] = useState<number | string>(rule?.missing_after_seconds ?? 900);
  const [enabled, setEnabled] = useState(rule?.enabled ?? true);
  const settings = {
    ...{ name: name.trim(), threshold: Number(threshold), comparison, severity, enabled, actions },
    ...{ duration_seconds: Number(lasts), resolve_after_seconds: Number(resolves), group_by: groupBy },
    missing: fires ? ("fire" as const) : ("ignore" as const),
    ...(fires ? { missing_after_seconds: Number(late) } : {}),
  };
  const save = useOrder(
    () => {
      if (rule) {
        return answer(api.POST("/v1/alert-rules/{id}", { params: { path: { id: rule.rule_id } }, body: settings }));
      }
      const of = { ...(site ? { site } : {}), ...(resource.trim() ? { resource_id: resource.trim() } : {}) };
      return answer(api.POST("/v1/alert-rules", { body: { ...settings, metric: metric.trim(), ...of } }));
    },
    { touches: ["alert-rules", "alerts"], done: ({ name: kept }) => `${kept} is looked at from now on`, onDone },
  );
  const says = conditionText({ metric, comparison, threshold: Number(threshold), duration_seconds: Number(lasts) });
  const names = [...new Set([...(measured.data ?? []).map((each) => each.metric), ...own])];
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <TextInput
        label="Name"
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        required
        data-autofocus
      />
      <Autocomplete
        label="Figure"
        description="What a site measures, what is pushed, or what is measured of our own work"
        data={names}
        value={metric}
        onChange={setMetric}
        size="xs"
        disabled={rule !== undefined}
        required
      />
      <div className="fields">
        <Select
          label="Is"
          data={Object.entries(comparisons).map(([value, label]) => ({ value, label }))}
          value={comparison}
          onChange={(value) => setComparison((value as Rule["comparison"] | null) ?? "gt")}
        />
        <NumberInput
          label="Than"
          description={`read as ${figure(metric, Number(threshold))}`}
          value={threshold}
          onChange={setThreshold}
          inputWrapperOrder={["label", "input", "description"]}
          required
        />
      </div>
      <div className="fields">
        <NumberInput label="For" suffix=" s" min={0} value={lasts} onChange={setLasts} />
        <NumberInput label="Resolved after" suffix=" s" min={0} value={resolves} onChange={setResolves} />
      </div>
      <p className="mono">{says}</p>
      <div className="fields">
        <Select
          label="Site"
          placeholder="All sites"
          data={(sites.data ?? []).map((each) => each.site)}
          value={site || null}
          onChange={(value) => setSite(value ?? "")}
          disabled={rule !== undefined}
          clearable
          searchable
        />
        <TextInput
          label="Resource"
          placeholder="All of them, or one's id"
          value={resource}
          onChange={(event) => setResource(event.currentTarget.value)}
          disabled={rule !== undefined}
        />
      </div>
      <div className="fields">
        <Select
          label="Severity"
          data={[...severities]}
          value={severity}
          onChange={(value) => setSeverity(value ?? "warning")}
        />
        <Select
          label="Told together"
          data={[...groupings]}
          value={groupBy}
          onChange={(value) => setGroupBy(value ?? "site")}
        />
      </div>
      <TagsInput
        label="Tells"
        description="email:ADDRESS, or pagerduty:, slack:, webhook: and a channel of the configuration; Enter takes it"
        placeholder={actions.length === 0 ? "nobody" : ""}
        value={actions}
        onChange={setActions}
        splitChars={[",", " "]}
        size="xs"
      />
      <Switch
        label="A series that ends fires, too"
        checked={fires}
        onChange={(event) => setFires(event.currentTarget.checked)}
      />
      {fires ? <NumberInput label="Missing after" suffix=" s" min={1} value={late} onChange={setLate} /> : undefined}
      <Switch label="On" checked={enabled} onChange={(event) => setEnabled(event.currentTarget.checked)} />
      {save.isError ? <Failed error={save.error} /> : undefined}
      <div>
        <Button type="submit" loading={save.isPending} disabled={name.trim() === "" || metric.trim() === ""}>
          {rule ? "Change it" : "Make it"}
        </Button>
      </div>
      {rule ? (
        <Snippet
          label="The same by the command line and the API"
          text={`./novacron alerts rules change ${rule.name} …\nPOST /v1/alert-rules/${rule.rule_id}`}
        />
      ) : undefined}
    </form>
  );
}
