import * as z from "zod";

/** What the control takes, in snake_case. What it answers is a `ListenerView`. */
export const holdBody = z.strictObject({ hold_id: z.string().min(1).max(200), seconds: z.number() });
export const backendBody = z.strictObject({
  backend: z.string(),
  expected: z.string().optional(),
  hold_id: z.string().min(1).max(200).optional(),
});
export const probeBody = z.strictObject({ backend: z.string(), path: z.string().startsWith("/").optional() });

export const controlPath = "/v1/listeners";
