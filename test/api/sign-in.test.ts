import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Oidc, type OidcSettings } from "../../src/api/auth/oidc.ts";
import { routeTable } from "../../src/api/documented.ts";
import { Browser, clientSecret, startIdentityProvider, type TestIdentityProvider } from "../support/oidc.ts";
import { startTestApi } from "./support/harness.ts";

const settings: OidcSettings = {
  issuer: "",
  clientId: "novacron",
  clientSecret: async () => clientSecret,
  scopes: "openid profile email",
  groupsClaim: "groups",
  roles: [
    { group: "ops", binding: { role: "operator", scope: { site: "onprem-a" } } },
    { group: "admins", binding: { role: "admin", scope: {} } },
  ],
  mfaAmr: ["mfa"],
  mfaAcr: ["gold"],
  mfaMaxAgeMs: 60_000,
};
let issuer = "";
// The provider must know where the API is, and the API who the provider is.
const oidc: OidcSettings = {
  ...settings,
  get issuer() {
    return issuer;
  },
};
const sessions = { idleMs: 60_000, maxMs: 3_600_000 };
const api = await startTestApi({ after }, { auth: (publicUrl) => ({ publicUrl, sessions, oidc }) });
const idp: TestIdentityProvider = await startIdentityProvider({ after }, `${api.url}/v1/auth/callback`);
issuer = idp.issuer;
idp.groups.set("olga", ["ops", "everyone"]).set("adam", ["admins"]);

interface Session {
  readonly name: string;
  readonly id: string;
  readonly csrf_token: string;
  readonly mfa_at?: string;
  readonly may: readonly { permission: string; scopes: object[] }[];
}

async function signIn(browser: Browser, next: TestIdentityProvider["next"], query = ""): Promise<Session> {
  idp.next = next;
  const landed = await browser.visit(`${api.url}/v1/auth/sign-in${query}`);
  assert.equal(landed.status, 200, await landed.clone().text());
  return (await landed.json()) as Session;
}

const post = (browser: Browser, path: string, headers: Record<string, string>, body?: object, method = "POST") =>
  browser.once(`${api.url}${path}`, {
    method,
    headers: { ...headers, ...(body ? { "content-type": "application/json" } : {}) },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });

describe("signing in at a real OpenID provider", () => {
  test("gives a session whose roles are those of the person's groups", async () => {
    const browser = new Browser();
    const session = await signIn(browser, { person: "olga" });
    assert.equal(session.name, "olga the tester");
    assert.equal(session.mfa_at, undefined);
    const writing = session.may.find(({ permission }) => permission === "migrations:write");
    assert.deepEqual(writing?.scopes, [{ site: "onprem-a" }]);
    const again = await signIn(new Browser(), { person: "olga" });
    assert.equal(again.id, session.id, "the same person, known by issuer and subject");
  });

  test("keeps the session in a cookie that no other host and no script gets", async () => {
    const browser = new Browser();
    idp.next = { person: "olga" };
    const begun = await browser.once(`${api.url}/v1/auth/sign-in`);
    const atIdp = await browser.visit(begun.headers.get("location") ?? "", {});
    assert.equal(atIdp.status, 200);
    for (const name of ["__Host-novacron-session"]) assert.ok(browser.cookies(api.url).has(name));
    const set = begun.headers.getSetCookie().join();
    assert.match(set, /^__Host-novacron-sign-in=[^;]+; Path=\/; Max-Age=600; Secure; HttpOnly; SameSite=Lax$/);
  });

  test("gives nothing to somebody without a role, and nothing at all to one who is disabled", async () => {
    const browser = new Browser();
    const session = await signIn(browser, { person: "nora" });
    assert.deepEqual(session.may, []);
    assert.equal((await browser.once(`${api.url}/v1/vms`)).status, 403);
    const id = session.id.replace("user/", "");
    assert.equal((await api.call("POST", `/v1/users/${id}/disable`)).status, 200);
    await api.untilForgotten();
    assert.equal((await browser.once(`${api.url}/v1/auth/session`)).status, 401);
    idp.next = { person: "nora" };
    assert.equal((await new Browser().visit(`${api.url}/v1/auth/sign-in`)).status, 403);
  });

  test("refuses an answer that another browser began, that comes twice, or that was made up", async () => {
    const [one, other] = [new Browser(), new Browser()];
    idp.next = { person: "olga" };
    const begun = await one.once(`${api.url}/v1/auth/sign-in`);
    let location = begun.headers.get("location") ?? "";
    while (!location.startsWith(api.url)) {
      const response = await one.once(location);
      location = new URL(response.headers.get("location") ?? "", location).href;
    }
    assert.equal((await other.once(location)).status, 401, "a login forced upon another browser");
    assert.equal((await one.once(location.replace(/state=[^&]+/, "state=x"))).status, 401);
    assert.equal((await one.once(location)).status, 401, "spent by the attempt before");
    const leaving = await one.once(`${api.url}/v1/auth/sign-in?return_to=//evil.example`);
    assert.equal(leaving.status, 400, "never to another host");
  });

  test("is refused with what to do while the provider is down, and sessions go on", async () => {
    const browser = new Browser();
    await signIn(browser, { person: "olga" });
    await idp.stop();
    try {
      const fresh = new Oidc({ ...settings, issuer: idp.issuer }, api.url);
      const secrets = { state: "s", nonce: "n", codeVerifier: "v".repeat(43) };
      await assert.rejects(fresh.authorizationUrl(secrets, false), /Unavailable|cannot be reached/);
      assert.equal((await browser.once(`${api.url}/v1/sites`)).status, 200);
    } finally {
      await idp.start();
    }
  });
});

