import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, test } from "node:test";
import { EncryptingCodec } from "../../src/temporal/payload-codec.ts";
import { startTestApi } from "./support/harness.ts";

const keys = JSON.stringify({ current: "a", keys: { a: randomBytes(32).toString("base64") } });
const codec = new EncryptingCodec(async () => keys);
const ui = "http://127.0.0.1:8233";
const api = await startTestApi({ after }, { worker: false, deps: { codec, temporalUiUrl: `${ui}/namespaces` } });
const base64 = (text: string) => Buffer.from(text).toString("base64");

async function encrypted(): Promise<object> {
  const [payload] = await codec.encode([
    { metadata: { encoding: Buffer.from("json/plain") }, data: Buffer.from('{"vm":"web-1"}') },
  ]);
  const metadata = Object.entries(payload?.metadata ?? {}).map(([name, value]) => [
    name,
    Buffer.from(value).toString("base64"),
  ]);
  return { metadata: Object.fromEntries(metadata), data: Buffer.from(payload?.data ?? []).toString("base64") };
}

test("payloads are shown to those who may see them, and every look is on record without what was seen", async () => {
  const payloads = [await encrypted()];
  const shown = await api.call("POST", "/v1/codec/decode", { body: { payloads } });
  assert.deepEqual(shown.body, {
    payloads: [{ metadata: { encoding: base64("json/plain") }, data: base64('{"vm":"web-1"}') }],
  });
  assert.equal(
    (await api.call("POST", "/v1/codec/decode", { token: api.readerToken, body: { payloads } })).status,
    403,
  );
  assert.equal((await api.call("POST", "/v1/codec/decode", { token: undefined, body: { payloads } })).status, 401);
  const { items } = await api.store.audit.list({ limit: 5, action: "payloads.decode", outcome: "done" });
  assert.equal(items.length, 1);
  assert.ok(!items[0]?.entry.includes("web-1"));
});

test("Temporal's UI, and no other page, may ask from a browser", async () => {
  const ask = (origin: string, method: string) =>
    api.call(method, "/v1/codec/decode", {
      headers: { origin },
      ...(method === "POST" ? { body: { payloads: [] } } : {}),
    });
  const preflight = await fetch(`${api.url}/v1/codec/decode`, { method: "OPTIONS", headers: { origin: ui } });
  assert.equal(preflight.status, 204);
  assert.equal(preflight.headers.get("access-control-allow-origin"), ui);
  const answer = await ask(ui, "POST");
  assert.equal(answer.response.headers.get("access-control-allow-credentials"), "true");
  const other = await ask("http://127.0.0.1:9999", "POST");
  assert.equal(other.response.headers.get("access-control-allow-origin"), null);
  assert.equal(
    (await fetch(`${api.url}/v1/codec/decode`, { method: "OPTIONS", headers: { origin: "http://evil.example" } }))
      .status,
    405,
  );
  const sites = await api.call("GET", "/v1/sites", { headers: { origin: ui } });
  assert.equal(sites.response.headers.get("access-control-allow-origin"), null, "nothing else is shared");
});
