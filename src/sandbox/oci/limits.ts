import type * as sdk from "oci-limits";
import type { OciCloud } from "./cloud.ts";
import { shapes } from "./core/shapes.ts";
import { invalid, limitExceeded, missing, notFound } from "./errors.ts";
import { type Operation, operations } from "./operation.ts";
import type { Registry } from "./registry.ts";
import { availabilityDomains } from "./tenancy.ts";
import type { Wire } from "./wire.ts";

/** Names as at Oracle: https://docs.oracle.com/en-us/iaas/Content/General/Concepts/servicelimits.htm; values are the
 *  sandbox's, as every tenancy has its own. */
interface Limit {
  readonly service: string;
  readonly name: string;
  readonly scope: "AD" | "REGION";
  readonly value: number;
  used(cloud: OciCloud, availabilityDomain: string | undefined): number;
}

const coreLimits = [...new Set(shapes.map(({ limit }) => limit))].flatMap((family): Limit[] => {
  const running = (cloud: OciCloud, domain: string | undefined) =>
    cloud.tables.instances.where(
      ({ availabilityDomain, shape, state, deletedAt }) =>
        deletedAt === undefined &&
        state !== "STOPPED" &&
        availabilityDomain === domain &&
        shapes.find(({ name }) => name === shape)?.limit === family,
    );
  return [
    {
      service: "compute",
      name: `${family}-core-count`,
      scope: "AD",
      value: 40,
      used: (cloud, domain) => running(cloud, domain).reduce((sum, { ocpus }) => sum + ocpus, 0),
    },
    {
      service: "compute",
      name: `${family}-memory-count`,
      scope: "AD",
      value: 640,
      used: (cloud, domain) => running(cloud, domain).reduce((sum, { memoryGib }) => sum + memoryGib, 0),
    },
  ];
});
const alive = ({ deletedAt }: { readonly deletedAt?: number | undefined }) => deletedAt === undefined;

const limits: readonly Limit[] = [
  ...coreLimits,
  {
    service: "compute",
    name: "custom-image-count",
    scope: "REGION",
    value: 100,
    used: ({ tables }) => tables.images.where((image) => alive(image) && image.public !== true).length,
  },
  {
    service: "block-storage",
    name: "total-storage-gb",
    scope: "AD",
    value: 30_720,
    used: ({ tables }, domain) =>
      tables.volumes
        .where((volume) => alive(volume) && volume.availabilityDomain === domain)
        .reduce((sum, { sizeGib }) => sum + sizeGib, 0),
  },
  {
    service: "block-storage",
    name: "volume-count",
    scope: "AD",
    value: 1_000,
    used: ({ tables }, domain) =>
      tables.volumes.where((volume) => alive(volume) && volume.availabilityDomain === domain).length,
  },
  {
    service: "block-storage",
    name: "backup-count",
    scope: "REGION",
    value: 1_000,
    used: ({ tables }) => tables.backups.where(alive).length,
  },
  {
    service: "vcn",
    name: "vcn-count",
    scope: "REGION",
    value: 50,
    used: ({ tables }) => tables.vcns.where(alive).length,
  },
  {
    service: "vcn",
    name: "reserved-public-ip-count",
    scope: "REGION",
    value: 50,
    used: ({ tables }) => tables.publicIps.where((ip) => alive(ip) && ip.lifetime === "RESERVED").length,
  },
];

function valueOf({ settings }: OciCloud, { name, value }: Limit): number {
  return settings.limits[name] ?? value;
}

/** @throws OciError LimitExceeded when `more` would be too many. */
export function holdToLimit(cloud: OciCloud, name: string, availabilityDomain: string | undefined, more: number): void {
  const limit = limits.find((one) => one.name === name);
  if (limit && limit.used(cloud, availabilityDomain) + more > valueOf(cloud, limit)) throw limitExceeded(name);
}

export function limitOperations(registry: Registry): Operation[] {
  const { cloud } = registry;
  const operation = operations("limits");
  const domains = availabilityDomains(cloud.tenancy);
  return [
    operation("ListServices", "GET /services", { answers: "ServiceSummary[]" }, () => {
      const names = [...new Set(limits.map(({ service }) => service))];
      const body: Wire<sdk.models.ServiceSummary>[] = names.map((name) => ({ name, description: name }));
      return { body };
    }),
    operation("ListLimitValues", "GET /limitValues", { answers: "LimitValueSummary[]" }, (call) => {
      const { query } = call;
      const service = query.get("serviceName");
      if (service === null) throw missing("serviceName");
      const all = limits
        .filter((limit) => limit.service === service && (query.get("name") ?? limit.name) === limit.name)
        .filter(({ scope }) => (query.get("scopeType") ?? scope) === scope)
        .flatMap((limit): Wire<sdk.models.LimitValueSummary>[] =>
          limit.scope === "REGION"
            ? [{ name: limit.name, scopeType: limit.scope, value: valueOf(cloud, limit) }]
            : domains
                .filter((domain) => (query.get("availabilityDomain") ?? domain) === domain)
                .map((availabilityDomain) => ({
                  name: limit.name,
                  scopeType: limit.scope,
                  availabilityDomain,
                  value: valueOf(cloud, limit),
                })),
        );
      const { items, headers } = registry.page(call, all, (one) => `${one.name}/${one.availabilityDomain ?? ""}`);
      return { body: items, headers };
    }),
    operation(
      "GetResourceAvailability",
      "GET /services/{serviceName}/limits/{limitName}/resourceAvailability",
      { answers: "ResourceAvailability" },
      ({ params, query }) => {
        const limit = limits.find(({ service, name }) => service === params.serviceName && name === params.limitName);
        if (!limit) throw notFound("limit");
        const domain = query.get("availabilityDomain") ?? undefined;
        if (limit.scope === "AD" && !domains.includes(domain ?? ""))
          throw invalid("availabilityDomain", "is needed for a limit of an availability domain");
        const used = limit.used(cloud, domain);
        const value = valueOf(cloud, limit);
        const body: Wire<sdk.models.ResourceAvailability> = {
          used,
          available: Math.max(0, value - used),
          fractionalUsage: used,
          fractionalAvailability: Math.max(0, value - used),
          effectiveQuotaValue: value,
        };
        return { body };
      },
    ),
  ];
}
