import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePorts } from "../../src/host/ports.ts";
import { NodePart } from "./parts.ts";

const againAfterMs = 100;
const giveUpMs = 60_000;

/** The API as a process that can be killed, with a client that asks again as ours and others' do. */
export class LabApi {
  readonly part: NodePart;
  readonly url: string;
  readonly #tokenFile: string;

  private constructor(part: NodePart, url: string, tokenFile: string) {
    this.part = part;
    this.url = url;
    this.#tokenFile = tokenFile;
  }

  static async start(dir: string, env: NodeJS.ProcessEnv): Promise<LabApi> {
    const [port] = await freePorts(1);
    const baseUrl = `http://127.0.0.1:${port}`;
    const tokenFile = join(dir, "token");
    const ready = (): Promise<boolean> =>
      fetch(`${baseUrl}/v1/health`).then(
        ({ ok }) => ok,
        () => false,
      );
    const part = new NodePart("api", {
      env: { ...env, NOVACRON_API_PORT: String(port), NOVACRON_TOKEN_FILE: tokenFile },
      logFile: join(dir, "api.log"),
      ready,
    });
    await part.start();
    return new LabApi(part, baseUrl, tokenFile);
  }

  /** One order, repeated under one Idempotency-Key until it is answered. */
  async post<T>(path: string, body?: object): Promise<T> {
    const key = randomUUID();
    for (const deadline = Date.now() + giveUpMs; ; ) {
      const answer = await this.#once(path, key, body).catch((error: unknown) => error);
      if (answer instanceof Response && answer.ok) return (await answer.json()) as T;
      // An API that is away, or an answer that says when to ask again.
      const again = !(answer instanceof Response) || answer.headers.has("retry-after");
      if (!again || Date.now() > deadline) {
        const why = answer instanceof Response ? `${answer.status} ${await answer.text()}` : String(answer);
        throw new Error(`POST ${path}: ${why}`);
      }
      await sleep(againAfterMs);
    }
  }

  async get<T>(path: string): Promise<T> {
    const answer = await fetch(`${this.url}${path}`, { headers: { authorization: this.#bearer() } });
    if (!answer.ok) throw new Error(`GET ${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as T;
  }

  /** Of whoever may do everything. */
  get token(): string {
    return readFileSync(this.#tokenFile, "utf8").trim();
  }

  #bearer(): string {
    return `Bearer ${this.token}`;
  }

  async #once(path: string, key: string, body: object | undefined): Promise<Response> {
    const answer = await fetch(`${this.url}${path}`, {
      method: "POST",
      headers: {
        authorization: this.#bearer(),
        "content-type": "application/json",
        "idempotency-key": key,
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    // The whole body, while the server that sends it may die.
    const { status, headers } = answer;
    return new Response(await answer.text(), { status, headers });
  }
}
