import type { Aws } from "./client.ts";

/** Who AWS takes our credentials for. */
export async function identityOf(aws: Aws, signal: AbortSignal) {
  const subject = { operation: "sign in to AWS", resource: aws.site };
  return aws.sts.send((sdk) => new sdk.GetCallerIdentityCommand({}), subject, signal);
}
