import { type RawBuilder, sql } from "kysely";
import { toCidrs } from "../domain/address-range.ts";
import { type Field, type FieldName, type FieldReference, fieldOf, type List } from "../domain/policy/fields.ts";
import type { Logic, Test } from "../domain/policy/logic.ts";
import { fieldTerm, separator, type TermField, tagTerm } from "../domain/search/terms.ts";
import { carries, escapeLike, likeOf, timeText } from "./search-sql.ts";

/**
 * Rules as conditions on rows `r` of the inventory with their documents `d.doc` and what is known of VMs beside (`ve`, `vp`,
 * `vb`): true, false or null exactly where domain/policy/evaluate.ts says yes, no or unknown. Every value is a parameter.
 */
export interface SqlContext {
  /** Milliseconds since 1970. */
  readonly now: number;
  /** By site, the places where its data stays. */
  readonly residency: Readonly<Record<string, readonly string[]>>;
  /** Whether `ve` is there. */
  readonly vmEncryption?: boolean;
}

type Sql = RawBuilder<unknown>;

export function logicSql(logic: Logic, context: SqlContext): RawBuilder<boolean> {
  switch (logic.type) {
    case "all":
    case "any": {
      const items = logic.items.map((item) => logicSql(item, context));
      return sql<boolean>`(${sql.join(items, logic.type === "all" ? sql` and ` : sql` or `)})`;
    }
    case "not":
      return sql<boolean>`(not ${logicSql(logic.item, context)})`;
    case "some":
      return someSql(logic, context);
    case "test":
      return testSql(logic.field, logic.test, context);
  }
}

/** Nothing is unknown of an element that is there. */
function someSql({ list, where }: Extract<Logic, { type: "some" }>, context: SqlContext): RawBuilder<boolean> {
  const condition = logicSql(where, context);
  if (list === "residency") {
    const places = sql`coalesce(${JSON.stringify(context.residency)}::jsonb -> r.site, '[]'::jsonb)`;
    return sql<boolean>`exists (select from jsonb_array_elements(${places}) as e where ${condition})`;
  }
  const direction = directionOf(list);
  const elements = direction === undefined ? sql`d.doc -> ${sql.lit(list)}` : sql`d.doc -> 'rules'`;
  const wanted = direction === undefined ? sql`` : sql`e.value ->> 'direction' = ${sql.lit(direction)} and `;
  return sql<boolean>`(case when jsonb_typeof(${elements}) = 'array'
    then exists (select from jsonb_array_elements(${elements}) as e where ${wanted}${condition}) end)`;
}

function directionOf(list: List): "ingress" | "egress" | undefined {
  if (list === "security_group.ingress") return "ingress";
  return list === "security_group.egress" ? "egress" : undefined;
}

function testSql(reference: FieldReference, test: Test, context: SqlContext): RawBuilder<boolean> {
  const { name, key } = reference;
  const field: Field = fieldOf(reference);
  if (name === "tags") return termSql(tagTerm(key ?? ""), test);
  if (name === "owner" || name === "project" || name === "type") return termSql(fieldTerm(name), test, name);
  if (name === "backup_age") return ageSql(test, context);
  const value = name === "encrypted" && context.vmEncryption === true ? encryptedOfAll : columns[name];
  if (test.type === "exists") return sql<boolean>`(${value} is not null)`;
  const condition = field.type === "ports" ? portsSql(test) : compared(field, value, test, context);
  return field.absent === "none" ? sql<boolean>`coalesce(${condition}, false)` : condition;
}

/** Tags and what is read from them are exact words of a row, and there is an index of those. */
function termSql(presence: string, test: Test, field?: TermField): RawBuilder<boolean> {
  const prefix = `${field ?? presence}${separator}`;
  switch (test.type) {
    case "exists":
      return carries(presence);
    case "in": {
      const [first, ...others] = test.values.map((value) => `${prefix}${value}`);
      if (others.length === 0) return carries(first ?? "");
      return sql<boolean>`(r.terms && ${[first, ...others]}::text[])`;
    }
    case "contains":
    case "matches": {
      const value = sql`substr(term, ${Array.from(prefix).length + 1}::integer)`;
      const holds = textSql(value, test);
      return sql<boolean>`(${carries(presence)} and exists (
        select from unnest(r.terms) as term where starts_with(term, ${prefix}) and ${holds}))`;
    }
    default:
      throw new Error(`A tag is not compared by ${test.type}`);
  }
}

/** A VM without any backup has one that is older than anything. */
function ageSql(test: Test, { now }: SqlContext): RawBuilder<boolean> {
  if (test.type === "exists") return sql<boolean>`(vb.backup_at is not null)`;
  const age = sql`coalesce((extract(epoch from ${timeText(now)}::timestamptz - vb.backup_at) * 1000)::float8, 'Infinity')`;
  return rangeSql(age, test);
}

function compared(field: Field, value: Sql, test: Test, { now }: SqlContext): RawBuilder<boolean> {
  switch (test.type) {
    case "in":
      return inSql(field, value, test.values);
    case "contains":
    case "matches":
      return textSql(value, test);
    case "older":
      return sql<boolean>`(${value} < ${timeText(now - test.ms)}::timestamptz)`;
    case "covers": {
      const [text] = toCidrs(test.range);
      // What isn't an address is a group's id.
      return sql<boolean>`(case when ${value} ~ '^[0-9a-fA-F.:]+(/[0-9]{1,3})?$' and pg_input_is_valid(${value}, 'inet')
        then (${value})::inet >>= ${text}::inet else ${value} is null and null end)`;
    }
    default:
      return field.type === "time" ? momentSql(value, test) : rangeSql(value, test);
  }
}

