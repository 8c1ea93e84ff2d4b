import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What a null end tells the bench, as a process of its own, so that its work is not its client's. */
export type NullEndMessage =
  | { readonly kind: "listening"; readonly endpoint: string }
  | { readonly kind: "counted"; readonly bytes: number };

/** What a null end knows: how much was written to it, and how large the disk is that it shows. */
export const ledger = { writtenBytes: 0, sizeBytes: 0 };

/** Says where it is, and from then on, when it is asked, how many bytes were written since it was last asked. */
export function announce(endpoint: string): void {
  process.on("message", (sizeBytes: number) => {
    say({ kind: "counted", bytes: ledger.writtenBytes });
    ledger.writtenBytes = 0;
    ledger.sizeBytes = sizeBytes;
  });
  say({ kind: "listening", endpoint });
}

/** Over HTTP; what comes with PUT is what is written. `answer` is called once a request is all there. */
export function serveHttp(answer: (request: IncomingMessage, url: URL, response: ServerResponse) => void): void {
  const server = createServer((request, response) => {
    const counts = request.method === "PUT";
    request.on("data", (chunk: Buffer) => {
      if (counts) ledger.writtenBytes += chunk.byteLength;
    });
    request.on("end", () => answer(request, new URL(request.url ?? "/", "http://null"), response));
  });
  server.keepAliveTimeout = 60_000;
  server.listen(0, "127.0.0.1", () => announce(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
}

function say(message: NullEndMessage): void {
  process.send?.(message);
}
