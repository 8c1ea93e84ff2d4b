import { createHash, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import * as z from "zod";
import { carry } from "../domain/carried-error.ts";
import { errorMeanings, isProviderError } from "../domain/errors.ts";
import { toWire } from "../domain/wire.ts";
import type { Say } from "../telemetry/say.ts";
import { backendBody, controlPath, holdBody, probeBody } from "./control-contract.ts";
import type { ProxyMetrics } from "./metrics.ts";
import type { Proxy } from "./proxy.ts";
import { refusal } from "./refusal.ts";

const largestBody = 16 * 1024;

export interface ControlSettings {
  /** What callers show as their bearer token. */
  readonly token: string;
  /** Absent: plain HTTP, which only this machine may reach. */
  readonly tls?: { readonly cert: string; readonly key: string };
  readonly log: Say;
}

/** The control of a proxy: who holds the token says what is held and where traffic goes. */
export function controlServer(proxy: Proxy, metrics: ProxyMetrics, settings: ControlSettings): Server {
  const { tls, token, log } = settings;
  const serve: RequestListener = (request, response) => {
    void answer(request, response).catch((error: unknown) => {
      const known = isProviderError(error);
      if (!known) log("error", "an order failed", { err: error });
      const status = known ? errorMeanings[error.code].httpStatus : 500;
      respond(
        response,
        status,
        carry(
          known ? error : refusal("Unknown", "carry out an order", "", String(error), "Look into the proxy's log."),
        ),
      );
    });
  };
  return tls ? createSecureServer({ ...tls, minVersion: "TLSv1.3" }, serve) : createServer(serve);

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "", url = "" } = request;
    const path = url.split("?")[0] ?? "";
    if (method === "GET" && path === "/health") return respond(response, 200, { state: "up" });
    if (!authentic(request.headers.authorization, token)) {
      response.setHeader("www-authenticate", "Bearer");
      return respond(response, 401, { code: "Unauthenticated" });
    }
    if (method === "GET" && path === "/metrics") {
      response.writeHead(200, { "content-type": metrics.mediaType }).end(await metrics.text());
      return;
    }
    if (method === "GET" && path === controlPath) return respond(response, 200, { items: proxy.views });
    const [, name, order] = /^\/v1\/listeners\/([\w-]+)(?:\/(hold|backend|probe))?$/.exec(path) ?? [];
    if (name === undefined) return respond(response, 404, { code: "NotFound" });
    const allowed = order === undefined ? "GET" : order === "probe" ? "POST" : "PUT";
    if (method !== allowed) {
      response.setHeader("allow", allowed);
      return respond(response, 405, { code: "MethodNotAllowed" });
    }
    if (order === undefined) return respond(response, 200, await proxy.listener(name));
    const body = await bodyOf(request);
    if (order === "probe") {
      const { backend, path: at } = parsed(probeBody, body);
      const reason = await proxy.probe(name, { backend, ...(at === undefined ? {} : { path: at }) });
      return respond(response, 200, { answers: reason === undefined, reason });
    }
    const view = order === "hold" ? await hold(name, body) : await direct(name, body);
    log("info", order === "hold" ? "holds" : "was directed", {
      listener: name,
      backend: view.backend,
      state: view.state,
    });
    respond(response, 200, view);
  }

  function hold(name: string, body: unknown) {
    const { hold_id: holdId, seconds } = parsed(holdBody, body);
    return proxy.hold(name, { holdId, seconds });
  }

  function direct(name: string, body: unknown) {
    const { backend, expected, hold_id: holdId } = parsed(backendBody, body);
    const rest = { ...(expected === undefined ? {} : { expected }), ...(holdId === undefined ? {} : { holdId }) };
    return proxy.direct(name, { backend, ...rest });
  }
}

function respond(response: ServerResponse, status: number, value: unknown): void {
  if (response.headersSent) return;
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(toWire(value)));
}

function authentic(header: string | undefined, token: string): boolean {
  const [, given = ""] = /^Bearer (\S+)$/i.exec(header ?? "") ?? [];
  // Of equal length, whatever was sent.
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(token));
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  let text = "";
  for await (const chunk of request.setEncoding("utf8")) {
    text += chunk;
    if (text.length > largestBody) throw invalid("the body is too long");
  }
  try {
    return JSON.parse(text);
  } catch {
    throw invalid("the body is not JSON");
  }
}

function parsed<T extends z.ZodType>(schema: T, body: unknown): z.output<T> {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  throw invalid(z.prettifyError(result.error));
}

function invalid(reason: string) {
  return refusal("InvalidInput", "read the order", "", reason, "Send what docs/traffic.md shows.");
}
