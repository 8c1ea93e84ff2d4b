// Long because it is one contract, to be read whole; what only clouds have is in cloud-facets.ts.
import type { CensusKind } from "../domain/census.ts";
import type { ChangeTracking } from "../domain/change-tracking.ts";
import type { Consistency } from "../domain/consistency.ts";
import type { MeteredVm } from "../domain/cost-model.ts";
import type { DiskType } from "../domain/disk-type.ts";
import type { FirewallRule, VmFirewall } from "../domain/firewall.ts";
import type { CapacityType, InstanceType } from "../domain/instance-type.ts";
import type { VmSize } from "../domain/operation.ts";
import type { TagRules } from "../domain/tag-rules.ts";
import type { DiskBus, Firmware, Vm } from "../domain/vm.ts";
import type { BlockSink, BlockSource } from "../transfer/ports.ts";
import type { AlarmsFacet } from "./alarms-facet.ts";
import type {
  ImagesFacet,
  KeysFacet,
  LoadBalancersFacet,
  NetworkAdminFacet,
  ObjectStorageFacet,
  QuotasFacet,
  ScalingGroupsFacet,
  SnapshotsFacet,
  TunnelsFacet,
} from "./cloud-facets.ts";
import type { CostsFacet } from "./cost-facet.ts";
import type { DocumentsFacet } from "./documents-facet.ts";
import type { EventsFacet } from "./events-facet.ts";
import type { GatewayFacet } from "./gateway-facet.ts";
import type { LiveFacet } from "./live-facet.ts";
import type { MetricsFacet } from "./metrics-facet.ts";
import type { DnsFacet, LoadBalancingFacet } from "./traffic-facets.ts";

/**
 * The provider port: one small interface a facet. The comments are the contract; the conformance suite
 * (`test/providers/conformance.ts`) holds every provider to it.
 *
 * For every call:
 * - it takes an `AbortSignal` and ends soon after an abort, leaving the site in a state a repeat can go on from;
 * - every mutation is idempotent: a create takes a `key`, written as a tag on what it creates, and a repeat with a known
 *   key returns the existing resource; deleting what is gone succeeds; setting what is set succeeds;
 * - it fails only with `ProviderError`s, whose code comes from the provider's table of vendor codes;
 * - it takes its share of the site's call budget, which all workers keep together;
 * - arguments and results are plain JSON (except block sources and sinks, which live inside one activity), so that any
 *   process can go on where another stopped.
 */
export interface Provider {
  /** The site's id, such as `onprem-a` or `aws-us-east-1`. */
  readonly site: string;
  readonly kind: string;
  readonly capabilities: Capabilities;
  /** True when the site is part of the sandbox; everything shown about it says so. */
  readonly simulated: boolean;
  /** What the site takes as tags; absent where it takes any. Tags of this port are always the whole, unpacked ones: a site
   *  with rules packs and unpacks them with `domain/tags.ts`. */
  readonly tagRules?: TagRules;
  readonly compute: ComputeFacet;
  readonly disks: DisksFacet;
  readonly network: NetworkFacet;
  /** Facets that not every kind of site has (`cloud-facets.ts`). What is absent has its row in {@link capabilities}. */
  readonly images?: ImagesFacet;
  readonly snapshots?: SnapshotsFacet;
  readonly networkAdmin?: NetworkAdminFacet;
  readonly objects?: ObjectStorageFacet;
  readonly quotas?: QuotasFacet;
  readonly keys?: KeysFacet;
  readonly loadBalancers?: LoadBalancersFacet;
  readonly scalingGroups?: ScalingGroupsFacet;
  readonly tunnels?: TunnelsFacet;
  readonly events?: EventsFacet;
  /** Moving running guests to another host of the same kind (`live-facet.ts`). */
  readonly live?: LiveFacet;
  /** DNS records and the targets of load balancers (`traffic-facets.ts`). */
  readonly dns?: DnsFacet;
  readonly loadBalancing?: LoadBalancingFacet;
  /** Small documents that are kept at the site and changed by compare-and-swap (`documents-facet.ts`). */
  readonly documents?: DocumentsFacet;
  /** What the site measures of its VMs (`metrics-facet.ts`). */
  readonly metrics?: MetricsFacet;
  /** Its own alarms on that (`alarms-facet.ts`). */
  readonly alarms?: AlarmsFacet;
  /** What it cost (`cost-facet.ts`). */
  readonly costs?: CostsFacet;
  /** Reachability, credentials, permissions, versions: one row each, in an order a person would debug in. */
  check(signal: AbortSignal): Promise<readonly SiteCheck[]>;
  /** Every resource at the site that exists because of us (created by us, opened by us, still costing something),
   *  for comparing before and after. Exports and processes count too. */
  census(signal: AbortSignal): AsyncIterable<CensusEntry>;
  close(): Promise<void>;
}

