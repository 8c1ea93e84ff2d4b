import type { AddressInfo, Socket } from "node:net";
import { createServer } from "node:tls";
import { serveLink } from "../link/server.ts";
import { openDevice } from "./device.ts";
import { securedByKey } from "./secured.ts";
import type { BlockServiceSettings } from "./settings.ts";

export interface BlockServicePlace {
  /** Where disks appear by name. */
  readonly devices: string;
  /** Default: every address of the machine. */
  readonly host?: string | undefined;
  readonly onListening?: (port: number) => void;
  readonly log: (message: string) => void;
}

/**
 * Serves one disk to whoever has the key, for one session: the first that proves it has the key is served, everybody else is
 * sent away, and with its end, or when nobody came in time, the service ends.
 */
export async function runBlockService(
  settings: BlockServiceSettings,
  { devices, host, onListening, log }: BlockServicePlace,
): Promise<void> {
  const { name, port, device, write, joinWithinMs } = settings;
  const key = Buffer.from(settings.key, "base64url");
  const sockets = new Set<Socket>();
  let joined = false;
  const server = createServer({
    ...securedByKey,
    pskCallback: (_socket, identity) => (!joined && identity === name ? key : null),
  });
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  server.on("tlsClientError", (error) => log(`somebody was not let in: ${error.message}`));
  try {
    await new Promise<void>((resolve, reject) => {
      const tooLate = setTimeout(() => {
        log("nobody joined in time");
        resolve();
      }, joinWithinMs);
      server.once("error", reject);
      server.on("secureConnection", (socket) => {
        // Two handshakes may have been under way together.
        if (joined) return socket.destroy();
        joined = true;
        clearTimeout(tooLate);
        log("joined");
        socket.setNoDelay(true);
        const open = (_ask: unknown, signal: AbortSignal) =>
          openDevice({ devices, device, write, withinMs: joinWithinMs }, signal);
        serveLink(socket, { name: "worker", open }).then(resolve, reject);
      });
      server.listen(port, host, () => onListening?.((server.address() as AddressInfo).port));
    });
  } finally {
    server.close();
    for (const socket of sockets) socket.destroy();
  }
}
