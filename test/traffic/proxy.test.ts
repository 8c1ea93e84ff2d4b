// Long because it is one story: what becomes of requests while their backend is exchanged.
import assert from "node:assert/strict";
import { once } from "node:events";
import { Agent } from "node:http";
import { connect, createServer } from "node:net";
import { text } from "node:stream/consumers";
import { describe, type TestContext, test } from "node:test";
import { type ListenerView, type ProxyProtocol, parseListener } from "../../src/domain/traffic-proxy.ts";
import { Gate } from "../../src/traffic/gate.ts";
import { defaultLimits, type ProxyLimits } from "../../src/traffic/limits.ts";
import { Proxy } from "../../src/traffic/proxy.ts";
import { backend, ownFolder, send, until } from "./support.ts";

async function proxyTo(
  context: TestContext,
  to: string,
  limits: Partial<ProxyLimits> = {},
  protocol: ProxyProtocol = "http",
) {
  const listener = parseListener(`app ${protocol} 127.0.0.1:0 ${to}`);
  assert.ok(listener);
  const own = { ...defaultLimits, ...limits };
  const proxy = await Proxy.start({ dir: ownFolder(context), listeners: [listener], limits: own });
  context.after(() => proxy.close());
  const view = () => proxy.views[0] as ListenerView;
  return { proxy, at: view().listen, view };
}

/** An application that says its name, and what it was sent. */
const named = (context: TestContext, name: string, port = 0) =>
  backend(
    context,
    (incoming, outgoing) => {
      void text(incoming).then((body) => outgoing.end(`${name} ${incoming.method} ${incoming.url} ${body}`));
    },
    port,
  );

