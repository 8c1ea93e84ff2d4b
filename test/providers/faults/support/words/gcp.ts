import { type CloudWords, notRepeated } from "../table.ts";
import { heavy, opened } from "./helpers.ts";

/** Only what begins an operation can find no room: other answers know "the service is unavailable", which passes. */
const noCapacity = { capacity: "Unavailable" } as const;

const endsIt = "that ends what the test began";
const endOfUpload = { "storage:objects.list": endsIt, "storage:objects.delete": endsIt };

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
    // The rest decides itself by the last request that changes something, but for what takes back what it has made.
    ...opened("compute:instances.insert"),
    "compute.stopVm": { exceptFaults: ["capacity", "quota"] },
    "disks.createSourcePoint": { ...heavy, at: "compute:disks.createSnapshot" },
    "disks.adoptPoint": heavy,
    "disks.releaseSourcePoint": heavy,
    "disks.sealGeneration": heavy,
    "disks.discardGeneration": heavy,
    "disks.deletePoint": heavy,
    // Nothing names the request: a repeat looks for its label first.
    "alarms.createAlarm": { at: "monitoring:alertPolicies.create", lasting: noCapacity, passing: notRepeated },
    "alarms.listAlarms": { lasting: noCapacity },
    "alarms.deleteAlarm": { lasting: { ...noCapacity, "not-found": "ok" }, passing: { "not-found": "ok" } },
    // One call, one upload: nobody gives it a name of ours. The census shows it.
    "objects.beginUpload": { at: "storage:objects.insert", orphans: { object: 1 }, exceptAt: endOfUpload },
  },
};
