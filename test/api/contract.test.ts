import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, describe, test } from "node:test";
import { documentedApi, routeTable } from "../../src/api/documented.ts";
import { requireProtection } from "../../src/api/listen-address.ts";
import { startTestApi } from "./support/harness.ts";

// The walk asks more often than strangers may.
const api = await startTestApi(
  { after },
  { limits: { anonymousRequestsPerSecond: 10_000, failuresBeforeLockout: 10_000 } },
);
const routes = routeTable();

/** The path with something for each parameter. */
function filled(path: string): string {
  return path
    .replace("{site}", "onprem-a")
    .replace("{kind}", "vm")
    .replaceAll(/\{\w+\}/g, "none-such");
}

describe("every route", () => {
  test("is in docs/openapi.json, which is what the routes say now", async () => {
    const written = JSON.parse(await readFile(new URL("../../docs/openapi.json", import.meta.url), "utf8"));
    assert.deepEqual(written, JSON.parse(JSON.stringify(documentedApi())), "run: node scripts/generate-openapi.ts");
    const served = await fetch(`${api.url}/v1/openapi.json`);
    assert.deepEqual(await served.json(), written);
    const documented = Object.entries(written.paths as Record<string, object>).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method} ${path}`),
    );
    assert.deepEqual(documented.sort(), routes.map(({ method, path }) => `${method} ${path}`).sort());
  });

  test("declares who may call it, and an audit event where it changes or starts something", () => {
    for (const { method, path, permission, actor, audit, idempotent } of routes) {
      const changes = method !== "get";
      assert.equal(audit !== undefined, changes, `audit of ${method} ${path}`);
      assert.equal(idempotent === true, changes, `Idempotency-Key of ${method} ${path}`);
      assert.equal(permission === "public", actor === "anyone", `actor of ${method} ${path}`);
    }
    const open = routes.filter(({ actor }) => actor === "anyone").map(({ path }) => path);
    const signingIn = ["methods", "sign-in", "callback", "sessions", "break-glass"].map((name) => `/v1/auth/${name}`);
    assert.deepEqual(open, [...signingIn, "/v1/health", "/v1/openapi.json", "/v1/reference", "/v1/reference/{asset}"]);
  });

  for (const { method, path, actor, permission, rawBody } of routes) {
    test(`${method} ${path}: 405 with Allow, 401 without a token, 403 without the permission`, async () => {
      const others = ["GET", "POST", "PUT", "PATCH", "DELETE"].filter((other) =>
        routes.every((route) => route.path !== path || route.method !== other.toLowerCase()),
      );
      for (const other of others) {
        const refused = await api.call(other, filled(path));
        assert.equal(refused.status, 405);
        assert.match(refused.response.headers.get("allow") ?? "", new RegExp(method, "i"));
      }
      if (actor === "anyone") return;
      for (const token of [undefined, "a-token-that-nobody-made-0123456789"]) {
        const refused = await api.call(method.toUpperCase(), filled(path), { token });
        assert.equal(refused.status, 401);
        assert.match(refused.response.headers.get("www-authenticate") ?? "", /^Bearer/);
      }
      if (permission === "inventory:read" || permission === "self") return;
      const forbidden = await api.call(method.toUpperCase(), filled(path), { token: api.readerToken });
      assert.equal(forbidden.status, 403);
    });

    test(`${method} ${path}: refuses what it does not know`, async () => {
      const query = await api.call(method.toUpperCase(), `${filled(path)}?surprise=1`);
      assert.equal(query.status, 400);
      // What an identity provider adds to its answer is its own affair.
      if (path === "/v1/auth/callback") return;
      assert.match(query.body.detail, /surprise/);
      if (method !== "post") return;
      const body = await api.call("POST", filled(path), { body: { surprise: 1 } });
      if (rawBody !== undefined) {
        assert.equal(body.status, 415);
        return;
      }
      assert.equal(body.status, 400);
      assert.match(body.body.detail, /surprise/);
    });
  }
});

describe("any request", () => {
  test("with a body that is not JSON, is broken or too large is refused as such", async () => {
    const json = { "content-type": "application/json" };
    assert.equal(
      (await api.call("POST", "/v1/plans", { text: "x", headers: { "content-type": "text/plain" } })).status,
      415,
    );
    assert.equal((await api.call("POST", "/v1/plans", { text: "{", headers: json })).status, 400);
    assert.equal(
      (await api.call("POST", "/v1/plans", { text: `"${"x".repeat(300_000)}"`, headers: json })).status,
      413,
    );
    assert.equal((await api.call("POST", "/v1/plans", { text: "[1]", headers: json })).status, 400);
    assert.equal((await api.call("POST", "/v1/plans")).status, 400);
  });

  test("with a value out of bounds is told which one", async () => {
    const request = { vm: "web-1", from: "onprem-a", to: "onprem-b" };
    const cases: readonly [object, RegExp][] = [
      [{ ...request, point: "later" }, /request\.point/],
      [{ ...request, verify: { tcp_probes: [{ port: 70_000 }] } }, /request\.verify\.tcp_probes\.0\.port/],
      [{ ...request, verify: { boot_marker: "(" } }, /regular expression/],
      [{ ...request, bandwidth_bytes_per_second: -1 }, /bandwidth/],
    ];
    for (const [body, expected] of cases) {
      const refused = await api.call("POST", "/v1/plans", { body: { kind: "migrate_vm", request: body } });
      assert.equal(refused.status, 400);
      assert.match(refused.body.detail, expected);
    }
    for (const query of ["limit=0", "limit=x", "cursor=abc", "state=asleep", "limit=1&limit=2"]) {
      assert.equal((await api.call("GET", `/v1/vms?${query}`)).status, 400, query);
    }
    assert.equal((await api.call("GET", "/v1/vms?site=nowhere")).status, 404);
  });

  test("to a path that does not exist, or is not a path, gets a problem", async () => {
    assert.equal((await api.call("GET", "/v2/everything")).status, 404);
    assert.equal((await api.call("GET", "/v1/plans/%E0%A4%A")).status, 400);
  });

  test("keeps a harmless request id and replaces any other", async () => {
    const kept = await api.call("GET", "/v1/sites", { headers: { "x-request-id": "mine-1" } });
    assert.equal(kept.response.headers.get("x-request-id"), "mine-1");
    const replaced = await api.call("GET", "/v1/sites", { headers: { "x-request-id": "a b;c" } });
    assert.match(replaced.response.headers.get("x-request-id") ?? "", /^[0-9a-f-]{36}$/);
  });

  test("is answered with headers that keep browsers from using it elsewhere", async () => {
    const { headers } = (await api.call("GET", "/v1/sites")).response;
    assert.equal(headers.get("content-security-policy"), "default-src 'none';frame-ancestors 'none'");
    assert.equal(headers.get("x-content-type-options"), "nosniff");
    assert.equal(headers.get("cache-control"), "no-store");
    assert.equal(headers.get("x-powered-by"), null);
  });
});

test("the reference shows our own contract with nothing from elsewhere", async () => {
  const response = await fetch(`${api.url}/v1/reference`);
  const page = await response.text();
  assert.equal(response.status, 200);
  assert.doesNotMatch(page, /https?:\/\//);
  assert.match(response.headers.get("content-security-policy") ?? "", /script-src 'self' 'sha256-/);
  const assets = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path);
  assert.equal(assets.length, 3);
  for (const asset of assets) assert.equal((await fetch(`${api.url}${asset}`)).status, 200, asset);
  assert.equal((await api.call("GET", "/v1/reference/index.js")).status, 404);
});

test("an address that other machines can reach wants both TLS and a sign-in", () => {
  const nothing = { tls: false, signIn: false };
  for (const host of ["127.0.0.1", "127.0.0.2", "::1", "localhost"]) requireProtection(host, nothing);
  for (const host of ["0.0.0.0", "::", "192.0.2.1", "example.org", "127.example.org"]) {
    const refused = (protection: typeof nothing, why: RegExp) =>
      assert.throws(() => requireProtection(host, protection), why);
    refused(nothing, /TLS is not configured, and no authentication beyond the bootstrap token/);
    refused({ tls: true, signIn: false }, /and no authentication beyond the bootstrap token/);
    refused({ tls: false, signIn: true }, /and TLS is not configured/);
    requireProtection(host, { tls: true, signIn: true });
  }
});
