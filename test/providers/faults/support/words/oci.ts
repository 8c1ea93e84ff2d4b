import type { CloudWords, Words } from "../table.ts";
import { heavy, opened } from "./helpers.ts";

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
    // The rest decides itself by the last request that changes something, but for what takes back what it has made.
    ...opened("core:LaunchInstance"),
    "disks.adoptPoint": heavy,
    "disks.releaseSourcePoint": heavy,
    "disks.sealGeneration": heavy,
    "disks.discardGeneration": heavy,
    "disks.deletePoint": heavy,
    "compute.consoleOutput": {
      at: "core:CaptureConsoleHistory",
      orphans: { consolehistory: 1 },
      exceptAt: { "core:DeleteConsoleHistory": "a history that could not be removed stays: the census shows it" },
    },
    // One call, one upload: nobody gives it a name of ours. The census shows it.
    "objects.beginUpload": {
      at: "objectstorage:CreateMultipartUpload",
      orphans: { "multipart-upload": 1 },
      exceptAt: { "objectstorage:AbortMultipartUpload": "that ends what the test began" },
    },
  },
};
