import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { fromWire, toWire } from "../../src/domain/wire.ts";

describe("the API's edge", () => {
  test("keys of our types are snake_case at every depth, without members that are undefined", () => {
    const at = new Date(0);
    const value = { vmId: "a", disks: [{ sizeBytes: 1, volumeId: undefined }], inner: { rootHash: "x" }, at };
    assert.deepEqual(toWire(value), {
      vm_id: "a",
      disks: [{ size_bytes: 1 }],
      inner: { root_hash: "x" },
      at: "1970-01-01T00:00:00.000Z",
    });
  });

  test("keys inside tags and network maps belong to other people and stay as they are", () => {
    const value = { tags: { camelCase: "a", snake_case: "b", "novacron:key": "c" }, networkMap: { netA_1: "netB" } };
    const wire = toWire(value);
    assert.deepEqual(wire, { tags: value.tags, network_map: value.networkMap });
    assert.deepEqual(fromWire<typeof value>(wire), value);
  });

  test("the way out and back gives the same value", () => {
    const key = fc.stringMatching(/^[a-z][a-z0-9]*([A-Z][a-z0-9]+){0,3}$/);
    const leaf = fc.oneof(fc.string(), fc.integer(), fc.boolean());
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { depthSize: "small" },
        leaf,
        fc.array(tie("tree")),
        fc.dictionary(key, tie("tree"), { noNullPrototype: true }),
      ),
    }));
    fc.assert(fc.property(tree, (value) => assert.deepEqual(fromWire(toWire(value) as never), value)));
  });
});
