import type { CloudWords } from "../table.ts";

/** Only what begins an operation can find no room: other answers know "the service is unavailable", which passes. */
const noCapacity = { capacity: "Unavailable" } as const;

export const gcpWords: CloudWords = {
  calls: {
    "dns.listZones": { at: "dns:managedZones.list", lasting: noCapacity },
    "dns.listRecords": { at: "dns:resourceRecordSets.list", lasting: noCapacity },
    "dns.getRecord": { at: "dns:resourceRecordSets.list", lasting: noCapacity },
    "dns.putRecord": { at: "dns:changes.create", lasting: noCapacity },
    "dns.deleteRecord": { at: "dns:changes.create", lasting: noCapacity },
    "dns.waitForChange": { at: "dns:changes.get", lasting: noCapacity },
    "loadBalancing.listPools": { at: "compute:backendServices.list", lasting: noCapacity },
    "loadBalancing.getPool": { at: "compute:backendServices.get", lasting: noCapacity },
    "loadBalancing.listTargets": { at: "compute:networkEndpointGroups.listNetworkEndpoints", lasting: noCapacity },
    "loadBalancing.addTarget": { at: "compute:networkEndpointGroups.attachNetworkEndpoints" },
    "loadBalancing.drainTarget": { at: "compute:networkEndpointGroups.detachNetworkEndpoints" },
    "loadBalancing.removeTarget": { at: "compute:networkEndpointGroups.detachNetworkEndpoints" },
    "loadBalancing.setWeights": { at: "compute:backendServices.patch" },
    "loadBalancing.waitUntilHealthy": {
      at: "compute:networkEndpointGroups.listNetworkEndpoints",
      lasting: noCapacity,
    },
    "loadBalancing.waitUntilDrained": {
      at: "compute:networkEndpointGroups.listNetworkEndpoints",
      lasting: noCapacity,
    },
  },
};