function inSql(field: Field, value: Sql, values: readonly unknown[]): RawBuilder<boolean> {
  switch (field.type) {
    case "boolean":
      return values[0] === true ? sql<boolean>`(${value})` : sql<boolean>`(not ${value})`;
    case "protocol":
      return sql<boolean>`(${value} = any(${["all", ...values]}::text[]))`;
    case "number":
    case "bytes":
    case "money":
      return sql<boolean>`(${value} = any(${values}::float8[]))`;
    default:
      return sql<boolean>`(${value} = any(${values}::text[]))`;
  }
}

function textSql(value: Sql, test: Extract<Test, { type: "contains" | "matches" }>): RawBuilder<boolean> {
  if (test.type === "matches") return sql<boolean>`(${value} like ${likeOf(test.pieces)})`;
  return sql<boolean>`(lower(${value} collate "C") like ${`%${escapeLike(test.text)}%`})`;
}

function rangeSql(value: Sql, test: Test): RawBuilder<boolean> {
  return ends(test, (operator, end) => sql<boolean>`${value} ${operator} ${end}::float8`);
}

function momentSql(value: Sql, test: Test): RawBuilder<boolean> {
  return ends(test, (operator, end) => sql<boolean>`${value} ${operator} ${timeText(end)}::timestamptz`);
}

function ends(test: Test, one: (operator: Sql, end: number) => RawBuilder<boolean>): RawBuilder<boolean> {
  if (test.type !== "range") throw new Error(`${test.type} has no ends`);
  const { from, to } = test;
  const conditions = [
    ...(from ? [one(from.inclusive ? sql`>=` : sql`>`, from.value)] : []),
    ...(to ? [one(to.inclusive ? sql`<=` : sql`<`, to.value)] : []),
  ];
  return sql<boolean>`(${sql.join(conditions, sql` and `)})`;
}

/** Of a rule about ICMP they would be types and codes. */
function portsSql(test: Test): RawBuilder<boolean> {
  const notIcmp = sql`e.value ->> 'protocol' is distinct from 'icmp'`;
  const [from, to] = [jsonNumber("from_port"), jsonNumber("to_port")];
  const first = sql`coalesce(${from}, 0)`;
  const last = sql`case when ${from} is null then 65535 else coalesce(${to}, ${from}) end`;
  if (test.type === "in") {
    return sql<boolean>`(${notIcmp} and exists (
      select from unnest(${test.values}::float8[]) as port where port between ${first} and ${last}))`;
  }
  if (test.type !== "range") throw new Error(`Ports are not compared by ${test.type}`);
  const { from: least, to: most } = test;
  const conditions = [
    ...(least ? [sql<boolean>`${last} ${least.inclusive ? sql`>=` : sql`>`} ${least.value}::float8`] : []),
    ...(most ? [sql<boolean>`${first} ${most.inclusive ? sql`<=` : sql`<`} ${most.value}::float8`] : []),
  ];
  return sql<boolean>`(${notIcmp} and ${sql.join(conditions, sql` and `)})`;
}

function jsonText(key: string): Sql {
  const member = sql`e.value -> ${sql.lit(key)}`;
  return sql`(case when jsonb_typeof(${member}) = 'string' then e.value ->> ${sql.lit(key)} end)`;
}

function jsonNumber(key: string): Sql {
  const member = sql`e.value -> ${sql.lit(key)}`;
  return sql`(case when jsonb_typeof(${member}) = 'number' then (${member})::float8 end)`;
}

function docText(key: string): Sql {
  return sql`(case when jsonb_typeof(d.doc -> ${sql.lit(key)}) = 'string' then d.doc ->> ${sql.lit(key)} end)`;
}

function docFlag(key: string): Sql {
  return sql`(case when jsonb_typeof(d.doc -> ${sql.lit(key)}) = 'boolean' then (d.doc -> ${sql.lit(key)})::boolean end)`;
}

const elementText = sql`(case when jsonb_typeof(e.value) = 'string' then e.value #>> '{}' end)`;
const ports = sql`case when e.value ->> 'protocol' is distinct from 'icmp' then 1 end`;

const encryptedOfAll = sql`(case when r.kind = 'vm' then ve.encrypted else ${docFlag("encrypted")} end)`;

type ColumnField = Exclude<FieldName, "tags" | "owner" | "project" | "type" | "backup_age">;

const columns: Readonly<Record<ColumnField, Sql>> = {
  name: sql`r.name`,
  id: sql`r.resource_id`,
  site: sql`r.site`,
  provider: sql`r.provider`,
  region: sql`r.region`,
  kind: sql`r.kind`,
  state: sql`r.state`,
  created: sql`r.created_at`,
  changed: sql`r.changed_at`,
  first_seen: sql`r.first_seen_at`,
  state_since: sql`r.state_since`,
  monthly_cost: sql`r.monthly_cost_micros`,
  cpus: sql`r.cpus`,
  memory: sql`r.memory_bytes`,
  size: sql`r.size_bytes`,
  zone: docText("zone"),
  capacity_type: docText("capacity_type"),
  in_use: sql`(not ${carries(`is${separator}unused`)})`,
  encrypted: docFlag("encrypted"),
  public_ip: sql`vp.public`,
  internet_facing: docFlag("internet_facing"),
  residency: elementText,
  cidr: elementText,
  "disks.size": jsonNumber("size_bytes"),
  "disks.type": jsonText("type"),
  "disks.bus": jsonText("bus"),
  "nics.network": jsonText("network_id"),
  "nics.address": jsonText("address"),
  "security_group.ingress.protocol": jsonText("protocol"),
  "security_group.ingress.port": ports,
  "security_group.ingress.source": jsonText("peer"),
  "security_group.egress.protocol": jsonText("protocol"),
  "security_group.egress.port": ports,
  "security_group.egress.destination": jsonText("peer"),
};
