import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import fc from "fast-check";
import { authorise, grantsOf, type Scope } from "../../src/domain/access.ts";
import type { Resource } from "../../src/domain/resource.ts";
import { ageStates, aliases } from "../../src/domain/search/comparison.ts";
import { matches, type Searchable } from "../../src/domain/search/evaluate.ts";
import { parseSearch, parseSort } from "../../src/domain/search/parser.ts";
import { pointAt } from "../../src/domain/search/problem.ts";
import { type Expression, numberFields, sortFields, textFields, timeFields } from "../../src/domain/search/query.ts";
import { scopesExpression } from "../../src/domain/search/scope.ts";
import { foldText } from "../../src/domain/search/terms.ts";
import { now, resourceArbitrary, searchArbitrary } from "../support/resources.ts";

const day = 86_400_000;

function whereOf(text: string): Expression {
  const parsed = parseSearch(text, now);
  if (!parsed.ok) assert.fail(`${text}: ${parsed.problem.message}`);
  return parsed.query.where;
}

function problemOf(text: string) {
  const parsed = parseSearch(text, now);
  if (parsed.ok) assert.fail(`${text} is read without a problem`);
  return parsed.problem;
}

const vm: Searchable = {
  site: "aws-us-east-1",
  provider: "aws",
  region: "us-east-1",
  kind: "vm",
  resourceId: "i-0abc",
  name: "web-1",
  state: "stopped",
  stateSince: new Date(now - 31 * day).toISOString(),
  cpus: 8,
  memoryBytes: 16 * 2 ** 30,
  monthlyCostMicros: 140_160_000,
  type: "m6i.2xlarge",
  createdAt: "2026-10-31T23:59:59.999Z",
  firstSeenAt: "2026-11-01T00:00:00.000Z",
  changedAt: new Date(now - 2 * day).toISOString(),
  tags: { env: "prod", "cost center": "42", Owner: "ann" },
  document: { nics: [{ mac: "52:54:00:AA:bb:01", network_id: "subnet-7" }], tags: {} },
};

describe("the search language", () => {
  const holds: Readonly<Record<string, boolean>> = {
    "": true,
    "WEB-1": true,
    '"web 1"': false,
    '"52:54:00:aa:BB"': true,
    "subnet-7": true,
    "vms -volumes": true,
    "state:running or state:stopped name:web-1": true,
    "(state:running or state:stopped) name:web-2": false,
    "state:stopped and not (name:web-1)": false,
    '"or"': false,
    "name:Web-1": false,
    "name~EB-": true,
    'tag.env:p*d tag."cost center"=42': true,
    "tag.env!=prod": false,
    "tag.none!=prod": true,
    "owner:ann": true,
    "project:unknown": true,
    "cpu:2..8 cpu:8..": true,
    "cpu:9..": false,
    "memory=16 memory:16384MiB mem<=17.2GB": true,
    "cost>140.15 cost<140.17": true,
    "cost:100,140.16": true,
    "size:unknown -size>1": true,
    "stopped>30d": true,
    "stopped>32d": false,
    "running>30d": false,
    "created:2026-10 created<2026-11 created<=2026-10-31": true,
    "created>2026-10-31": false,
    "created>=2026-10-31T23:59": true,
    "created>2026-10-31T23:58": true,
    "created>2026-10-31T23:59": false,
    "changed<3d changed>1d changed:2d": true,
    "changed:1d..3d": true,
    "changed:3d..4d": false,
    "first_seen:2026-11-01": true,
    "changed:yesterday": false,
    untagged: false,
    "untagged sort:-cost": false,
  };
  for (const [text, expected] of Object.entries(holds)) {
    test(`${text || "nothing"} ${expected ? "finds" : "leaves out"} the VM`, () => {
      assert.equal(matches(whereOf(text), vm), expected);
    });
  }

  const problems: Readonly<Record<string, { at: string; message: RegExp; hint: RegExp }>> = {
    "state:running cpus>many": { at: "many", message: /not a value of cpus/, hint: /like 4/ },
    "nmae:web": { at: "nmae", message: /no field nmae/, hint: /Did you mean name/ },
    "arn:aws:ec2": { at: "arn", message: /no field arn/, hint: /quotes/ },
    "kind:vn": { at: "vn", message: /no kind vn/, hint: /Did you mean vm/ },
    "a (b or c": { at: "(", message: /not closed/, hint: /\)/ },
    "a) b": { at: ")", message: /closes nothing/, hint: /Remove/ },
    'name:"web': { at: '"web', message: /quote is not closed/, hint: /Close it/ },
    "name: web": { at: "name:", message: /has no value/, hint: /behind it/ },
    "cpu:8..2": { at: "8..2", message: /ends before it begins/, hint: /smaller value first/ },
    "cpu:..": { at: "..", message: /one end/, hint: /2\.\./ },
    "cpu>2..8": { at: "2..8", message: /one value, not a range/, hint: /Use :/ },
    "cpu>2,4": { at: "cpu>2,4", message: /takes one value/, hint: /list/ },
    "name>web": { at: "name>web", message: /is text/, hint: /contains/ },
    "cost~1": { at: "cost~1", message: /looks for text/, hint: /Use/ },
    "changed:soon": { at: "soon", message: /neither a date nor an age/, hint: /2026-11-24/ },
    "created:2026-02-30": { at: "2026-02-30", message: /neither a date/, hint: /30d/ },
    "changed:1d..2026-11": { at: "1d..2026-11", message: /neither a date/, hint: /age/ },
    "tag.:x": { at: "tag.", message: /key is missing/, hint: /tag\.env/ },
    "a or": { at: "", message: /missing at the end/, hint: /term/ },
    "or a": { at: "or", message: /joins nothing/, hint: /quotes/ },
    'name:"a"b': { at: "b", message: /follows a quoted value/, hint: /blank/ },
    "sort:nmae": { at: "nmae", message: /no field nmae to sort by/, hint: /Did you mean name/ },
    "sort:name,cost,cpus,id": { at: "sort:name,cost,cpus,id", message: /more than 3/, hint: /Leave/ },
    "(sort:name)": { at: "sort:name", message: /inside brackets/, hint: /parameter/ },
    '""': { at: '""', message: /empty text/, hint: /Remove/ },
    "a\u0001": { at: "\u0001", message: /can't be searched/, hint: /Remove/ },
  };
  for (const [text, { at, message, hint }] of Object.entries(problems)) {
    test(`${JSON.stringify(text)} is refused with the column and what to write instead`, () => {
      const problem = problemOf(text);
      assert.match(problem.message, message);
      assert.match(problem.hint, hint);
      assert.equal(text.slice(problem.column - 1, problem.column - 1 + Math.max(problem.length, at.length)), at);
    });
  }

  test("points at what is wrong", () => {
    assert.equal(pointAt("a cpus>many b", problemOf("a cpus>many b")), "a cpus>many b\n       ^^^^");
  });

  test("an order by itself has the columns of what was given", () => {
    const parsed = parseSort("-cost,nmae");
    assert.ok(!parsed.ok);
    assert.equal(parsed.problem.column, 7);
  });

  test("a search that goes too deep or too long is refused, not a crash", () => {
    assert.match(problemOf("(".repeat(500)).message, /50 deep/);
    assert.match(problemOf("-".repeat(500) + "a").message, /50 deep/);
    assert.match(problemOf("a ".repeat(3_000)).message, /4000 characters/);
  });

  test("any text is read, or refused within it", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...Array.from('ab:"()-=<>~!,.*0 1d\\$é')), maxLength: 30 }),
        (text) => {
          const parsed = parseSearch(text, now);
          if (!parsed.ok) assert.ok(parsed.problem.column >= 1 && parsed.problem.column <= text.length + 1, text);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  test("a negation finds exactly the rest", () => {
    fc.assert(
      fc.property(searchArbitrary, resourceArbitrary, (text, resource) => {
        const row = { ...resource, firstSeenAt: new Date(now).toISOString(), changedAt: new Date(now).toISOString() };
        assert.notEqual(matches(whereOf(`-(${text})`), row), matches(whereOf(text), row));
      }),
      { numRuns: 500 },
    );
  });
});

