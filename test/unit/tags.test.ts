import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { isProviderError } from "../../src/domain/errors.ts";
import {
  awsTagRules,
  azureTagRules,
  digitalOceanTagRules,
  gcpTagRules,
  ociTagRules,
  type TagRules,
} from "../../src/domain/tag-rules.ts";
import { changeTags, lookupTag, packTags, type Tags, unpackTags } from "../../src/domain/tags.ts";
import { tagKeys } from "../../src/domain/vm.ts";

const clouds: Readonly<Record<string, TagRules>> = {
  aws: awsTagRules,
  azure: azureTagRules,
  digitalocean: digitalOceanTagRules,
  gcp: gcpTagRules,
  oci: ociTagRules,
};

const id = "0b7b9a8e-7c7d-48e4-a6eb-c1d53aaa32a4-vda-volume";
const lookups: Tags = {
  [tagKeys.managed]: "true",
  [tagKeys.key]: id,
  [tagKeys.lineage]: "7f3c1f0e-5a55-4f6e-9c3b-0d9b7a5e1c11",
  [tagKeys.migration]: "92dbb84b-7c7d-88e4-a6eb-c1d53aaa32a4",
};

/** Keys and values of every kind: plain, cased, of other scripts, ours, reserved, overlong, broken. */
const text = (max: number) =>
  fc.oneof(
    fc.string({ maxLength: max }),
    fc.string({ unit: "grapheme", maxLength: max }),
    fc.string({ unit: "binary", maxLength: max }),
    fc.constantFrom(
      "env",
      "Env",
      "ENV",
      "Name",
      "aws:x",
      "Microsoft-y",
      "novacron-key",
      "novacron:tags-1",
      "__proto__",
      "",
    ),
    fc.constantFrom("novacron:boot-marker", "novacron-tags-1", "a b", " a", "k\ud800", "x".repeat(300), "é".repeat(70)),
  );
const foreign = fc.dictionary(text(40), text(120), { maxKeys: 30 });
const lineage = fc.oneof(fc.constantFrom("a_5f_b", "_", "/dev/sda1", "aws:i-1"), fc.string({ maxLength: 20 }));
const tagged = fc
  .tuple(foreign, fc.boolean(), lineage)
  .map(([tags, ours, id]): Tags => ({ ...tags, ...(ours ? { ...lookups, [tagKeys.lineage]: id } : {}) }));

function packOrRefuse(tags: Tags, rules: TagRules): Tags | undefined {
  try {
    return packTags(tags, rules).tags;
  } catch (error) {
    assert.ok(isProviderError(error, "InvalidInput"), String(error));
    return undefined;
  }
}

function assertAccepted(tags: Tags, rules: TagRules): void {
  const keys = Object.keys(tags);
  assert.ok(keys.length + rules.taken.length <= rules.maxTags, `${keys.length} tags`);
  const folded = rules.caseInsensitiveKeys ? keys.map((key) => key.toLowerCase()) : keys;
  assert.equal(new Set(folded).size, keys.length);
  for (const [key, value] of Object.entries(tags)) {
    assert.match(key, rules.key);
    assert.match(value, rules.value);
    assert.ok(key.length <= rules.maxKeyLength && value.length <= rules.maxValueLength, key);
    for (const prefix of rules.reservedKeyPrefixes) assert.ok(!key.toLowerCase().startsWith(prefix), key);
    for (const prefix of rules.reservedValuePrefixes) assert.ok(!value.toLowerCase().startsWith(prefix), value);
    assert.ok(!rules.taken.includes(key));
  }
  if (rules.maxTotalBytes !== undefined) assert.ok(Buffer.byteLength(JSON.stringify(tags)) <= rules.maxTotalBytes);
}

