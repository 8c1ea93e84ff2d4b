import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { TornConnection } from "../cloud/faults.ts";
import { type Answer, BodyTooLarge, readBody } from "../cloud/http-front.ts";
import { type Call, type Handlers, isListed, type Listed, type Reply } from "./call.ts";
import type { DigitalOceanCloud } from "./cloud.ts";
import { DigitalOceanError, notFound, unprocessable } from "./errors.ts";
import { ApiModel, type Routed } from "./model.ts";
import { forbidden, refusalFor } from "./refusals.ts";

const bodyLimit = 2 ** 20;
const largestPage = 200;
type Headers = Readonly<Record<string, string>>;

/** The API behind one address: finds what a request asks for and whom it is from, and holds both ways to the published model. */
export class Gateway {
  readonly #cloud: DigitalOceanCloud;
  readonly #handlers: Handlers;
  readonly #model = new ApiModel();

  constructor(cloud: DigitalOceanCloud, handlers: Handlers) {
    this.#cloud = cloud;
    this.#handlers = handlers;
  }

  async handle(request: IncomingMessage): Promise<Answer> {
    const requestId = randomUUID();
    let headers: Headers = { "x-request-id": requestId, "content-type": "application/json; charset=utf-8" };
    try {
      const url = new URL(request.url ?? "/", "http://digitalocean");
      this.#authenticate(request);
      headers = { ...headers, ...this.#cloud.rates.take(this.#cloud.settings.throttling) };
      const routed = this.#route(request.method ?? "GET", url.pathname);
      const call = await this.#decode(request, routed, url.searchParams);
      const reply = await this.#perform(call);
      const status = Number(Object.keys(routed.operation.responses)[0] ?? 200);
      const body = reply === undefined ? undefined : isListed(reply) ? this.#page(reply, call, url) : reply;
      this.#checkAnswer(routed, status, body);
      return { status, headers, ...(body && { body: JSON.stringify(body) }) };
    } catch (error) {
      if (error instanceof TornConnection) throw error;
      const refusal = error instanceof BodyTooLarge ? new DigitalOceanError(413, "The request is too large.") : error;
      if (!(refusal instanceof DigitalOceanError)) throw error;
      return this.#refuse(refusal, headers, requestId);
    }
  }

  #route(method: string, path: string): Routed {
    const routed = this.#model.route(method, path);
    if (routed === "other method") throw new DigitalOceanError(405, `${method} is not allowed here`);
    if (!routed) throw notFound();
    return routed;
  }

  #authenticate(request: IncomingMessage): void {
    if (request.headers.authorization === `Bearer ${this.#cloud.token}`) return;
    throw new DigitalOceanError(401, "Unable to authenticate you");
  }

  async #decode(request: IncomingMessage, routed: Routed, parameters: URLSearchParams): Promise<Call> {
    const query: Record<string, string> = {};
    for (const [name, value] of parameters) {
      // Others are let pass unseen there; here they are a mistake.
      if (!routed.operation.query.includes(name)) throw new DigitalOceanError(400, `there is no parameter ${name}`);
      query[name] = value;
    }
    const text = (await readBody(request, bodyLimit)).toString("utf8");
    const body = text === "" ? {} : parsed(text);
    const wrong = routed.operation.request ? this.#model.wrongRequest(routed, body) : [];
    if (wrong.length > 0) throw unprocessable(wrong.join("; "));
    return { operation: routed.id, path: routed.path, query, body };
  }

  async #perform(call: Call): Promise<Reply> {
    const { operation } = call;
    const handler = this.#handlers[operation];
    if (!handler) throw new DigitalOceanError(500, `The sandbox does not simulate ${operation}`);
    const called = { service: "digitalocean", operation, region: "global" };
    try {
      return await this.#cloud.faults.around(
        called,
        () => {
          if (this.#cloud.settings.deniedOperations.includes(operation)) throw forbidden();
          return handler(call);
        },
        (kind) => refusalFor(kind, called),
      );
    } catch (error) {
      if (error instanceof DigitalOceanError || error instanceof TornConnection) throw error;
      this.#cloud.log("A call failed unexpectedly", { operation, error });
      throw new DigitalOceanError(500, "Server Error");
    }
  }

  /** "Links & Pagination" of the API reference. */
  #page({ member, all }: Listed, { query }: Call, url: URL): object {
    const size = Math.min(largestPage, Number(query.per_page ?? this.#cloud.settings.pageSize) || 1);
    const page = Math.max(1, Number(query.page ?? 1) || 1);
    const last = Math.max(1, Math.ceil(all.length / size));
    const link = (to: number) => {
      const target = new URL(`${this.#cloud.endpoint}${url.pathname}${url.search}`);
      target.searchParams.set("page", String(to));
      return target.href;
    };
    const pages = {
      ...(page > 1 && { first: link(1), prev: link(page - 1) }),
      ...(page < last && { next: link(page + 1), last: link(last) }),
    };
    return {
      [member]: all.slice((page - 1) * size, page * size),
      links: Object.keys(pages).length > 0 ? { pages } : {},
      meta: { total: all.length },
    };
  }

  #checkAnswer(routed: Routed, status: number, body: object | undefined): void {
    const shown = body && (JSON.parse(JSON.stringify(body)) as object);
    const wrong = this.#model.wrongAnswer(routed, status, shown);
    if (wrong.length > 0) this.#cloud.log("An answer does not fit its schema", { operation: routed.id, wrong });
  }

  #refuse(refusal: DigitalOceanError, headers: Headers, requestId: string): Answer {
    const body = refusal.body(requestId);
    const wrong = this.#model.wrongError(body);
    if (wrong.length > 0) this.#cloud.log("An error does not fit its schema", { wrong });
    return { status: refusal.status, headers: { ...headers, ...refusal.headers }, body: JSON.stringify(body) };
  }
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // Said below.
  }
  throw new DigitalOceanError(400, "The request's body is no JSON object.");
}
