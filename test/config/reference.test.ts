import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { Ajv2020 } from "ajv/dist/2020.js";
import { parse } from "yaml";
import { z } from "zod";
import { loadConfig } from "../../src/config/config.ts";
import { configKeys } from "../../src/config/keys.ts";
import { allPaths } from "../../src/config/problems.ts";
import { configJsonSchema, configReferencePage } from "../../src/config/reference.ts";
import { fileSchema } from "../../src/config/schema.ts";
import { fileWith } from "../support/config-file.ts";

const root = new URL("../../", import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), "utf8");

/** The paths of a schema's leaves. */
function leaves(schema: z.core.$ZodType, path: string): string[] {
  if (schema instanceof z.ZodOptional) return leaves(schema.unwrap(), path);
  if (schema instanceof z.ZodArray) return leaves(schema.element, `${path}[]`);
  if (!(schema instanceof z.ZodObject)) return [path];
  const shape: Record<string, z.core.$ZodType> = schema.shape;
  return Object.entries(shape).flatMap(([key, inner]) => leaves(inner, path ? `${path}.${key}` : key));
}

test("the schema that validates and the key table have the same keys", () => {
  assert.deepEqual(leaves(fileSchema, "").sort(), allPaths().sort());
});

test("every key names a test that exists", () => {
  const folder = new URL("test/config/", root);
  const files = readdirSync(folder).filter((name) => name.endsWith(".test.ts"));
  const source = files.map((name) => readFileSync(new URL(name, folder), "utf8")).join("\n");
  for (const [path, { test: name }] of Object.entries(configKeys)) {
    assert.ok(source.includes(`test("${name}"`), `${path}: there is no test "${name}"`);
  }
});

test("every default and every example is accepted", (context) => {
  for (const [path, row] of Object.entries(configKeys)) {
    for (const value of [row.example, row.default]) {
      const withOthers = [
        "providers[].type",
        "providers[].name",
        "providers[].served_by",
        "providers[].haproxy",
        "providers[].cost_tag",
        "providers[].billing_table",
        "providers[].cost_model.currency",
        "providers[].cost_model.hardware_price",
        "providers[].cost_model.life_months",
        "providers[].cost_model.power_watts",
        "providers[].cost_model.power_price",
        "providers[].cost_model.power_overhead",
        "providers[].cost_model.licences_month",
        "providers[].cost_model.cpus",
        "providers[].cost_model.memory",
        "providers[].name_server.address",
        "providers[].name_server.zones[]",
        "providers[].name_server.key_name",
        "providers[].name_server.key",
        "providers[].name_server.algorithm",
        "providers[].vpn_gateway.vici",
        "providers[].vpn_gateway.addresses[]",
        "providers[].vpn_gateway.networks[]",
        "providers[].vpn_gateway.probe_address",
        "providers[].vpn_gateway.namespace",
        "oidc.issuer",
        "api.tls_cert_file",
        "api.tls_key_file",
        "rotation.sites[]",
        "control_plane.backup_to[]",
        "alerting.smtp_url",
        "policies.notify",
        "alerting.channels[].name",
        "alerting.channels[].type",
        "alerting.channels[].key",
        "alerting.channels[].url",
        "traffic.proxies[].name",
        "traffic.proxies[].control",
        "traffic.proxies[].token",
        "traffic.proxies[].ca_file",
      ];
      const alone = !withOthers.includes(path);
      if (value === undefined || !alone) continue;
      const parts = path.replace("providers[].", "").split(".");
      const inner = parts.reduceRight<unknown>(
        (nested, part) => (part.endsWith("[]") ? { [part.slice(0, -2)]: [nested] } : { [part]: nested }),
        value,
      ) as object;
      const content = path.startsWith("providers") ? { providers: [{ name: "aws", ...inner }] } : inner;
      loadConfig({ file: fileWith(context, JSON.stringify(content)), env: { A_VARIABLE: "x" } });
    }
  }
});

test("the reference page and the JSON schema are those that the table gives", () => {
  const hint = "run node scripts/generate-config-docs.ts";
  assert.equal(read("docs/configuration.md"), configReferencePage(read("config.example.yaml")), hint);
  assert.equal(read("docs/config.schema.json"), `${JSON.stringify(configJsonSchema(), undefined, 2)}\n`, hint);
});

test("the JSON schema accepts what loads and refuses what doesn't", () => {
  const accepts = new Ajv2020({ strict: false }).compile(configJsonSchema());
  for (const path of ["config.example.yaml", "test/config/fixtures/earlier-system.yaml"]) {
    assert.ok(accepts(parse(read(path))), JSON.stringify(accepts.errors));
  }
  assert.ok(accepts({ api: { port: "${PORT:-1}" }, burst_thresholds: { cpu_threshold: "90%" } }));
  assert.ok(!accepts({ provders: [] }));
  assert.ok(!accepts({ providers: [{ type: "aws" }] }));
  assert.ok(!accepts({ inventory: { interval: 5 } }));
});