test("a scope as a search reaches what authorise allows", () => {
  const scope: fc.Arbitrary<Scope> = fc.record(
    {
      site: fc.constantFrom("a", "b"),
      tags: fc.dictionary(fc.constantFrom("env", "team"), fc.constantFrom("prod", "test")),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(fc.array(scope, { maxLength: 3 }), resourceArbitrary, (scopes, resource: Resource) => {
      const grants = grantsOf(scopes.map((each) => ({ role: "viewer", scope: each })));
      const row = { ...resource, firstSeenAt: "", changedAt: "" };
      assert.equal(matches(scopesExpression(scopes), row), authorise(grants, "inventory:read", resource));
    }),
    { numRuns: 500 },
  );
});

test("free text is found where it stands, whatever parts the words in it, and nowhere else", () => {
  const letters = fc.constantFrom(..."aAqQjxzvkw1-.:=_/@ ".split(""));
  const part = fc.string({ unit: letters, maxLength: 3 });
  const whole = fc.string({ unit: letters, maxLength: 40 });
  const found = fc.tuple(part, part, part).map(([before, text, after]) => [`${before}${text}${after}`, text] as const);
  fc.assert(
    fc.property(fc.oneof(found, fc.tuple(whole, part)), ([text, sought]) => {
      const stands = text.toLowerCase().includes(sought.toLowerCase());
      assert.equal(foldText(text).includes(foldText(sought)), stands, `${sought} in ${text}`);
    }),
    { numRuns: 5_000 },
  );
});

describe("docs/inventory.md", () => {
  const page = readFileSync(new URL("../../docs/inventory.md", import.meta.url), "utf8");
  const rows = [...page.matchAll(/^\| (`.+?) \| (.*?) ?\|(?: (.*) \|)?$/gm)];
  const codes = (text: string) => [...text.matchAll(/`([^`]+)`/g)].map(([, code]) => code ?? "");

  test("shows only queries that can be read", () => {
    const queries = rows.flatMap(([, first = ""]) => codes(first));
    assert.ok(queries.length > 40);
    const language = page.slice(page.indexOf("| query | finds |"), page.indexOf("### Fields"));
    for (const [, first = ""] of language.matchAll(/^\| (`.+?) \|/gm)) for (const query of codes(first)) whereOf(query);
  });

  test("names every field, its other spellings, and every field to sort by", () => {
    const table = page.slice(page.indexOf("### Fields"));
    const named = [...table.matchAll(/^\| (`.+?) \| (.*?) ?\|/gm)];
    const fields = named.flatMap(([, first = ""]) => codes(first));
    assert.deepEqual(fields.sort(), [...textFields, ...numberFields, ...timeFields, ...ageStates, "tag.KEY"].sort());
    assert.deepEqual(named.flatMap(([, , also = ""]) => codes(also)).sort(), Object.keys(aliases).sort());
    const sorting = /`sort:` takes (.*); three/.exec(table)?.[1] ?? "";
    assert.deepEqual(codes(sorting), [...sortFields]);
  });

  test("shows a mistake as it is answered", () => {
    const [, query = "", pointed] = /search '(.*?)'\n([\s\S]*?)\nError/.exec(page) ?? [];
    assert.equal(pointAt(query, problemOf(query)), pointed);
  });
});