describe("a proxy of HTTP", () => {
  test("passes requests and answers on, without what is of one connection only", async (context) => {
    const app = await backend(context, (incoming, outgoing) => {
      void text(incoming).then((body) => {
        outgoing.writeHead(201, { "x-own": "1", "set-cookie": ["a=1", "b=2"] });
        outgoing.end(JSON.stringify({ headers: incoming.headers, body, url: incoming.url }));
      });
    });
    const { at, view } = await proxyTo(context, app.address);
    const headers = { connection: "x-secret", "x-secret": "1", "x-kept": "2", host: "shop.example" };
    const answer = await send(at, { method: "POST", path: "/a?b=c", body: "hello", headers });
    assert.equal(answer.status, 201);
    assert.deepEqual(answer.headers["set-cookie"], ["a=1", "b=2"]);
    const seen = JSON.parse(answer.body) as { headers: Record<string, string>; body: string; url: string };
    assert.equal(seen.url, "/a?b=c");
    assert.equal(seen.body, "hello");
    assert.equal(seen.headers.host, "shop.example");
    assert.equal(seen.headers["x-kept"], "2");
    assert.equal(seen.headers["x-secret"], undefined);
    assert.equal(seen.headers["x-forwarded-for"], "127.0.0.1");
    await until(view, ({ totals, inFlight }) => totals.passed === 1 && inFlight === 0);
  });

  test("keeps what comes during a hold and sends it to the new backend, so that none fails", async (context) => {
    const before = await named(context, "before");
    const { proxy, at, view } = await proxyTo(context, before.address);
    const agent = new Agent({ keepAlive: true });
    context.after(() => agent.destroy());
    assert.match((await send(at, { agent })).body, /^before/);
    await proxy.hold("app", { holdId: "m1", seconds: 60 });
    await before.end();
    const held = [
      send(at, { agent, path: "/1" }),
      send(at, { method: "POST", path: "/2", body: "two" }),
      send(at, { method: "POST", path: "/3", body: "x".repeat(500_000) }),
    ];
    await until(view, ({ waiting }) => waiting === 3);
    const after = await named(context, "after");
    const directed = await proxy.direct("app", { backend: after.address, expected: before.address, holdId: "m1" });
    assert.equal(directed.state, "open");
    const answers = await Promise.all(held);
    assert.deepEqual(
      answers.map(({ status, body }) => [status, body.slice(0, 16), body.length]),
      [
        [200, "after GET /1 ", 13],
        [200, "after POST /2 tw", 17],
        [200, "after POST /3 xx", 500_014],
      ],
    );
    const { lastHold, totals } = view();
    assert.equal(totals.failed, 0);
    assert.deepEqual([lastHold?.holdId, lastHold?.ended, lastHold?.held, lastHold?.failed], ["m1", "released", 3, 0]);
    assert.ok((lastHold?.longestMs ?? 0) > 0);
  });

  test("refuses one more than may wait, at once and with a time to come again", async (context) => {
    const app = await named(context, "app");
    const { proxy, at, view } = await proxyTo(context, app.address, { mostHeld: 1 });
    await proxy.hold("app", { holdId: "m1", seconds: 60 });
    const first = send(at);
    await until(view, ({ waiting }) => waiting === 1);
    const second = await send(at);
    assert.equal(second.status, 503);
    assert.ok(Number(second.headers["retry-after"]) > 0);
    await proxy.direct("app", { backend: app.address, holdId: "m1" });
    assert.equal((await first).status, 200);
    assert.equal(view().lastHold?.failed, 1);
  });

  test("lets everything go where it went before when nobody releases a hold in time, and says so", async (context) => {
    const app = await named(context, "app");
    const { proxy, at, view } = await proxyTo(context, app.address);
    await proxy.hold("app", { holdId: "m1", seconds: 3 });
    assert.equal((await send(at)).status, 200);
    const { state, lastHold } = view();
    assert.deepEqual([state, lastHold?.ended, lastHold?.held], ["open", "lapsed", 1]);
    const conflict = { code: "Conflict", message: /has ended \(lapsed\)/ };
    await assert.rejects(proxy.hold("app", { holdId: "m1", seconds: 60 }), conflict);
    // Who comes too late still says where traffic goes from now on.
    const other = await named(context, "other");
    await proxy.direct("app", { backend: other.address, expected: app.address, holdId: "m1" });
    assert.match((await send(at)).body, /^other/);
  });

  test("asks the new backend again what the old one left unanswered, where that is harmless", async (context) => {
    const reached: string[] = [];
    const before = await backend(context, (incoming) => {
      reached.push(`${incoming.method}`);
    });
    const { proxy, at, view } = await proxyTo(context, before.address);
    const asked = [send(at), send(at, { method: "PUT", body: "kept" }), send(at, { method: "POST", body: "once" })];
    await until(
      () => reached.length,
      (count) => count === 3,
    );
    await proxy.hold("app", { holdId: "m1", seconds: 60 });
    await before.end();
    await until(view, ({ waiting }) => waiting === 2);
    const posted = await asked[2];
    assert.equal(posted?.status, 502);
    assert.match(posted?.body ?? "", /may have carried the request out/);
    const after = await named(context, "after");
    await proxy.direct("app", { backend: after.address, holdId: "m1" });
    assert.equal((await asked[0])?.body, "after GET / ");
    assert.equal((await asked[1])?.body, "after PUT / kept");
    assert.ok(view().totals.retried >= 2);
    assert.equal(view().lastHold?.failed, 1);
  });

  test("does not wait for the answer of a backend that is gone without a word", async (context) => {
    let reached = 0;
    const before = await backend(context, () => {
      reached += 1;
    });
    const { proxy, at, view } = await proxyTo(context, before.address);
    const asked = send(at);
    const posted = send(at, { method: "POST", body: "once" });
    await until(
      () => reached,
      (count) => count === 2,
    );
    await proxy.hold("app", { holdId: "m1", seconds: 60 });
    const after = await named(context, "after");
    await proxy.direct("app", { backend: after.address, holdId: "m1" });
    assert.match((await asked).body, /^after/);
    assert.equal((await posted).status, 502);
    assert.equal(view().lastHold?.failed, 1);
  });

  test("waits a while for a backend that takes no connections yet, with any request", async (context) => {
    const gone = await named(context, "gone");
    await gone.end();
    const { at, view } = await proxyTo(context, gone.address, { unreachableMs: 60_000 });
    const asked = send(at, { method: "POST", body: "once" });
    await until(view, ({ totals }) => totals.retried > 0);
    await named(context, "back", gone.port);
    assert.equal((await asked).body, "back POST / once");
  });

  test("says that nothing answers when that lasts", async (context) => {
    const gone = await named(context, "gone");
    await gone.end();
    const { at, view } = await proxyTo(context, gone.address, { unreachableMs: 200 });
    const answer = await send(at);
    assert.equal(answer.status, 502);
    assert.match(answer.body, /does not answer/);
    assert.equal(view().totals.failed, 1);
  });

  test("gives a backend up that has taken a request and stays silent, but not one that pauses in its answer", async (context) => {
    const app = await backend(context, ({ url }, outgoing) => {
      if (url === "/pausing") {
        outgoing.write("one ");
        setTimeout(() => outgoing.end("two"), 1_500);
      }
    });
    const { at, view } = await proxyTo(context, app.address, { answerMs: 500 });
    const [silent, pausing] = await Promise.all([send(at), send(at, { path: "/pausing" })]);
    assert.equal(silent.status, 504);
    assert.match(silent.body, /said nothing for 0.5 s/);
    assert.deepEqual([pausing.status, pausing.body], [200, "one two"]);
    assert.equal(view().totals.passed, 1);
  });

  test("cuts an answer that its backend did not finish, so that nobody takes it for whole", async (context) => {
    const app = await backend(context, (_, outgoing) => {
      outgoing.writeHead(200, { "content-length": "1000" });
      outgoing.write("half", () => outgoing.destroy());
    });
    const { at, view } = await proxyTo(context, app.address);
    await assert.rejects(send(at));
    await until(view, ({ totals }) => totals.broken === 1);
  });

  test("lets no header of a connection take a body's length from it: the rest would be another request", async (context) => {
    const seen: string[] = [];
    const app = await backend(context, (incoming, outgoing) => {
      seen.push(`${incoming.method} ${incoming.url}`);
      void text(incoming).then((body) => outgoing.end(body));
    });
    const { at } = await proxyTo(context, app.address);
    const body = "GET /smuggled HTTP/1.1\r\nhost: x\r\n\r\n";
    const agent = new Agent({ keepAlive: true });
    context.after(() => agent.destroy());
    const length = String(body.length);
    const named = { connection: "keep-alive, content-length", "content-length": length };
    assert.equal((await send(at, { agent, body, headers: named })).body, body);
    const chunked = { "transfer-encoding": "chunked" };
    assert.equal((await send(at, { agent, method: "DELETE", path: "/a", body, headers: chunked })).body, body);
    assert.deepEqual(seen, ["GET /", "DELETE /a"]);
  });

  test("holds what was still being sent to it when the hold began", async (context) => {
    const reached: string[] = [];
    const before = await backend(context, (incoming) => void reached.push(incoming.url ?? ""));
    const { proxy, at, view } = await proxyTo(context, before.address);
    const client = connect(Number(at.split(":")[1]), "127.0.0.1");
    context.after(() => client.destroy());
    client.write("POST /slow HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\nconnection: close\r\n\r\nab");
    // One that came later has been answered for: the first has passed, and its body is waited for.
    void send(at, { path: "/later" }).catch(() => undefined);
    await until(
      () => reached,
      (paths) => paths.includes("/later"),
    );
    await proxy.hold("app", { holdId: "m1", seconds: 60 });
    client.write("cd");
    await until(view, ({ waiting }) => waiting === 1);
    assert.deepEqual(reached, ["/later"]);
    const after = await named(context, "after");
    await proxy.direct("app", { backend: after.address, holdId: "m1" });
    assert.match(await text(client), /after POST \/slow abcd/);
  });

  test("tells of failures in a hold's report only where they met it", async (context) => {
    const app = await named(context, "app");
    const { proxy, at, view } = await proxyTo(context, app.address, { unreachableMs: 100 });
    await proxy.hold("app", { holdId: "m1", seconds: 60 });
    await proxy.direct("app", { backend: app.address, holdId: "m1" });
    await app.end();
    assert.equal((await send(at)).status, 502);
    assert.deepEqual([view().totals.failed, view().lastHold?.failed], [1, 0]);
  });

  test("refuses what a backend answers by a change of protocols that nobody asked for", async (context) => {
    const odd = createServer((socket) => {
      socket.on("error", () => undefined);
      socket.once("data", () =>
        socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: odd\r\n\r\n"),
      );
    }).listen(0, "127.0.0.1");
    context.after(() => odd.close());
    await once(odd, "listening");
    const { port } = odd.address() as { port: number };
    const { at, view } = await proxyTo(context, `127.0.0.1:${port}`, { unreachableMs: 100 });
    assert.equal((await send(at, { method: "POST", body: "once" })).status, 502);
    assert.equal(view().inFlight, 0);
  });

  test("takes a request that offers HTTP/2 as the plain one that it is", async (context) => {
    const app = await backend(context, (incoming, outgoing) => void outgoing.end(incoming.headers.upgrade ?? "plain"));
    const { at, view } = await proxyTo(context, app.address);
    const headers = { connection: "Upgrade, HTTP2-Settings", upgrade: "h2c", "http2-settings": "AAMAAABkAAQAAP__" };
    assert.equal((await send(at, { headers })).body, "plain");
    await until(view, ({ totals, inFlight }) => totals.passed === 1 && inFlight === 0);
  });

  test("holds an upgrade like a request, and joins both ends from then on", async (context) => {
    const app = await backend(context, () => undefined);
    const { proxy, at, view } = await proxyTo(context, app.address);
    await proxy.hold("app", { holdId: "m1", seconds: 60 });
    const echo = createServer((socket) => {
      socket.once("data", (head) => {
        assert.match(String(head), /^GET \/ws HTTP\/1\.1\r\n[^]*upgrade: echo/i);
        socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n");
        socket.pipe(socket);
      });
      socket.on("error", () => undefined);
    }).listen(0, "127.0.0.1");
    context.after(() => echo.close());
    await once(echo, "listening");
    const [, port] = at.split(":");
    const client = connect(Number(port), "127.0.0.1");
    context.after(() => client.destroy());
    client.write("GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n");
    await until(view, ({ waiting }) => waiting === 1);
    const target = `127.0.0.1:${(echo.address() as { port: number }).port}`;
    await proxy.direct("app", { backend: target, holdId: "m1" });
    let heard = "";
    client.on("data", (chunk) => {
      heard += chunk;
    });
    await until(
      () => heard,
      (so) => so.includes("101 Switching"),
    );
    client.write("ping");
    await until(
      () => heard,
      (so) => so.endsWith("ping"),
    );
  });
});