export const capabilityNames = [
  "compute.create",
  /** A new VM stays off until it is started. */
  "compute.create-stopped",
  /** Its VMs can run. */
  "compute.start",
  "compute.resize",
  /** Its VMs can start by UEFI. */
  "compute.uefi",
  "compute.console-output",
  /** A running VM moves to another site of the same kind with its memory. */
  "compute.live-migration",
  /** VMs come in fixed sizes, by name. */
  "compute.instance-types",
  /** Capacity at a lower price that the site may take back. */
  "compute.spot",
  "disks.source-stopped",
  "disks.source-frozen",
  /** A disk that comes with its VM can be read like its other disks. */
  "disks.own-disk",
  /** A guest's file systems can be frozen for the moment of its point. */
  "disks.application-consistent",
  "disks.changed-blocks",
  /** A disk can be looked at as it is, without a point of it. */
  "disks.peek",
  /** Changes since a source point are known after it was released, too; else only as long as it is held or adopted. */
  "disks.changes-after-release",
  "disks.replica",
  /** Rounds of a warm migration can be copied from it and to it. */
  "disks.rounds",
  /** A new attempt at a generation takes the earlier attempt's handle away. */
  "disks.fenced-writes",
  /** Points of a disk can follow each other within seconds, so that a replica of it, or here, may be as young. The reason says
   *  the smallest RPO that a route from or to it has. */
  "disks.rpo-seconds",
  /** A cold move may go by an image in the site's object storage instead of by blocks. */
  "disks.image-route",
  /** A disk's points go to another region of it by a copy of its own. */
  "disks.region-copy",
  /** Disks can be encrypted with a key of the customer's. */
  "disks.customer-key",
  /** The site encrypts what disks hold at rest. */
  "disks.encrypted",
  "network.create",
  /** Its virtual networks have parts. */
  "network.subnets",
  /** A VM can be started where it reaches nobody: in `isolatedNetworkId`, or in a network that is made for it. */
  "network.isolated",
  /** Its published ports can be reached there all the same. */
  "network.isolated-probes",
  /** A NIC has the MAC that was asked for. */
  "network.fixed-mac",
  /** A NIC has the address in its network that was asked for. */
  "network.fixed-address",
  "network.security-groups",
  /** It tells which rules hold for a VM. */
  "network.firewall",
  /** A rule of a group can name another group as who is let in or out… */
  "network.rules.group-peers",
  /** …and as who may be reached. */
  "network.rules.egress-group-peers",
  /** A rule can be about certain types of ICMP. */
  "network.rules.icmp-types",
  "network.public-address",
  "images",
  "snapshots",
  "objects",
  /** Small documents of ours are kept there, changed by compare-and-swap only. */
  "documents",
  "quotas",
  /** The keys that we sign with can be exchanged. */
  "keys",
  "load-balancers",
  "scaling-groups",
  /** Encrypted tunnels to other networks that the site itself ends. */
  "tunnels",
  /** It can be an end of connections that NovaCron makes. */
  "tunnels.connect",
  /** It tells of changes as they happen. */
  "events",
  "dns",
  /** It tells when all of a zone's name servers have a change. */
  "dns.in-effect",
  /** Targets of its load balancers can be added, drained and removed. */
  "load-balancing",
  /** New connections or requests are divided by weights. */
  "load-balancing.weights",
  /** Connections that are there may end after a target gets no new ones. */
  "load-balancing.drain",
  /** It tells when a draining target has nothing under way any more. */
  "load-balancing.drained",
  /** It tells whether a target is healthy. */
  "load-balancing.health",
  /** It tells how many connections a target has. */
  "load-balancing.connections",
  /** What it costs can be looked up in a price list. */
  "prices",
  /** It measures its VMs: their CPUs, disks and networks. */
  "metrics",
  /** It measures how much memory a guest uses. */
  "metrics.memory",
  /** It has alarms of its own on what it measures. */
  "alarms",
  /** They can be on a figure that is exactly so much… */
  "alarms.equal",
  /** …and on one that is at least, or at most, so much. */
  "alarms.or-equal",
  /** It tells how each of them stands. */
  "alarms.state",
  /** It says what it cost. */
  "costs",
  /** It says itself what it is going to cost. */
  "costs.forecast",
] as const;
export type CapabilityName = (typeof capabilityNames)[number];
/** What the site cannot do: capability → the reason, for a person. What is absent here, it can. */
export type Capabilities = Readonly<Partial<Record<CapabilityName, string>>>;

