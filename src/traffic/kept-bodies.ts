import type { IncomingMessage } from "node:http";
import type { ProxyLimits } from "./limits.ts";

/** A request's body: none, kept whole so that it can be sent again, or a stream that can be sent once. */
export type RequestBody =
  | { readonly kind: "none" }
  | { readonly kind: "kept"; readonly bytes: Buffer; release(): void }
  | { readonly kind: "stream" };

/** The room for bodies that may have to be sent again. */
export class KeptBodies {
  readonly #limits: ProxyLimits;
  #bytes = 0;

  constructor(limits: ProxyLimits) {
    this.#limits = limits;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Keeps a small body where there is room. @throws what ended the request before it was whole. */
  async take(request: IncomingMessage): Promise<RequestBody> {
    const { "content-length": told, "transfer-encoding": encoding } = request.headers;
    if (encoding === undefined && (told === undefined || told === "0")) return { kind: "none" };
    const length = Number(told);
    const fits = length <= this.#limits.keptBodyBytes && this.#bytes + length <= this.#limits.keptBytes;
    if (encoding !== undefined || !fits) return { kind: "stream" };
    this.#bytes += length;
    let kept = true;
    const release = (): void => {
      if (kept) this.#bytes -= length;
      kept = false;
    };
    try {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      return { kind: "kept", bytes: Buffer.concat(chunks), release };
    } catch (error) {
      release();
      throw error;
    }
  }
}