describe("orders to a proxy", () => {
  test("are refused when traffic goes elsewhere than they expect, or when another holds", async (context) => {
    const app = await named(context, "app");
    const { proxy } = await proxyTo(context, app.address);
    const to = { backend: "127.0.0.1:1", expected: "127.0.0.1:2" };
    await assert.rejects(proxy.direct("app", to), { code: "Conflict", message: /points to/ });
    await proxy.hold("app", { holdId: "m1", seconds: 60 });
    await proxy.hold("app", { holdId: "m1", seconds: 60 });
    await assert.rejects(proxy.hold("app", { holdId: "m2", seconds: 60 }), { code: "Conflict", message: /m1 goes on/ });
    await assert.rejects(proxy.direct("app", { backend: app.address, holdId: "m2" }), { code: "Conflict" });
    await assert.rejects(proxy.hold("app", { holdId: "m3", seconds: 6000 }), { code: "InvalidInput" });
    await assert.rejects(proxy.hold("nobody", { holdId: "m1", seconds: 6 }), { code: "NotFound", message: /app/ });
    await proxy.direct("app", { backend: app.address, holdId: "m1" });
    // The same order again is no other one.
    await proxy.direct("app", { backend: app.address, expected: "127.0.0.1:2", holdId: "m1" });
  });

  test("are not carried out where they can't be kept; a hold whose end can't be kept still ends", async () => {
    let isFull = true;
    const keep = () => {
      if (isFull) throw new Error("no space left");
    };
    const gate = new Gate({ backend: { host: "127.0.0.1", port: 1 }, ended: [] }, defaultLimits, keep);
    assert.throws(() => gate.begin("m1", 60_000), /no space/);
    assert.equal(gate.hold, undefined);
    isFull = false;
    gate.begin("m2", 300);
    isFull = true;
    assert.throws(() => gate.direct({ backend: { host: "127.0.0.1", port: 2 }, holdId: "m2" }), /no space/);
    assert.equal(gate.backend.port, 1);
    await until(
      () => gate.lastHold?.ended,
      (ended) => ended === "lapsed",
    );
    assert.equal(gate.hold, undefined);
  });

  test("can be preceded by a look whether the new backend answers", async (context) => {
    const app = await backend(context, (incoming, outgoing) => {
      outgoing.writeHead(incoming.url === "/ready" ? 200 : 503).end();
    });
    const { proxy } = await proxyTo(context, app.address);
    assert.equal(await proxy.probe("app", { backend: app.address, path: "/ready" }), undefined);
    assert.match((await proxy.probe("app", { backend: app.address })) ?? "", /503/);
    await app.end();
    assert.match((await proxy.probe("app", { backend: app.address })) ?? "", /ECONNREFUSED/);
  });
});

