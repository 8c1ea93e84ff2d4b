import * as z from "zod";
import type { VerifyOptions } from "../../domain/migration.ts";
import type { Wire } from "../../domain/wire.ts";

const port = z.int().min(1).max(65535);
const milliseconds = z.int().min(0).max(86_400_000);

/** What is looked for to prove that a VM works. */
export const verifySchema = z.strictObject({
  boot_proof: z.boolean().optional(),
  boot_marker: z
    .string()
    .min(1)
    .max(500)
    .refine(isRegularExpression, "is not a regular expression")
    .optional()
    .meta({ description: "Regular expression in the console output" }),
  boot_timeout_ms: milliseconds.optional(),
  tcp_probes: z.array(z.strictObject({ port })).max(20).optional(),
  http_probes: z
    .array(
      z.strictObject({
        port,
        path: z.string().min(1).max(2000).startsWith("/"),
        expect_status: z.int().min(100).max(599).optional(),
      }),
    )
    .max(20)
    .optional(),
  probe_timeout_ms: milliseconds.optional(),
}) satisfies z.ZodType<Wire<VerifyOptions>>;

function isRegularExpression(text: string): boolean {
  try {
    return new RegExp(text) instanceof RegExp;
  } catch {
    return false;
  }
}
