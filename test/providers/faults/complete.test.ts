import assert from "node:assert/strict";
import { after, test } from "node:test";
import { SnapshotSink } from "../../../src/providers/aws/block-sink.ts";
import { SnapshotSource } from "../../../src/providers/aws/block-source.ts";
import type { Provider } from "../../../src/providers/provider.ts";
import { clouds, titles } from "./support/clouds.ts";
import { suites } from "./support/rows/index.ts";

/** The methods that others can call. */
function methodsOf(object: object): string[] {
  return Object.getOwnPropertyNames(object).filter(
    (name) => name !== "constructor" && typeof Object.getOwnPropertyDescriptor(object, name)?.value === "function",
  );
}

function callsOf(provider: Provider): string[] {
  const facets = Object.entries(provider).filter(
    ([, value]) => typeof value === "object" && value !== null && Object.getPrototypeOf(value) !== Object.prototype,
  );
  return [
    ...methodsOf(Object.getPrototypeOf(provider)),
    ...facets.flatMap(([facet, value]) => methodsOf(Object.getPrototypeOf(value)).map((name) => `${facet}.${name}`)),
    // Every cloud's sources and sinks are the port's.
    ...methodsOf(SnapshotSource.prototype).map((name) => `source.${name}`),
    ...methodsOf(SnapshotSink.prototype).map((name) => `sink.${name}`),
  ];
}

/** What the parts of an adapter ask one another, and nobody else: it is no part of the port. */
const inside = new Set([
  "network.networkRules",
  "network.place",
  "images.url",
  "objects.buckets",
  "objects.namespace",
  "objects.uploads",
]);

for (const { name, idle, rowsOf } of Object.values(clouds)) {
  const provider = idle();
  after(() => provider.close());

  test(`every call of the port that ${name} has is in the table of faults`, () => {
    const calls = new Set(callsOf(provider).filter((call) => !inside.has(call)));
    assert.ok(calls.has("compute.createVm") && calls.has("objects.uploadPart"), [...calls].join(" "));
    const rows = new Set(titles.flatMap((title) => suites[title].map(({ call }) => call)));
    assert.deepEqual(
      [...calls].filter((call) => !rows.has(call)),
      [],
    );
    const traffic = [...calls].filter((call) => /^(dns|loadBalancing)\./.test(call));
    assert.deepEqual(
      rowsOf("traffic")
        .map(({ call }) => call)
        .sort(),
      traffic.sort(),
    );
    if (name === "AWS") assert.deepEqual([...rows].sort(), [...calls].sort());
  });
}
