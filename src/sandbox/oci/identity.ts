import type * as sdk from "oci-identity";
import { invalid, notFound } from "./errors.ts";
import { type Operation, operations } from "./operation.ts";
import type { Registry } from "./registry.ts";
import { availabilityDomains, region, regionKey, regions } from "./tenancy.ts";
import type { Wire } from "./wire.ts";

export const faultDomains = ["FAULT-DOMAIN-1", "FAULT-DOMAIN-2", "FAULT-DOMAIN-3"] as const;

export function identityOperations(registry: Registry): Operation[] {
  const operation = operations("identity");
  const { tenancy } = registry.cloud;
  const domains = availabilityDomains(tenancy);
  const inTenancy = (query: URLSearchParams): string => {
    const compartmentId = query.get("compartmentId") ?? "";
    if (!registry.isCompartment(compartmentId)) throw notFound("compartment");
    return compartmentId;
  };
  const compartment: Wire<sdk.models.Compartment> = {
    id: tenancy.compartmentId,
    compartmentId: tenancy.tenancyId,
    name: tenancy.compartmentName,
    description: "Simulated by the NovaCron sandbox",
    timeCreated: new Date(tenancy.createdAt),
    lifecycleState: "ACTIVE",
    isAccessible: true,
    freeformTags: {},
    definedTags: {},
  };
  return [
    operation("ListAvailabilityDomains", "GET /availabilityDomains", { answers: "AvailabilityDomain[]" }, (call) => {
      const compartmentId = inTenancy(call.query);
      const body: Wire<sdk.models.AvailabilityDomain>[] = domains.map((name) => ({
        name,
        compartmentId,
        id: `ocid1.availabilitydomain.oc1..${name.toLowerCase().replaceAll(/[^a-z0-9]/g, "")}`,
      }));
      return { body };
    }),
    operation("ListFaultDomains", "GET /faultDomains", { answers: "FaultDomain[]" }, (call) => {
      const compartmentId = inTenancy(call.query);
      const availabilityDomain = call.query.get("availabilityDomain") ?? "";
      if (!domains.includes(availabilityDomain)) throw invalid("availabilityDomain", "is unknown");
      const body: Wire<sdk.models.FaultDomain>[] = faultDomains.map((name) => ({
        name,
        compartmentId,
        availabilityDomain,
        id: `ocid1.faultdomain.oc1..${name.toLowerCase()}`,
      }));
      return { body };
    }),
    operation("ListCompartments", "GET /compartments", { answers: "Compartment[]" }, (call) => {
      const parent = inTenancy(call.query);
      const name = call.query.get("name") ?? compartment.name;
      return { body: parent === tenancy.tenancyId && name === compartment.name ? [compartment] : [] };
    }),
    operation("GetCompartment", "GET /compartments/{compartmentId}", { answers: "Compartment" }, ({ params }) => {
      if (params.compartmentId === tenancy.compartmentId) return { body: compartment };
      if (params.compartmentId !== tenancy.tenancyId) throw notFound("compartment");
      return { body: { ...compartment, id: tenancy.tenancyId, compartmentId: tenancy.tenancyId, name: "simulated" } };
    }),
    operation("GetTenancy", "GET /tenancies/{tenancyId}", { answers: "Tenancy" }, ({ params }) => {
      if (params.tenancyId !== tenancy.tenancyId) throw notFound("tenancy");
      const body: Wire<sdk.models.Tenancy> = {
        id: tenancy.tenancyId,
        name: "simulated",
        description: "Simulated by the NovaCron sandbox",
        homeRegionKey: regionKey,
        freeformTags: {},
        definedTags: {},
      };
      return { body };
    }),
    operation(
      "ListRegionSubscriptions",
      "GET /tenancies/{tenancyId}/regionSubscriptions",
      { answers: "RegionSubscription[]" },
      ({ params }) => {
        if (params.tenancyId !== tenancy.tenancyId) throw notFound("tenancy");
        const body: Wire<sdk.models.RegionSubscription>[] = [
          { regionKey, regionName: region, status: "READY", isHomeRegion: true },
        ];
        return { body };
      },
    ),
    operation("ListRegions", "GET /regions", { answers: "Region[]" }, () => {
      const body: Wire<sdk.models.Region>[] = Object.entries(regions).map(([name, key]) => ({ name, key }));
      return { body };
    }),
    operation("GetUser", "GET /users/{userId}", { answers: "User" }, ({ params }) => {
      if (params.userId !== tenancy.userId) throw notFound("user");
      const body: Wire<sdk.models.User> = {
        id: tenancy.userId,
        compartmentId: tenancy.tenancyId,
        name: "simulated",
        description: "Simulated by the NovaCron sandbox",
        timeCreated: new Date(tenancy.createdAt),
        lifecycleState: "ACTIVE",
        isMfaActivated: false,
      };
      return { body };
    }),
  ];
}
