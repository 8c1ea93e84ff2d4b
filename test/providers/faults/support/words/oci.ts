import type { CloudWords, Words } from "../table.ts";

/** What is gone is as it should be; and one that may not be seen is told by the same word. */
const goneIsFine = {
  lasting: { "not-found": "ok", unauthorised: "ok" },
  passing: { "not-found": "ok" },
} as const satisfies Partial<Words>;

export const ociWords: CloudWords = {
  // "API Errors": 404 is the answer for what is not there and for what we may not do.
  lasting: { unauthorised: "NotFound" },
  calls: {
    "dns.listZones": { at: "dns:ListZones" },
    "dns.listRecords": { at: "dns:GetZoneRecords" },
    "dns.getRecord": { at: "dns:GetRRSet", ...goneIsFine },
    "dns.putRecord": { at: "dns:UpdateRRSet" },
    "dns.deleteRecord": { at: "dns:DeleteRRSet", ...goneIsFine },
    "dns.waitForChange": {},
    "loadBalancing.listPools": { at: "loadbalancer:ListLoadBalancers" },
    "loadBalancing.getPool": { at: "loadbalancer:GetLoadBalancer" },
    "loadBalancing.listTargets": { at: "loadbalancer:GetBackendSetHealth" },
    "loadBalancing.addTarget": { at: "loadbalancer:CreateBackend" },
    "loadBalancing.drainTarget": { at: "loadbalancer:UpdateBackend" },
    "loadBalancing.removeTarget": { at: "loadbalancer:DeleteBackend", ...goneIsFine },
    "loadBalancing.setWeights": { at: "loadbalancer:UpdateBackend" },
    "loadBalancing.waitUntilHealthy": { at: "loadbalancer:GetBackendSetHealth" },
    "loadBalancing.waitUntilDrained": { at: "loadbalancer:GetBackendSetHealth" },
  },
};
