import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, beforeEach, describe, test } from "node:test";
import { loadConfig } from "../../src/config/config.ts";
import { createSecrets } from "../../src/integrations/secrets/create.ts";
import { Secrets } from "../../src/integrations/secrets/index.ts";
import { VaultStore } from "../../src/integrations/secrets/vault.ts";
import { fileWith } from "../support/config-file.ts";
import { Moto } from "../support/moto.ts";
import { temporaryDir } from "../support/servers.ts";
import { VaultStandIn } from "../support/vault.ts";

const vault = new VaultStandIn();
const address = await vault.start();
after(() => vault.stop());
const dir = temporaryDir();
const signal = AbortSignal.timeout(60_000);
let now = 0;

beforeEach(() => {
  vault.asked.length = 0;
  vault.down = false;
  vault.kv.set("kv/data/novacron", { oidc: "from-the-vault", other: "x" });
});

function login(overrides: object = {}): VaultStore {
  return new VaultStore({
    address,
    appRole: { roleId: "novacron", secretId: async () => "the-secret-id" },
    ...overrides,
  });
}

test("secrets are fetched from where references say", async (context) => {
  const file = join(dir, "aws.json");
  writeFileSync(file, JSON.stringify({ access_key: "AKFILE", secret_key: "file-secret", role_arn: "arn:of:file" }));
  const secretId = join(dir, "secret-id");
  writeFileSync(secretId, "the-secret-id\n");
  const config = loadConfig({
    file: fileWith(
      context,
      `
secrets: { vault_address: "${address}", vault_role_id: novacron, vault_secret_id: "\${secret:file:${secretId}}" }
oidc: { issuer: https://id.example.com, client_id: x, client_secret: "\${secret:vault:kv/data/novacron#oidc}" }
providers:
  - { name: aws, region: us-east-1, credentials: { type: access_key, from: "\${secret:file:${file}}", role_arn: "\${secret:env:ROLE}" } }
  - { name: dynamic, type: aws, region: us-east-1, credentials: { from: "\${secret:vault:aws/creds/novacron}" } }
`,
    ),
    env: {},
  });
  const secrets = createSecrets(config.secrets, { ROLE: "arn:of:env" });
  const [aws, dynamic] = config.sites.map(({ credentials }) => credentials ?? assert.fail());
  assert.ok(aws && dynamic && config.oidc?.clientSecret);
  assert.equal(await secrets.reveal(config.oidc.clientSecret), "from-the-vault");
  assert.deepEqual(await secrets.revealAll(aws), {
    type: "access_key",
    values: {
      value: JSON.stringify({ access_key: "AKFILE", secret_key: "file-secret", role_arn: "arn:of:file" }),
      access_key: "AKFILE",
      secret_key: "file-secret",
      role_arn: "arn:of:env",
    },
  });
  const { values } = await secrets.revealAll(dynamic);
  assert.match(values.session_token ?? "", /^session-\d+$/);
  // Nothing that was only referred to stands anywhere in the configuration.
  assert.ok(!JSON.stringify(config).includes("from-the-vault"));
});

describe("Vault (a stand-in)", () => {
  test("is logged in to by AppRole once, and again when the token was revoked", async () => {
    const store = login();
    await store.fetch("kv/data/novacron", signal);
    await store.fetch("kv/data/novacron", signal);
    assert.equal(vault.asked.filter((path) => path === "auth/approle/login").length, 1);
    vault.tokens.clear();
    assert.equal((await store.fetch("kv/data/novacron", signal)).values.oidc, "from-the-vault");
  });

  test("takes a token, and says what is wrong without saying any secret", async () => {
    vault.tokens.add("a-root-token-of-the-stand-in");
    const byToken = new VaultStore({ address, token: async () => "a-root-token-of-the-stand-in" });
    assert.equal((await byToken.fetch("kv/data/novacron", signal)).values.other, "x");
    const wrong = new VaultStore({ address, token: async () => "a-wrong-token" });
    const guessed = login({ appRole: { roleId: "novacron", secretId: async () => "guessed" } });
    const away = new VaultStore({ address: "http://127.0.0.1:9", token: async () => "t" });
    const refusals: [VaultStore, string, string][] = [
      [wrong, "kv/data/novacron", "CloudPermissionDenied"],
      [byToken, "kv/data/nothing", "NotFound"],
      [guessed, "x", "CloudUnauthenticated"],
      [away, "x", "Unavailable"],
    ];
    for (const [store, path, code] of refusals) {
      await assert.rejects(store.fetch(path, signal), (error: Error & { code: string }) => {
        assert.equal(error.code, code);
        assert.ok(!/guessed|wrong-token/.test(`${error.message} ${JSON.stringify(error)}`));
        return true;
      });
    }
  });
});

