import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { after, before, describe, test } from "node:test";
import { isProviderError } from "../../../src/domain/errors.ts";
import type { Provider } from "../../../src/providers/provider.ts";
import { balancingAt, type RunningHaproxy, startApplication, startHaproxy } from "../support/haproxy.ts";
import type { FaultSite } from "./support/fault-site.ts";
import { trafficRows } from "./support/rows/traffic.ts";

/** HAProxy refuses nothing by itself; what can fail is the way to it. */
const faults = ["down", "reset", "lost-answer", "slow"] as const;
type Fault = (typeof faults)[number];

/** The way to a HAProxy's socket, with a fault on it. */
async function faultyWay(path: string) {
  const way: { fault: Fault | undefined; struck: number } = { fault: undefined, struck: 0 };
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (client) => {
    sockets.add(client.on("error", () => client.destroy()));
    client.once("close", () => sockets.delete(client));
    const { fault } = way;
    if (fault) way.struck++;
    if (fault === "down") client.resetAndDestroy();
    else if (fault === "reset") client.once("data", () => client.resetAndDestroy());
    else {
      const there = connect(path);
      there.on("error", () => client.destroy());
      client.pipe(there, { end: false });
      if (fault === "lost-answer") there.resume().once("end", () => client.resetAndDestroy());
      else if (fault === "slow") setTimeout(() => there.pipe(client), 50);
      else there.pipe(client);
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    way,
    address: `127.0.0.1:${port}`,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

describe("faults on the way to a HAProxy", () => {
  let first: Awaited<ReturnType<typeof startApplication>>;
  let second: Awaited<ReturnType<typeof startApplication>>;
  let haproxy: RunningHaproxy | string;
  let faulty: Awaited<ReturnType<typeof faultyWay>> | undefined;

  before(async () => {
    first = await startApplication("first");
    second = await startApplication("second");
    haproxy = await startHaproxy(first.port);
    if (typeof haproxy !== "string") faulty = await faultyWay(haproxy.socket);
  });
  after(async () => {
    await faulty?.close();
    if (typeof haproxy !== "string") await haproxy?.close();
    await first?.close();
    await second?.close();
  });

  for (const row of trafficRows.filter(({ call }) => call.startsWith("loadBalancing."))) {
    test(`${row.call} says that they are there, and its repeat makes no second of anything`, async (context) => {
      if (typeof haproxy === "string") return context.skip(haproxy);
      assert.ok(faulty);
      const { balancing } = haproxy;
      const signal = () => AbortSignal.timeout(20_000);
      const having = (loadBalancing: object) => ({ loadBalancing }) as Provider;
      const pool = { poolId: "web", target: { address: "127.0.0.1", port: second.port } };
      const site = { provider: having(balancing), traffic: { pool }, signal } as unknown as FaultSite;
      const targets = async () =>
        (await Array.fromAsync(balancing.listTargets("web", signal()))).map(({ targetId }) => targetId);
      const empty = await targets();
      for (const fault of faults) {
        const prepared = await row.prepare(site);
        const there = await targets();
        Object.assign(faulty.way, { fault, struck: 0 });
        const outcome: string = await prepared.call(having(balancingAt(faulty.address)), signal()).then(
          () => "ok",
          (error: unknown) => (isProviderError(error) ? error.code : String(error)),
        );
        faulty.way.fault = undefined;
        assert.ok(faulty.way.struck > 0, `${fault} never struck`);
        assert.equal(outcome, fault === "slow" ? "ok" : "Unavailable", fault);
        await prepared.call(site.provider, signal());
        const made = (await targets()).length - there.length;
        await prepared.call(site.provider, signal());
        assert.equal((await targets()).length - there.length, made, `${fault}, repeated`);
        await prepared.undo?.();
        assert.deepEqual(await targets(), empty, `${fault}, undone`);
      }
    });
  }
});
