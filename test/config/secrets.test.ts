import assert from "node:assert/strict";
import { test } from "node:test";
import { format, inspect } from "node:util";
import { loadConfig } from "../../src/config/config.ts";
import { configReport } from "../../src/config/report.ts";
import { Secret } from "../../src/config/secret.ts";
import { fileWith } from "../support/config-file.ts";

const canary = "CANARY-7f3c91";
const keys = [
  "access_key",
  "secret_key",
  "session_token",
  "role_arn",
  "external_id",
  "token_file",
  "service_account",
  "key_file",
  "tenant_id",
  "client_id",
];

test("keeps every credential secret", (context) => {
  const credentials = keys.map((key, i) => `${key}: "${i % 2 ? "${CANARY}" : canary}"`).join(", ");
  const file = fileWith(context, `providers: [{ name: aws, credentials: { type: access_key, ${credentials} } }]`);
  const config = loadConfig({ file, env: { CANARY: canary } });
  const values = config.sites[0]?.credentials?.values ?? {};
  assert.deepEqual(Object.keys(values), keys);
  for (const secret of Object.values(values)) assert.equal(secret.reveal(), canary);
  const shown = [
    JSON.stringify(config),
    inspect(config, { depth: 20, showHidden: true }),
    format("%s %o %j", values.access_key, config, config),
    String(values.secret_key),
    ["", values.secret_key].join(","),
    ...configReport(config),
  ];
  for (const text of shown) assert.ok(!text.includes(canary), text);
  assert.equal(String(new Secret("x")), "[secret]");
});

test("no error shows a credential or the value of a variable", (context) => {
  const broken = [
    `providers: [{ name: aws, credentials: { access_key: [${canary}] } }]`,
    `providers: [{ name: aws, credentials: { type: ${canary} } }]`,
    `providers: [{ name: aws, credentials: { acess_key: ${canary} } }]`,
    `providers: [{ name: aws, credentials: ${canary} }]`,
    `providers: [{ name: aws, credentials: { access_key: "${canary}\\q" } }]`,
    `providers: [{ name: aws, credentials: { access_key: "${canary} } }]`,
    `providers:\n- name: aws\n  credentials:\n    access_key: @${canary}`,
    `providers:\n- name: aws\n  credentials:\n    access_key: a: ${canary}`,
    `providers:\n- name: aws\n  credentials:\n    access_key: *${canary}`,
    "providers: [{ name: aws, credentials: { access_key: '${CANARY}', zzz: 1 } }]",
    "providers: [{ name: '${CANARY} ', credentials: {} }]",
    "inventory: { interval: '${CANARY}' }",
    "api: { port: '${CANARY}' }",
    "logging: { level: '${CANARY}' }",
    "providers: '${CANARY}'",
  ];
  for (const content of broken) {
    const file = fileWith(context, content);
    try {
      loadConfig({ file, env: { CANARY: canary } });
      assert.fail(`it loaded: ${content}`);
    } catch (error) {
      const text = inspect(error, { depth: 20, showHidden: true });
      assert.ok((error as Error).name === "ConfigError" && !text.includes(canary), text);
    }
  }
});

test("secrets are fetched from where references say", (context) => {
  const content = `
secrets: { cache: 1m, vault_address: https://vault.example.com, vault_namespace: ops, vault_token: t0ken, vault_role_id: r,
  vault_secret_id: "\${secret:file:/run/secret-id}", aws_region: us-east-1, aws_endpoint: http://127.0.0.1:1 }
providers: [{ name: aws, region: us-east-1, credentials: { from: "\${secret:vault:aws/creds/novacron}", secret_key: "\${secret:aws:keys#one}" } }]
`;
  const { secrets, sites } = loadConfig({ file: fileWith(context, content), env: {} });
  assert.equal(secrets.cacheMs, 60_000);
  assert.equal(secrets.vault?.token?.reveal(), "t0ken");
  assert.deepEqual(secrets.vault?.secretId?.reference, { store: "file", path: "/run/secret-id" });
  assert.deepEqual(secrets.aws, { region: "us-east-1", endpoint: "http://127.0.0.1:1" });
  const credentials = sites[0]?.credentials;
  assert.deepEqual(credentials?.from?.reference, { store: "vault", path: "aws/creds/novacron" });
  assert.deepEqual(credentials?.values.secret_key?.reference, { store: "aws", path: "keys", key: "one" });
  assert.throws(() => credentials?.from?.reveal(), /vault:aws\/creds\/novacron has to be fetched/);
});
