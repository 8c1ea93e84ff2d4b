import type * as quotas from "@aws-sdk/client-service-quotas";
import type { Call } from "../cloud.ts";
import { AwsError } from "../errors.ts";
import { accountId } from "../identity.ts";
import { defaultQuotas, type Quota, type Quotas } from "./quotas.ts";

const serviceNames: Readonly<Record<string, string>> = {
  ec2: "Amazon Elastic Compute Cloud (Amazon EC2)",
  ebs: "Amazon Elastic Block Store (Amazon EBS)",
  vpc: "Amazon Virtual Private Cloud (Amazon VPC)",
};

export function quotaOperations(store: Quotas) {
  const describe = (region: string, quota: Quota, Value: number): quotas.ServiceQuota => ({
    ServiceCode: quota.service,
    ServiceName: serviceNames[quota.service] ?? quota.service,
    QuotaArn: `arn:aws:servicequotas:${region}:${accountId}:${quota.service}/${quota.code}`,
    QuotaCode: quota.code,
    QuotaName: quota.name,
    Value,
    Unit: "None",
    Adjustable: quota.adjustable,
    GlobalQuota: false,
    QuotaAppliedAtLevel: "ACCOUNT",
  });
  const find = (input: { ServiceCode?: string; QuotaCode?: string }): Quota => {
    const quota = defaultQuotas.find(({ service, code }) => service === input.ServiceCode && code === input.QuotaCode);
    if (!quota) throw new AwsError("NoSuchResourceException", "The specified quota does not exist.", 404);
    return quota;
  };
  const page = (
    input: { ServiceCode?: string; NextToken?: string; MaxResults?: number },
    told: (quota: Quota) => quotas.ServiceQuota,
  ): quotas.ListServiceQuotasResponse => {
    const all = defaultQuotas.filter(({ service }) => service === input.ServiceCode);
    if (all.length === 0)
      throw new AwsError("NoSuchResourceException", `The service ${input.ServiceCode} is not known.`, 404);
    const start = Number(input.NextToken ?? 0);
    if (!Number.isInteger(start))
      throw new AwsError("InvalidPaginationTokenException", "Invalid input was provided for the pagination token.");
    const end = start + (input.MaxResults ?? 100);
    return { Quotas: all.slice(start, end).map(told), ...(end < all.length ? { NextToken: String(end) } : {}) };
  };

  return {
    GetServiceQuota: ({ region }: Call, input: quotas.GetServiceQuotaRequest): quotas.GetServiceQuotaResponse => {
      const quota = find(input);
      return { Quota: describe(region, quota, store.value(region, quota.code)) };
    },
    GetAWSDefaultServiceQuota: (
      { region }: Call,
      input: quotas.GetAWSDefaultServiceQuotaRequest,
    ): quotas.GetAWSDefaultServiceQuotaResponse => {
      const quota = find(input);
      return { Quota: describe(region, quota, quota.value) };
    },
    ListServiceQuotas: ({ region }: Call, input: quotas.ListServiceQuotasRequest): quotas.ListServiceQuotasResponse =>
      page(input, (quota) => describe(region, quota, store.value(region, quota.code))),
    ListAWSDefaultServiceQuotas: (
      { region }: Call,
      input: quotas.ListAWSDefaultServiceQuotasRequest,
    ): quotas.ListAWSDefaultServiceQuotasResponse => page(input, (quota) => describe(region, quota, quota.value)),
    /** Granted at once: nobody is there to look at it. */
    RequestServiceQuotaIncrease: (
      { region, caller }: Call,
      input: quotas.RequestServiceQuotaIncreaseRequest,
    ): quotas.RequestServiceQuotaIncreaseResponse => {
      const quota = find(input);
      const wanted = input.DesiredValue ?? 0;
      if (!quota.adjustable || wanted <= store.value(region, quota.code)) {
        throw new AwsError("IllegalArgumentException", "The quota can't be raised to that value.");
      }
      store.set(region, quota.code, wanted);
      const now = new Date();
      return {
        RequestedQuota: {
          Id: `${quota.code}-${now.getTime()}`,
          ServiceCode: quota.service,
          QuotaCode: quota.code,
          QuotaName: quota.name,
          DesiredValue: wanted,
          Status: "APPROVED",
          Created: now,
          LastUpdated: now,
          Requester: caller.arn,
        },
      };
    },
  };
}
