import { connect, type Socket } from "node:net";
import { ProviderError } from "../../domain/errors.ts";
import { decodeMessage, encodeMessage, encodeName, type ViciSection } from "./vici-message.ts";

const packet = {
  request: 0,
  response: 1,
  unknownCommand: 2,
  register: 3,
  unregister: 4,
  confirm: 5,
  unknownEvent: 6,
  event: 7,
} as const;
/** As the daemon itself has it. */
const longestPacket = 512 * 1024;
const answerWithinMs = 30_000;

interface Packet {
  readonly type: number;
  readonly body: Buffer;
}

/** A strongSwan daemon as it is asked over its socket. Each call has a connection of its own: the daemon answers the commands of
 *  one in turn, and what initiates waits for its tunnel. */
export class Vici {
  readonly #site: string;
  readonly #address: string;

  /** `address`: the socket's path, or `host:port`. */
  constructor(site: string, address: string) {
    this.#site = site;
    this.#address = address;
  }

  /** @throws ProviderError Unavailable where the daemon is not there, Conflict with what it says where it refuses. */
  async request(command: string, message: ViciSection, signal: AbortSignal): Promise<ViciSection> {
    return this.#with(signal, async (link) => {
      link.send(packet.request, command, message);
      return this.#answer(await link.next(), command);
    });
  }

  /** What the daemon tells by events until the command is done. */
  async stream(command: string, event: string, message: ViciSection, signal: AbortSignal): Promise<ViciSection[]> {
    return this.#with(signal, async (link) => {
      link.send(packet.register, event);
      if ((await link.next()).type !== packet.confirm)
        throw this.#failure("Unknown", command, `it has no event ${event}`);
      link.send(packet.request, command, message);
      const events: ViciSection[] = [];
      for (;;) {
        const one = await link.next();
        if (one.type === packet.event) {
          events.push(decodeMessage(one.body.subarray(1 + one.body.readUInt8(0))));
          continue;
        }
        this.#answer(one, command);
        return events;
      }
    });
  }

  #answer({ type, body }: Packet, command: string): ViciSection {
    if (type !== packet.response) throw this.#failure("Unknown", command, `it has no command ${command}`);
    const answer = decodeMessage(body);
    if (answer.success !== undefined && answer.success !== "yes") {
      throw this.#failure("Conflict", command, typeof answer.errmsg === "string" ? answer.errmsg : "it gave no reason");
    }
    return answer;
  }

  async #with<T>(signal: AbortSignal, work: (link: Link) => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    const link = new Link(this.#address);
    const abort = () => link.end(signal.reason as Error);
    signal.addEventListener("abort", abort, { once: true });
    try {
      return await work(link);
    } catch (error) {
      if (signal.aborted || error instanceof ProviderError) throw error;
      throw this.#failure(
        "Unavailable",
        "speak with it",
        error instanceof Error ? error.message : String(error),
        error,
      );
    } finally {
      signal.removeEventListener("abort", abort);
      link.end();
    }
  }

  #failure(
    code: "Unavailable" | "Conflict" | "Unknown",
    command: string,
    reason: string,
    cause?: unknown,
  ): ProviderError {
    const action =
      code === "Unavailable"
        ? "See that strongSwan runs there, and that the worker's account may use its VICI socket."
        : "See the log of strongSwan at the site.";
    const resource = `${this.#site}/vpn-gateway/${this.#address}`;
    return new ProviderError(code, { operation: `ask strongSwan: ${command}`, resource, reason, action, cause });
  }
}

/** Packets over one connection. */
class Link {
  readonly #socket: Socket;
  #received = Buffer.alloc(0);
  #waiting: { resolve(got: Packet): void; reject(error: Error): void } | undefined;
  #failed: Error | undefined;

  constructor(address: string) {
    const colon = address.lastIndexOf(":");
    const host = address.slice(0, colon).replace(/^\[|\]$/g, "");
    this.#socket = address.startsWith("/") ? connect(address) : connect(Number(address.slice(colon + 1)), host);
    this.#socket.setTimeout(answerWithinMs, () => this.#fail(new Error(`no answer within ${answerWithinMs / 1000} s`)));
    this.#socket.on("data", (bytes) => this.#take(bytes));
    this.#socket.on("error", (error) => this.#fail(error));
    this.#socket.on("close", () => this.#fail(new Error("it closed the connection")));
  }

  send(type: number, name: string, message: ViciSection = {}): void {
    const body = Buffer.concat([Buffer.from([type]), encodeName(name), encodeMessage(message)]);
    const head = Buffer.alloc(4);
    head.writeUInt32BE(body.length);
    this.#socket.write(Buffer.concat([head, body]));
  }

  next(): Promise<Packet> {
    return new Promise((resolve, reject) => {
      if (this.#failed) return reject(this.#failed);
      this.#waiting = { resolve, reject };
      this.#take(Buffer.alloc(0));
    });
  }

  end(reason?: Error): void {
    this.#fail(reason ?? new Error("it was ended"));
    this.#socket.destroy();
  }

  #take(bytes: Buffer): void {
    this.#received = Buffer.concat([this.#received, bytes]);
    if (!this.#waiting || this.#received.length < 4) return;
    const length = this.#received.readUInt32BE(0);
    if (length < 1 || length > longestPacket) return this.#fail(new Error(`a packet of ${length} bytes`));
    if (this.#received.length < 4 + length) return;
    const whole = this.#received.subarray(4, 4 + length);
    this.#received = this.#received.subarray(4 + length);
    const { resolve } = this.#waiting;
    this.#waiting = undefined;
    resolve({ type: whole.readUInt8(0), body: whole.subarray(1) });
  }

  #fail(error: Error): void {
    this.#failed ??= error;
    this.#waiting?.reject(this.#failed);
    this.#waiting = undefined;
  }
}
