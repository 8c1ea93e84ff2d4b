import { AsyncLocalStorage } from "node:async_hooks";
import type { HttpClient, HttpRequest } from "oci-common";
import type { Credentials } from "./credentials.ts";

/** What the request that is being made is about: the SDK's methods take neither a signal nor a limit, and lose causes. */
export interface Exchange {
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  /** Why it failed. */
  failure?: unknown;
}

/** An answer that is no success. */
export class Refusal extends Error {
  readonly status: number;
  /** Oracle's own code; absent where the answer is not Oracle's. */
  readonly code: string | undefined;
  readonly requestId: string | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(response: Response, body: string) {
    const said = parse(body);
    super(said.message ?? (body.slice(0, 300) || response.statusText || `status ${response.status}`));
    this.name = "Refusal";
    this.status = response.status;
    this.code = said.code;
    this.requestId = response.headers.get("opc-request-id") ?? undefined;
    const seconds = Number(response.headers.get("retry-after"));
    this.retryAfterMs = seconds > 0 ? seconds * 1_000 : undefined;
  }
}

const exchanges = new AsyncLocalStorage<Exchange>();

/** Makes the requests that `work` leads to. */
export function during<T>(exchange: Exchange, work: () => Promise<T>): Promise<T> {
  return exchanges.run(exchange, work);
}

/**
 * Signs and sends for all clients of a site. A failure is kept with its exchange, and the SDK gets an empty answer instead: its
 * retrier prints each failure on the console and makes a poorer one of it.
 */
export class SigningHttp implements HttpClient {
  readonly #credentials: Credentials;
  readonly #onDate: (date: string) => void;

  constructor(credentials: Credentials, onDate: (date: string) => void) {
    this.#credentials = credentials;
    this.#onDate = onDate;
  }

  async send(request: HttpRequest, forceExcludeBody = false): Promise<Response> {
    const exchange = exchanges.getStore();
    if (!exchange) throw new Error("a request outside of an exchange");
    try {
      const response = await this.#exchange(request, forceExcludeBody, exchange);
      const date = response.headers.get("date");
      if (date) this.#onDate(date);
      if (response.ok) return asJson(response);
      exchange.failure = new Refusal(response, await response.text());
    } catch (error) {
      exchange.failure = error;
    }
    return Response.json({});
  }

  async #exchange(request: HttpRequest, forceExcludeBody: boolean, exchange: Exchange): Promise<Response> {
    const { method, uri, headers } = request;
    const body = request.body as string | Uint8Array<ArrayBuffer> | undefined;
    const { signer } = await this.#credentials.signing();
    const signed = forceExcludeBody ? undefined : body;
    await signer.signHttpRequest({ method, uri, headers, ...(signed && { body: signed }) }, forceExcludeBody);
    const limit = AbortSignal.timeout(exchange.timeoutMs);
    const signal = AbortSignal.any([exchange.signal, limit]);
    return fetch(uri, { method, headers, signal, ...(body && { body }) });
  }
}

/** The SDK reads a console's text as JSON, which no text is. */
async function asJson(response: Response): Promise<Response> {
  const { status, headers } = response;
  if (!headers.get("content-type")?.startsWith("text/plain")) return response;
  return Response.json(await response.text(), {
    status,
    headers: { ...Object.fromEntries(headers), "content-type": "application/json" },
  });
}

function parse(body: string): { code?: string; message?: string } {
  try {
    const { code, message } = JSON.parse(body) as { code?: unknown; message?: unknown };
    return {
      ...(typeof code === "string" && { code }),
      ...(typeof message === "string" && { message }),
    };
  } catch {
    return {};
  }
}
