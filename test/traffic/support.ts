import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { type Agent, createServer, type IncomingMessage, type RequestListener, request } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

type Ends = Pick<TestContext, "after">;

export function ownFolder(context: Ends): string {
  const dir = mkdtempSync(join(tmpdir(), "nvc-proxy-"));
  context.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** An application; the returned function ends it with all its connections. */
export async function backend(
  context: Ends,
  answer: RequestListener,
  port = 0,
): Promise<{ address: string; port: number; end(): Promise<void> }> {
  const server = createServer(answer);
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const at = server.address() as AddressInfo;
  let ended = false;
  const end = async (): Promise<void> => {
    if (ended) return;
    ended = true;
    const closed = once(server, "close");
    server.close();
    server.closeAllConnections();
    await closed;
  };
  context.after(end);
  return { address: `127.0.0.1:${at.port}`, port: at.port, end };
}

export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers: IncomingMessage["headers"];
}

export function send(
  to: string,
  { method = "GET", path = "/", body, headers = {}, agent }: SendOptions = {},
): Promise<Answer> {
  const [, host, port] = /^(.*):(\d+)$/.exec(to) ?? [];
  return new Promise((resolve, reject) => {
    const outgoing = request({ host, port, method, path, headers, agent: agent ?? false });
    outgoing.once("error", reject);
    outgoing.once("response", (response) => {
      text(response).then(
        (body) => resolve({ status: response.statusCode ?? 0, body, headers: response.headers }),
        reject,
      );
    });
    outgoing.end(body);
  });
}

interface SendOptions {
  readonly method?: string;
  readonly path?: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly agent?: Agent;
}

/** Waits for what comes, for as long as a loaded machine may take. */
export async function until<T>(look: () => T | Promise<T>, isRight: (seen: T) => boolean): Promise<T> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const seen = await look();
    if (isRight(seen)) return seen;
    if (Date.now() > deadline) throw new Error(`it did not come: ${JSON.stringify(seen)}`);
    await sleep(20);
  }
}
