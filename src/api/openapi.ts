import * as z from "zod";
import { createDocument, type ZodOpenApiObject, type ZodOpenApiOperationObject } from "zod-openapi";
import type { Route } from "./route.ts";
import { problemSchema } from "./schemas/common.ts";
import { approvedPlanSchema, directMigrationSchema, migrationEventSchema } from "./schemas/migration.ts";

export type OpenApiDocument = ReturnType<typeof createDocument>;

/** The contract, from the same schemas that validate. */
export function openApiDocument(routes: readonly Route[]): OpenApiDocument {
  const paths: NonNullable<ZodOpenApiObject["paths"]> = {};
  for (const route of routes) {
    paths[route.path] = { ...paths[route.path], [route.method]: operation(route) };
  }
  return createDocument({
    openapi: "3.1.0",
    info: {
      title: "NovaCron Federation",
      version: "1",
      description:
        "Moves virtual machines between sites, durably, and proves it. Failures are RFC 9457 problems with a stable `code` and an `action`. Every answer carries `X-Request-Id` and `Traceparent` (W3C Trace Context, gone on with where a request brings one): logs, runs and traces name both.",
    },
    servers: [{ url: "/" }],
    tags: [...new Set(routes.map((route) => route.tag))].map((tag) => ({ name: tag })),
    paths,
    components: {
      securitySchemes: {
        bearer: { type: "http", scheme: "bearer", description: "An API token, or a command line's session" },
        session: {
          type: "apiKey",
          in: "cookie",
          name: "__Host-novacron-session",
          description: "A browser's session. What changes something also carries X-CSRF-Token",
        },
      },
      schemas: {
        MigrationEvent: migrationEventSchema,
        ApprovedPlan: approvedPlanSchema,
        DirectMigration: directMigrationSchema,
      },
    },
  });
}

const problemStatuses: Readonly<Record<number, string>> = {
  400: "The input is not valid",
  401: "No valid token",
  403: "The token lacks the permission",
  404: "No such resource",
  409: "The resource is not in the state this needs",
  413: "The body is too large",
  415: "The body is not JSON",
  422: "Understood, but it cannot be done",
  429: "Too many requests",
  500: "An unexpected failure",
  502: "A site refuses our credentials",
  503: "A site or a part of the system cannot be reached",
  504: "No answer in time",
};

function operation(route: Route): ZodOpenApiOperationObject {
  const parameters = {
    ...(route.params ? { path: route.params as z.ZodObject } : {}),
    ...(route.query ? { query: route.query as z.ZodObject } : {}),
    ...(route.idempotent ? { header: z.object({ "Idempotency-Key": idempotencyKey.optional() }) } : {}),
  };
  return {
    operationId: route.operationId,
    tags: [route.tag],
    summary: route.summary,
    ...(route.description ? { description: route.description } : {}),
    security: route.actor === "anyone" ? [] : [{ bearer: [] }, { session: [] }],
    "x-novacron-permission": route.permission,
    ...(route.stepUp ? { "x-novacron-step-up": true } : {}),
    ...(route.audit ? { "x-novacron-audit-event": route.audit } : {}),
    // zod-openapi fails on a requestParams that is present and undefined.
    ...(Object.keys(parameters).length > 0 ? { requestParams: parameters } : {}),
    ...(route.body ? { requestBody: { required: true, content: { "application/json": { schema: route.body } } } } : {}),
    ...(route.rawBody
      ? {
          requestBody: {
            required: true,
            content: { [route.rawBody]: { schema: z.string().meta({ format: "binary" }) } },
          },
        }
      : {}),
    responses: { ...problemResponses(route), ...ownResponses(route) },
  };
}

export const idempotencyKey = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[\x21-\x7e]+$/)
  .meta({ description: "The same key and the same body give the same answer and start nothing twice" });

function ownResponses(route: Route): ZodOpenApiOperationObject["responses"] {
  return Object.fromEntries(
    Object.entries(route.responses).map(([status, { description, schema, mediaType, alsoAs = [], headers }]) => [
      status,
      {
        description,
        ...(headers
          ? {
              headers: Object.fromEntries(
                Object.entries(headers).map(([header, text]) => [
                  header,
                  { description: text, schema: { type: "string" as const } },
                ]),
              ),
            }
          : {}),
        ...(schema || mediaType
          ? {
              content: {
                [mediaType ?? "application/json"]: { schema: schema ?? z.string() },
                ...Object.fromEntries(alsoAs.map((other) => [other, { schema: z.string() }])),
              },
            }
          : {}),
      },
    ]),
  );
}

function problemResponses(route: Route): ZodOpenApiOperationObject["responses"] {
  const applies = (status: number): boolean => {
    if (status === 401 || status === 403) return route.actor !== "anyone" || route.tag === "auth";
    if (status === 413 || status === 415) return route.body !== undefined || route.rawBody !== undefined;
    return true;
  };
  return Object.fromEntries(Object.entries(sharedProblems).filter(([status]) => applies(Number(status))));
}

/** One object a status: zod-openapi knows a shared response by its identity. */
const sharedProblems = Object.fromEntries(
  Object.entries(problemStatuses).map(([status, description]) => [
    status,
    { id: `Problem${status}`, description, content: { "application/problem+json": { schema: problemSchema } } },
  ]),
);
