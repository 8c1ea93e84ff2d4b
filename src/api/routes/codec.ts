import type { Payload } from "@temporalio/common";
import * as z from "zod";
import { ProblemError } from "../problem.ts";
import { type Answer, type Route, route } from "../route.ts";
import { type ApiContext, requireReach } from "./context.ts";

const payloadSchema = z.looseObject({
  metadata: z.record(z.string(), z.string()).optional(),
  data: z.string().optional(),
});
const payloadsSchema = z
  .strictObject({ payloads: z.array(payloadSchema).max(1_000) })
  .meta({ id: "Payloads", description: "Temporal's own form: bytes in base64" });

/** What Temporal's UI and command line ask to show payloads: https://docs.temporal.io/production-deployment/data-encryption */
export function codecRoutes({ codec }: ApiContext): readonly Route[] {
  return [
    route({
      method: "post",
      path: "/v1/codec/decode",
      operationId: "decodePayloads",
      tag: "codec",
      summary: "Decrypt payloads of workflow histories",
      description: "Temporal's UI asks this, with the session of whoever sits at it.",
      permission: "payloads:decode",
      actor: "signed-in",
      audit: "payloads.decode",
      duringFreeze: true,
      temporalUi: true,
      idempotent: true,
      confidential: true,
      secretBody: true,
      body: payloadsSchema,
      responses: { 200: { description: "The payloads, decrypted", schema: payloadsSchema } },
      async handle({ body, access }): Promise<Answer> {
        requireReach(access, {});
        if (!codec) {
          throw new ProblemError("UnsupportedCapability", {
            detail: "Payloads are not encrypted here",
            action: "Look at them as they are.",
          });
        }
        const payloads = body.payloads.map(
          ({ metadata = {}, data = "" }): Payload => ({
            metadata: Object.fromEntries(Object.entries(metadata).map(([key, value]) => [key, fromBase64(value)])),
            data: fromBase64(data),
          }),
        );
        const decoded = (await codec.decode(payloads)).map(({ metadata, data }) => ({
          metadata: Object.fromEntries(Object.entries(metadata ?? {}).map(([key, value]) => [key, toBase64(value)])),
          data: toBase64(data),
        }));
        return { status: 200, json: JSON.stringify({ payloads: decoded }), after: { payloads: decoded.length } };
      },
    }),
  ];
}

function fromBase64(value: string): Uint8Array {
  return Buffer.from(value, "base64");
}

function toBase64(value: Uint8Array | null | undefined): string {
  return Buffer.from(value ?? []).toString("base64");
}
