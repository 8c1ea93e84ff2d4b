import { Agent, createServer as createHttpServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import { connect, createServer as createTcpServer, type Server, type Socket } from "node:net";
import type { Flows } from "./flows.ts";

/** Where a connection or a request goes. */
export interface Destination {
  /** Of the target, as in {@link Flows}. */
  readonly key: string;
  readonly host: string;
  readonly port: number;
}

export interface FrontSpec {
  readonly host: string;
  readonly port: number;
  /** `http`: each request goes its own way; `tcp`: each connection. */
  readonly mode: "http" | "tcp";
}

const connectMs = 10_000;
/** Those that are of one connection and not passed on (RFC 9110, 7.6.1). */
const ofOneHop = ["connection", "keep-alive", "proxy-connection", "te", "transfer-encoding", "upgrade"];

/** One address and port where a load balancer takes clients in, and passes on what they send. */
export class Front {
  readonly spec: FrontSpec;
  /** Asked for each; undefined when nobody could take it. May be replaced at any time. */
  pick: () => Destination | undefined;
  readonly #flows: Flows;
  readonly #server: Server;
  readonly #clients = new Set<Socket>();
  readonly #agent = new Agent({ keepAlive: false });

  constructor(spec: FrontSpec, pick: () => Destination | undefined, flows: Flows) {
    this.spec = spec;
    this.pick = pick;
    this.#flows = flows;
    this.#server =
      spec.mode === "http"
        ? createHttpServer((incoming, outgoing) => this.#pass(incoming, outgoing))
        : createTcpServer({ allowHalfOpen: true }, (client) => this.#join(client));
    this.#server.on("connection", (client: Socket) => {
      this.#clients.add(client);
      client.once("close", () => this.#clients.delete(client));
    });
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(this.spec.port, this.spec.host, () => {
        this.#server.off("error", reject);
        resolve();
      });
    });
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const client of this.#clients) client.destroy();
    this.#agent.destroy();
    await closed;
  }

  #join(client: Socket): void {
    const to = this.pick();
    if (!to) {
      client.resetAndDestroy();
      return;
    }
    const target = connect({ host: to.host, port: to.port, allowHalfOpen: true });
    target.setTimeout(connectMs, () => target.destroy());
    target.once("connect", () => target.setTimeout(0));
    const over = this.#flows.begin(to.key, () => {
      client.resetAndDestroy();
      target.destroy();
    });
    client.setNoDelay(true);
    client.pipe(target);
    target.pipe(client);
    client.on("error", () => target.destroy());
    target.on("error", () => client.resetAndDestroy());
    client.once("close", () => target.destroy());
    target.once("close", () => {
      over();
      client.destroy();
    });
  }

  #pass(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const refuse = (status: number, text: string): void => {
      if (outgoing.headersSent) outgoing.destroy();
      else outgoing.writeHead(status, { "content-type": "text/plain" }).end(`${text}\n`);
    };
    const to = this.pick();
    if (!to) {
      refuse(503, "503 Service Temporarily Unavailable");
      return;
    }
    const headers = Object.fromEntries(Object.entries(incoming.headers).filter(([name]) => !ofOneHop.includes(name)));
    const before = headers["x-forwarded-for"];
    const client = incoming.socket.remoteAddress ?? "";
    const passed = request({
      ...{ host: to.host, port: to.port, method: incoming.method, path: incoming.url, agent: this.#agent },
      timeout: connectMs,
      headers: { ...headers, "x-forwarded-for": before === undefined ? client : `${String(before)}, ${client}` },
    });
    const over = this.#flows.begin(to.key, () => passed.destroy(new Error("it was taken off")));
    passed.once("socket", (socket) => socket.once("connect", () => socket.setTimeout(0)));
    passed.once("timeout", () => passed.destroy(new Error("no connection")));
    passed.once("response", (answer) => {
      const kept = Object.entries(answer.headers).filter(([name]) => !ofOneHop.includes(name));
      outgoing.writeHead(answer.statusCode ?? 502, Object.fromEntries(kept));
      answer.pipe(outgoing);
      answer.once("error", () => outgoing.destroy());
      answer.once("aborted", () => outgoing.destroy());
    });
    passed.once("error", () => refuse(502, "502 Bad Gateway"));
    passed.once("close", over);
    outgoing.once("close", () => passed.destroy());
    incoming.pipe(passed);
  }
}
