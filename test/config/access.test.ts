import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { type Config, loadConfig } from "../../src/config/config.ts";
import { fileWith } from "../support/config-file.ts";

function load(context: TestContext, content: string): Config {
  return loadConfig({ file: fileWith(context, content), env: { OIDC_SECRET: "hush-hush" } });
}

const provider = (roles: string) => `
api: { public_url: https://novacron.example.com/ }
oidc:
  issuer: https://id.example.com
  client_id: novacron
  client_secret: "\${OIDC_SECRET}"
  scopes: openid groups
  groups_claim: roles
  mfa_amr: [otp, hwk]
  mfa_acr: [gold]
  mfa_max_age: 15m
  roles: ${roles}
`;

test("an identity provider is configured with what its groups may do", (context) => {
  const { oidc, api } = load(
    context,
    provider('["viewer at everything for all", "operator at site:a tag:env=prod project:web for the web team"]'),
  );
  assert.equal(api.publicUrl, "https://novacron.example.com");
  const { clientSecret, ...rest } = oidc ?? assert.fail("it is not there");
  assert.equal(clientSecret?.reveal(), "hush-hush");
  assert.deepEqual(rest, {
    issuer: "https://id.example.com",
    clientId: "novacron",
    scopes: "openid groups",
    groupsClaim: "roles",
    roles: [
      { group: "all", binding: { role: "viewer", scope: {} } },
      {
        group: "the web team",
        binding: { role: "operator", scope: { site: "a", tags: { env: "prod", project: "web" } } },
      },
    ],
    mfaAmr: ["otp", "hwk"],
    mfaAcr: ["gold"],
    mfaMaxAgeMs: 900_000,
  });
  assert.equal(load(context, "").oidc, undefined);
  assert.throws(() => load(context, "oidc: { issuer: https://id.example.com }"), /oidc: client_id is missing/);
});

test("the API's certificate is given or self-made", (context) => {
  const tls = (content: string) => load(context, content).api.tls;
  assert.equal(tls(""), undefined);
  assert.equal(tls("api: { tls: off }"), undefined);
  assert.deepEqual(tls("api: { tls: self_made }"), { kind: "self-made" });
  assert.deepEqual(tls("api: { tls: files, tls_cert_file: /c.pem, tls_key_file: /k.pem }"), {
    kind: "files",
    certFile: "/c.pem",
    keyFile: "/k.pem",
  });
  assert.throws(() => tls("api: { tls: files, tls_cert_file: /c.pem }"), /api\.tls_key_file: it is needed/);
  assert.throws(() => tls("api: { tls_cert_file: /c.pem }"), /api\.tls: certificate files are named, and it is off/);
});

test("a role whose scope was forgotten or mistyped is refused with its place", (context) => {
  for (const wrong of [
    "operator for ops",
    "chief at everything for ops",
    "viewer at sites:a for ops",
    "viewer at tag:a for b",
  ]) {
    assert.throws(
      () => load(context, provider(`["${wrong}"]`)),
      /:12:11: oidc\.roles\[0\]: it must be ROLE at SCOPE/,
      wrong,
    );
  }
});

test("sessions end by idling and by age", (context) => {
  assert.deepEqual(load(context, "").sessions, { idleMs: 1_800_000, maxMs: 43_200_000 });
  assert.deepEqual(load(context, "sessions: { idle: 5m, max: 1h }").sessions, { idleMs: 300_000, maxMs: 3_600_000 });
});

test("plans that want a second person are named by kind and scope", (context) => {
  const { approvals, alarms } = load(
    context,
    'approvals: ["migrate-vm at site:b tag:env=prod", any at everything]\nalarms: { webhook: http://127.0.0.1:9/hook }',
  );
  assert.deepEqual(approvals, [{ kind: "migrate-vm", scope: { site: "b", tags: { env: "prod" } } }, { scope: {} }]);
  assert.equal(alarms.webhook, "http://127.0.0.1:9/hook");
  assert.deepEqual(load(context, "").approvals, []);
  assert.throws(() => load(context, "approvals: [everything]"), /approvals\[0\]: it must be KIND at SCOPE/);
});

test("Temporal is reached by TLS, an API key, and with encrypted payloads", (context) => {
  const { temporal } = load(
    context,
    "temporal: { tls: true, tls_ca_file: /ca, tls_cert_file: /crt, tls_key_file: /key, tls_server_name: t.example.com, api_key: hush, payload_keys: hush }",
  );
  assert.deepEqual(temporal.tls, { caFile: "/ca", certFile: "/crt", keyFile: "/key", serverName: "t.example.com" });
  assert.equal(temporal.apiKey?.reveal(), "hush");
  assert.equal(temporal.payloadKeys?.reveal(), "hush");
  const plain = load(context, "").temporal;
  assert.deepEqual([plain.tls, plain.apiKey, plain.payloadKeys], [undefined, undefined, undefined]);
  const env = { NOVACRON_PAYLOAD_KEYS: "/instance/payload-keys.json" };
  const made = loadConfig({ env }).temporal.payloadKeys;
  assert.deepEqual(made?.reference, { store: "file", path: "/instance/payload-keys.json" });
});

test("secrets that we own are exchanged by schedule", (context) => {
  const aws =
    "providers: [{ name: aws, credentials: { from: '${secret:file:/keys.json}' } }, { name: lab, type: azure }]";
  const rotation = (more: string) => load(context, `${aws}\nrotation: ${more}`).rotation;
  assert.deepEqual(load(context, "").rotation, { secrets: [], intervalMs: 30 * 86_400_000, graceMs: 3_600_000 });
  assert.deepEqual(rotation("{ interval: 7d, grace: 15m, tokens: [ci in /ci.token], sites: [aws] }"), {
    secrets: [
      { kind: "token", tokenId: "ci", file: "/ci.token" },
      { kind: "site", site: "aws" },
    ],
    intervalMs: 7 * 86_400_000,
    graceMs: 900_000,
  });
  assert.throws(() => rotation("{ grace: 5m }"), /rotation\.grace: it is too short/);
  assert.throws(() => rotation("{ tokens: [ci] }"), /rotation\.tokens\[0\]: it must be TOKEN_ID in FILE/);
  assert.throws(() => rotation("{ sites: [lab] }"), /rotation\.sites\[0\]: its credentials don't come from a file/);
  assert.throws(() => rotation("{ sites: [none] }"), /rotation\.sites\[0\]: there is no such site/);
});
