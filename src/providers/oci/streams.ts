import type { SigningHttp } from "./http.ts";

const version = "/20180418";

export interface Stream {
  readonly id: string;
  readonly messagesEndpoint: string;
}

export interface StreamMessage {
  /** In base64. */
  readonly value: string;
}

/** Oracle's Streaming, as far as events are read from it. Written here because three calls are no reason for another package
 *  of the SDK's. */
export class StreamsClient {
  endpoint = "";
  readonly #http: SigningHttp;

  constructor(http: SigningHttp) {
    this.#http = http;
  }

  set regionId(region: string) {
    this.endpoint = `https://streaming.${region}.oci.oraclecloud.com`;
  }

  async listStreams(request: { compartmentId: string; name: string }): Promise<{ items: readonly Stream[] }> {
    const query = new URLSearchParams({ ...request, lifecycleState: "ACTIVE" });
    const answer = await this.#send("GET", `${this.endpoint}${version}/streams?${query.toString()}`);
    return { items: (await answer.json()) as readonly Stream[] };
  }

  /** Where a group of readers goes on. What one was given counts as taken when it asks for more. */
  async createGroupCursor(request: { stream: Stream; groupName: string }): Promise<string> {
    const { stream, groupName } = request;
    const body = JSON.stringify({ groupName, type: "LATEST", commitOnGet: true });
    const url = `${stream.messagesEndpoint}${version}/streams/${stream.id}/groupCursors`;
    const answer = (await (await this.#send("POST", url, body)).json()) as { value: string };
    return answer.value;
  }

  async getMessages(request: {
    stream: Stream;
    cursor: string;
    limit: number;
  }): Promise<{ messages: readonly StreamMessage[]; next: string }> {
    const { stream, cursor, limit } = request;
    const query = new URLSearchParams({ cursor, limit: String(limit) });
    const answer = await this.#send(
      "GET",
      `${stream.messagesEndpoint}${version}/streams/${stream.id}/messages?${query.toString()}`,
    );
    const messages = (await answer.json()) as readonly StreamMessage[];
    return { messages, next: answer.headers.get("opc-next-cursor") ?? cursor };
  }

  #send(method: "GET" | "POST", uri: string, body?: string): Promise<Response> {
    const headers = new Headers(body === undefined ? {} : { "content-type": "application/json" });
    return this.#http.send({ method, uri, headers, ...(body !== undefined && { body }) });
  }
}