describe("what was fetched", () => {
  const dynamic = { store: "vault", path: "aws/creds/novacron" } as const;
  const fixed = { store: "vault", path: "kv/data/novacron", key: "oidc" } as const;
  const fresh = () => {
    now = 0;
    return new Secrets({ vault: login() }, 60_000, () => now);
  };

  test("is kept for its lease, fetched anew before it ends, and never used after it", async () => {
    vault.leaseSeconds = 100;
    const secrets = fresh();
    const first = await secrets.values(dynamic);
    now = 69_000;
    assert.deepEqual(await secrets.values(dynamic), first);
    now = 71_000;
    const second = await secrets.values(dynamic);
    assert.notDeepEqual(second, first);
    vault.down = true;
    now += 80_000;
    assert.deepEqual(await secrets.values(dynamic), second, "its store is away, its lease goes on");
    now += 21_000;
    await assert.rejects(secrets.values(dynamic), /503/);
  });

  test("without a lease is believed for the configured time, and longer while its store is away", async () => {
    const secrets = fresh();
    assert.equal(await secrets.value(fixed), "from-the-vault");
    vault.kv.set("kv/data/novacron", { oidc: "rotated" });
    assert.equal(await secrets.value(fixed), "from-the-vault");
    vault.down = true;
    now = 61_000;
    assert.equal(await secrets.value(fixed), "from-the-vault");
    vault.down = false;
    now += 2_000;
    assert.equal(await secrets.value(fixed), "rotated", "without a restart");
  });

  test("is fetched once for all who ask at once, and names what is missing", async () => {
    const secrets = fresh();
    await Promise.all(Array.from({ length: 50 }, () => secrets.values(dynamic)));
    assert.equal(vault.asked.filter((path) => path === "aws/creds/novacron").length, 1);
    await assert.rejects(secrets.value({ ...fixed, key: "oidk" }), /there are: oidc, other/);
    await assert.rejects(secrets.value({ store: "aws", path: "x" }), /no store of the kind aws/);
  });
});

test("a reference that is not whole, or where none belongs, is refused at the start", (context) => {
  const load = (content: string) => loadConfig({ file: fileWith(context, content), env: {} });
  const credentials = (value: string) => load(`providers: [{ name: aws, credentials: { access_key: '${value}' } }]`);
  for (const wrong of ["${secret:vault}", "a${secret:env:X}", "${secret:nowhere:x}", "${secret:env:X#}"]) {
    assert.throws(
      () => credentials(wrong),
      /credentials\.access_key: it must be a secret, or a whole reference/,
      wrong,
    );
  }
  assert.throws(() => load("temporal: { namespace: '${secret:env:X}' }"), /no secret is expected here/);
});

test("AWS Secrets Manager gives the current version, after a rotation too (against moto)", async (context) => {
  const missing = await Moto.bringIn();
  if (missing !== undefined) return context.skip(missing);
  const moto = await Moto.start(join(dir, "moto.log"));
  context.after(() => moto.stop());
  const { SecretsManagerStore } = await import("../../src/integrations/secrets/aws-secrets-manager.ts");
  const { CreateSecretCommand, PutSecretValueCommand, SecretsManagerClient } = await import(
    "@aws-sdk/client-secrets-manager"
  );
  const settings = {
    region: "us-east-1",
    endpoint: moto.endpoint,
    credentials: { accessKeyId: "testing", secretAccessKey: "testing" },
  };
  const admin = new SecretsManagerClient(settings);
  await admin.send(new CreateSecretCommand({ Name: "novacron/oidc", SecretString: '{"client_secret":"one"}' }));
  const store = new SecretsManagerStore(settings);
  assert.equal((await store.fetch("novacron/oidc", signal)).values.client_secret, "one");
  await admin.send(new PutSecretValueCommand({ SecretId: "novacron/oidc", SecretString: '{"client_secret":"two"}' }));
  assert.equal((await store.fetch("novacron/oidc", signal)).values.client_secret, "two");
  await assert.rejects(store.fetch("novacron/none", signal), { code: "NotFound" });
});
