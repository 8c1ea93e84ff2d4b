import { createServer, type Server } from "node:net";
import type { Gate } from "./gate.ts";
import { keepAliveMs, type ProxyLimits } from "./limits.ts";
import { tunnel } from "./tunnel.ts";

/** Connections, whatever they speak. What is sent before one has passed the gate stays with its sender. */
export function tcpListener(gate: Gate, limits: ProxyLimits): Server {
  const keepAlive = { keepAlive: true, keepAliveInitialDelay: keepAliveMs };
  return createServer({ pauseOnConnect: true, allowHalfOpen: true, noDelay: true, ...keepAlive }, (socket) => {
    const until = Date.now() + limits.longestHoldMs;
    void tunnel(gate, limits, { socket, until, refused: () => socket.resetAndDestroy() });
  });
}
