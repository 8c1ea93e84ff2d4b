import { once } from "node:events";
import { createServer } from "node:http";
import type { Say } from "../telemetry/say.ts";

export interface MetricsSource {
  text(): Promise<string>;
}

const mediaType = "text/plain; version=0.0.4; charset=utf-8";
const sdkWithinMs = 2_000;

/** Where the SDK's native part serves its own, on loopback; the rest of the world gets both together. */
export function sdkMetrics(port: number): MetricsSource {
  return {
    async text() {
      const answer = await fetch(`http://127.0.0.1:${port}/metrics`, { signal: AbortSignal.timeout(sdkWithinMs) });
      return answer.text();
    },
  };
}

/** Serves `GET /metrics` at `host:port`. A port that is taken costs the metrics and a line, not the worker. */
export async function serveMetrics(
  address: string,
  sources: readonly MetricsSource[],
  log: Say,
): Promise<{ close(): Promise<void>; readonly port: number } | undefined> {
  const server = createServer((request, response) => {
    if (request.method !== "GET" || request.url?.split("?")[0] !== "/metrics") {
      response.writeHead(404).end();
      return;
    }
    void joined(sources, log).then((text) => response.writeHead(200, { "Content-Type": mediaType }).end(text));
  });
  const { hostname, port } = new URL(`http://${address}`);
  server.listen(Number(port || 80), hostname.replace(/^\[|\]$/g, ""));
  try {
    await once(server, "listening");
  } catch (error) {
    log("error", "metrics are not served", { address, err: error });
    return undefined;
  }
  const at = server.address();
  return {
    port: at !== null && typeof at === "object" ? at.port : 0,
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** What one source can't tell doesn't keep the others from being heard. */
export async function joined(sources: readonly MetricsSource[], log: Say): Promise<string> {
  const texts = await Promise.all(
    sources.map((source) =>
      source.text().catch((error: unknown) => {
        log("warn", "some metrics can't be read", { err: error });
        return "";
      }),
    ),
  );
  return texts.map((text) => (text.endsWith("\n") || text === "" ? text : `${text}\n`)).join("");
}
