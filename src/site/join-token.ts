import * as z from "zod";
import { ProviderError } from "../domain/errors.ts";

/** All that a machine needs to join: where, whom it may trust there, and the secret that lets it in once. */
const content = z.strictObject({ url: z.url(), authority: z.string().length(64), secret: z.string() });
export type JoinToken = z.output<typeof content>;

const mark = "nvj_";

export function writeJoinToken(token: JoinToken): string {
  return mark + Buffer.from(JSON.stringify(token)).toString("base64url");
}

/** @throws ProviderError InvalidInput, never with the token in it. */
export function readJoinToken(text: string): JoinToken {
  const trimmed = text.trim();
  try {
    if (!trimmed.startsWith(mark)) throw new TypeError("no mark");
    return content.parse(JSON.parse(Buffer.from(trimmed.slice(mark.length), "base64url").toString()));
  } catch {
    throw new ProviderError("InvalidInput", {
      operation: "join a site",
      resource: "join token",
      reason: "this is not a join token",
      action: "Copy it whole, as `novacron sites join-token SITE` printed it.",
    });
  }
}
