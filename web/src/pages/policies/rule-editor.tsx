import { ActionIcon, Autocomplete, Button, Select, TextInput } from "@mantine/core";
import {
  type Condition,
  policyFields,
  type Rule,
  readRuleValue,
  showRuleValue,
  takesValue,
} from "../../lib/policy-rule.ts";
import { Icon } from "../../parts/icons.tsx";

const operators = [
  ...["exists", "equals", "in", "contains", "matches", "greater_than", "less_than", "between", "older_than"],
  "cidr_contains",
].flatMap((word) => [
  { value: word, label: word.replaceAll("_", " ") },
  { value: `not_${word}`, label: `not ${word.replaceAll("_", " ")}` },
]);
const groupings = [
  { value: "all", label: "all of these" },
  { value: "any", label: "any of these" },
  { value: "not", label: "not" },
];
const fresh: Condition = { field: "owner", operator: "exists" };

interface RuleEditorProps {
  readonly rule: Rule;
  readonly onChange: (rule: Rule) => void;
  readonly onRemove?: () => void;
  /** Where it is within the rule, for those who hear it. */
  readonly place: string;
  readonly readOnly: boolean;
}

/** A rule as nested groups of conditions; each is changed where it stands. */
export function RuleEditor(props: RuleEditorProps) {
  const { rule, onChange, onRemove, place, readOnly } = props;
  if ("field" in rule) return <ConditionRow {...props} rule={rule} />;
  const kind = "all" in rule ? "all" : "any" in rule ? "any" : "not";
  const parts = "all" in rule ? rule.all : "any" in rule ? rule.any : [rule.not];
  const grouped = (next: readonly Rule[], as = kind): Rule => {
    if (as === "all") return { all: next };
    return as === "any" ? { any: next } : { not: next.length === 1 ? (next[0] ?? fresh) : { all: next } };
  };
  return (
    <fieldset className="rule-group" disabled={readOnly}>
      <legend className="visually-hidden">{place}</legend>
      <div className="wrap">
        <Select
          data={groupings}
          value={kind}
          onChange={(value) => onChange(grouped(parts, (value as typeof kind | null) ?? "all"))}
          aria-label={`How ${place} belongs together`}
          w={130}
        />
        {readOnly || kind === "not" ? undefined : (
          <>
            <Button
              size="compact-xs"
              variant="subtle"
              leftSection={<Icon name="plus" size={12} />}
              onClick={() => onChange(grouped([...parts, fresh]))}
            >
              Condition
            </Button>
            <Button
              size="compact-xs"
              variant="subtle"
              leftSection={<Icon name="plus" size={12} />}
              onClick={() => onChange(grouped([...parts, { any: [fresh] }]))}
            >
              Group
            </Button>
          </>
        )}
        {onRemove && !readOnly ? <Remove what={place} onRemove={onRemove} /> : undefined}
      </div>
      {parts.map((each, index) => (
        <RuleEditor
          // A condition has no name of its own: its place is what tells it apart.
          key={index}
          rule={each}
          place={`${place}, part ${index + 1}`}
          readOnly={readOnly}
          onChange={(next) => onChange(grouped(parts.map((old, at) => (at === index ? next : old))))}
          {...(parts.length > 1 ? { onRemove: () => onChange(grouped(parts.filter((_, at) => at !== index))) } : {})}
        />
      ))}
    </fieldset>
  );
}

function ConditionRow({
  rule,
  onChange,
  onRemove,
  place,
  readOnly,
}: Omit<RuleEditorProps, "rule"> & { readonly rule: Condition }) {
  const { field, operator, value } = rule;
  const change = (next: { field?: string; operator?: string; typed?: string }) => {
    const [at, by] = [next.field ?? field, next.operator ?? operator];
    const said = readRuleValue(at, by, next.typed ?? showRuleValue(value));
    onChange({ field: at, operator: by, ...(said === undefined ? {} : { value: said }) });
  };
  return (
    <div className="rule-condition">
      <Autocomplete
        data={Object.keys(policyFields)}
        value={field}
        onChange={(text) => change({ field: text })}
        aria-label={`Field of ${place}`}
        size="xs"
        readOnly={readOnly}
      />
      <Select
        data={operators}
        value={operator}
        onChange={(word) => change({ operator: word ?? "exists" })}
        aria-label={`Operator of ${place}`}
        searchable
        readOnly={readOnly}
      />
      {takesValue(operator) ? (
        <ValueField
          key={`${field} ${operator}`}
          label={`Value of ${place}`}
          value={showRuleValue(value)}
          many={/(?:^|_)(?:in|between)$/.test(operator)}
          readOnly={readOnly}
          onChange={(typed) => change({ typed })}
        />
      ) : (
        <span />
      )}
      {onRemove && !readOnly ? <Remove what={place} onRemove={onRemove} /> : <span />}
    </div>
  );
}

/** Lists are taken once they are left: their commas would go while somebody writes. */
function ValueField(props: {
  readonly label: string;
  readonly value: string;
  readonly many: boolean;
  readonly readOnly: boolean;
  readonly onChange: (typed: string) => void;
}) {
  const { label, value, many, readOnly, onChange } = props;
  return many ? (
    <TextInput
      defaultValue={value}
      onBlur={(event) => onChange(event.currentTarget.value)}
      aria-label={label}
      placeholder="with commas between"
      readOnly={readOnly}
    />
  ) : (
    <TextInput
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
      aria-label={label}
      readOnly={readOnly}
    />
  );
}

function Remove({ what, onRemove }: { readonly what: string; readonly onRemove: () => void }) {
  return (
    <ActionIcon size="sm" onClick={onRemove} aria-label={`Take out ${what}`}>
      <Icon name="close" size={13} />
    </ActionIcon>
  );
}
