import * as z from "zod";
import type { OpenApiDocument } from "../openapi.ts";
import { asProblem, ProblemError } from "../problem.ts";
import { type Answer, route } from "../route.ts";
import type { ApiContext } from "./context.ts";

const answerWithinMs = 3_000;

const healthSchema = z
  .strictObject({
    status: z.literal("ok"),
    temporal_ui_url: z.string().optional(),
  })
  .meta({ id: "Health" });

export function aboutRoutes(context: ApiContext, document: () => OpenApiDocument) {
  return [
    route({
      method: "get",
      path: "/v1/health",
      operationId: "getHealth",
      tag: "about",
      summary: "Whether the store and Temporal answer",
      description: "503 with the reasons in `facts` when one of them does not.",
      permission: "public",
      actor: "anyone",
      audit: undefined,
      responses: { 200: { description: "Both answer", schema: healthSchema } },
      async handle(): Promise<Answer> {
        const [store, temporal] = await Promise.all([
          reasonAgainst(context.store.ping()),
          reasonAgainst(context.runs.ping(answerWithinMs)),
        ]);
        if (store === undefined && temporal === undefined) {
          return { status: 200, body: { status: "ok", temporalUiUrl: context.temporalUiUrl } };
        }
        const reasons = [store && `the store: ${store}`, temporal && `Temporal: ${temporal}`].filter(Boolean);
        throw new ProblemError("Unavailable", {
          detail: `Not ready: ${reasons.join("; ")}`,
          action: "It goes on by itself once they answer; `novacron status` shows the parts.",
          facts: { store: store ?? "ok", temporal: temporal ?? "ok" },
          retryAfterMs: 2_000,
        });
      },
    }),
    route({
      method: "get",
      path: "/v1/openapi.json",
      operationId: "getOpenApi",
      tag: "about",
      summary: "This contract",
      permission: "public",
      actor: "anyone",
      audit: undefined,
      responses: { 200: { description: "OpenAPI 3.1", schema: z.record(z.string(), z.unknown()) } },
      async handle({ response }): Promise<Answer | undefined> {
        response.type("application/json").send(JSON.stringify(document()));
        return undefined;
      },
    }),
  ];
}

async function reasonAgainst(answer: Promise<void>): Promise<string | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`no answer within ${answerWithinMs / 1000} s`), answerWithinMs);
  });
  try {
    return await Promise.race([
      answer.then(
        () => undefined,
        (error: unknown) => asProblem(error).message,
      ),
      late,
    ]);
  } finally {
    clearTimeout(timer);
  }
}
