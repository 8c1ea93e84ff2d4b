import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { authorise, grantsOf, type Scope } from "../../src/domain/access.ts";
import { useStore } from "../support/store.ts";

const lab = useStore();
const sites = ["a", "b", "c"];
const tagSets: readonly Readonly<Record<string, string>>[] = [
  {},
  { env: "prod" },
  { env: "test" },
  { project: "web", env: "prod" },
  { 'odd"key': "quote'\\" },
];

test("a list shows exactly the migrations that authorise allows, whatever the scopes", async () => {
  const rows = sites.flatMap((from) =>
    sites.flatMap((to) => tagSets.map((tags, index) => ({ id: `${from}-${to}-${index}`, from, to, tags }))),
  );
  for (const { id, from, to, tags } of rows) {
    await lab.store.migrations.create({
      migrationId: id,
      planId: "p",
      workflowId: id,
      vm: { name: "vm", sourceVmId: "vm" },
      from,
      to,
      tags,
    });
  }
  const scope = fc.record(
    { site: fc.constantFrom(...sites), tags: fc.constantFrom(...tagSets) },
    { requiredKeys: [] },
  ) as fc.Arbitrary<Scope>;
  await fc.assert(
    fc.asyncProperty(fc.array(scope, { maxLength: 4 }), async (scopes) => {
      const { items } = await lab.store.migrations.list({ limit: 200, scopes });
      const grants = grantsOf(scopes.map((each) => ({ role: "viewer", scope: each })));
      const expected = rows.filter(({ from, to, tags }) =>
        authorise(
          grants,
          "migrations:read",
          [from, to].map((site) => ({ site, tags })),
        ),
      );
      assert.deepEqual(items.map(({ migrationId }) => migrationId).sort(), expected.map(({ id }) => id).sort());
    }),
    { numRuns: 100 },
  );
});