export interface SiteCheck {
  readonly check: string;
  readonly result: "pass" | "warn" | "fail";
  readonly detail: string;
  /** What to do about it; present unless it passed. */
  readonly remedy?: string;
}

/** Zones of a name server that is no cloud's. */
export interface NameServerFacet extends DnsFacet {
  check(signal: AbortSignal): Promise<SiteCheck>;
}

/** The VPN gateway of a site of ours. */
export interface VpnGatewayFacet extends TunnelsFacet, GatewayFacet {
  check(signal: AbortSignal): Promise<SiteCheck>;
}

export interface CensusEntry {
  readonly kind: CensusKind;
  readonly id: string;
  readonly name?: string;
  readonly tags: Readonly<Record<string, string>>;
}

// ---------------------------------------------------------------- compute

export interface VmSpec {
  readonly name: string;
  readonly cpus: number;
  readonly memoryBytes: number;
  /** The site's size for it, where the site has fixed sizes ({@link ComputeFacet.listInstanceTypes}); absent lets the
   *  site take the smallest that has the CPUs and the memory. */
  readonly instanceType?: string;
  /** Default `on-demand`. */
  readonly capacityType?: CapacityType;
  /** An image to make the boot disk from, as {@link ImagesFacet.resolve} gives it; then `disks` holds data disks only. */
  readonly image?: { readonly imageId: string; readonly bootDisk?: NewDisk };
  /** Names or ids; where the site has them and none is given, its default one. */
  readonly securityGroups?: readonly string[];
  /** Whether it gets an address that the internet can reach. Default: what the network does by itself. */
  readonly publicAddress?: boolean;
  /** What the guest gets as its user data (cloud-init), as text. */
  readonly userData?: string;
  readonly firmware: Firmware;
  readonly architecture: "x86_64" | "aarch64";
  /** `type` counts for what {@link DisksFacet.materialise} gave where that only stood for a volume. */
  readonly disks: readonly {
    readonly volumeId: string;
    readonly bus: DiskBus;
    readonly boot: boolean;
    readonly type?: string;
  }[];
  /** `address`: the one to have in its network; not where `network.fixed-address` is a gap. */
  readonly nics: readonly { readonly networkId: string; readonly mac?: string; readonly address?: string }[];
  /** Guest ports that must be reachable from the site's worker; they show up as endpoints of the running VM. */
  readonly publishPorts: readonly number[];
  readonly tags: Readonly<Record<string, string>>;
}

/** What a disk that comes with a VM is to be. */
export interface NewDisk {
  readonly sizeBytes?: number;
  /** The site's own word (`gp3`); absent takes the site's default. */
  readonly type?: string;
  /** The site's name of a customer's key. Disks are encrypted with the site's own key without it. */
  readonly encryptionKey?: string;
}

