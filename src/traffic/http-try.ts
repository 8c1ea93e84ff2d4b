import { Agent, type ClientRequest, type IncomingMessage, request, type ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import type { Address } from "../domain/traffic-proxy.ts";
import { formatAddress } from "../domain/traffic-proxy.ts";
import type { Gate } from "./gate.ts";
import { forBackend, passedOn } from "./http-headers.ts";
import type { RequestBody } from "./kept-bodies.ts";

/** Asking twice does the same as asking once (RFC 9110, section 9.2.2). */
const idempotent = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"]);

/** How one try to get an answer went. `silent`: the backend has taken it, and nothing came for too long. */
export type Try =
  | { readonly ended: "answered" | "broken" | "gone" | "silent" }
  | { readonly ended: "failed"; readonly reason: string; readonly mayRepeat: boolean };

export interface Tried {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  readonly body: RequestBody;
  readonly backend: Address;
  readonly connectMs: number;
  readonly answerMs: number;
  /** Whoever asked went away. */
  readonly gone: AbortSignal;
  readonly gate: Gate;
  readonly agent: Agent;
}

/** Connections to backends that are kept for the next request. */
export function keptConnections(): Agent {
  return new Agent({ keepAlive: true, maxFreeSockets: 64, timeout: 30_000 });
}

/**
 * Sends the request once. It may be repeated where the backend can't have acted on it, or where acting twice is the same as
 * once, and nothing of an answer was received.
 */
export function tryOnce(tried: Tried): Promise<Try> {
  const { incoming, backend, body, gate, gone } = tried;
  const method = incoming.method ?? "GET";
  const harmless = idempotent.has(method);
  let sent = false;
  let answered = false;
  return new Promise((resolve) => {
    const upstream = request({
      host: backend.host,
      port: backend.port,
      method,
      path: incoming.url,
      headers: { ...forBackend(incoming), ...framing(tried) },
      timeout: tried.answerMs,
      // A kept connection may just be closing, which only shows when it is used.
      agent: harmless && body.kind !== "stream" ? tried.agent : false,
    });
    const connecting = setTimeout(() => {
      if (!sent) upstream.destroy(new Error(`no connection within ${tried.connectMs} ms`));
    }, tried.connectMs);
    const directed = () => {
      gate.meet(gone);
      upstream.destroy(new Error(`the traffic was directed away from ${formatAddress(backend)}`));
    };
    const left = () => upstream.destroy();
    const settle = (outcome: Try): void => {
      clearTimeout(connecting);
      gate.off("directed", directed);
      gone.removeEventListener("abort", left);
      resolve(outcome);
    };
    upstream.on("timeout", () => {
      if (!sent || answered) return;
      settle({ ended: "silent" });
      upstream.destroy();
    });
    gate.on("directed", directed);
    gone.addEventListener("abort", left, { once: true });
    upstream.once("socket", (socket) => {
      const send = (): void => {
        sent = true;
        clearTimeout(connecting);
        sendBody(upstream, tried);
      };
      if (socket.connecting) socket.once("connect", send);
      else send();
    });
    upstream.once("response", (answer) => {
      answered = true;
      // An answer may come in pieces with long pauses.
      upstream.setTimeout(0);
      gate.off("directed", directed);
      void passOn(answer, tried).then((ended) => settle({ ended }));
      // What comes of it from now on is the answer's affair.
      upstream.on("error", () => undefined);
    });
    const failed = (reason: string): void => {
      if (gone.aborted) return settle({ ended: "gone" });
      const mayRepeat = body.kind === "stream" ? !sent : !sent || harmless;
      settle({ ended: "failed", reason, mayRepeat });
    };
    upstream.once("error", (error) => failed(error.message));
    // A backend that switches protocols unasked ends it without an error.
    upstream.once("close", () => {
      if (!answered) failed("it closed the connection");
    });
  });
}

/** Node sends a body without its end where neither header is there and the method has none as a rule, such as GET. */
function framing({ incoming, body }: Tried): Readonly<Record<string, string>> {
  const isFramed = body.kind !== "stream" || incoming.headers["content-length"] !== undefined;
  return isFramed ? {} : { "transfer-encoding": "chunked" };
}

function sendBody(upstream: ClientRequest, { incoming, body }: Tried): void {
  if (body.kind === "none") upstream.end();
  else if (body.kind === "kept") upstream.end(body.bytes);
  else incoming.pipe(upstream);
}

async function passOn(answer: IncomingMessage, { outgoing }: Tried): Promise<"answered" | "broken" | "gone"> {
  try {
    outgoing.writeHead(answer.statusCode ?? 502, answer.statusMessage ?? "", passedOn(answer));
    await pipeline(answer, outgoing);
    return "answered";
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_STREAM_PREMATURE_CLOSE" && !answer.errored) return "gone";
    // What was sent of it can't be taken back: the other side must see that it is not whole.
    outgoing.destroy();
    return "broken";
  }
}
