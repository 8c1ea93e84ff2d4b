import { connect, createServer, type ListenOptions, type Server, type Socket } from "node:net";

/** How a link is lost: `silent`, as a cable that was pulled: nothing arrives and nothing ends; `refused`, as a router
 *  that says so: what was open is reset, what is new is turned away; `answers`: what the client says arrives, and nothing comes
 *  back. */
export type Loss = "silent" | "refused" | "answers";

type End = { readonly host: string; readonly port: number } | { readonly path: string };

/** A relay between a client and a server that can be cut. */
export class Link {
  readonly #server: Server;
  readonly #to: End;
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  #lost: Loss | undefined;
  /** Bytes that have passed, both ways. */
  bytes = 0;

  private constructor(to: End) {
    this.#to = to;
    this.#server = createServer({ allowHalfOpen: true }, (client) => this.#relay(client));
  }

  static async open(at: ListenOptions, to: End, lost?: Loss): Promise<Link> {
    const link = new Link(to);
    link.#lost = lost;
    await new Promise<void>((resolve, reject) => link.#server.once("error", reject).listen(at, resolve));
    return link;
  }

  get port(): number {
    const address = this.#server.address();
    return address !== null && typeof address === "object" ? address.port : 0;
  }

  cut(how: Loss): void {
    this.#lost = how;
    for (const pair of this.#pairs) this.#apply(pair);
  }

  /** What was on its way in silence arrives now, as it would when packets are sent again. */
  mend(): void {
    this.#lost = undefined;
    for (const pair of this.#pairs) this.#apply(pair);
  }

  close(): void {
    this.#server.close();
    for (const pair of this.#pairs) for (const socket of pair) socket.destroy();
  }

  #relay(client: Socket): void {
    if (this.#lost === "refused") {
      // Unix sockets know no reset.
      if (client.remoteAddress === undefined) client.destroy();
      else client.resetAndDestroy();
      return;
    }
    const server = connect(this.#to);
    const pair = [client, server] as const;
    this.#pairs.add(pair);
    for (const [from, to] of [pair, [server, client]] as const) {
      from.on("data", (chunk: Buffer) => {
        this.bytes += chunk.length;
        if (!to.write(chunk)) from.pause();
      });
      to.on("drain", () => !this.#isHeld(from, pair) && from.resume());
      from.on("end", () => to.end());
      from.on("error", () => to.destroy());
      from.on("close", () => {
        to.destroy();
        this.#pairs.delete(pair);
      });
    }
    this.#apply(pair);
  }

  #apply(pair: readonly [Socket, Socket]): void {
    for (const socket of pair) {
      if (this.#lost === "refused") socket.destroy();
      else if (this.#isHeld(socket, pair)) socket.pause();
      else socket.resume();
    }
  }

  #isHeld(socket: Socket, [, server]: readonly [Socket, Socket]): boolean {
    return this.#lost === "silent" || (this.#lost === "answers" && socket === server);
  }
}