describe("a proxy of TCP", () => {
  test("keeps connections, with what was said on them, and joins them to the new backend", async (context) => {
    const { proxy, at, view } = await proxyTo(context, "127.0.0.1:1", {}, "tcp");
    await proxy.hold("app", { holdId: "m1", seconds: 60 });
    const [, port] = at.split(":");
    const client = connect({ port: Number(port), host: "127.0.0.1", allowHalfOpen: true });
    client.end("all I have to say");
    await until(view, ({ waiting }) => waiting === 1);
    const after = createServer({ allowHalfOpen: true }, (socket) => {
      void text(socket).then((said) => socket.end(`heard: ${said}`));
    }).listen(0, "127.0.0.1");
    context.after(() => after.close());
    await once(after, "listening");
    const target = `127.0.0.1:${(after.address() as { port: number }).port}`;
    assert.equal(await proxy.probe("app", { backend: target }), undefined);
    await proxy.direct("app", { backend: target, holdId: "m1" });
    assert.equal(await text(client), "heard: all I have to say");
    await until(view, ({ inFlight, totals }) => inFlight === 0 && totals.passed === 1);
  });

  test("ends a connection that finds no backend", async (context) => {
    const { at, view } = await proxyTo(context, "127.0.0.1:1", { unreachableMs: 100 }, "tcp");
    const client = connect(Number(at.split(":")[1]), "127.0.0.1");
    client.on("error", () => undefined);
    await new Promise((resolve) => client.once("close", resolve));
    assert.equal(view().totals.failed, 1);
  });
});