export interface ComputeFacet {
  /** The sizes a VM can have here; undefined where any number of CPUs and any memory will do. */
  listInstanceTypes?(signal: AbortSignal): AsyncIterable<InstanceType>;
  listVms(signal: AbortSignal): AsyncIterable<Vm>;
  /** @throws NotFound. */
  getVm(vmId: string, signal: AbortSignal): Promise<Vm>;
  /**
   * Creates it stopped; where `compute.create-stopped` is a gap the site starts what it creates, and the VM runs when
   * this returns. The name shown is `spec.name` even where the site needs unique names and adds to its own.
   * Volumes of {@link DisksFacet.materialise} are handed over: the VM's disks show the ids they have from then on, and
   * a volume's key finds them in the census.
   */
  createVm(spec: VmSpec, key: string, signal: AbortSignal): Promise<Vm>;
  /** Returns when the machine runs (not when its guest has booted). A VM tagged `novacron:fenced-by` is refused with
   *  Conflict. */
  startVm(vmId: string, signal: AbortSignal): Promise<Vm>;
  /** Asks the guest to shut down, and after `graceMs` turns it off; says which it was. Calls `onWaiting` at least every
   *  second meanwhile. */
  stopVm(
    vmId: string,
    options: { graceMs: number; onWaiting?: () => void },
    signal: AbortSignal,
  ): Promise<{ forced: boolean }>;
  /** Changes a stopped VM's size. @throws Conflict when it is not stopped, InvalidInput for a size the site lacks. */
  resizeVm?(vmId: string, size: VmSize, signal: AbortSignal): Promise<Vm>;
  /** Removes the VM, running or not, and leaves its volumes. */
  deleteVm(vmId: string, signal: AbortSignal): Promise<void>;
  /** Sets tags; `undefined` removes one. */
  setTags(vmId: string, tags: Readonly<Record<string, string | undefined>>, signal: AbortSignal): Promise<void>;
  /** The serial console's output since the VM's last start, at most the newest `maxBytes`. */
  consoleOutput(vmId: string, maxBytes: number, signal: AbortSignal): Promise<string>;
  /** States of whole VMs that the hypervisor itself keeps; absent where it keeps none. */
  listVmSnapshots?(signal: AbortSignal): AsyncIterable<VmSnapshot>;
}

export interface VmSnapshot {
  readonly snapshotId: string;
  readonly name: string;
  readonly vmId: string;
  /** The site's own word for the state that it holds: `running`, `shutoff`. */
  readonly state: string;
  readonly createdAt?: string;
}

// ---------------------------------------------------------------- disks

/** An immutable view of all disks of a VM at one moment, held at the source while a generation is read from it. */
export interface SourcePoint {
  readonly sourcePointId: string;
  readonly vmId: string;
  /** `stopped`: the VM is off and fenced; it stays valid until the VM starts. `frozen`: a point of a running VM, valid
   *  while the hypervisor process lives. */
  readonly mode: "stopped" | "frozen";
  readonly takenAt: string;
  /** Absent of a point that was taken before points told of it. */
  readonly consistency?: Consistency;
  readonly disks: readonly SourcePointDisk[];
}

export interface SourcePointDisk {
  readonly diskId: string;
  readonly sizeBytes: number;
  /** Bytes that are allocated and not known to be zero. */
  readonly allocatedBytes: number;
  /** True where nobody has looked: `allocatedBytes` is then the most that it can be. */
  readonly allocationUnknown?: boolean;
  /** What this disk can be compared with, best first. */
  readonly baselines: readonly Baseline[];
}

/** Something the source knows the changes since: an earlier source point, or the recovery point the VM's disk was
 *  materialised from. */
export interface Baseline {
  /** A source point disk's id (`<sourcePointId>/<diskId>`) or a recovery point id. */
  readonly baselineId: string;
  readonly tracking: ChangeTracking;
  readonly granularityBytes: number;
  /** An upper bound of what changed since, where it is known without reading. */
  readonly changedBytes?: number;
}

