import { once } from "node:events";
import type { AddressInfo, Server, Socket } from "node:net";
import {
  formatAddress,
  type ListenerView,
  type ProxyListener,
  parseAddress,
  type TrafficProxy,
} from "../domain/traffic-proxy.ts";
import { Gate, GateConflict } from "./gate.ts";
import { httpListener, probeHttp, probeTcp } from "./http-listener.ts";
import { defaultLimits, type ProxyLimits } from "./limits.ts";
import { refusal } from "./refusal.ts";
import { StateFile } from "./state-file.ts";
import { tcpListener } from "./tcp-listener.ts";

interface Open {
  readonly listener: ProxyListener;
  readonly gate: Gate;
  readonly server: Server;
  /** Every one, also those that were upgraded. */
  readonly connections: ReadonlySet<Socket>;
  readonly listen: string;
}

export interface ProxySettings {
  /** Its own folder. */
  readonly dir: string;
  readonly listeners: readonly ProxyListener[];
  readonly limits?: ProxyLimits;
}

/** Listens, forwards and holds. What it was told outlives it. */
export class Proxy implements TrafficProxy {
  readonly #limits: ProxyLimits;
  readonly #open: ReadonlyMap<string, Open>;

  private constructor(open: ReadonlyMap<string, Open>, limits: ProxyLimits) {
    this.#open = open;
    this.#limits = limits;
  }

  static async start({ dir, listeners, limits = defaultLimits }: ProxySettings): Promise<Proxy> {
    const file = new StateFile(dir);
    const open = new Map<string, Open>();
    for (const listener of listeners) {
      const gate = new Gate(file.stateOf(listener), limits, (state) => file.keep(listener, state));
      const server = listener.protocol === "http" ? httpListener(gate, limits) : tcpListener(gate, limits);
      const connections = new Set<Socket>();
      server.on("connection", (socket: Socket) => {
        connections.add(socket);
        socket.once("close", () => connections.delete(socket));
      });
      server.listen(listener.listen.port, listener.listen.host);
      await once(server, "listening");
      const { address, port } = server.address() as AddressInfo;
      open.set(listener.name, { listener, gate, server, connections, listen: formatAddress({ host: address, port }) });
    }
    return new Proxy(open, limits);
  }

  get views(): ListenerView[] {
    return [...this.#open.values()].map(viewOf);
  }

  async listener(name: string): Promise<ListenerView> {
    return viewOf(this.#named(name, "look at the listener"));
  }

  async hold(name: string, { holdId, seconds }: { holdId: string; seconds: number }): Promise<ListenerView> {
    const operation = "hold the traffic";
    const open = this.#named(name, operation);
    const longest = this.#limits.longestHoldMs / 1000;
    if (!(seconds > 0 && seconds <= longest)) {
      throw refusal("InvalidInput", operation, name, `${seconds} s can't be held`, `Ask for at most ${longest} s.`);
    }
    orders(operation, name, () => open.gate.begin(holdId, seconds * 1000));
    return viewOf(open);
  }

  async direct(
    name: string,
    to: { readonly backend: string; readonly expected?: string; readonly holdId?: string },
  ): Promise<ListenerView> {
    const operation = "direct the traffic elsewhere";
    const open = this.#named(name, operation);
    const backend = this.#address(to.backend, operation, name);
    const expected = to.expected === undefined ? {} : { expected: this.#address(to.expected, operation, name) };
    const { holdId } = to;
    orders(operation, name, () =>
      open.gate.direct({ backend, ...expected, ...(holdId === undefined ? {} : { holdId }) }),
    );
    return viewOf(open);
  }

  async probe(name: string, at: { readonly backend: string; readonly path?: string }): Promise<string | undefined> {
    const operation = "try the backend";
    const { listener } = this.#named(name, operation);
    const address = this.#address(at.backend, operation, name);
    const { connectMs, probeMs } = this.#limits;
    if (listener.protocol === "tcp") return probeTcp(address, connectMs);
    return probeHttp(formatAddress(address), at.path ?? "/", AbortSignal.timeout(probeMs));
  }

  async close(): Promise<void> {
    await Promise.all(
      [...this.#open.values()].map(async ({ server, gate, connections }) => {
        gate.close();
        const closed = once(server, "close");
        server.close();
        for (const connection of connections) connection.destroy();
        await closed;
      }),
    );
  }

  #named(name: string, operation: string): Open {
    const open = this.#open.get(name);
    if (open) return open;
    const known = [...this.#open.keys()].join(", ");
    throw refusal("NotFound", operation, name, "the proxy has no such listener", `It has: ${known}.`);
  }

  #address(text: string, operation: string, name: string) {
    const address = parseAddress(text);
    if (address && address.port > 0) return address;
    throw refusal("InvalidInput", operation, name, `${text} is no address`, "Write HOST:PORT.");
  }
}

function orders(operation: string, name: string, act: () => void): void {
  try {
    act();
  } catch (error) {
    if (!(error instanceof GateConflict)) throw error;
    throw refusal(
      "Conflict",
      operation,
      name,
      error.message,
      "See novacron proxy show; what goes on has to end first, or be released.",
    );
  }
}

function viewOf({ listener, gate, listen }: Open): ListenerView {
  const { hold, lastHold } = gate;
  const at = (ms: number) => new Date(ms).toISOString();
  return {
    name: listener.name,
    protocol: listener.protocol,
    listen,
    backend: formatAddress(gate.backend),
    state: hold ? "holding" : "open",
    ...(hold ? { hold: { holdId: hold.holdId, since: at(hold.since), until: at(hold.until) } } : {}),
    ...(lastHold ? { lastHold } : {}),
    waiting: gate.waiting,
    inFlight: gate.inFlight,
    totals: { ...gate.totals },
  };
}
