import type { Policy, PolicyDraft } from "../../src/domain/policy/policy.ts";
import type { Requirement, Rule } from "../../src/domain/policy/rule.ts";
import type { Resource } from "../../src/domain/resource.ts";
import { type Portion, portions, resourcesOf } from "./inventory-world.ts";
import { seededRandom } from "./random.ts";

/** The made-up estate with what policies look at: encryption, rules of groups, addresses that belong to VMs. */
export function* judgedResources(portion: Portion, of: { seed: number; now: number }): Generator<Resource> {
  const random = seededRandom(of.seed * 31 + portion.place.site.length * 7 + portion.kind.length);
  for (const resource of resourcesOf(portion, { ...of, version: 0, changing: 1 })) {
    const { kind, document } = resource;
    if (kind === "security-group") yield { ...resource, document: { ...document, rules: rulesBy(random) } };
    else if (kind === "volume" || kind === "snapshot") {
      yield { ...resource, document: { ...document, encrypted: random() < 0.9 } };
    } else yield resource;
  }
}

export { portions };

function rulesBy(random: () => number) {
  const count = 1 + Math.floor(random() * 5);
  return Array.from({ length: count }, () => {
    const port = [22, 80, 443, 3_389, 5_432][Math.floor(random() * 5)] as number;
    const peer = ["0.0.0.0/0", "10.0.0.0/8", "192.168.0.0/16", "172.16.0.0/12", "sg-1"][
      Math.floor(random() * 5)
    ] as string;
    return { direction: random() < 0.8 ? "ingress" : "egress", protocol: "tcp", from_port: port, to_port: port, peer };
  });
}

/** A rule in three languages: ours, SQL by hand, and Cedar (a `forbid` of what breaks it). */
export interface BenchRule {
  readonly name: string;
  readonly draft: PolicyDraft;
  /** The ids of what breaks it, as somebody would write it who knows the tables. */
  readonly sql: string;
  /** When it is broken, over `resource`. */
  readonly cedar: string;
}

const kinds = ["vm", "volume", "snapshot", "image", "subnet"] as const;
const ports = [22, 3_389, 5_432, 80] as const;
const costs = [50, 100, 250, 500, 750, 1_000, 1_500, 2_000] as const;
const cpus = [2, 4, 8, 16, 32] as const;
const regions = ["region-1", "region-2", "region-3", "region-4"] as const;

