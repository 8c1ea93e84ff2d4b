import type { CloudWords, Words } from "../table.ts";

/** What is gone is as it should be. */
const goneIsFine = { lasting: { "not-found": "ok" }, passing: { "not-found": "ok" } } as const satisfies Partial<Words>;

export const azureWords: CloudWords = {
  calls: {
    "dns.listZones": { at: "dns:zones.listByResourceGroup" },
    "dns.listRecords": { at: "dns:recordSets.listByDnsZone" },
    // It reads one that is not there: what says so is no answer that could be lost.
    "dns.getRecord": { at: "dns:recordSets.get", ...goneIsFine, lasting: { ...goneIsFine.lasting, timeout: "ok" } },
    "dns.putRecord": { at: "dns:recordSets.createOrUpdate" },
    "dns.deleteRecord": { at: "dns:recordSets.delete", ...goneIsFine },
    "dns.waitForChange": {},
    "loadBalancing.listPools": { at: "trafficmanager:profiles.listByResourceGroup" },
    "loadBalancing.getPool": { at: "trafficmanager:profiles.get" },
    "loadBalancing.listTargets": { at: "trafficmanager:profiles.get" },
    "loadBalancing.addTarget": { at: "trafficmanager:endpoints.createOrUpdate" },
    "loadBalancing.drainTarget": { at: "trafficmanager:endpoints.update" },
    "loadBalancing.removeTarget": { at: "trafficmanager:endpoints.delete", ...goneIsFine },
    "loadBalancing.setWeights": { at: "trafficmanager:endpoints.update" },
    "loadBalancing.waitUntilHealthy": { at: "trafficmanager:profiles.get" },
    "loadBalancing.waitUntilDrained": { at: "trafficmanager:profiles.get" },
  },
};