/** One disk's replica at the target; it outlives a move. */
export interface ReplicaSpec {
  readonly replicaId: string;
  /** A size that {@link DisksFacet.volumeSize} gives. */
  readonly sizeBytes: number;
  /** The site's name of a customer's key for what is written. Encrypted with the site's own key without it, where the
   *  site encrypts. */
  readonly encryptionKey?: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** A sealed, immutable, never booted state of a replica (or of a fenced VM's disk, adopted as one). */
export interface RecoveryPoint {
  readonly pointId: string;
  readonly site: string;
  readonly sizeBytes: number;
  readonly createdAt: string;
  readonly kind: "sealed" | "adopted";
}

export interface Volume {
  readonly volumeId: string;
  readonly sizeBytes: number;
  readonly tags: Readonly<Record<string, string>>;
}

/** A volume as a list of all of them shows it. */
export interface ListedVolume extends Volume {
  readonly name?: string;
  /** The VM that uses it; absent for one that nothing uses. */
  readonly vmId?: string;
  /** The site's own word: `gp3`, `qcow2`. */
  readonly type?: string;
  readonly createdAt?: string;
  /** At rest, by the site itself; absent where it doesn't say. */
  readonly encrypted?: boolean;
}

/** A recovery point as a list of all of them shows it. */
export interface ListedPoint extends RecoveryPoint {
  readonly tags: Readonly<Record<string, string>>;
}

/** A disk image that others are built on, or that systems are installed from, and that no VM writes to. */
export interface BaseImage {
  readonly imageId: string;
  readonly name: string;
  readonly sizeBytes?: number;
  /** The site's own word: `qcow2`, `iso`. */
  readonly type: string;
}

/** What a point is to be taken of. */
export interface PointToTake {
  readonly vmId: string;
  readonly mode: SourcePoint["mode"];
  readonly key: string;
  /** By disk, the baseline whose changes are wanted: a site that can tell the changes since one only tells those. */
  readonly since?: Readonly<Record<string, string>>;
}

/** A disk of a point, and an earlier one of the same disk. */
export interface DiskSince {
  readonly sourcePointId: string;
  readonly diskId: string;
  readonly baselineId: string;
}

export interface DisksFacet {
  /** All volumes of the site, ours or not, in use or not. */
  listVolumes(signal: AbortSignal): AsyncIterable<ListedVolume>;
  /** All recovery points that {@link getPoint} would find, whether or not an adopted one's disk changed since. */
  listPoints(signal: AbortSignal): AsyncIterable<ListedPoint>;
  /** Images that lie at the site as files; absent where a site has a catalogue of them (`images`), or none. */
  listBaseImages?(signal: AbortSignal): AsyncIterable<BaseImage>;
  /** The size a volume of at least so many bytes has here: sites count in sectors, MiB or GiB. @throws InvalidInput
   *  beyond the site's largest. */
  volumeSize(sizeBytes: number): number;
  /**
   * Describes what could be read of a VM's disks now, without changing anything: for plans.
   * Sizes and baselines are those that {@link createSourcePoint} would find; what is allocated may be more than that finds,
   * up to the whole disk, where the site can't tell before.
   */
  inspectSource(vmId: string, signal: AbortSignal): Promise<readonly SourcePointDisk[]>;
  /**
   * Reads a disk as it is now, for looking into it only: while the VM runs it changes under the reader and may be torn.
   * Disturbs the VM in nothing, which may start and stop meanwhile. Absent where `disks.peek` is a gap.
   * @throws NotFound for a VM or a disk that is not there.
   */
  peek?(vmId: string, diskId: string, signal: AbortSignal): Promise<BlockSource>;
  /** How consistent a point of the VM would be now; absent where `disks.application-consistent` is a gap. */
  expectConsistency?(vmId: string, signal: AbortSignal): Promise<Consistency>;
  /** Takes (or returns, for a known key) a point of all disks. One of a running VM is taken with the guest's file systems
   *  frozen where that can be had; they are thawed whatever happens to the caller or its process. `stopped` needs a stopped VM, else Conflict. From this
   *  point on changes are tracked, where the site can, under the baseline ids `<sourcePointId>/<diskId>`. May take as long
   *  as copying the disks does. */
  createSourcePoint(input: PointToTake, signal: AbortSignal): Promise<SourcePoint>;
  /** As {@link createSourcePoint} of each, in fewer calls; what fails of one fails alone. This and the next two are absent where
   *  a site has nothing better than one after the other, or can't tell. */
  createSourcePoints?(
    inputs: readonly PointToTake[],
    signal: AbortSignal,
  ): Promise<readonly PromiseSettledResult<SourcePoint>[]>;
  /** Whether nothing was written to each disk since its baseline; false also where that can't be told without reading. */
  unchangedSince?(disks: readonly DiskSince[], signal: AbortSignal): Promise<readonly boolean[]>;
  /** As {@link releaseSourcePoint} of each. */
  releaseSourcePoints?(sourcePointIds: readonly string[], signal: AbortSignal): Promise<void>;
  /** Opens one disk of a point for reading. A new attempt closes what earlier attempts had opened.
   *  @throws NotFound when the point is gone, Conflict when the disk changed since (a stopped VM was started) and the site
   *  did not keep what it was. */
  openSource(
    input: { sourcePointId: string; diskId: string; attempt: number },
    signal: AbortSignal,
  ): Promise<BlockSource>;
  /** Ends a point and everything that served it. The tracking of changes since stays, unless
   *  `disks.changes-after-release` is a gap. */
  releaseSourcePoint(sourcePointId: string, signal: AbortSignal): Promise<void>;

  /**
   * Opens a generation of a replica for writing: its content starts as `parentPointId`'s (with zeros behind it where
   * the parent is smaller), or as zeros.
   * A second call with a higher `attempt` revokes the earlier attempt's handle (it can write nothing more, even when its
   * process was only stopped) and goes on with what is durable. A lower attempt than the newest is refused: Conflict.
   * (Where `disks.fenced-writes` is a gap, an earlier attempt can still write until the generation is sealed; as every
   * attempt reads the same immutable point, it writes the same bytes.)
   * A sealed generation is refused: Conflict.
   */
  openGeneration(
    input: { replica: ReplicaSpec; generationId: string; parentPointId?: string; attempt: number },
    signal: AbortSignal,
  ): Promise<BlockSink>;
  /** Makes the generation immutable. Sealing again returns the same point. The point's id is the generation's.
   *  `leavesWritten` is how many leaves of 512 KiB all attempts together wrote, for sites that hold us to it. */
  sealGeneration(
    input: { replicaId: string; generationId: string; attempt: number; leavesWritten: number },
    signal: AbortSignal,
  ): Promise<RecoveryPoint>;
  /** Drops an unsealed generation with all its bytes, handles included. */
  discardGeneration(input: { replicaId: string; generationId: string }, signal: AbortSignal): Promise<void>;
  /** Makes the disk of a fenced, stopped VM, as its source point saw it, a recovery point at its own site, so that a way
   *  back moves only differences. It lasts at least as long as the VM stays stopped, and never shows anything else. */
  adoptPoint(input: { sourcePointId: string; diskId: string }, signal: AbortSignal): Promise<RecoveryPoint>;
  /** @throws NotFound when it is gone, Conflict when an adopted point's disk changed and took the point with it. */
  getPoint(pointId: string, signal: AbortSignal): Promise<RecoveryPoint>;
  /** Reads a recovery point, for proof. */
  openPoint(pointId: string, signal: AbortSignal): Promise<BlockSource>;
  /** Removes the point; bytes that other points or volumes are built on stay until those are gone. */
  deletePoint(pointId: string, signal: AbortSignal): Promise<void>;
  /** A bootable volume with the point's content; writing to it never changes the point. Where a site makes volumes only
   *  together with their VM, what comes back stands for one until {@link ComputeFacet.createVm}. `type` is one of
   *  {@link diskTypes}; absent takes {@link diskType}. */
  materialise(
    input: { pointId: string; key: string; tags: Readonly<Record<string, string>>; type?: string },
    signal: AbortSignal,
  ): Promise<Volume>;
  /** An empty volume of our own, in the zone that its VM will be in, where a site has zones. */
  createVolume(
    input: NewDisk & { sizeBytes: number; zone?: string; key: string; tags: Readonly<Record<string, string>> },
    signal: AbortSignal,
  ): Promise<Volume>;
  /** Refused with Conflict while a VM uses it. Bytes that recovery points are built on stay until those are gone. */
  deleteVolume(volumeId: string, signal: AbortSignal): Promise<void>;
  /** Reads a volume of a stopped VM (for `certificate verify` of what a disk is now). */
  openVolume(volumeId: string, signal: AbortSignal): Promise<BlockSource>;
  /** The type of the disks that {@link materialise} makes, in the words of the site's price list; absent where disks have
   *  no price of their own. */
  readonly diskType?: string;
  /** The types that disks have here; absent where they have none. */
  readonly diskTypes?: readonly DiskType[];
  /** Free bytes for new replicas; undefined where the site has no such bound. */
  freeBytes(signal: AbortSignal): Promise<number | undefined>;
}

// ---------------------------------------------------------------- network

/** Something a network interface can be put into: a libvirt network, a cloud's subnet. */
export interface Network {
  readonly networkId: string;
  readonly name: string;
  readonly kind: "user" | "nat" | "bridge" | "subnet" | "none";
  readonly active: boolean;
  /** The one that is taken when nothing tells the networks of a site apart. */
  readonly isDefault?: boolean;
  readonly cidr?: string;
  /** Addresses at the begin and the end of its range that the site keeps to itself. */
  readonly reserved?: { readonly first: number; readonly last: number };
  /** The virtual network (VPC, VNet, VCN) and the zone it lies in, where there are such. */
  readonly virtualNetworkId?: string;
  readonly zone?: string;
}

export interface NetworkFacet {
  listNetworks(signal: AbortSignal): AsyncIterable<Network>;
  /** What holds traffic to the VM and from it back, a row a NIC in their order; absent where `network.firewall` is a gap.
   *  @throws NotFound. */
  firewallOf?(vmId: string, signal: AbortSignal): Promise<VmFirewall>;
  /** What rules of the network itself let through to and from each VM in it, whatever its groups say; absent where a VM's
   *  groups alone let something through. */
  networkRules?(networkId: string, signal: AbortSignal): Promise<readonly FirewallRule[]>;
}

// ---------------------------------------------------------------- registration

/** Calls of one account, shared by all workers. */
export interface CallBudget {
  /** Resolves when one call may be made, in the order of asking. Cheap enough for every block of a disk: workers lease
   *  calls in batches. @throws RateLimited where the vendor wants a longer pause than a caller would wait through. */
  take(signal: AbortSignal): Promise<void>;
  /** The vendor has refused a call as one too many: no worker's goes out for as long as it said, or for a while that grows
   *  with each refusal. A failure to tell the others is kept to itself. Absent where nobody shares the budget. */
  throttled?(retryAfterMs?: number): Promise<void>;
}

/** A token bucket: what an account may do each second, and (default the same) how much of it at once after a pause. */
export interface CallRate {
  readonly perSecond: number;
  readonly burst?: number;
}

/** A request to a vendor that is over; the calls of this port are made of those. */
export interface CloudCall {
  /** Service and operation: `ec2:RunInstances`. */
  readonly call: string;
  /** `ok`, or an error's code. */
  readonly code: string;
  /** From 1: the provider repeats some by itself. */
  readonly attempt: number;
  /** One block of a disk, of which there are thousands. */
  readonly isBlock: boolean;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly durationMs: number;
}

/** What every provider is made with; the worker's composition root supplies it. */
export interface ProviderContext {
  readonly site: string;
  /** The site's budget of that name (a family of calls with a limit of its own), which all workers keep together. */
  budget(name: string, rate: CallRate): CallBudget;
  readonly log: (level: "debug" | "info" | "warn" | "error", message: string, facts?: object) => void;
  /** Told of each request to a vendor. */
  readonly onCall?: (call: CloudCall) => void;
  /** What VMs the site had in a month (`2026-11`), by the inventory's history; absent where there is no inventory. */
  readonly metered?: (month: string, signal: AbortSignal) => Promise<readonly MeteredVm[]>;
}
