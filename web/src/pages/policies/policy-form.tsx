import { Button, Checkbox, SegmentedControl, Select, Textarea, TextInput } from "@mantine/core";
import type { Schemas } from "../../api/client.ts";
import { type Rule, ruleText } from "../../lib/policy-rule.ts";
import { Failed } from "../../parts/states.tsx";
import { RuleEditor } from "./rule-editor.tsx";

type Draft = Schemas["NewPolicy"];
type Remediation = Schemas["PolicyRemediation"];

const types = ["tagging", "cost", "security", "compliance"] as const;
const severities = ["critical", "high", "medium", "low"] as const;
const actions = [
  { value: "notify", label: "notify", what: "its findings are kept and told" },
  { value: "remediate", label: "remediate", what: "its findings can be mended by a plan" },
  { value: "block", label: "block", what: "plans that would break it are not carried out" },
] as const;
const remediations = [
  { value: "add_tags", label: "give the tags that are missing" },
  { value: "close_rules", label: "take out the forbidden rules" },
  { value: "stop", label: "shut the VM down" },
  { value: "snapshot", label: "snapshot its disks" },
  { value: "quarantine", label: "snapshot, hold and shut down" },
];

interface PolicyFormProps {
  readonly draft: Draft;
  readonly onChange: (draft: Draft) => void;
  readonly readOnly: boolean;
  readonly pending: boolean;
  readonly error: unknown;
  readonly canSave: boolean;
  readonly verb: string;
  readonly onSave: () => void;
}

export function PolicyForm({ draft, onChange, readOnly, error, pending, canSave, verb, onSave }: PolicyFormProps) {
  const change = (next: Partial<Draft>) => onChange({ ...draft, ...next });
  const { requirement, remediation } = draft;
  const forbids = "forbid" in requirement;
  const rule: Rule = "forbid" in requirement ? requirement.forbid : requirement.require;
  const required = (next: Rule, forbid = forbids) => {
    const said = next as Schemas["PolicyRule"];
    change({ requirement: forbid ? { forbid: said } : { require: said } });
  };
  const does = draft.actions ?? [];
  const ready = [draft.name, draft.description, draft.remedy].every((text) => text.trim() !== "");
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        onSave();
      }}
    >
      <div className="fields">
        <TextInput
          label="Name"
          value={draft.name}
          onChange={(event) => change({ name: event.currentTarget.value })}
          placeholder="lower-case-with-dashes"
          readOnly={readOnly}
          required
        />
        <Select
          label="Type"
          data={[...types]}
          value={draft.type}
          onChange={(value) => change({ type: value ?? draft.type })}
          readOnly={readOnly}
        />
        <Select
          label="Severity"
          data={[...severities]}
          value={draft.severity}
          onChange={(value) => change({ severity: value ?? draft.severity })}
          readOnly={readOnly}
        />
      </div>
      <TextInput
        label="Says"
        placeholder="A sentence: what has to hold"
        value={draft.description}
        onChange={(event) => change({ description: event.currentTarget.value })}
        readOnly={readOnly}
        required
      />
      <TextInput
        label="Scope"
        placeholder="Everything that has what the rule asks of"
        description="In the search language of the inventory"
        inputWrapperOrder={["label", "input", "description"]}
        value={draft.scope ?? ""}
        onChange={(event) => change({ scope: event.currentTarget.value })}
        readOnly={readOnly}
      />
      <section className="stack" aria-label="Rule">
        <div className="wrap">
          <SegmentedControl
            aria-label="What the rule is for"
            value={forbids ? "forbid" : "require"}
            onChange={(value) => required(rule, value === "forbid")}
            data={[
              { value: "require", label: "It must hold" },
              { value: "forbid", label: "It must not be" },
            ]}
            disabled={readOnly}
          />
          <span className="quiet mono">{ruleText(rule)}</span>
        </div>
        <RuleEditor rule={rule} onChange={required} place="the rule" readOnly={readOnly} />
        {"field" in rule && !readOnly ? (
          <div>
            <Button size="compact-xs" variant="subtle" onClick={() => required({ all: [rule, rule] })}>
              Add a condition
            </Button>
          </div>
        ) : undefined}
      </section>
      <Checkbox.Group label="Does" value={[...does]} onChange={(value) => change({ actions: value })}>
        <div className="stack modes">
          {actions.map(({ value, label, what }) => (
            <Checkbox key={value} value={value} label={label} description={what} disabled={readOnly} />
          ))}
        </div>
      </Checkbox.Group>
      {does.includes("remediate") ? (
        <RemediationFields
          remediation={remediation}
          readOnly={readOnly}
          onChange={(next) => change({ remediation: next })}
        />
      ) : undefined}
      <Textarea
        label="What to do about a resource that breaks it"
        value={draft.remedy}
        onChange={(event) => change({ remedy: event.currentTarget.value })}
        autosize
        minRows={2}
        readOnly={readOnly}
        required
      />
      <TextInput
        label="Source"
        placeholder="Where the rule comes from"
        value={draft.source ?? ""}
        onChange={(event) => {
          const { source: _, ...rest } = draft;
          const source = event.currentTarget.value;
          onChange(source === "" ? rest : { ...rest, source });
        }}
        readOnly={readOnly}
      />
      {error ? <Failed error={error} /> : undefined}
      {readOnly ? undefined : (
        <div>
          <Button type="submit" loading={pending} disabled={!canSave || !ready}>
            {verb}
          </Button>
        </div>
      )}
    </form>
  );
}

function RemediationFields(props: {
  readonly remediation: Remediation | undefined;
  readonly readOnly: boolean;
  readonly onChange: (remediation: Remediation) => void;
}) {
  const { remediation, readOnly, onChange } = props;
  const tags = remediation?.kind === "add_tags" ? remediation.tags : {};
  const text = Object.entries(tags)
    .map(([key, value]) => `${key}=${value}`)
    .join(", ");
  return (
    <div className="fields">
      <Select
        label="How it is mended"
        data={remediations}
        value={remediation?.kind ?? null}
        onChange={(kind) => {
          if (kind === "add_tags") onChange({ kind, tags });
          else if (kind) onChange({ kind: kind as Exclude<Remediation["kind"], "add_tags"> });
        }}
        readOnly={readOnly}
        required
      />
      {remediation?.kind === "add_tags" ? (
        <TextInput
          key={text}
          label="Tags"
          placeholder="owner=platform, env=test"
          defaultValue={text}
          onBlur={(event) => onChange({ kind: "add_tags", tags: readTags(event.currentTarget.value) })}
          readOnly={readOnly}
          required
        />
      ) : undefined}
    </div>
  );
}

function readTags(text: string): Record<string, string> {
  const pairs = text.split(",").flatMap((part) => {
    const at = part.indexOf("=");
    return at > 0 ? [[part.slice(0, at).trim(), part.slice(at + 1).trim()] as const] : [];
  });
  return Object.fromEntries(pairs);
}
