import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import express from "express";
import { consolePages } from "../../src/api/console.ts";

const script = `console.log("${"novacron ".repeat(400)}");`;
let dir = "";
let url = "";
const stops: (() => Promise<unknown>)[] = [];

before(async () => {
  dir = await mkdtemp(join(tmpdir(), "nvc-console-"));
  stops.push(() => rm(dir, { recursive: true, force: true }));
  const app = express();
  app.use(consolePages({ dir: join(dir, "built"), temporalNamespace: 'a"b' }));
  app.use((_request, response) => void response.status(404).json({ code: "NotFound" }));
  const server = app.listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  stops.push(() => new Promise((resolve) => server.close(resolve)));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
after(async () => {
  for (const stop of stops.reverse()) await stop();
});

const ask = (path: string, headers: Record<string, string> = {}) => fetch(`${url}${path}`, { headers });
const browser = { accept: "text/html,application/xhtml+xml,*/*;q=0.8" };

describe("the console's pages", () => {
  test("are not there before they are built, and are without a restart afterwards", async () => {
    assert.equal((await ask("/", browser)).status, 404);
    await mkdir(join(dir, "built/assets"), { recursive: true });
    await writeFile(join(dir, "built/index.html"), "<html><head><title>NovaCron</title></head></html>");
    await writeFile(join(dir, "built/assets/index-abc.js"), script);
    await writeFile(join(dir, "built/secret.txt"), "not served");
    assert.equal((await ask("/", browser)).status, 200);
  });

  test("are one page at every address of a browser, with a policy that lets in what is ours alone", async () => {
    const nonces = new Set<string>();
    for (const path of ["/", "/inventory?q=vms", "/migrations/m-1"]) {
      const answer = await ask(path, browser);
      const text = await answer.text();
      const policy = answer.headers.get("content-security-policy") ?? "";
      const nonce = /'nonce-([^']+)'/.exec(policy)?.[1] ?? "";
      assert.ok(text.includes(`<meta name="style-nonce" content="${nonce}">`), path);
      assert.match(policy, /default-src 'none'; script-src 'self';/);
      assert.doesNotMatch(policy, /unsafe/);
      assert.equal(answer.headers.get("cache-control"), "no-store");
      nonces.add(nonce);
    }
    assert.equal(nonces.size, 3);
    assert.ok(!(await (await ask("/", browser)).text()).includes('content="a"b"'));
  });

  test("leave the API's paths, programs and missing files alone", async () => {
    for (const path of ["/v1/nothing", "/assets/index-old.js", "/v1"])
      assert.equal((await ask(path, browser)).status, 404, path);
    assert.equal((await ask("/inventory", { accept: "application/json" })).status, 404);
    assert.equal((await ask("/inventory")).status, 404);
    assert.equal((await ask("/secret.txt", { accept: "application/json" })).status, 404);
    assert.equal((await ask("/..%2f..%2fetc/passwd", { accept: "application/json" })).status, 404);
    const posted = await fetch(url, { method: "POST", headers: browser });
    assert.equal(posted.status, 404);
  });

  test("have files that are kept for good, packed as the browser takes them", async () => {
    const packed = await ask("/assets/index-abc.js", { "accept-encoding": "gzip" });
    assert.equal(packed.headers.get("cache-control"), "public, max-age=31536000, immutable");
    assert.equal(packed.headers.get("content-encoding"), "gzip");
    assert.equal(await packed.text(), script);
    const brotli = await ask("/assets/index-abc.js", { "accept-encoding": "br, gzip" });
    assert.equal(brotli.headers.get("content-encoding"), "br");
    const plain = await ask("/assets/index-abc.js", { "accept-encoding": "identity" });
    assert.equal(plain.headers.get("content-encoding"), null);
    const again = await ask("/assets/index-abc.js", { "if-none-match": plain.headers.get("etag") ?? "" });
    assert.equal(again.status, 304);
  });
});
