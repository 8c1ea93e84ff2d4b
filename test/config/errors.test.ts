import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { loadConfig } from "../../src/config/config.ts";
import { ConfigError } from "../../src/config/config-error.ts";
import { readRuntime, required } from "../../src/config/runtime.ts";
import { fileWith } from "../support/config-file.ts";

interface Expected {
  readonly place?: string;
  readonly key?: string;
  readonly problem: RegExp;
  readonly fix: RegExp;
}

const cases: Readonly<Record<string, { content: string } & Expected>> = {
  "an unknown key at the top": {
    content: "\nprovders: []\n",
    place: "2:1",
    key: "provders",
    problem: /no such key/,
    fix: /`providers`/,
  },
  "an unknown key in a section, with the nearest one": {
    content: "migration_config:\n  stop_grace: 5s\n  bandwith_limit: 500\n",
    place: "3:3",
    key: "migration_config.bandwith_limit",
    problem: /no such key/,
    fix: /`bandwidth_limit`/,
  },
  "a key in the wrong section, with the right one": {
    content: "parallel_migrations: 3\n",
    place: "1:1",
    key: "parallel_migrations",
    problem: /no such key/,
    fix: /`migration_config\.parallel_migrations`/,
  },
  "a key that is like no other, with what is known there": {
    content: "inventory: { zzzzzzz: 1 }\n",
    place: "1:14",
    key: "inventory.zzzzzzz",
    problem: /no such key/,
    fix: /Known here: full_interval, history, interval/,
  },
  "a variable that is not set": {
    content: "providers:\n- name: aws\n  region: ${NOT_SET}\n",
    place: "3:11",
    key: "providers[0].region",
    problem: /variable NOT_SET is not set/,
    fix: /Set NOT_SET, or write \$\{NOT_SET:-default\}/,
  },
  "a variable reference that doesn't end": {
    content: "temporal: { address: '${OPEN' }\n",
    place: "1:22",
    key: "temporal.address",
    problem: /not complete/,
    fix: /\$\{NAME\}/,
  },
  "a duration without a unit": {
    content: "inventory:\n  interval: 30\n",
    place: "2:13",
    key: "inventory.interval",
    problem: /duration with its unit.*not 30/,
    fix: /`interval: 1m`/,
  },
  "a size without a unit": {
    content: "providers:\n- { name: aws, quotas: { max_memory: 12 } }\n",
    place: "2:38",
    key: "providers[0].quotas.max_memory",
    problem: /size with its unit/,
    fix: /512GiB/,
  },
  "a percentage that is none": {
    content: "burst_thresholds: { cpu_threshold: 90 }\n",
    place: "1:36",
    key: "burst_thresholds.cpu_threshold",
    problem: /fraction from 0 to 1.*not 90/,
    fix: /0\.9/,
  },
  "a text where a number belongs": {
    content: "api: { port: many }\n",
    place: "1:14",
    key: "api.port",
    problem: /whole number, not "many"/,
    fix: /8787/,
  },
  "a choice that is none": {
    content: "logging: { level: loud }\n",
    place: "1:19",
    key: "logging.level",
    problem: /one of trace, debug/,
    fix: /debug/,
  },
  "a value where a section belongs": {
    content: "api: 5\n",
    place: "1:6",
    key: "api",
    problem: /a section of keys, not 5/,
    fix: /example/,
  },
  "a provider without a name": {
    content: "providers:\n- { type: aws }\n",
    place: "2:3",
    key: "providers[0].name",
    problem: /missing/,
    fix: /name: onprem-a/,
  },
  "a provider whose type can't be told": {
    content: "providers:\n- { name: mine }\n",
    place: "2:3",
    key: "providers[0].type",
    problem: /missing/,
    fix: /libvirt, folder, aws/,
  },
  "two providers of one name": {
    content: "providers:\n- { name: aws }\n- { name: gcp }\n- { name: aws }\n",
    place: "4:11",
    key: "providers[2].name",
    problem: /site aws is there twice/,
    fix: /name of its own/,
  },
  "two spellings of one key": {
    content: "rpo: 5m\ndisaster_recovery: { rpo: 6m }\n",
    place: "1:1",
    key: "rpo",
    problem: /same as disaster_recovery\.rpo/,
    fix: /one of the two/,
  },
  "the same key twice": {
    content: "api: { port: 1 }\napi: { port: 2 }\n",
    place: "2:1",
    problem: /the key is there twice/,
    fix: /Check/,
  },
  "broken YAML": {
    content: "api: { port: 1\ninventory: {}\n",
    problem: /not valid YAML/,
    fix: /brackets/,
  },
  "a list instead of a file": { content: "- api\n", place: "1:1", problem: /a section of keys/, fix: /example/ },
};

for (const [what, { content, place, key, problem, fix }] of Object.entries(cases)) {
  test(`one error names the place and the fix of ${what}`, (context) => {
    const { file, error } = failure(context, content);
    const { line, column } = error.details;
    if (place !== undefined) assert.equal(`${line}:${column}`, place, error.message);
    assert.equal(error.details.key, key, error.message);
    assert.match(error.details.problem, problem);
    assert.match(error.details.fix, fix);
    assert.ok(error.message.startsWith(`${file}:${line}:${column}: `), error.message);
  });
}

test("of several errors the first in the file is named", (context) => {
  const { error } = failure(context, "inventory: { interval: 1 }\napi: { port: x }\nzzz: 1\n");
  assert.equal(error.details.key, "inventory.interval");
});

test("a file that isn't there is named", () => {
  assert.throws(() => loadConfig({ file: "/nowhere/novacron.yaml", env: {} }), /\/nowhere\/novacron\.yaml: .*ENOENT/);
});

test("a mistake in the sites file names that file", (context) => {
  const sitesFile = fileWith(context, '{ "providers": [{ "name": "x", "uri": "u", "storage": "s" }] }', "sites.json");
  assert.throws(
    () => loadConfig({ sitesFile, env: {} }),
    new RegExp(`${sitesFile}:1:44: providers\\[0\\]\\.storage: .*storage_path`),
  );
});

test("a bad or missing process setting names its variable", () => {
  assert.throws(() => readRuntime({ NOVACRON_API_PORT: "99999" }), /the environment: NOVACRON_API_PORT: /);
  assert.throws(() => readRuntime({ NOVACRON_LOG_LEVEL: "loud" }), /the environment: NOVACRON_LOG_LEVEL: /);
  assert.throws(() => required(readRuntime({ DATABASE_URL: "" }), "databaseUrl"), /DATABASE_URL: it is not set/);
  assert.equal(required(readRuntime({ DATABASE_URL: "postgres://x" }), "databaseUrl"), "postgres://x");
});

function failure(context: TestContext, content: string): { file: string; error: ConfigError } {
  const file = fileWith(context, content);
  try {
    loadConfig({ file, env: {} });
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return { file, error };
  }
  return assert.fail("it loaded");
}
