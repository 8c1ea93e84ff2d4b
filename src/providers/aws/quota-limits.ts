import type { ServiceQuota } from "@aws-sdk/client-service-quotas";
import { isProviderError } from "../../domain/errors.ts";
import type { Aws } from "./client.ts";
import { goneIsUndefined, items } from "./describe.ts";

/** The most that Service Quotas gives at once. */
const pageSize = 100;

export interface QuotaLimit {
  readonly value: number;
  readonly title: string;
}

/**
 * Quotas of one service by their codes: the account's own values, and AWS's defaults for those that the account never had
 * another of. By lists: a call for each would be a dozen of the five that an account may make in a second.
 */
export async function quotaLimits(
  aws: Aws,
  ServiceCode: string,
  codes: readonly string[],
  signal: AbortSignal,
): Promise<Map<string, QuotaLimit>> {
  const subject = { operation: `list the quotas of ${ServiceCode}`, resource: aws.site };
  const input = { ServiceCode, MaxResults: pageSize };
  const own = await read(codes, (NextToken) =>
    aws.quotas.send((sdk) => new sdk.ListServiceQuotasCommand({ ...input, NextToken }), subject, signal),
  );
  if (codes.every((code) => own.has(code))) return own;
  const defaults = await read(codes, (NextToken) =>
    aws.quotas.send((sdk) => new sdk.ListAWSDefaultServiceQuotasCommand({ ...input, NextToken }), subject, signal),
  );
  return new Map([...defaults, ...own]);
}

interface Page {
  readonly Quotas?: ServiceQuota[] | undefined;
  readonly NextToken?: string | undefined;
}

/** A service that is not known here has none, and neither has an endpoint without that list. */
async function read(
  codes: readonly string[],
  fetch: (NextToken: string | undefined) => Promise<Page>,
): Promise<Map<string, QuotaLimit>> {
  const limits = new Map<string, QuotaLimit>();
  const quotas = items(
    async (NextToken): Promise<Page> => (await goneIsUndefined(fetch(NextToken)).catch(unsupportedIsNone)) ?? {},
    ({ Quotas = [] }) => Quotas,
  );
  for await (const { QuotaCode = "", QuotaName = QuotaCode, Value } of quotas) {
    if (codes.includes(QuotaCode) && Value !== undefined) limits.set(QuotaCode, { value: Value, title: QuotaName });
  }
  return limits;
}

function unsupportedIsNone(error: unknown): undefined {
  if (!isProviderError(error, "UnsupportedCapability")) throw error;
}
