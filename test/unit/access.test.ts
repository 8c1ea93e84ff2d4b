import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { authorise, grantsOf, intersectGrants, permissionRoles, roles, type Scope } from "../../src/domain/access.ts";

test("the page's table of roles is what the code says", async () => {
  const page = await readFile(new URL("../../docs/security.md", import.meta.url), "utf8");
  const written = page.split("\n").filter((line) => /^\| (?:permission|`[a-z]+:)/.test(line));
  const rows = Object.entries(permissionRoles).map(([permission, holders]) => {
    const cells = roles.map((role) => ((holders as readonly string[]).includes(role) ? "yes" : "–"));
    return `| \`${permission}\` | ${cells.join(" | ")} |`;
  });
  assert.deepEqual(written, [`| permission | ${roles.join(" | ")} |`, ...rows]);
});

test("nothing is allowed without a binding, and a role only where it is bound", () => {
  assert.equal(authorise(grantsOf([]), "inventory:read", {}), false);
  const grants = grantsOf([{ role: "operator", scope: { site: "a", tags: { env: "prod" } } }]);
  const reached = { site: "a", tags: { env: "prod", team: "x" } };
  assert.equal(authorise(grants, "migrations:write", reached), true);
  assert.equal(authorise(grants, "access:write", reached), false);
  const beyond: Scope[] = [
    { site: "b", tags: { env: "prod" } },
    { site: "a" },
    { site: "a", tags: { env: "test" } },
    {},
  ];
  for (const resource of beyond) assert.equal(authorise(grants, "migrations:write", resource), false);
});

test("what concerns several places wants all of them, and what names none wants everything", () => {
  const both = grantsOf(["a", "b"].map((site) => ({ role: "viewer", scope: { site } })));
  assert.equal(authorise(both, "plans:read", [{ site: "a" }, { site: "b" }]), true);
  assert.equal(authorise(both, "plans:read", [{ site: "a" }, { site: "c" }]), false);
  assert.equal(authorise(both, "plans:read", []), false);
  assert.equal(authorise(grantsOf([{ role: "viewer", scope: {} }]), "plans:read", []), true);
});

test("keys that every object has are no tags", () => {
  const grants = grantsOf([{ role: "viewer", scope: { tags: { constructor: "Object" } } }]);
  assert.equal(authorise(grants, "plans:read", { site: "a", tags: {} }), false);
});

test("two grants together allow what both allow, and nothing that only one does", () => {
  const scopes: Scope[] = [
    {},
    { site: "a" },
    { site: "b" },
    { tags: { x: "1" } },
    { tags: { x: "2" } },
    { site: "a", tags: { y: "1" } },
  ];
  const tagSets: Record<string, string>[] = [{}, { x: "1" }, { x: "2" }, { y: "1" }, { x: "1", y: "1" }];
  const resources: Scope[] = [undefined, "a", "b"].flatMap((site) =>
    tagSets.map((tags) => ({ ...(site ? { site } : {}), tags })),
  );
  for (const one of scopes) {
    for (const other of scopes) {
      const [left, right] = [one, other].map((scope) => grantsOf([{ role: "operator", scope }]));
      if (!left || !right) continue;
      const both = intersectGrants(left, right);
      for (const resource of resources) {
        const expected: boolean = authorise(left, "plans:write", resource) && authorise(right, "plans:write", resource);
        const seen: boolean = authorise(both, "plans:write", resource);
        assert.equal(seen, expected, JSON.stringify({ one, other, resource }));
      }
    }
  }
});
