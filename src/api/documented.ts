import { type OpenApiDocument, openApiDocument } from "./openapi.ts";
import type { Route } from "./route.ts";
import type { ApiContext } from "./routes/context.ts";
import { apiRoutes } from "./routes.ts";

/** The route table without anything behind it: to be walked, never run. */
export function routeTable(): readonly Route[] {
  const nothing = new Proxy({}, { get: () => undefined });
  return apiRoutes(nothing as ApiContext);
}

/** The contract as it is served, for docs/openapi.json and the generated clients. */
export function documentedApi(): OpenApiDocument {
  return openApiDocument(routeTable());
}
