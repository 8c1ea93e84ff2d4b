import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { type TestContext, test } from "node:test";
import type { TrafficProxy } from "../../src/domain/traffic-proxy.ts";
import { freePorts } from "../../src/host/ports.ts";
import { proxyClient } from "../../src/traffic/client.ts";
import { backend, ownFolder, send, until } from "./support.ts";

const program = resolve(import.meta.dirname, "../../src/traffic/main.ts");
const { signal } = new AbortController();

interface Started {
  readonly control: TrafficProxy;
  kill(): Promise<void>;
}

async function start(context: TestContext, dir: string, listener: string, env: object = {}): Promise<Started> {
  const child = spawn(process.execPath, [program], {
    stdio: ["ignore", "ignore", "inherit"],
    env: {
      ...process.env,
      NOVACRON_PROXY_DIR: dir,
      NOVACRON_PROXY_LISTENERS: listener,
      NOVACRON_PROXY_CONTROL: join(dir, "control.sock"),
      ...env,
    },
  });
  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  };
  context.after(kill);
  const token = async () => readFileSync(join(dir, "token"), "utf8").trim();
  const control = proxyClient({ proxy: "test", control: join(dir, "control.sock"), token });
  await until(
    () =>
      control.listener("app", signal).then(
        () => true,
        () => child.exitCode !== null,
      ),
    (settled) => settled,
  );
  return { control, kill };
}

test("a proxy that was killed in a hold goes on with it, until the same moment", async (context) => {
  const dir = ownFolder(context);
  const [port] = await freePorts(1);
  const listener = `app http 127.0.0.1:${port} 127.0.0.1:1`;
  const first = await start(context, dir, listener);
  const { hold } = await first.control.hold("app", { holdId: "m1", seconds: 250 }, signal);
  await first.kill();
  const second = await start(context, dir, listener);
  const view = await second.control.listener("app", signal);
  assert.equal(view.state, "holding");
  assert.deepEqual(view.hold, hold);
  const asked = send(`127.0.0.1:${port}`);
  await until(
    () => second.control.listener("app", signal),
    ({ waiting }) => waiting === 1,
  );
  const app = await backend(context, (_, outgoing) => void outgoing.end("after"));
  await second.control.direct("app", { backend: app.address, holdId: "m1" }, signal);
  assert.equal((await asked).body, "after");
  await second.kill();
  // Where it was directed outlives it too; other settings win over that.
  const third = await start(context, dir, listener);
  assert.equal((await third.control.listener("app", signal)).backend, app.address);
  await third.kill();
  const fourth = await start(context, dir, `app http 127.0.0.1:${port} 127.0.0.1:2`);
  assert.equal((await fourth.control.listener("app", signal)).backend, "127.0.0.1:2");
});

test("the control lets nobody in without its token, and tells Prometheus what goes on", async (context) => {
  const dir = ownFolder(context);
  const [control] = await freePorts(1);
  await start(context, dir, "app http 127.0.0.1:0 127.0.0.1:1", {});
  const other = ownFolder(context);
  const env = { NOVACRON_PROXY_CONTROL: `127.0.0.1:${control}` };
  const child = spawn(process.execPath, [program], {
    stdio: "ignore",
    env: {
      ...process.env,
      ...env,
      NOVACRON_PROXY_DIR: other,
      NOVACRON_PROXY_LISTENERS: "app http 127.0.0.1:0 127.0.0.1:1",
    },
  });
  context.after(() => child.kill("SIGKILL"));
  const at = `127.0.0.1:${control}`;
  await until(
    () =>
      send(at, { path: "/health" }).then(
        ({ status }) => status,
        () => 0,
      ),
    (status) => status === 200,
  );
  assert.equal((await send(at, { path: "/v1/listeners" })).status, 401);
  const wrong = { authorization: `Bearer ${readFileSync(join(dir, "token"), "utf8").trim()}` };
  assert.equal((await send(at, { path: "/v1/listeners", headers: wrong })).status, 401);
  const headers = { authorization: `Bearer ${readFileSync(join(other, "token"), "utf8").trim()}` };
  const metrics = await send(at, { path: "/metrics", headers });
  assert.match(metrics.body, /novacron_proxy_holding\{listener="app"\} 0/);
  const badly = await send(at, { method: "PUT", path: "/v1/listeners/app/hold", headers, body: `{"seconds": 1}` });
  assert.equal(badly.status, 400);
  assert.equal((await send(at, { method: "POST", path: "/v1/listeners/app/hold", headers })).status, 405);
});

test("a control that others reach needs a certificate", async (context) => {
  const dir = ownFolder(context);
  const child = spawn(process.execPath, [program], {
    stdio: ["ignore", "ignore", "pipe"],
    env: {
      ...process.env,
      NOVACRON_PROXY_DIR: dir,
      NOVACRON_PROXY_LISTENERS: "app http 127.0.0.1:0 127.0.0.1:1",
      NOVACRON_PROXY_CONTROL: "0.0.0.0:0",
    },
  });
  let said = "";
  child.stderr.on("data", (chunk) => {
    said += chunk;
  });
  const [code] = await once(child, "exit");
  assert.equal(code, 1);
  assert.match(said, /--cert-file/);
  assert.ok(existsSync(join(dir, "token")));
});
