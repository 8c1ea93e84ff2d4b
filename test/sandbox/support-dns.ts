import { createSocket } from "node:dgram";
import { Resolver } from "node:dns/promises";

/** A resolver that asks one server on this machine, and keeps nothing. */
export function resolverAt(port: number): Resolver {
  const resolver = new Resolver({ timeout: 2_000, tries: 10 });
  resolver.setServers([`127.0.0.1:${port}`]);
  return resolver;
}

/** A packet as it is, and its answer. */
export async function exchange(port: number, packet: Buffer): Promise<Buffer> {
  const socket = createSocket("udp4");
  try {
    return await new Promise<Buffer>((resolve, reject) => {
      socket.once("message", resolve);
      socket.once("error", reject);
      socket.send(packet, port, "127.0.0.1");
    });
  } finally {
    socket.close();
  }
}
