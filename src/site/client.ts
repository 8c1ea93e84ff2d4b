import { Agent, request } from "node:https";
import { uncarry } from "../domain/carried-error.ts";
import { ProviderError } from "../domain/errors.ts";
import { type SiteInput, type SiteOperation, type SiteOutput, siteContract, sitePath } from "./contract.ts";

export interface SiteClientOptions {
  readonly url: string;
  /** Whom we trust there, in PEM. */
  readonly authority: string;
  /** What we show; absent while we join. */
  readonly certificate?: { readonly key: string; readonly cert: string };
}

/** Longer than the API takes for anything that is not lost. */
const answerWithinMs = 60_000;
const mostConnections = 8;

/** Calls the API's operations for workers of sites. */
export class SiteClient {
  readonly #url: string;
  #agent: Agent;
  readonly #before = new Set<Agent>();

  constructor(options: SiteClientOptions) {
    this.#url = options.url;
    this.#agent = agentOf(options);
  }

  /** Shows another certificate from now on. */
  use(options: SiteClientOptions): void {
    const before = this.#agent;
    this.#agent = agentOf(options);
    for (const sockets of Object.values(before.freeSockets)) for (const socket of sockets ?? []) socket.destroy();
    // What is under way ends as it began.
    this.#before.add(before);
    setTimeout(() => {
      this.#before.delete(before);
      before.destroy();
    }, answerWithinMs).unref();
  }

  /** @throws ProviderError as the API said it; Unavailable when there was no answer. */
  async call<N extends SiteOperation>(name: N, input: SiteInput<N>, signal?: AbortSignal): Promise<SiteOutput<N>> {
    const body = JSON.stringify(input);
    const { status, text } = await this.#post(name, body, signal);
    const value: unknown = parse(text);
    if (status !== 200) throw uncarry(value);
    return siteContract[name].output.parse(value) as SiteOutput<N>;
  }

  close(): void {
    for (const agent of [this.#agent, ...this.#before]) agent.destroy();
  }

  #post(name: string, body: string, signal: AbortSignal | undefined): Promise<{ status: number; text: string }> {
    return new Promise((resolve, reject) => {
      const lost = (error: Error) => reject(signal?.aborted ? signal.reason : unavailable(this.#url, name, error));
      const outgoing = request(
        new URL(sitePath + name, this.#url),
        {
          method: "POST",
          agent: this.#agent,
          headers: { "content-type": "application/json", "content-length": Buffer.byteLength(body) },
          timeout: answerWithinMs,
          ...(signal ? { signal } : {}),
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on("data", (chunk: Buffer) => chunks.push(chunk));
          response.on("error", lost);
          response.on("end", () =>
            resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }),
          );
        },
      );
      outgoing.on("timeout", () => outgoing.destroy(new Error("no answer in time")));
      outgoing.on("error", lost);
      outgoing.end(body);
    });
  }
}

function agentOf({ authority, certificate }: SiteClientOptions): Agent {
  return new Agent({
    keepAlive: true,
    maxSockets: mostConnections,
    minVersion: "TLSv1.3",
    ca: authority,
    ...(certificate ? { key: certificate.key, cert: certificate.cert } : {}),
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function unavailable(url: string, name: string, cause: Error): ProviderError {
  return new ProviderError("Unavailable", {
    operation: "ask the API",
    resource: `${url}${sitePath}${name}`,
    reason: cause.message,
    action: "It is tried again; if it lasts, see that this machine reaches that address.",
    cause,
  });
}
