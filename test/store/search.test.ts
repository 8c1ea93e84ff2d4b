import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import fc from "fast-check";
import { authorise, grantsOf, type Scope } from "../../src/domain/access.ts";
import type { Resource } from "../../src/domain/resource.ts";
import { compare, matches, type Searchable } from "../../src/domain/search/evaluate.ts";
import { parseSearch, parseSort } from "../../src/domain/search/parser.ts";
import { everything, type SearchQuery, type SortKey, sortFields } from "../../src/domain/search/query.ts";
import type { ResourceSums } from "../../src/domain/unified-view.ts";
import type { InventoryResource } from "../../src/store/index.ts";
import { now, resourceArbitrary, searchArbitrary } from "../support/resources.ts";
import { useStore } from "../support/store.ts";

const lab = useStore();

/** The rows that are in the store now, in the order of first sight. */
let known: Searchable[] = [];
const keyOf = ({ site, kind, resourceId }: Pick<Resource, "site" | "kind" | "resourceId">) =>
  `${site}/${kind}/${resourceId}`;

/** Makes the store hold exactly these, read in a few portions at different times. */
async function fill(resources: readonly Resource[]): Promise<void> {
  known = [];
  const unique = [...new Map(resources.map((resource) => [keyOf(resource), resource])).values()];
  const groups = Map.groupBy(unique, ({ site, kind }) => `${site}/${kind}`);
  for (const group of groups.values()) {
    const [first] = group as [Resource, ...Resource[]];
    const place = { site: first.site, provider: first.provider, ...(first.region ? { region: first.region } : {}) };
    const at = new Date(now - (known.length % 7) * 10 * 3_600_000).toISOString();
    const members = group.map((resource) => {
      const { region: _own, ...rest } = resource;
      return { ...rest, ...place };
    });
    await lab.store.inventory.replace(place, first.kind, members, at);
    known.push(
      ...members.map((member) => ({ ...member, stateSince: member.stateSince ?? at, firstSeenAt: at, changedAt: at })),
    );
  }
}

function parse(text: string): SearchQuery {
  const parsed = parseSearch(text, now);
  assert.ok(parsed.ok, `${text}: ${parsed.ok ? "" : parsed.problem.message}`);
  return parsed.query;
}

function sortOf(text: string): readonly SortKey[] {
  const parsed = parseSort(text);
  assert.ok(parsed.ok, text);
  return parsed.sort;
}

