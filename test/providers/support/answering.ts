import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

export interface Answering {
  readonly port: number;
  /** Requests that were answered, health checks aside. */
  served(): number;
  close(): Promise<void>;
}

/** A server that answers every request with its name, and health checks at `/`. `hold` keeps an answer back until it
 *  resolves. */
export async function answering(name: string, host = "127.0.0.1", hold?: () => Promise<void>): Promise<Answering> {
  let served = 0;
  const server: Server = createServer((request, response) => {
    const answer = () => response.end(name);
    if (request.url === "/") answer();
    else {
      served++;
      if (hold) void hold().then(answer);
      else answer();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  return {
    port: (server.address() as AddressInfo).port,
    served: () => served,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
