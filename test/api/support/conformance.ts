import assert from "node:assert/strict";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { documentedApi } from "../../../src/api/documented.ts";

const document = documentedApi();
const ajv = new Ajv2020({ strict: false, allErrors: true });
addFormats.default(ajv);
ajv.addSchema({ $id: "api.json", ...document });

interface DocumentedResponse {
  readonly content?: Readonly<Record<string, unknown>>;
  readonly $ref?: string;
}

/** Holds an answer to the contract: its status, media type and body must be what the document says of the route. */
export function assertDocumented(method: string, path: string, response: Response, body: unknown): void {
  const template = Object.keys(document.paths ?? {}).find((candidate) =>
    new RegExp(`^${candidate.replaceAll(/\{\w+\}/g, "[^/]+").replaceAll(".", "\\.")}$`).test(path),
  );
  if (!template || response.status === 405) return assertProblem(response, body);
  const operation = (
    document.paths as Record<string, Record<string, { responses: Record<string, DocumentedResponse> }>>
  )[template]?.[method.toLowerCase()];
  assert.ok(operation, `${method} ${template} is documented`);
  const documented = operation.responses[response.status];
  assert.ok(documented, `${method} ${template}: status ${response.status} is documented (${JSON.stringify(body)})`);
  const mediaType = response.headers.get("content-type")?.split(";")[0];
  if (mediaType === "application/problem+json") return assertProblem(response, body);
  if (mediaType !== "application/json") return;
  const pointer = [
    "paths",
    template,
    method.toLowerCase(),
    "responses",
    String(response.status),
    "content",
    "application/json",
    "schema",
  ]
    .map((part) => encodeURIComponent(part.replaceAll("~", "~0").replaceAll("/", "~1")))
    .join("/");
  assertValid(`api.json#/${pointer}`, body, `${method} ${template} ${response.status}`);
}

export function assertProblem(response: Response, body: unknown): void {
  assert.equal(response.headers.get("content-type")?.split(";")[0], "application/problem+json");
  assertValid("api.json#/components/schemas/Problem", body, "problem");
  const problem = body as { status: number; request_id: string };
  assert.equal(problem.status, response.status);
  assert.equal(problem.request_id, response.headers.get("x-request-id"));
}

export function assertEvent(body: unknown): void {
  assertValid("api.json#/components/schemas/MigrationEvent", body, "event");
}

function assertValid(reference: string, body: unknown, what: string): void {
  const validate = ajv.getSchema(reference) ?? ajv.compile({ $ref: reference });
  assert.ok(
    validate(body),
    `${what} does not fit its schema: ${ajv.errorsText(validate.errors)}\n${JSON.stringify(body)}`,
  );
}
