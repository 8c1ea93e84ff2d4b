import { createServer } from "node:net";
import type { VmEndpoint } from "../../domain/vm.ts";

/**
 * The forwards in QEMU's `info usernet`:
 * `  TCP[HOST_FORWARD]  24       127.0.0.1 40123       10.0.2.15  8080     0     0`
 */
export function parseUsernet(text: string): VmEndpoint[] {
  return text.split("\n").flatMap((line) => {
    const fields = line.trim().split(/\s+/);
    if (fields[0] !== "TCP[HOST_FORWARD]") return [];
    const [, , host, port, , guestPort] = fields;
    const endpoint = { guestPort: Number(guestPort), host: host ?? "", port: Number(port) };
    return Number.isInteger(endpoint.port) && Number.isInteger(endpoint.guestPort) ? [endpoint] : [];
  });
}

/** One that nobody listens on just now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}
