import { connect, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { Address } from "../domain/traffic-proxy.ts";
import { type Gate, NotPassed } from "./gate.ts";
import { keepAliveMs, type ProxyLimits, tryAgainMs } from "./limits.ts";

/** A connection that waits to be joined to a backend. */
export interface Waiting {
  readonly socket: Duplex;
  /** What is sent ahead of what it says. */
  readonly first?: Buffer;
  readonly until: number;
  /** Ends it where there is no backend for it. */
  refused(): void;
}

/** Joins a connection to the backend, once the gate lets it and the backend takes it, until both sides have ended. It is
 *  bound to that backend: when traffic is directed away from one that is gone, it is cut. */
export async function tunnel(gate: Gate, limits: ProxyLimits, waiting: Waiting): Promise<void> {
  const { socket, first } = waiting;
  const gone = new AbortController();
  socket.once("close", () => gone.abort());
  socket.on("error", () => gone.abort());
  let upstream: Socket | undefined;
  try {
    upstream = await reach(gate, limits, waiting, gone.signal);
  } catch {
    // It went away while it waited.
    socket.destroy();
    return;
  }
  if (!upstream) {
    gate.fail(gone.signal);
    waiting.refused();
    return;
  }
  gate.inFlight += 1;
  if (first) upstream.write(first);
  const cut = () => socket.destroy();
  gate.on("directed", cut);
  await joined(socket, upstream);
  gate.off("directed", cut);
  gate.inFlight -= 1;
  gate.totals.passed += 1;
}

/** A connection to the backend; undefined when there is none to be had. Nothing was sent so far: trying again is safe. */
async function reach(
  gate: Gate,
  limits: ProxyLimits,
  { until }: Waiting,
  gone: AbortSignal,
): Promise<Socket | undefined> {
  let failingSince: number | undefined;
  for (;;) {
    let backend: Address;
    try {
      backend = await gate.pass(gone, until);
    } catch (error) {
      if (error instanceof NotPassed) return undefined;
      throw error;
    }
    const upstream = await connected(backend, limits.connectMs);
    if (upstream && !gone.aborted && gate.backend === backend) return upstream;
    upstream?.destroy();
    gone.throwIfAborted();
    failingSince ??= Date.now();
    if (gate.hold || gate.backend !== backend) failingSince = undefined;
    else if (Date.now() - failingSince >= limits.unreachableMs) return undefined;
    else await sleep(tryAgainMs, undefined, { signal: gone });
    gate.totals.retried += 1;
  }
}

function connected({ host, port }: Address, connectMs: number): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, allowHalfOpen: true });
    const settle = (outcome: Socket | undefined): void => {
      clearTimeout(tooLong);
      socket.removeAllListeners("error");
      // Later errors end it, which `joined` sees.
      socket.on("error", () => undefined);
      if (!outcome) socket.destroy();
      resolve(outcome);
    };
    const tooLong = setTimeout(() => settle(undefined), connectMs);
    socket.once("error", () => settle(undefined));
    socket.once("connect", () => {
      socket.setKeepAlive(true, keepAliveMs).setNoDelay(true);
      settle(socket);
    });
  });
}

/** Each side's end is passed on, so that one may go on talking when the other has said all. */
function joined(one: Duplex, other: Duplex): Promise<void> {
  return new Promise((resolve) => {
    let open = 2;
    if (one.destroyed || other.destroyed) {
      one.destroy();
      other.destroy();
      return resolve();
    }
    for (const [from, to] of [
      [one, other],
      [other, one],
    ] as const) {
      from.pipe(to);
      from.once("close", () => {
        if (!from.readableEnded || from.errored) to.destroy();
        else if (!to.writableEnded) to.end();
        open -= 1;
        if (open === 0) resolve();
      });
    }
    one.resume();
  });
}
