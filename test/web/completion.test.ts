import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { resourceKinds } from "../../src/domain/resource.ts";
import { ageStates } from "../../src/domain/search/comparison.ts";
import { parseSearch } from "../../src/domain/search/parser.ts";
import { sortFields as domainSortFields, numberFields, textFields, timeFields } from "../../src/domain/search/query.ts";
import { accept, complete, kinds, searchFields, sortFields, type Vocabulary } from "../../web/src/lib/completion.ts";

const vocabulary: Vocabulary = {
  sites: ["aws-us-east-1", "onprem-a"],
  providers: ["aws", "libvirt"],
  regions: ["us-east-1"],
  tagKeys: ["cost center", "env"],
  tagValues: { env: ["dev", "prod"], "cost center": ["4711"], owner: ["ann"] },
};
const texts = (text: string, caret = text.length) =>
  complete(text, caret, vocabulary).suggestions.map((suggestion) => suggestion.text);

describe("the completion of searches", () => {
  test("offers only what the search language reads, and every field and kind of it", () => {
    const spoken = searchFields.map(({ name }) => name);
    for (const field of [...textFields, ...numberFields, ...timeFields]) assert.ok(spoken.includes(field), field);
    for (const name of spoken.filter((each) => !["tag.", "sort:"].includes(each))) {
      const known = [...textFields, ...numberFields, ...timeFields, ...ageStates] as readonly string[];
      assert.ok(known.includes(name), `${name} is no field`);
    }
    assert.deepEqual([...kinds].sort(), [...resourceKinds].sort());
    assert.deepEqual([...sortFields].sort(), [...domainSortFields].sort());
    for (const { name, examples = [] } of searchFields) {
      for (const example of examples) assert.ok(parseSearch(`${name}${example}`, 0).ok, `${name}${example}`);
    }
  });

  test("completes the word at the caret and leaves the others alone", () => {
    assert.deepEqual(texts("prov"), ["provider:"]);
    assert.deepEqual(texts("provider:"), ["provider:aws", "provider:libvirt"]);
    assert.deepEqual(texts("state:running site:on"), ["site:onprem-a"]);
    assert.deepEqual(texts("sit state:running", 3), ["site:"]);
    assert.deepEqual(
      accept("sit state:running", complete("sit state:running", 3, vocabulary), { text: "site:", what: "" }),
      {
        text: "site: state:running",
        caret: 5,
      },
    );
  });

  test("knows the tags of what is in sight, and puts odd ones in quotes", () => {
    assert.deepEqual(texts("tag.env="), ["tag.env=dev", "tag.env=prod"]);
    assert.deepEqual(texts("tag.env=p"), ["tag.env=prod"]);
    assert.ok(texts("tag.co").length === 0 && texts("tag.").includes('tag."cost center"='));
    assert.deepEqual(texts("owner:"), ["owner:ann"]);
  });

  test("goes on after a negation, takes quoted blanks for one word, and offers both orders", () => {
    assert.deepEqual(texts("-stat"), ["state:"]);
    assert.deepEqual(texts('"a b'), []);
    assert.deepEqual(texts("sort:co"), ["sort:cost"]);
    assert.deepEqual(texts("sort:-co"), ["sort:-cost"]);
  });

  test("puts a blank after what is whole, none after what goes on", () => {
    const whole = accept("provider:a", complete("provider:a", 10, vocabulary), { text: "provider:aws", what: "" });
    assert.deepEqual(whole, { text: "provider:aws ", caret: 13 });
    const half = accept("pro", complete("pro", 3, vocabulary), { text: "provider:", what: "" });
    assert.deepEqual(half, { text: "provider:", caret: 9 });
  });
});