for (const [cloud, rules] of Object.entries(clouds)) {
  describe(`tags at ${cloud}`, () => {
    test("come back as they were, whatever they are, or are refused with the reason", () => {
      let carried = 0;
      fc.assert(
        fc.property(tagged, (tags) => {
          const packed = packOrRefuse(tags, rules);
          if (packed === undefined) return;
          carried++;
          assertAccepted(packed, rules);
          assert.deepEqual(unpackTags(packed, rules), tags);
        }),
      );
      assert.ok(carried > 20, `only ${carried} of the sets fitted`);
    });

    test("leave room for every look-up tag, which stands on its own and can be filtered by", () => {
      fc.assert(
        fc.property(tagged, (tags) => {
          const packed = packOrRefuse(tags, rules);
          if (packed === undefined) return;
          const change = changeTags(packed, { ...lookups, [tagKeys.fencedBy]: "m-1" }, rules);
          const after: Tags = { ...packed, ...change.set };
          assertAccepted(after, rules);
          const filter = lookupTag(tagKeys.key, id, rules);
          assert.equal(after[filter.key], filter.value);
          assert.equal(unpackTags(after, rules)[tagKeys.fencedBy], "m-1");
          // Only ours were touched: what is packed was not written anew.
          assert.ok(Object.keys(change.set).every((key) => /^novacron[:-](?!tags)/.test(key)));
        }),
      );
    });

    test("can be changed at the cloud, tag by tag", () => {
      const edits = fc.dictionary(text(20), fc.option(text(60), { nil: undefined }), { maxKeys: 6 });
      fc.assert(
        fc.property(tagged, edits, (tags, changes) => {
          const before = packOrRefuse(tags, rules);
          const wanted = Object.fromEntries(
            Object.entries({ ...tags, ...changes }).filter((entry) => entry[1] !== undefined),
          ) as Tags;
          if (before === undefined || packOrRefuse(wanted, rules) === undefined) return;
          const { set, remove } = changeTags(before, changes, rules);
          const folded = (key: string) => (rules.caseInsensitiveKeys ? key.toLowerCase() : key);
          // A cloud to which keys of another case are the same has one of them.
          const replaced = new Set(Object.keys(set).map(folded));
          const left = Object.entries(before).filter(([key]) => !replaced.has(folded(key)) && !remove.includes(key));
          const after = { ...Object.fromEntries(left), ...set };
          assertAccepted(after, rules);
          assert.deepEqual(unpackTags(after, rules), wanted);
        }),
      );
    });

    test("that are too many or too long are refused before anything is sent", () => {
      const many = Object.fromEntries(Array.from({ length: 400 }, (_, index) => [`key-${index}`, "v".repeat(60)]));
      assert.throws(() => packTags(many, rules), /carry the tags .* need \d+ of the \d+ .* Remove tags/);
      assert.throws(() => lookupTag(tagKeys.key, "k".repeat(300), rules), /300 characters long/);
    });
  });
}

test("tags that a cloud takes stay visible under their own names", () => {
  const { tags, packed } = packTags({ Environment: "Prod", owner: "web team", ...lookups }, awsTagRules);
  assert.deepEqual(packed, []);
  assert.deepEqual(tags, { Environment: "Prod", owner: "web team", ...lookups });
  assert.deepEqual(packTags({ Environment: "Prod", owner: "web" }, gcpTagRules).packed, ["Environment"]);
});

test("the case of a name survives a cloud that changes it", () => {
  const { tags } = packTags({ Environment: "Prod", owner: "web" }, azureTagRules);
  const lowered = Object.fromEntries(Object.entries(tags).map(([key, value]) => [key.toLowerCase(), value]));
  assert.deepEqual(unpackTags(lowered, azureTagRules), { Environment: "Prod", owner: "web" });
});

test("overflow tags that somebody spoilt are shown as they are, and no tag is made up", () => {
  const { tags } = packTags({ owner: "web", "a%b": "x".repeat(600) }, awsTagRules);
  const { "novacron:tags-2": lost, ...rest } = tags;
  assert.ok(lost);
  const seen = unpackTags(rest, awsTagRules);
  assert.deepEqual(Object.keys(seen).sort(), Object.keys(rest).sort());
  // They stay through further changes, and a move.
  assert.deepEqual(unpackTags(packTags(seen, azureTagRules).tags, azureTagRules), seen);
});

test("a tag that somebody sets at the cloud wins over the packed one of the same name", () => {
  const { tags } = packTags({ "long-note": "x".repeat(300) }, awsTagRules);
  assert.equal(unpackTags({ ...tags, "long-note": "short" }, awsTagRules)["long-note"], "short");
});

test("tags that only the cloud may set are neither set nor removed", () => {
  const seen = { "aws:autoscaling:groupName": "g", owner: "web", Name: "web-1" };
  assert.deepEqual(unpackTags(seen, awsTagRules), { "aws:autoscaling:groupName": "g", owner: "web" });
  assert.deepEqual(changeTags(seen, { owner: undefined, team: "a" }, awsTagRules), {
    set: { team: "a" },
    remove: ["owner"],
  });
});