describe("a session", () => {
  test("changes something only with its CSRF token, and from no other site", async () => {
    const browser = new Browser();
    const { csrf_token: csrf } = await signIn(browser, { person: "olga" });
    const check = (headers: Record<string, string>) => post(browser, "/v1/sites/onprem-a/check", headers);
    assert.equal((await check({})).status, 403);
    assert.equal((await check({ "x-csrf-token": "x".repeat(csrf.length) })).status, 403);
    assert.equal((await check({ "x-csrf-token": csrf, "sec-fetch-site": "cross-site" })).status, 403);
    assert.equal((await check({ "x-csrf-token": csrf, "sec-fetch-site": "same-origin" })).status, 200);
    const other = await signIn(new Browser(), { person: "olga" });
    assert.equal((await check({ "x-csrf-token": other.csrf_token })).status, 403, "of another session");
  });

  test("ends when it is signed out, when it idles and when it is too old", async () => {
    const browser = new Browser();
    const { csrf_token: csrf } = await signIn(browser, { person: "olga" });
    const cookie = `__Host-novacron-session=${browser.cookies(api.url).get("__Host-novacron-session")}`;
    const use = () => fetch(`${api.url}/v1/auth/session`, { headers: { cookie } });
    const set = (sql: string) => api.sql(`update sessions set ${sql} where ended_at is null`);
    await set("last_seen_at = now() - interval '61 seconds'");
    await api.untilForgotten();
    assert.equal((await use()).status, 401, "idle");
    await set("last_seen_at = now(), ends_at = now() - interval '1 second'");
    assert.equal((await use()).status, 401, "too old");
    await set("ends_at = now() + interval '1 hour'");
    assert.equal((await use()).status, 200);
    const out = await post(browser, "/v1/auth/sign-out", { "x-csrf-token": csrf });
    assert.equal(out.status, 200);
    assert.match(((await out.json()) as { end_session_url: string }).end_session_url, /session\/end/);
    assert.equal((await use()).status, 401, "at once, here");
  });

  test("leaves neither its secret nor the provider's tokens in the store, nor in the trail", async () => {
    const browser = new Browser();
    await signIn(browser, { person: "adam", amr: ["mfa"] });
    const secret = browser.cookies(api.url).get("__Host-novacron-session") ?? "";
    const tables = ["sessions", "sign_ins", "sign_in_codes", "users", "audit", "idempotency_keys"];
    const [row] = await api.sql<{ text: string }>(
      `select concat(${tables.map((table) => `(select jsonb_agg(t)::text from ${table} t)`).join()}) as text`,
    );
    assert.ok(secret.length > 40 && row && !row.text.includes(secret));
    assert.ok(!/eyJ[A-Za-z0-9_-]{10,}\./.test(row.text), "no JWT");
    assert.match(row.text, /auth\.sign-in/);
  });
});

