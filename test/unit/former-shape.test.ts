import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type FormerShape, formerShapeTag, readFormerShape, writeFormerShape } from "../../src/domain/former-shape.ts";
import { awsTagRules } from "../../src/domain/tag-rules.ts";
import { vmAt } from "./support/observations.ts";

const size = fc.record(
  {
    cpus: fc.integer({ min: 1, max: 256 }),
    memoryBytes: fc.integer({ min: 1, max: 2 ** 20 }).map((mib) => mib * 2 ** 20),
  },
  { noNullPrototype: true },
);
const shape = fc.record({
  size,
  became: size,
  buses: fc.array(fc.constantFrom("virtio-blk", "virtio-scsi", "nvme", "ide", "sata"), { minLength: 1, maxLength: 8 }),
  macs: fc.array(fc.option(fc.constantFrom("52:54:00:12:34:56", "0a:00:27:00:00:00"), { nil: undefined }), {
    maxLength: 4,
  }),
});

test("a former shape comes back from its tag as it was, in characters that clouds take", () => {
  fc.assert(
    fc.property(shape, ({ size: { cpus, memoryBytes }, became, buses, macs }) => {
      const former: FormerShape = { cpus, memoryBytes, buses, macs, became };
      const text = writeFormerShape(former);
      assert.match(text, awsTagRules.value);
      assert.deepEqual(readFormerShape(vmAt("aws", { tags: { [formerShapeTag]: text } })), former);
    }),
  );
});

test("a tag that somebody changed is no shape", () => {
  for (const text of ["", "2", "1/256 nvme - 2/8192 more", "one/256 nvme - 2/8192", "1/256"]) {
    assert.equal(readFormerShape(vmAt("aws", { tags: { [formerShapeTag]: text } })), undefined, text);
  }
  assert.equal(readFormerShape(vmAt("aws", { tags: {} })), undefined);
});
