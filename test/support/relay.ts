import { createServer, type IncomingMessage, type ServerResponse, request as send } from "node:http";
import type { AddressInfo } from "node:net";

/** Where a request goes on to; what is left out stays as it came. */
export interface Onward {
  readonly origin: string;
  /** Path and query. */
  readonly url?: string;
  readonly headers?: Readonly<Record<string, string | undefined>>;
}

/** Hands each request on to whom it is for, and its answer back. */
export async function startRelay(
  onward: (request: IncomingMessage) => Onward,
): Promise<{ readonly endpoint: string; close(): Promise<void> }> {
  const server = createServer((request, response) => pass(request, response, onward(request)));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

function pass(
  request: IncomingMessage,
  response: ServerResponse,
  { origin, url = request.url, headers }: Onward,
): void {
  const kept = Object.entries({ ...request.headers, ...headers }).filter(([, value]) => value !== undefined);
  const onward = send(new URL(url ?? "/", origin), { method: request.method, headers: Object.fromEntries(kept) });
  onward.on("response", (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
    answer.pipe(response);
  });
  onward.on("error", () => response.destroy());
  response.on("close", () => onward.destroy());
  request.pipe(onward);
}
