import * as z from "zod";
import { permissions } from "../../domain/access.ts";
import { scopeSchema } from "./access.ts";
import { timestamp } from "./common.ts";

const base64url = z.string().regex(/^[A-Za-z0-9_-]{20,200}$/);

export const signInQuery = z.strictObject({
  return_to: z
    .string()
    .max(500)
    .regex(/^\/(?![/\\])[\x21-\x7e]*$/)
    .optional()
    .meta({ description: "Where the browser goes afterwards: a path of this host" }),
  step_up: z.enum(["true"]).optional().meta({ description: "Ask for a fresh sign-in with a second factor" }),
  cli_port: z.coerce
    .number()
    .int()
    .min(1)
    .max(65_535)
    .optional()
    .meta({ description: "A command line waits on this port of the browser's own machine" }),
  cli_challenge: base64url.optional().meta({ description: "SHA-256, base64url, of what it redeems the code with" }),
  cli_state: base64url.optional().meta({ description: "Comes back with the code" }),
});

export const methodsSchema = z
  .strictObject({
    oidc: z.boolean().meta({ description: "People sign in at an identity provider" }),
    issuer: z.string().optional(),
    break_glass: z.boolean().meta({ description: "There is a sealed secret for emergencies" }),
  })
  .meta({ id: "SignInMethods" });

export const sessionSchema = z
  .strictObject({
    kind: z.enum(["token", "user", "break-glass"]),
    id: z.string(),
    name: z.string(),
    mfa_at: timestamp.optional().meta({ description: "When a second factor was last confirmed" }),
    ends_at: timestamp.optional(),
    csrf_token: z
      .string()
      .optional()
      .meta({ description: "With a session's cookie: X-CSRF-Token of what changes something" }),
    may: z
      .array(z.strictObject({ permission: z.enum(permissions as [string, ...string[]]), scopes: z.array(scopeSchema) }))
      .meta({ description: "What the caller may do, and where" }),
  })
  .meta({ id: "Session" });

export const redeemBody = z
  .strictObject({ code: base64url, verifier: base64url })
  .meta({ id: "RedeemSignIn", description: "What the command line got, and what its challenge was made from" });
export const madeSessionSchema = z
  .strictObject({
    token: z.string().meta({ description: "Sent as a bearer token. Shown this once and kept nowhere" }),
    ends_at: timestamp,
  })
  .meta({ id: "MadeSession" });

export const signedOutSchema = z
  .strictObject({ end_session_url: z.string().optional().meta({ description: "To sign out at the provider, too" }) })
  .meta({ id: "SignedOut" });
