import { request } from "node:http";

/** Asks the sandbox, over its unix socket, for what only a sandbox can do: making guests. */
export function sandboxCall<T>(
  socketPath: string,
  method: "GET" | "POST" | "DELETE",
  path: string,
  body?: object,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      // A connection of its own: one that was kept may be closed at the other end by now, and a call made twice makes two.
      { socketPath, method, path, agent: false, headers: { "content-type": "application/json" } },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => {
          const text = Buffer.concat(chunks).toString("utf8");
          const status = response.statusCode ?? 0;
          if (status >= 200 && status < 300) resolve((text ? JSON.parse(text) : undefined) as T);
          else reject(new Error(`The sandbox refused ${method} ${path}: ${status} ${text}`));
        });
      },
    );
    outgoing.on("error", reject);
    outgoing.end(body ? JSON.stringify(body) : undefined);
  });
}