/** All pages of a search, in small portions. */
async function findAll(query: SearchQuery, more: { scopes?: readonly Scope[]; limit?: number } = {}) {
  const found: InventoryResource[] = [];
  let cursor: string | undefined;
  do {
    const page = await lab.store.resources.search({ ...query, limit: 7, ...more, ...(cursor ? { cursor } : {}) });
    found.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return found.map(keyOf);
}

function expected(query: SearchQuery, rows: readonly Searchable[] = known): string[] {
  const down = query.sort[0]?.descending === true;
  return rows
    .map((row, index) => ({ row, index }))
    .filter(({ row }) => matches(query.where, row))
    .sort((a, b) => compare(query.sort, a.row, b.row) || (down ? b.index - a.index : a.index - b.index))
    .map(({ row }) => keyOf(row));
}

describe("a search of the inventory", () => {
  before(() => fill(fc.sample(resourceArbitrary, { numRuns: 400, seed: 5 })));

  test("SQL finds what the language means, in the order asked for, on every page", async () => {
    const sort = fc
      .uniqueArray(fc.tuple(fc.constantFrom("", "-"), fc.constantFrom(...sortFields)), {
        minLength: 1,
        maxLength: 3,
        selector: ([, field]) => field,
      })
      .map((keys) => keys.map((key) => key.join("")).join());
    await fc.assert(
      fc.asyncProperty(searchArbitrary, fc.option(sort), async (text, order) => {
        const query = parse(text);
        const whole = order === null ? query : { ...query, sort: sortOf(order) };
        assert.deepEqual(await findAll(whole, { limit: 40 }), expected(whole), `${text} by ${order ?? "name"}`);
      }),
      { numRuns: 250 },
    );
  });

  test("pages fit together whatever the order", async () => {
    for (const field of sortFields) {
      for (const order of [field, `-${field}`, `${field},-name`]) {
        const query = { where: everything, sort: sortOf(order) };
        assert.deepEqual(await findAll(query), expected(query), order);
      }
    }
  });

  test("everything at once is the same rows in the same order, up to a limit, within the scopes", async () => {
    const scopes = [{ site: "a" }, { tags: { env: "prod" } }];
    const reached = known.filter(({ site, tags }) => site === "a" || tags.env === "prod");
    for (const [text, order] of [
      ["", "name"],
      ["provider:aws or untagged", "-cost,name"],
      ["name:web*", "-memory"],
    ] as const) {
      const query = { ...parse(text), sort: sortOf(order) };
      const exported = async (more: { scopes?: readonly Scope[]; limit?: number; asOf?: string }) =>
        (await Array.fromAsync(lab.store.resources.all({ ...query, ...more }))).flat().map(keyOf);
      assert.deepEqual(await exported({}), expected(query));
      assert.deepEqual(await exported({ limit: 5 }), expected(query).slice(0, 5));
      assert.deepEqual(await exported({ scopes }), expected(query, reached));
      assert.deepEqual(await exported({ asOf: new Date(now).toISOString() }), expected(query));
    }
  });

  test("a caller finds what their scopes reach and nothing else", async () => {
    const scope = fc.record(
      {
        site: fc.constantFrom("a", "b"),
        tags: fc.constantFrom<Record<string, string>>(
          { env: "prod" },
          { env: "test", team: "prod" },
          { project: "a,b" },
          {},
        ),
      },
      { requiredKeys: [] },
    ) as fc.Arbitrary<Scope>;
    await fc.assert(
      fc.asyncProperty(searchArbitrary, fc.array(scope, { maxLength: 3 }), async (text, scopes) => {
        const query = parse(text);
        const grants = grantsOf(scopes.map((each) => ({ role: "viewer", scope: each })));
        const reached = known.filter(({ site, tags }) => authorise(grants, "inventory:read", { site, tags }));
        assert.deepEqual(await findAll(query, { scopes, limit: 100 }), expected(query, reached));
      }),
      { numRuns: 60 },
    );
  });

  test("sums are those of the rows that match, whatever is looked for", async () => {
    const total = (sums: readonly ResourceSums[]) => {
      const add = (value: (sum: ResourceSums) => number) => sums.reduce((all, sum) => all + value(sum), 0);
      return [
        add((s) => s.resources),
        add((s) => s.cpus),
        add((s) => s.memoryBytes),
        add((s) => s.costMicros),
        add((s) => s.costUnknown),
        add((s) => s.unused),
        add((s) => s.unusedCostMicros),
        add((s) => s.unusedCostUnknown),
      ];
    };
    const byHand = (rows: readonly Searchable[]) => {
      const add = (of: readonly Searchable[], value: (row: Searchable) => number | undefined) =>
        of.reduce((all, row) => all + (value(row) ?? 0), 0);
      const unused = rows.filter(({ inUse }) => inUse === false);
      const unknown = (of: readonly Searchable[]) => of.filter((row) => row.monthlyCostMicros === undefined).length;
      return [
        rows.length,
        add(rows, (r) => r.cpus),
        add(rows, (r) => r.memoryBytes),
        add(rows, (r) => r.monthlyCostMicros),
        unknown(rows),
        unused.length,
        add(unused, (r) => r.monthlyCostMicros),
        unknown(unused),
      ];
    };
    assert.deepEqual(total(await lab.store.resources.sums({ where: everything })), byHand(known));
    await fc.assert(
      fc.asyncProperty(searchArbitrary, async (text) => {
        const { where } = parse(text);
        const sums = await lab.store.resources.sums({ where });
        assert.deepEqual(total(sums), byHand(known.filter((row) => matches(where, row))), text);
      }),
      { numRuns: 100 },
    );
  });

  test("a cursor that no search of that order gave is refused", async () => {
    const query = parse("provider:aws");
    const page = await lab.store.resources.search({ ...query, limit: 2 });
    for (const cursor of [page.nextCursor, "x", "W10", Buffer.from('["2","x",1.5]').toString("base64url")]) {
      await assert.rejects(
        lab.store.resources.search({ where: query.where, sort: sortOf("cost"), limit: 2, cursor: cursor ?? "" }),
        /cursor is not one/,
      );
    }
  });
});

test("a text with punctuation finds what has exactly that", async () => {
  const place = { site: "texts", provider: "acme" };
  const names = ["shop-3", "shopq3", "shop_3", "shop.3", "shopx3", "shop=3", "shop-31", "shop 3", "50%_off"];
  const resources = names.map((name, index) => {
    const resourceId = `r${index}`;
    return { ...place, kind: "vm" as const, resourceId, name, tags: {}, document: { tags: {} } };
  });
  await lab.store.inventory.replace(place, "vm", resources, new Date(now).toISOString());
  const namesOf = async (text: string) => {
    const query = parse(`"${text}" site:texts`);
    return (await lab.store.resources.search({ ...query, limit: 20 })).items.map(({ name }) => name).sort();
  };
  assert.deepEqual(await namesOf("shop-3"), ["shop-3", "shop-31"]);
  assert.deepEqual(await namesOf("shopq3"), ["shopq3"]);
  assert.deepEqual(await namesOf("p.3"), ["shop.3"]);
  assert.deepEqual(await namesOf("p_3"), ["shop_3"]);
  assert.deepEqual(await namesOf("%_"), ["50%_off"]);
});
