import { createSocket, type Socket } from "node:dgram";
import { codes, type Query, type Reply, readQuery, writeReply } from "./wire.ts";
import { answerFrom, type ServedZone } from "./zones.ts";

/** The name servers of a simulated cloud: all of its public zones, over UDP at one port of 127.0.0.1. */
export class DnsServer {
  readonly #zones: () => readonly ServedZone[];
  readonly #failed: (error: Error) => void;
  #socket: Socket | undefined;

  /** `zones` is asked for each query: what it gives is what the name servers have at that moment. */
  constructor(zones: () => readonly ServedZone[], failed: (error: Error) => void) {
    this.#zones = zones;
    this.#failed = failed;
  }

  /** Resolves with the port: `port`, or another one where that is 0 or taken. */
  async listen(port: number): Promise<number> {
    const socket = await this.#bound(port).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EADDRINUSE") throw error;
      return this.#bound(0);
    });
    socket.on("error", this.#failed);
    this.#socket = socket;
    return socket.address().port;
  }

  async close(): Promise<void> {
    const socket = this.#socket;
    this.#socket = undefined;
    if (socket) await new Promise<void>((resolve) => socket.close(resolve));
  }

  #bound(port: number): Promise<Socket> {
    const socket = createSocket("udp4");
    socket.on("message", (packet, { address, port: from }) => {
      const query = readQuery(packet);
      if (query) socket.send(writeReply(query, this.#answer(query)), from, address, () => undefined);
    });
    return new Promise((resolve, reject) => {
      socket.once("error", reject);
      socket.bind(port, "127.0.0.1", () => {
        socket.off("error", reject);
        resolve(socket);
      });
    });
  }

  #answer(query: Query): Reply {
    const nothing = { authoritative: false, answers: [], authority: [] };
    if (query.opcode !== 0) return { ...nothing, code: codes.notImplemented };
    try {
      return answerFrom(this.#zones(), query);
    } catch (error) {
      this.#failed(error as Error);
      return { ...nothing, code: codes.serverFailure };
    }
  }
}
