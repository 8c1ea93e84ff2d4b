import { randomBytes } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { TornConnection } from "../cloud/faults.ts";
import { type Answer, BodyTooLarge, readBody } from "../cloud/http-front.ts";
import type { OciCloud } from "./cloud.ts";
import { OciError } from "./errors.ts";
import type { Call, Operation, Reply } from "./operation.ts";
import { refusalFor } from "./refusals.ts";
import type { RetryTokens } from "./retry-tokens.ts";
import { authenticate } from "./signature.ts";
import { region } from "./tenancy.ts";

/** User data alone may be 32 KB; nothing that is JSON comes near this. */
const bodyLimit = 2 ** 20;

interface Route {
  readonly operation: Operation;
  readonly pattern: RegExp;
}

/** Told of every call that was answered with JSON; for tests that hold both sides to the vendor's models. */
export type Witness = (operation: Operation, taken: unknown, answered: unknown) => void;

/** Finds which operation a request is for, and what lies before and behind every one. */
export class Gateway {
  readonly #cloud: OciCloud;
  readonly #tokens: RetryTokens;
  readonly #routes: readonly Route[];
  witness: Witness = () => {};
  /** Told of every call that succeeded. */
  onAnswer: (operation: Operation, call: Call, reply: Reply) => void = () => {};

  constructor(cloud: OciCloud, tokens: RetryTokens, operations: readonly Operation[]) {
    this.#cloud = cloud;
    this.#tokens = tokens;
    this.#routes = operations.map((operation) => ({ operation, pattern: patternOf(operation.path) }));
  }

  get operations(): readonly Operation[] {
    return this.#routes.map(({ operation }) => operation);
  }

  async handle(request: IncomingMessage): Promise<Answer> {
    const asked = request.headers["opc-request-id"] ?? request.headers["opc-client-request-id"];
    const requestId = [asked, randomBytes(16).toString("hex").toUpperCase()].filter(Boolean).join("/");
    try {
      return answerOf(await this.#reply(request, requestId), requestId, request.method === "HEAD");
    } catch (error) {
      const refusal = error instanceof BodyTooLarge ? new OciError(413, "RequestEntityTooLarge", "too large") : error;
      if (!(refusal instanceof OciError)) throw error;
      const { status, code, message } = refusal;
      return answerOf({ status, body: { code, message } }, requestId, request.method === "HEAD");
    }
  }

  async #reply(request: IncomingMessage, requestId: string): Promise<Reply> {
    const target = request.url ?? "/";
    const url = new URL(target, "http://simulated");
    const method = request.method ?? "GET";
    const found = this.#find(method, url.pathname);
    const streams = found?.operation.streams === true;
    const body = streams ? undefined : await readBody(request, bodyLimit);
    authenticate(this.#cloud, { method, target, headers: request.headers }, body);
    if (!found) throw new OciError(404, "NotFound", `There is no operation ${method} ${url.pathname} (simulated).`);
    const { operation, params } = found;
    const call: Call = {
      requestId,
      params,
      query: url.searchParams,
      headers: request.headers,
      request,
      json: <T>() => parse(body) as T,
    };
    const reply = await this.#perform(
      operation,
      call,
      Buffer.concat([Buffer.from(`${target}\n`), body ?? Buffer.alloc(0)]),
    );
    this.onAnswer(operation, call, reply);
    this.witness(operation, body && body.length > 0 ? parse(body) : undefined, reply.body);
    return reply;
  }

  /** Faults, rates, permissions, retry tokens; and what can only be a defect here. */
  async #perform(operation: Operation, call: Call, wish: Buffer): Promise<Reply> {
    const { service, name, method } = operation;
    const token = call.headers["opc-retry-token"];
    try {
      return await this.#cloud.faults.around(
        { service, operation: name, region },
        () => {
          this.#admit(operation);
          if (typeof token !== "string" || method !== "POST") return operation.run(call);
          return this.#tokens.once(name, token, wish, () => operation.run(call));
        },
        (kind) => refusalFor(kind, operation),
      );
    } catch (error) {
      if (error instanceof OciError || error instanceof TornConnection) throw error;
      this.#cloud.parts.log("An operation failed unexpectedly", { operation: `${service}:${name}`, error });
      throw refusalFor("5xx", operation);
    }
  }

  #admit(operation: Operation): void {
    const { service, name, method } = operation;
    const { throttling, readRate, changeRate, denied } = this.#cloud.settings;
    const rate = method === "GET" || method === "HEAD" ? readRate : changeRate;
    if (throttling && service !== "objectstorage" && !this.#cloud.buckets.take(`${service}/${name}`, rate))
      throw refusalFor("throttled", operation);
    if (denied.includes(`${service}:${name}`) || denied.includes(`${service}:*`))
      throw refusalFor("unauthorised", operation);
  }

  #find(method: string, path: string): { operation: Operation; params: Record<string, string> } | undefined {
    for (const { operation, pattern } of this.#routes) {
      if (operation.method !== method) continue;
      const groups = pattern.exec(path)?.groups;
      if (groups || pattern.test(path)) {
        const params = Object.entries(groups ?? {}).map(([name, value]) => [name, decodeURIComponent(value)]);
        return { operation, params: Object.fromEntries(params) };
      }
    }
    return undefined;
  }
}

/** An object's name may hold slashes, encoded or not. */
function patternOf(path: string): RegExp {
  const source = path.replaceAll(
    /\{(\w+)\}/g,
    (_, name: string) => `(?<${name}>${name === "objectName" ? ".+" : "[^/]+"})`,
  );
  return new RegExp(`^${source}/?$`);
}

function parse(body: Buffer | undefined): unknown {
  try {
    return JSON.parse((body ?? "").toString("utf8"));
  } catch {
    throw new OciError(400, "CannotParseRequest", "Incorrectly formatted request: the body is not JSON.");
  }
}

function answerOf({ status, headers = {}, body, raw }: Reply, requestId: string, head: boolean): Answer {
  const kept = Object.fromEntries(
    Object.entries({ "opc-request-id": requestId, ...headers }).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value] as const],
    ),
  );
  if (raw !== undefined) return { status: status ?? 200, headers: kept, body: raw };
  if (body === undefined || head) return { status: status ?? (head ? 200 : 204), headers: kept };
  return {
    status: status ?? 200,
    headers: { "content-type": "application/json", ...kept },
    body: JSON.stringify(body),
  };
}
