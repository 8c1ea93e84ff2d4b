import createClient, { type Client } from "openapi-fetch";
import type { components, paths } from "../../../src/cli/generated/api.ts";
import { credentialHeaders } from "./credentials.ts";
import { ApiProblem } from "./problem.ts";

export type Schemas = components["schemas"];

/** The generated client, on the origin that served the page. */
export const api: Client<paths> = createClient<paths>({ baseUrl: "" });

api.use({
  onRequest({ request }) {
    for (const [name, value] of Object.entries(credentialHeaders(request.method))) request.headers.set(name, value);
    // One key an order: what a person clicked once is done once, also where the answer got lost.
    if (request.method !== "GET" && !request.headers.has("idempotency-key")) {
      request.headers.set("idempotency-key", crypto.randomUUID());
    }
    return request;
  },
  onError({ error }) {
    return error instanceof DOMException && error.name === "AbortError" ? error : new ApiProblem(0, undefined);
  },
});

/** The answer's body. @throws ApiProblem */
export async function answer<T>(call: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const { data, error, response } = await call;
  if (response.ok) return data as T;
  throw new ApiProblem(response.status, error);
}
