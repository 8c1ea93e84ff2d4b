import { type KeyObject, sign, verify, X509Certificate } from "node:crypto";
import * as z from "zod";
import { ProviderError } from "../domain/errors.ts";

/** Who may open which end of a copy at whose worker. Short-lived: it is only needed to open a connection. */
const claims = z.strictObject({
  /** The worker that calls, and its site. */
  caller: z.string(),
  callerSite: z.string(),
  /** The worker that is called. */
  worker: z.string(),
  migrationId: z.string(),
  generationId: z.string(),
  /** Whether the caller's site is where the disk comes from: it may write then, else read. */
  callerIsSource: z.boolean(),
  sizeBytes: z.number(),
  /** Points at the target that the generation may begin as: those of the parent that its checkpoint has; else none. */
  parentPointIds: z.array(z.string()),
  /** The customer's key of the plan; without it the target's own is used. */
  encryptionKey: z.string().optional(),
  endsAt: z.number(),
});
export type Grant = z.output<typeof claims>;

export function sealGrant(grant: Grant, key: KeyObject): string {
  const body = Buffer.from(JSON.stringify(grant));
  const signature = sign("sha256", body, { key, dsaEncoding: "ieee-p1363" });
  return `${body.toString("base64url")}.${signature.toString("base64url")}`;
}

/** @throws ProviderError PolicyBlocked for one that the authority did not give, that is over, or that is not for this
 *  caller at this worker. */
export function openGrant(
  text: string,
  expected: { authority: string; caller: string; worker: string },
  now = Date.now(),
): Grant {
  const [body = "", signature = ""] = text.split(".");
  const bytes = Buffer.from(body, "base64url");
  const key = new X509Certificate(expected.authority).publicKey;
  const genuine = verify(
    "sha256",
    bytes,
    { key, dsaEncoding: "ieee-p1363" },
    new Uint8Array(Buffer.from(signature, "base64url")),
  );
  if (!genuine) throw refused("it is not from our authority");
  const grant = claims.parse(JSON.parse(bytes.toString()));
  if (grant.endsAt < now) throw refused("it is over");
  if (grant.caller !== expected.caller || grant.worker !== expected.worker) throw refused("it is for others");
  return grant;
}

function refused(reason: string): ProviderError {
  return new ProviderError("PolicyBlocked", {
    operation: "let in another site's worker",
    resource: "link grant",
    reason,
    action: "Ask the API for another one.",
  });
}