describe("what destroys, approves or hands out access", () => {
  const user = { name: "Somebody" };

  test("is refused without a second factor, says how to go on, and works after the step-up", async () => {
    const browser = new Browser();
    const first = await signIn(browser, { person: "adam" });
    const refused = await post(browser, "/v1/users", { "x-csrf-token": first.csrf_token }, user);
    assert.equal(refused.status, 401);
    assert.match(refused.headers.get("www-authenticate") ?? "", /error="insufficient_user_authentication"/);
    const problem = (await refused.json()) as { code: string; facts: { sign_in: string } };
    assert.equal(problem.code, "StepUpRequired");
    const still = await browser.visit(`${api.url}${problem.facts.sign_in}`);
    assert.equal(still.status, 403, "the provider confirmed no second factor");
    const second = await signIn(browser, { person: "adam", amr: ["pwd", "mfa"] }, "?step_up=true");
    assert.ok(second.mfa_at);
    assert.equal((await post(browser, "/v1/users", { "x-csrf-token": second.csrf_token }, user)).status, 201);
  });

  test("takes the provider's acr as well, and no second factor that is too old", async () => {
    const browser = new Browser();
    const session = await signIn(browser, { person: "adam", acr: "gold" }, "?step_up=true");
    const create = () => post(browser, "/v1/users", { "x-csrf-token": session.csrf_token }, user);
    assert.equal((await create()).status, 201);
    await api.sql("update sessions set mfa_at = now() - interval '61 seconds'");
    await api.untilForgotten();
    assert.equal((await create()).status, 401);
  });

  test("is every route that removes something, gives access or ends a move for good", () => {
    const guarded = routeTable().filter(({ stepUp }) => stepUp);
    const ids = guarded.map(({ operationId }) => operationId);
    const wanted = routeTable().filter(
      ({ method, permission }) => method === "delete" || permission === "access:write",
    );
    for (const { operationId, method } of wanted) {
      // A saved search is a text of its owner's: nothing is lost with it.
      if (method !== "get" && operationId !== "removeSearch") assert.ok(ids.includes(operationId), operationId);
    }
    for (const operation of ["finalizeMigration", "rollbackMigration", "undoMigration", "deleteVm"])
      assert.ok(ids.includes(operation), operation);
  });
});

test("a command line gets a session of its own for a code that only it can redeem, once", async () => {
  const [verifier, state] = [randomBytes(32).toString("base64url"), randomBytes(32).toString("base64url")];
  const challenge = createHash("sha256").update(verifier).digest("base64url");
  const browser = new Browser();
  const begin = async (): Promise<URL> => {
    idp.next = { person: "olga" };
    const query = `cli_port=9&cli_challenge=${challenge}&cli_state=${state}`;
    const begun = await browser.once(`${api.url}/v1/auth/sign-in?${query}`);
    let location = begun.headers.get("location") ?? "";
    while (!location.startsWith("http://127.0.0.1:9/")) {
      const response = await browser.once(location);
      location = new URL(response.headers.get("location") ?? "", location).href;
    }
    return new URL(location);
  };
  const redeem = (code: string | null, proof: string) =>
    api.call("POST", "/v1/auth/sessions", { token: undefined, body: { code, verifier: proof } });

  const first = await begin();
  assert.equal(first.searchParams.get("state"), state);
  assert.equal((await redeem(first.searchParams.get("code"), randomBytes(32).toString("base64url"))).status, 401);
  assert.equal((await redeem(first.searchParams.get("code"), verifier)).status, 401, "spent");
  const second = await begin();
  const made = await redeem(second.searchParams.get("code"), verifier);
  assert.equal(made.status, 201);
  const { token } = made.body as unknown as { token: string };
  assert.equal((await api.call("GET", "/v1/sites", { token })).status, 200);
  assert.equal((await api.call("POST", "/v1/auth/sign-out", { token })).status, 200);
  assert.equal((await api.call("GET", "/v1/sites", { token })).status, 401);
});

test("novacron login signs in by the browser, keeps the session to itself, and logout ends it", async () => {
  const home = await mkdtemp(join(tmpdir(), "nvc-login-"));
  after(() => rm(home, { recursive: true, force: true }));
  const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
  const env = { PATH: process.env.PATH, HOME: home, XDG_CONFIG_HOME: home, NOVACRON_API_URL: api.url };
  const run = (args: string[], onStderr: (text: string) => void = () => undefined) =>
    new Promise<{ code: number | null; stdout: string }>((resolve) => {
      const child = spawn(process.execPath, [main, ...args], { env, stdio: ["ignore", "pipe", "pipe"] });
      let [stdout, stderr] = ["", ""];
      child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
      child.stderr.on("data", (chunk: Buffer) => onStderr((stderr += chunk.toString())));
      child.on("close", (code) => resolve({ code, stdout }));
    });
  assert.equal((await run(["whoami"])).code, 2);
  let visited = false;
  idp.next = { person: "olga", amr: ["mfa"] };
  const signed = await run(["login", "--no-browser", "--step-up"], (text) => {
    const url = /http\S+sign-in\S+/.exec(text)?.[0];
    if (!url || visited) return;
    visited = true;
    void new Browser().visit(url);
  });
  assert.equal(signed.code, 0);
  assert.match(signed.stdout, /Signed in as olga the tester/);
  const [file = ""] = await readdir(join(home, "novacron/sessions"));
  assert.equal((await stat(join(home, "novacron/sessions", file))).mode & 0o777, 0o600);
  assert.match((await run(["whoami"])).stdout, /migrations:write +at site onprem-a/);
  assert.equal((await run(["logout"])).code, 0);
  assert.deepEqual(await readdir(join(home, "novacron/sessions")), []);
});
