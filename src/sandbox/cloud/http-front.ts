import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { TornConnection } from "./faults.ts";

const trickleBytes = 16 * 1024;

/** What the way to a simulated site is like, and whether anything is at its end. */
export interface SiteConditions {
  /** False: connections are accepted and at once reset, as by a site that is gone behind a load balancer. */
  readonly up: boolean;
  /** Added to every call before it is looked at. */
  readonly latencyMs: number;
  /** For bodies of both directions together; undefined: as fast as loopback. */
  readonly bytesPerSecond?: number;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | number>>;
  /** Pieces may come from disk while they are sent. */
  readonly body?: string | Buffer | AsyncIterable<Buffer>;
  /** Called once the answer has been handed to the operating system. */
  readonly sent?: () => void;
}

/** A server on 127.0.0.1 that gives every request to `handle`, under the conditions of the moment. */
export class HttpFront {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #conditions: SiteConditions = { up: true, latencyMs: 0 };
  /** When the link is free again, on the monotonic clock. */
  #linkFreeAt = 0;

  constructor(handle: (request: IncomingMessage) => Promise<Answer>) {
    this.#server = createServer({ keepAliveTimeout: 30_000, highWaterMark: 256 * 1024 }, (request, response) => {
      this.#serve(request, response, handle).catch(() => request.socket.destroy());
    });
    // Uploads over a slow link may take long; the client has its own patience.
    this.#server.requestTimeout = 0;
    this.#server.on("connection", (socket) => {
      if (!this.#conditions.up) {
        socket.resetAndDestroy();
        return;
      }
      socket.setNoDelay(true);
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
    });
  }

  get conditions(): SiteConditions {
    return this.#conditions;
  }

  change(conditions: Partial<SiteConditions>): void {
    this.#conditions = { ...this.#conditions, ...conditions };
    if (!this.#conditions.up) for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** Resolves with the port, which is `port` unless that is 0. */
  async listen(port: number): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(port, "127.0.0.1", resolve);
    });
    const address = this.#server.address();
    return typeof address === "object" && address ? address.port : port;
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  /** Waits until the link has carried that many bytes more. Callers queue behind each other. */
  async carry(bytes: number): Promise<void> {
    const { bytesPerSecond } = this.#conditions;
    if (bytesPerSecond === undefined) return;
    const now = performance.now();
    this.#linkFreeAt = Math.max(now, this.#linkFreeAt) + (bytes / bytesPerSecond) * 1000;
    await sleep(this.#linkFreeAt - now);
  }

  /** As a slow link delivers it: little by little. */
  async #trickle(response: ServerResponse, body: Buffer): Promise<void> {
    for (let at = 0; at < body.length; at += trickleBytes) {
      const piece = body.subarray(at, at + trickleBytes);
      await this.carry(piece.length);
      response.write(piece);
    }
  }

  async #serve(
    request: IncomingMessage,
    response: ServerResponse,
    handle: (request: IncomingMessage) => Promise<Answer>,
  ): Promise<void> {
    if (this.#conditions.latencyMs > 0) await sleep(this.#conditions.latencyMs);
    const announced = Number(request.headers["content-length"] ?? 0);
    if (announced > 0) await this.carry(announced);
    let answer: Answer;
    try {
      answer = await handle(request);
    } catch (error) {
      if (error instanceof TornConnection) request.socket.resetAndDestroy();
      else request.socket.destroy();
      return;
    }
    if (!this.#conditions.up) return;
    // What was not read would be taken for the next request's start.
    if (!request.complete) request.resume();
    const { body } = answer;
    response.writeHead(answer.status, answer.headers as Record<string, string | number>);
    const slow = this.#conditions.bytesPerSecond !== undefined;
    if (slow) response.flushHeaders();
    if (body === undefined || typeof body === "string" || Buffer.isBuffer(body)) {
      if (slow && body) await this.#trickle(response, Buffer.from(body));
      response.end(slow ? undefined : body, answer.sent);
      return;
    }
    for await (const piece of body) {
      if (slow) await this.#trickle(response, piece);
      else if (!response.write(piece)) await new Promise((resolve) => response.once("drain", resolve));
      if (response.destroyed) return;
    }
    response.end();
  }
}

/**
 * The request's body in one piece.
 * @throws BodyTooLarge beyond `limit` bytes, TornConnection when the client went away in the middle.
 */
export async function readBody(
  request: IncomingMessage,
  limit: number,
  allocate: (size: number) => Buffer = Buffer.allocUnsafeSlow,
): Promise<Buffer> {
  const announced = Number(request.headers["content-length"] ?? Number.NaN);
  if (announced > limit) throw new BodyTooLarge();
  if (Number.isNaN(announced)) return readUnannounced(request, limit);
  const body = allocate(announced);
  return new Promise((resolve, reject) => {
    let filled = 0;
    request.on("data", (piece: Buffer) => {
      filled += piece.copy(body, filled);
    });
    request.on("close", () => (filled === announced ? resolve(body) : reject(new TornConnection())));
    request.on("end", () => filled === announced && resolve(body));
    // "close" follows.
    request.on("error", () => {});
  });
}

async function readUnannounced(request: IncomingMessage, limit: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    size += piece.length;
    if (size > limit) throw new BodyTooLarge();
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

export class BodyTooLarge extends Error {}
