import type { CloudWords, Words } from "../table.ts";

/** What is gone is as it should be. */
const goneIsFine = { lasting: { "not-found": "ok" }, passing: { "not-found": "ok" } } as const satisfies Partial<Words>;

/** So that nobody brings a generation back: its record. */
const markOfItsEnd = { blob: 1 };
const goesLater = "a copy that could not be removed goes with a later import: the census shows it";
const endOfCopy = { "blob:DeleteBlob": goesLater, "blob:LeaseBlob": goesLater };

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
    // The rest decides itself by the last request that changes something, but for what takes back what it has made.
    "objects.beginUpload": { at: "blob:PutBlock" },
    "disks.openGeneration": { remains: markOfItsEnd },
    "disks.discardGeneration": { remains: markOfItsEnd },
    "sink.flush": { remains: markOfItsEnd },
    "sink.close": { remains: markOfItsEnd },
    // A second snapshot of the blob, which no record names and which goes with the blob.
    "disks.sealGeneration": {
      at: "blob:SnapshotBlob",
      orphans: { "blob-snapshot": 2 },
      exceptAt: { "blob:PutBlob": "the repeat takes the snapshot again" },
    },
    "disks.openVolume": {
      at: "compute:snapshots.createOrUpdate",
      exceptAt: { "compute:snapshots.delete": "closing is not repeated: the census shows what it leaves" },
    },
    "disks.materialise": { at: "compute:disks.createOrUpdate", exceptAt: endOfCopy },
    "images.createImage": { at: "compute:images.createOrUpdate", exceptAt: endOfCopy },
  },
};
