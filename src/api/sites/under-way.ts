import type { Http2SecureServer, Http2ServerRequest, Http2ServerResponse } from "node:http2";
import type { TLSSocket } from "node:tls";

/** What a server is at, so that it ends when its answers are out. */
export class UnderWay {
  readonly #server: Http2SecureServer;
  readonly #sockets = new Set<TLSSocket>();
  readonly #answers = new Set<Promise<void>>();
  #ending = false;

  constructor(server: Http2SecureServer) {
    this.#server = server;
    server.on("secureConnection", (socket: TLSSocket) => {
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
    });
  }

  get isEnding(): boolean {
    return this.#ending;
  }

  /** Counts a request until its answer is out, or nobody waits for it any more and its handler has ended. Those that wait
   *  for work to come are cut instead: somebody else gives it to them. */
  count(request: Http2ServerRequest, response: Http2ServerResponse, handled: Promise<unknown>): void {
    if (request.url.endsWith("/PollActivityTaskQueue")) return;
    const answered = Promise.all([handled, new Promise((resolve) => response.once("close", resolve))]);
    const answer: Promise<void> = answered.then(
      () => void this.#answers.delete(answer),
      () => void this.#answers.delete(answer),
    );
    this.#answers.add(answer);
  }

  /** Takes nothing new, waits for what is under way, and cuts what is not answered within the time. */
  async close(withinMs: number): Promise<void> {
    this.#ending = true;
    this.#server.close();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, withinMs);
    });
    await Promise.race([Promise.all(this.#answers), late]);
    clearTimeout(timer);
    for (const socket of this.#sockets) socket.destroy();
  }
}
