import fc from "fast-check";
import { type Resource, resourceKinds } from "../../src/domain/resource.ts";
import { toWire } from "../../src/domain/wire.ts";

/** Resources whose values collide often, with the odd characters that queries and databases stumble over. */

const words = [
  "web",
  "web-1",
  "Web-2",
  "api",
  "db",
  "a%b",
  "a_b",
  "a\\b",
  'quo"te',
  "ünïcode",
  "日本",
  "",
  "x y",
] as const;
const tagKeys = ["env", "team", "project", "Owner", "aws:name", "odd key", "a%b"] as const;
const tagValues = ["prod", "test", "Prod", "", "a,b", "p*d", "10", 'say "hi"'] as const;

export const resourceArbitrary: fc.Arbitrary<Resource> = fc
  .record({
    site: fc.constantFrom("a", "b", "c-1"),
    provider: fc.constantFrom("aws", "gcp", "libvirt"),
    region: fc.option(fc.constantFrom("us-east-1", "eu"), { nil: undefined }),
    kind: fc.constantFrom(...resourceKinds.slice(0, 5)),
    number: fc.nat({ max: 100_000 }),
    name: fc.constantFrom(...words),
    state: fc.option(fc.constantFrom("running", "stopped", "available"), { nil: undefined }),
    stateSince: fc.option(timeArbitrary(), { nil: undefined }),
    cpus: fc.option(fc.constantFrom(1, 2, 4, 8, 16), { nil: undefined }),
    memoryBytes: fc.option(fc.constantFrom(2 ** 30, 2 ** 32, 2 ** 34 + 1), { nil: undefined }),
    sizeBytes: fc.option(fc.constantFrom(0, 2 ** 33, 2 ** 40), { nil: undefined }),
    monthlyCostMicros: fc.option(fc.constantFrom(0, 1, 9_990_000, 100_000_000, 250_500_000), { nil: undefined }),
    type: fc.option(fc.constantFrom("m6i.large", "gp3"), { nil: undefined }),
    createdAt: fc.option(timeArbitrary(), { nil: undefined }),
    inUse: fc.option(fc.boolean(), { nil: undefined }),
    tags: fc.dictionary(fc.constantFrom(...tagKeys), fc.constantFrom(...tagValues), { maxKeys: 4 }),
    address: fc.option(fc.constantFrom("10.0.0.1", "10.0.0.12"), { nil: undefined }),
  })
  .map(({ number, address, ...members }) => {
    const known = Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
    const resource = { ...(known as unknown as Omit<Resource, "resourceId" | "document">), resourceId: `r-${number}` };
    return { ...resource, document: toWire({ tags: members.tags, ...(address === undefined ? {} : { address }) }) };
  });

/** Whole seconds around the tests' `now`. */
export const now = Date.UTC(2026, 10, 24, 12);
function timeArbitrary(): fc.Arbitrary<string> {
  return fc.integer({ min: -100_000, max: 0 }).map((minutes) => new Date(now + minutes * 60_000).toISOString());
}

const plain = fc.constantFrom(
  "provider:aws",
  "provider!=aws",
  "site:a,b",
  "site=c-1",
  "region:us-*",
  "region:unknown",
  "kind:vm",
  "volumes",
  "state:running",
  "state!=running",
  "state:run*,st*d",
  "name:web*",
  "name:*b*",
  'name:"a%b"',
  "name:a%*",
  "name:a_*",
  'name:"a\\\\b"',
  'name:""',
  "name~WEB",
  "name~a_",
  "name:日*",
  "id:r-1*",
  "type:m6i.*",
  "type=gp3",
  "type:unknown",
  "type~GP",
  "owner:prod",
  "owner:unknown",
  "owner~ro",
  "project:*",
  "project:p*d",
  'project:"p*d"',
  "tag.env",
  "tag.env=prod",
  "tag.env:pro*",
  "tag.env!=prod",
  "tag.env~PRO",
  'tag."odd key":test,prod',
  "tag.a%b:*",
  'tag.team:"a,b"',
  'tag.team=""',
  "tag.none",
  "cpu>4",
  "cpu:2..8",
  "cpus<=2.5",
  "cpus=8",
  "cpus!=8",
  "cpus:unknown",
  "memory>=4",
  "memory:1GiB..16GiB",
  "size:0",
  "size<1TiB",
  "cost>100",
  "cost<=9.99",
  "cost:0..100",
  "cost:unknown",
  "created:2026-11",
  "created<2026-10",
  "created>30d",
  "created:unknown",
  "changed:yesterday",
  "changed:today",
  "changed>=2026-11-20",
  "changed<10d",
  "first_seen:..5d",
  "stopped>30d",
  "running<1h",
  "stopped:1d..20d",
  "untagged",
  "unused",
  '"web"',
  "api",
  '"env=prod"',
  "10.0.0.1",
  '"%"',
  '"_"',
  '"ÜNÏ"',
  '"say "',
);

/** Searches of all sorts, with brackets, negations and alternatives. */
export const searchArbitrary: fc.Arbitrary<string> = fc.letrec<{ term: string; query: string }>((tie) => ({
  term: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    plain,
    tie("query").map((query) => `(${query})`),
    tie("term").map((term) => `-${term}`),
    tie("term").map((term) => `not ${term}`),
  ),
  query: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    tie("term"),
    fc.tuple(tie("term"), tie("term")).map(([a, b]) => `${a} ${b}`),
    fc.tuple(tie("term"), tie("term")).map(([a, b]) => `${a} AND ${b}`),
    fc.tuple(tie("query"), tie("query")).map(([a, b]) => `${a} or ${b}`),
  ),
})).query;
