import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";

/** Below the range the kernel takes for outgoing connections: a kept port stays free between two starts. */
const lowest = 15_000;
const highest = 31_999;

/** Ports of 127.0.0.1 that nobody listens on now, all different. */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) {
    const port = lowest + Math.floor(Math.random() * (highest - lowest + 1));
    if (await isPortFree(port)) {
      ports.add(port);
    }
  }
  return [...ports];
}

/** Whether the port of 127.0.0.1 can be listened on. */
export async function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}

/** The port noted in a file, or a free one that is noted there from now on: also when another took the noted one. */
export async function keptPort(file: string): Promise<number> {
  const noted = existsSync(file) ? Number(readFileSync(file, "utf8")) : 0;
  if (noted > 0 && (await isPortFree(noted))) return noted;
  const [port = 0] = await freePorts(1);
  writeFileSync(file, String(port));
  return port;
}
