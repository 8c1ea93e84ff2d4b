import assert from "node:assert/strict";
import { after, test } from "node:test";
import { SnapshotSink } from "../../../src/providers/aws/block-sink.ts";
import { SnapshotSource } from "../../../src/providers/aws/block-source.ts";
import { connectAws } from "../support/aws.ts";
import { suites } from "./support/rows/index.ts";

const provider = connectAws({ region: "us-east-1" });
after(() => provider.close());

/** The methods that others can call. */
function methodsOf(object: object): string[] {
  return Object.getOwnPropertyNames(object).filter(
    (name) => name !== "constructor" && typeof Object.getOwnPropertyDescriptor(object, name)?.value === "function",
  );
}

function callsOf(): string[] {
  const facets = Object.entries(provider).filter(
    ([, value]) => typeof value === "object" && value !== null && Object.getPrototypeOf(value) !== Object.prototype,
  );
  return [
    ...methodsOf(Object.getPrototypeOf(provider)),
    ...facets.flatMap(([facet, value]) => methodsOf(Object.getPrototypeOf(value)).map((name) => `${facet}.${name}`)),
    ...methodsOf(SnapshotSource.prototype).map((name) => `source.${name}`),
    ...methodsOf(SnapshotSink.prototype).map((name) => `sink.${name}`),
  ];
}

test("every call of the AWS provider has its row in the table of faults", () => {
  const calls = callsOf();
  assert.ok(calls.includes("compute.createVm") && calls.includes("objects.uploadPart"), calls.join(" "));
  const rows = new Set(Object.values(suites).flatMap((each) => each.map(({ call }) => call)));
  assert.deepEqual([...rows].sort(), [...new Set(calls)].sort());
});
