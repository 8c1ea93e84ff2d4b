import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { RuntimeApi } from "../../../src/providers/libvirt/haproxy/runtime-api.ts";
import { HaproxyBalancing } from "../../../src/providers/libvirt/load-balancing.ts";
import { TestPrograms } from "../../support/packages.ts";

const comesUpWithinMs = 30_000;

export function balancingAt(address: string): HaproxyBalancing {
  return new HaproxyBalancing(new RuntimeApi(address, { take: async () => {} }), "onprem-a");
}

/** An application that says its name to whoever comes, and keeps the connection until it is closed. */
export async function startApplication(name: string): Promise<{ port: number; close(): Promise<void> }> {
  const clients = new Set<Socket>();
  const server: Server = createServer((client) => {
    clients.add(client);
    client.on("error", () => client.destroy());
    client.once("close", () => clients.delete(client));
    client.write(`${name}\n`);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      for (const client of clients) client.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

export interface RunningHaproxy {
  readonly balancing: HaproxyBalancing;
  /** Of its runtime API. */
  readonly socket: string;
  /** Where the backend `web` is reached. */
  readonly host: string;
  readonly port: number;
  /** Which application answers a connection, which is then closed. */
  ask(): Promise<string>;
  /** A connection that stays, and which application it goes to. */
  hold(): Promise<{ name: string; socket: Socket }>;
  close(): Promise<void>;
}

/** A real HAProxy, unpacked for tests: the backends `web` and `fixed`, whose only server is at `port`; a text is why not. */
export async function startHaproxy(port: number): Promise<RunningHaproxy | string> {
  const programs = await TestPrograms.bringIn("haproxy", ["haproxy"]);
  if (typeof programs === "string") return programs;
  const dir = mkdtempSync(join(tmpdir(), "nvc-haproxy-"));
  const socket = join(dir, "admin.sock");
  const part = () => 1 + Math.floor(Math.random() * 250);
  // Of our own, so that no port is taken from anybody.
  const place = { host: `127.77.${part()}.${part()}`, port: 8080 };
  const config = join(dir, "haproxy.cfg");
  writeFileSync(
    config,
    `global
  stats socket ${socket} mode 600 level admin
  stats timeout 1m
defaults
  mode tcp
  timeout connect 10s
  timeout client 5m
  timeout server 5m
listen web
  option socket-stats
  balance roundrobin
  bind ${place.host}:${place.port}
  server one 127.0.0.1:${port} check fall 10 weight 100
listen fixed
  balance static-rr
  bind ${place.host}:${place.port + 1}
  server one 127.0.0.1:${port} weight 1
`,
  );
  const process = programs.start("haproxy", ["-db", "-f", config]);
  const ended = once(process, "exit");
  const balancing = balancingAt(socket);
  const close = async () => {
    process.kill("SIGKILL");
    await ended;
    rmSync(dir, { recursive: true, force: true });
  };
  const deadline = Date.now() + comesUpWithinMs;
  for (;;) {
    try {
      await balancing.getPool("web", AbortSignal.timeout(comesUpWithinMs));
      break;
    } catch (error) {
      if (process.exitCode !== null || Date.now() > deadline) {
        await close();
        throw error;
      }
      await sleep(50);
    }
  }
  const hold = async () => {
    const client = connect(place);
    const [chunk] = (await once(client, "data")) as [Buffer];
    return { name: chunk.toString("utf8").trim(), socket: client };
  };
  return {
    balancing,
    socket,
    ...place,
    hold,
    async ask() {
      const { name, socket: client } = await hold();
      client.destroy();
      return name;
    },
    close,
  };
}
