const pending =
  "moto shows a snapshot that was started as completed at once; it is pending until CompleteSnapshot (StartSnapshot, EBS API reference)";
const blocks =
  "moto fails to list the blocks of a snapshot that was taken of a volume; all completed snapshots can be listed (ListSnapshotBlocks, EBS API reference)";

/** Where moto differs from what AWS documents: the conformance test → what moto does, and AWS's word. */
export const motoDifferences: Readonly<Record<string, string>> = {
  "sets a record once, and replaces it only as it was seen":
    "moto holds what a batch creates against what was there before its deletions; a batch is one transaction, and a record may be deleted and created again in it (ChangeResourceRecordSets, Route 53 API reference)",
  "gives a VM the address that it is to have, tells which rules hold for it, and its group can go as soon as it has":
    "moto deletes a security group that an instance has; that ends with DependencyViolation (DeleteSecurityGroup, EC2 API reference)",
  "checks itself without a failure":
    "moto answers some dry runs with an HTML page and has no default quotas; every dry run ends with DryRunOperation or UnauthorizedOperation (EC2 API reference)",
  "two creates with one key at the same time make one thing":
    "moto takes no notice of CreateVolume's ClientToken; the same token gives the same volume (Ensuring idempotency, EC2 API reference)",
  "turns a guest off that does not listen to its power button":
    "moto's instances stop at once; a guest has to shut down first (StopInstances, EC2 API reference)",
  "gives a VM another size while it is off, and refuses while it runs":
    "moto shows one core with one thread for every instance; CpuOptions are its type's unless others were chosen (CPU options for Amazon EC2 instances, EC2 user guide)",
  "runs VMs of either firmware, with disks on every bus it has":
    "moto forgets an image's boot mode; an instance shows it (Instance launch behavior with boot modes, EC2 user guide)",
  "a generation holds what was flushed, seals once, and is immutable from then on": pending,
  "a second generation starts as its parent, whose bytes outlive it as long as they are needed": pending,
  "a clone never changes its point, and knows what it changed": pending,
  "a generation may be larger than the point it starts from": pending,
  "a deep chain of generations still gives a clone that is right": pending,
  "discarding leaves nothing, and nobody brings a discarded generation back": pending,
  "a newer attempt revokes the earlier one and goes on with what is durable": pending,
  "a huge sparse disk costs nothing": pending,
  "makes an image of a point, finds it by id and name, and leaves the point": pending,
  "lists a recovery point from its seal until it is deleted": pending,
  "tells its quotas, what is used of them and for which instance types":
    "moto has no Service Quotas of EC2; ListServiceQuotas gives them (Service Quotas API reference)",
  "a point of a stopped VM is one moment, and its changes are known afterwards": blocks,
  "points of many VMs are those of each, and say what nothing was written to since": blocks,
  "a point of a running VM keeps its moment while the guest writes on": blocks,
  "a fenced VM's disk serves as a recovery point until it changes, and its bytes as long as needed": blocks,
  "an adopted disk that changed is refused as a point and as a parent, or shows what it was": blocks,
};