/** Fifty, of the kinds that people write: tags, costs, sizes, places, encryption, rules of groups. */
export function benchRules(): BenchRule[] {
  const rules: BenchRule[] = [];
  const add = (name: string, scope: string, requirement: Requirement, sql: string, cedar: string) =>
    rules.push({ name, draft: draftOf(name, scope, requirement), sql, cedar });
  const term = (...parts: string[]) => `array[${parts.map((part) => `'${part}'`).join("||chr(31)||")}]`;
  for (const kind of kinds) {
    for (const tag of ["team", "cost-center", "app"]) {
      add(
        `${kind}-tag-${tag}`,
        `kind:${kind}`,
        { require: { field: `tags.${tag}`, operator: "exists" } },
        `select resource_id from resources where kind = '${kind}' and not terms @> ${term("tag", tag)}`,
        `resource.kind == "${kind}" && !(resource.tags has "${tag}")`,
      );
    }
    add(
      `${kind}-env`,
      `kind:${kind}`,
      { require: { field: "tags.env", operator: "in", value: ["prod", "test"] } },
      `select resource_id from resources where kind = '${kind}'
        and not terms && (${term("tag", "env", "prod")} || ${term("tag", "env", "test")})`,
      `resource.kind == "${kind}" && !(resource.tags has "env" && ["prod", "test"].contains(resource.tags["env"]))`,
    );
  }
  for (const cost of costs) {
    add(
      `cost-${cost}`,
      "vms",
      { forbid: { field: "monthly_cost", operator: "greater_than", value: cost } },
      `select resource_id from resources where kind = 'vm' and monthly_cost_micros > ${cost}000000`,
      `resource.kind == "vm" && resource has cost && resource.cost > ${cost}000000`,
    );
  }
  for (const most of cpus) {
    add(
      `cpus-${most}`,
      "vms tag.env=dev",
      { forbid: { field: "cpus", operator: "greater_than", value: most } },
      `select resource_id from resources where kind = 'vm' and terms @> ${term("tag", "env", "dev")} and cpus > ${most}`,
      `resource.kind == "vm" && resource.tags has "env" && resource.tags["env"] == "dev" && resource has cpus && resource.cpus > ${most}`,
    );
  }
  for (const region of regions) {
    add(
      `prod-in-${region}`,
      "tag.env=prod",
      { require: { field: "region", operator: "not_equals", value: region } },
      `select resource_id from resources where terms @> ${term("tag", "env", "prod")} and region = '${region}'`,
      `resource.tags has "env" && resource.tags["env"] == "prod" && resource has region && resource.region == "${region}"`,
    );
  }
  for (const port of ports) {
    add(
      `open-${port}`,
      "",
      { forbid: open(port) },
      openSql(port),
      `resource.kind == "security-group" && resource.open.contains(${port})`,
    );
    const name = `open-${port}-prod`;
    const prod = `terms @> ${term("tag", "env", "prod")}`;
    const cedar = `resource.kind == "security-group" && resource.tags has "env" && resource.tags["env"] == "prod" && resource.open.contains(${port})`;
    add(name, "tag.env=prod", { forbid: open(port) }, `${openSql(port)} and r.${prod}`, cedar);
  }
  for (const kind of ["volume", "snapshot"] as const) {
    for (const [scope, more, when] of [
      ["", "", ""],
      [
        " tag.env=prod",
        ` and r.terms @> ${term("tag", "env", "prod")}`,
        ` && resource.tags has "env" && resource.tags["env"] == "prod"`,
      ],
    ] as const) {
      add(
        `encrypted-${kind}${scope === "" ? "" : "-prod"}`,
        `kind:${kind}${scope}`,
        { require: { field: "encrypted", operator: "equals", value: true } },
        `select r.resource_id from resources as r join resource_documents as d using (resource_no)
          where r.kind = '${kind}' and (d.document::jsonb ->> 'encrypted')::boolean is false${more}`,
        `resource.kind == "${kind}"${when} && resource has encrypted && !resource.encrypted`,
      );
    }
  }
  add(
    "named-team",
    "vms",
    { require: { field: "tags.team", operator: "matches", value: "team-*" } },
    `select resource_id from resources where kind = 'vm'
      and not exists (select from unnest(terms) as t where t like 'tag' || chr(31) || 'team' || chr(31) || 'team-%')`,
    `resource.kind == "vm" && !(resource.tags has "team" && resource.tags["team"] like "team-*")`,
  );
  return rules;
}

function open(port: number): Rule {
  return {
    all: [
      { field: "security_group.ingress.port", operator: "equals", value: port },
      { field: "security_group.ingress.source", operator: "equals", value: "0.0.0.0/0" },
    ],
  };
}

function openSql(port: number): string {
  return `select r.resource_id from resources as r join resource_documents as d using (resource_no)
    where r.kind = 'security-group' and exists (select from jsonb_array_elements(d.document::jsonb -> 'rules') as e
      where e ->> 'direction' = 'ingress' and e ->> 'peer' = '0.0.0.0/0'
        and ${port} between (e ->> 'from_port')::integer and (e ->> 'to_port')::integer)`;
}

function draftOf(name: string, scope: string, requirement: Requirement): PolicyDraft {
  return {
    ...{ name, type: "compliance", severity: "medium", description: "A rule of the bench.", scope },
    ...{ requirement, actions: ["block"], remedy: "Mend it." },
  };
}

export function asPolicy(draft: PolicyDraft, createdAt: string): Policy {
  return {
    ...draft,
    policyId: draft.name,
    enabled: true,
    version: 1,
    createdBy: "bench",
    createdAt,
    updatedAt: createdAt,
  };
}

/** What Cedar is told of a resource. Its sets of scalars have no elements with members: the open ports are worked out. */
export function cedarEntity(resource: Resource) {
  const { kind, tags, region, monthlyCostMicros, cpus: count, document } = resource;
  const rules = (document.rules ?? []) as { direction: string; peer: string; from_port: number }[];
  const everybody = rules.filter(({ direction, peer }) => direction === "ingress" && peer === "0.0.0.0/0");
  return {
    uid: { type: "Resource", id: resource.resourceId },
    parents: [],
    attrs: {
      kind,
      tags,
      ...(region === undefined ? {} : { region }),
      ...(monthlyCostMicros === undefined ? {} : { cost: monthlyCostMicros }),
      ...(count === undefined ? {} : { cpus: count }),
      ...(typeof document.encrypted === "boolean" ? { encrypted: document.encrypted } : {}),
      open: [...new Set(everybody.map(({ from_port: port }) => port))],
    },
  };
}
