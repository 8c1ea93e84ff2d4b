import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { connect } from "node:net";
import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { formatAddress } from "../domain/traffic-proxy.ts";
import { type Gate, NotPassed } from "./gate.ts";
import { forBackend } from "./http-headers.ts";
import { keptConnections, type Try, tryOnce } from "./http-try.ts";
import { KeptBodies, type RequestBody } from "./kept-bodies.ts";
import { keepAliveMs, type ProxyLimits, readAheadBytes, tryAgainMs } from "./limits.ts";
import { tunnel } from "./tunnel.ts";

/** Said to who got no answer, so that it comes again. */
const retryAfterSeconds = 5;
const keepClientMs = 65_000;
/** For the headers of a request; its body may take as long as it takes. */
const headersWithinMs = 60_000;

/** HTTP/1.1 in, HTTP/1.1 out. Each request passes the gate on its own, also those of one connection. */
export function httpListener(gate: Gate, limits: ProxyLimits): Server {
  const bodies = new KeptBodies(limits);
  let agent = keptConnections();
  gate.on("directed", () => {
    agent.destroy();
    agent = keptConnections();
  });
  const server = createServer(
    {
      highWaterMark: readAheadBytes,
      keepAliveTimeout: keepClientMs,
      headersTimeout: headersWithinMs,
      requestTimeout: 0,
      keepAlive: true,
      keepAliveInitialDelay: keepAliveMs,
      // Clients offer HTTP/2 with plain requests: a tunnel for each of them would pass the gate once for all that follow.
      shouldUpgradeCallback: ({ headers }) => headers.upgrade?.toLowerCase() !== "h2c",
    },
    (incoming, outgoing) => {
      void serve(incoming, outgoing);
    },
  );
  server.on("upgrade", (incoming, socket, head) => void upgrade(incoming, socket, head));
  server.on("close", () => agent.destroy());
  return server;

  async function serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const gone = new AbortController();
    outgoing.once("close", () => gone.abort());
    outgoing.once("error", () => gone.abort());
    let body: RequestBody | undefined;
    try {
      const ended = await untilAnswered(incoming, outgoing, gone.signal, async () => {
        body ??= await bodies.take(incoming);
        return body;
      });
      if (ended === "answered") gate.totals.passed += 1;
      else if (ended === "broken") gate.totals.broken += 1;
    } catch {
      // It went away while it waited, or before its body was whole.
      outgoing.destroy();
    } finally {
      if (body?.kind === "kept") body.release();
    }
  }

  async function untilAnswered(
    incoming: IncomingMessage,
    outgoing: ServerResponse,
    gone: AbortSignal,
    bodyOf: () => Promise<RequestBody>,
  ): Promise<Exclude<Try["ended"], "failed" | "silent"> | "refused"> {
    const until = Date.now() + limits.longestHoldMs;
    let failingSince: number | undefined;
    for (;;) {
      const backend = await passing(gone, until);
      if (backend instanceof NotPassed) return refuse(outgoing, 503, backend.message, gone);
      const body = await bodyOf();
      // Its sender takes the time it likes: a hold that began meanwhile is for this request, too.
      if (gate.hold || gate.backend !== backend) continue;
      gate.inFlight += 1;
      const { connectMs, answerMs } = limits;
      const tried = { incoming, outgoing, body, backend, connectMs, answerMs, gone, gate, agent };
      const result = await tryOnce(tried).finally(() => {
        gate.inFlight -= 1;
      });
      if (result.ended === "silent") {
        const reason = `${formatAddress(backend)} has taken the request and said nothing for ${answerMs / 1000} s; it may have carried it out`;
        return refuse(outgoing, 504, reason, gone);
      }
      if (result.ended !== "failed") return result.ended;
      if (!result.mayRepeat) {
        const reason = `${formatAddress(backend)} ended without an answer (${result.reason}); it may have carried the request out`;
        return refuse(outgoing, 502, reason, gone);
      }
      failingSince ??= Date.now();
      // What is held, or was directed elsewhere meanwhile, has not been tried there yet.
      if (gate.hold || gate.backend !== backend) failingSince = undefined;
      else if (Date.now() - failingSince >= limits.unreachableMs) {
        return refuse(outgoing, 502, `${formatAddress(backend)} does not answer (${result.reason})`, gone);
      } else await sleep(tryAgainMs, undefined, { signal: gone });
      gate.totals.retried += 1;
    }
  }

  function passing(gone: AbortSignal, until: number) {
    return gate.pass(gone, until).catch((error: unknown) => {
      if (error instanceof NotPassed) return error;
      throw error;
    });
  }

  function refuse(outgoing: ServerResponse, status: number, reason: string, gone: AbortSignal): "refused" {
    gate.fail(gone);
    const text = `The proxy got no answer: ${reason}.\n`;
    const headers = { "content-type": "text/plain; charset=utf-8", "retry-after": String(retryAfterSeconds) };
    outgoing.writeHead(status, { ...headers, connection: "close" }).end(text);
    return "refused";
  }

  /** WebSockets and the like: passes the gate once, and is a connection from then on. */
  async function upgrade(incoming: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const until = Date.now() + limits.longestHoldMs;
    const lines = Object.entries(forBackend(incoming)).flatMap(([name, values]) =>
      [values].flat().map((value) => `${name}: ${value}`),
    );
    const { method, url, headers } = incoming;
    const start = [`${method} ${url} HTTP/1.1`, ...lines, "connection: Upgrade", `upgrade: ${headers.upgrade}`, "", ""];
    const refused = () => socket.end("HTTP/1.1 502 Bad Gateway\r\nconnection: close\r\n\r\n");
    await tunnel(gate, limits, {
      socket,
      first: Buffer.concat([Buffer.from(start.join("\r\n")), head]),
      until,
      refused,
    });
  }
}

/** Whether the backend answers a request at all; undefined when it does. A server's error is an answer of a server that is
 *  not ready. */
export async function probeHttp(address: string, path: string, signal: AbortSignal): Promise<string | undefined> {
  try {
    // On a connection of its own: a kept one may be to what was there before.
    const headers = { connection: "close" };
    const answer = await fetch(`http://${address}${path}`, { signal, headers, redirect: "manual" });
    await answer.body?.cancel();
    return answer.status < 500 ? undefined : `it answers ${answer.status}`;
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    return cause instanceof Error ? cause.message : String(cause);
  }
}

/** Whether it takes a connection; undefined when it does. */
export function probeTcp(
  { host, port }: { host: string; port: number },
  connectMs: number,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: connectMs });
    const settle = (outcome: string | undefined): void => {
      socket.destroy();
      resolve(outcome);
    };
    socket.once("connect", () => settle(undefined));
    socket.once("timeout", () => settle("no answer"));
    socket.once("error", (error) => settle(error.message));
  });
}
