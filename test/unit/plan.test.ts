import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { canonicalJson, findDrift, type ObservedResource, planContent } from "../../src/domain/plan.ts";

describe("canonical JSON", () => {
  test("gives the same text for equal content, whatever the order of keys", () => {
    assert.equal(canonicalJson({ b: 1, a: { d: [2, 1], c: "x" } }), canonicalJson({ a: { c: "x", d: [2, 1] }, b: 1 }));
    assert.equal(canonicalJson({ b: 1, a: 2 }), '{"a":2,"b":1}');
  });

  test("leaves out undefined members and keeps the order of arrays", () => {
    assert.equal(canonicalJson({ a: undefined, b: [3, 1] }), '{"b":[3,1]}');
    assert.notEqual(canonicalJson([1, 2]), canonicalJson([2, 1]));
  });

  test("is undisturbed by a detour through JSON and by shuffled keys, for any JSON value", () => {
    const shuffle = (value: unknown): unknown =>
      Array.isArray(value)
        ? value.map(shuffle)
        : value !== null && typeof value === "object"
          ? Object.fromEntries(
              Object.entries(value)
                .reverse()
                .map(([key, member]) => [key, shuffle(member)]),
            )
          : value;
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
        const text = canonicalJson(value);
        assert.equal(canonicalJson(JSON.parse(text)), text);
        assert.equal(canonicalJson(shuffle(JSON.parse(text))), text);
      }),
    );
  });
});

describe("a plan's content", () => {
  test("is what decides what will be done: not its id, its time, its checks or its predictions", () => {
    const content = { kind: "migration", inputs: { vm: "web-1" }, observed: [], choices: [], actions: [] };
    const estimates = { bytesToMove: 1, bytesNominal: 2, seconds: 3, downtimeSeconds: 4, basis: "a guess" };
    const plan = { ...content, planId: "p1", hash: "h", createdAt: "now", checks: [], estimates, executable: true };
    assert.deepEqual(planContent(plan), content);
  });
});

describe("drift", () => {
  const vm = (version: string, id = "1"): ObservedResource => ({ site: "onprem-a", kind: "vm", id, version });

  test("is empty when everything is as it was, in any order, and what the plan did not look at is ignored", () => {
    assert.deepEqual(findDrift([vm("v1"), vm("v2", "2")], [vm("x", "3"), vm("v2", "2"), vm("v1")]), []);
  });

  test("says which members of a version changed", () => {
    const planned = vm(JSON.stringify({ state: "running", cpus: 1, disks: [["vda", 8]] }));
    const now = vm(JSON.stringify({ cpus: 1, state: "stopped", disks: [["vda", 16]] }));
    const [drift] = findDrift([planned], [now]);
    assert.equal(drift?.difference, 'state: "running" → "stopped"; disks: [["vda",8]] → [["vda",16]]');
    assert.deepEqual(drift?.resource, { site: "onprem-a", kind: "vm", id: "1" });
  });

  test("says when a resource has gone or has appeared", () => {
    assert.equal(findDrift([vm("v1")], [])[0]?.difference, "it does not exist any more");
    assert.equal(findDrift([vm("absent")], [vm("v1")])[0]?.difference, "it exists now");
    assert.deepEqual(findDrift([vm("absent")], []), []);
  });

  test("shows versions that are no objects as they are", () => {
    assert.equal(findDrift([vm("7")], [vm("8")])[0]?.difference, "7 → 8");
    assert.equal(findDrift([vm("etag-a")], [vm("etag-b")])[0]?.difference, "etag-a → etag-b");
  });

  test("tells resources of the same id at two sites apart", () => {
    const other: ObservedResource = { ...vm("v1"), site: "onprem-b" };
    assert.equal(findDrift([vm("v1")], [other])[0]?.observed, "absent");
  });
});
