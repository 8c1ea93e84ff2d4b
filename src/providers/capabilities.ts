import type { Capabilities } from "./provider.ts";

/** What each kind of site cannot do, with the reason for a person. */
export const capabilities = {
  aws: {
    "tunnels.connect":
      "NovaCron shows EC2's VPN connections, and does not make them yet; its own ends are those of sites with a `vpn_gateway`",
    "compute.create-stopped": "EC2 starts an instance as it makes it",
    "compute.live-migration": "EC2 takes no running memory in and gives none out",
    "disks.fenced-writes":
      "EBS takes blocks of a pending snapshot from anyone who may write it, until it is sealed; every attempt writes the same bytes",
    "disks.application-consistent":
      "EBS snapshots all volumes of an instance at one moment, crash-consistent; freezing the guest for it takes scripts that Systems Manager runs in it, which NovaCron does not do",
    "disks.rpo-seconds":
      "A minute is the smallest RPO from or to here: EBS takes a snapshot of a volume every 15 seconds at most, and shows its blocks once it is complete",
    "disks.image-route":
      "EBS takes and gives blocks, of which only those move that hold something; an image in S3 would be written, read and converted whole",
    "disks.region-copy":
      "EC2 tells no hashes of what it copies between regions; blocks go by EBS direct there too, so that the copy is proven, at the price of their requests",
    "disks.peek": "EBS shows a volume's blocks by a snapshot of it only, and the first one may take hours",
    "disks.changes-after-release":
      "EBS compares a volume with a snapshot that is kept: what is released can't be compared with any more",
    "network.isolated-probes":
      "Nobody outside of a virtual network without routes reaches into it; what a test there shows is on the console",
    "network.fixed-mac": "EC2 gives a network interface its MAC",
    "load-balancing.connections":
      "Elastic Load Balancing counts the connections of a balancer, not those of a target; it says when a target is drained",
    "metrics.memory":
      "EC2 does not see into a guest's memory; the CloudWatch agent does from within, and what it finds can be pushed here",
    "alarms.equal":
      "CloudWatch compares with more than, less than and or-equal only; an alert rule of NovaCron's takes eq",
  },
  oci: {
    "tunnels.connect":
      "NovaCron shows Oracle Cloud's IPSec connections, and does not make them yet; its own ends are those of sites with a `vpn_gateway`",
    "compute.create-stopped": "Oracle Cloud starts an instance as it launches it",
    "compute.live-migration": "Oracle Cloud takes no running memory in and gives none out",
    "disks.application-consistent":
      "Oracle Cloud backs volumes up at one moment, crash-consistent; it does not freeze the guest for that",
    "disks.peek":
      "Oracle Cloud shows no blocks of a volume; they are read from a copy of it that a helper instance has",
    "disks.rpo-seconds":
      "Some minutes are the smallest RPO from or to here: a point is a backup, and for each round a helper instance starts and reads the whole disk",
    "disks.image-route":
      "A custom image is a boot disk of 400 GB at most and stops its instance meanwhile; a helper instance moves any disk, and reads it back for the proof",
    "disks.region-copy":
      "Oracle Cloud tells no hashes of a backup that it copies to another region; the bytes go by helper instances there too, so that the copy is proven",
    "disks.changed-blocks":
      "Oracle Cloud tells of no changed blocks; a helper instance reads the whole disk, and what differs is sent",
    "disks.changes-after-release":
      "A disk is compared with a backup that is kept: what is released can't be compared with any more",
    "network.isolated-probes":
      "Nobody outside of a virtual network without routes reaches into it; what a test there shows is on the console",
    "network.fixed-mac": "Oracle Cloud gives a network interface its MAC",
    "dns.in-effect": "Oracle Cloud does not tell when its name servers have a change of a zone",
    "load-balancing.connections": "Oracle Cloud's load balancers count no connections of a single backend",
    "load-balancing.drained":
      "Oracle Cloud does not tell when a draining backend's last connection has ended: it drains for as long as it is given",
  },
  gcp: {
    "tunnels.connect":
      "NovaCron shows Google Cloud's VPN tunnels, and does not make them yet; its own ends are those of sites with a `vpn_gateway`",
    "compute.create-stopped": "Compute Engine starts an instance as it makes it",
    "compute.live-migration": "Compute Engine takes no running memory in and gives none out",
    "disks.application-consistent":
      "Compute Engine freezes a guest for its snapshot only by scripts that are installed in it, which NovaCron does not do",
    "disks.rpo-seconds":
      "Ten minutes are the smallest RPO from or to here: Compute Engine takes six snapshots of a disk an hour",
    "disks.image-route":
      "An image is a tar.gz in Cloud Storage that holds the whole disk and is unpacked again; a helper instance writes once what holds something, and reads it back for the proof",
    "disks.region-copy":
      "Compute Engine tells no hashes of its snapshots, which hold in all regions; the bytes go by helper instances there too, so that the copy is proven",
    "disks.changed-blocks":
      "Compute Engine tells nobody which blocks of a disk changed; a helper instance compares hashes beside the disk",
    "disks.peek": "Compute Engine shows a disk to machines only that it is attached to, or a snapshot of it",
    "disks.changes-after-release": "Compute Engine keeps nothing of a snapshot that was deleted",
    "network.isolated-probes":
      "Nobody outside of a network without routes reaches into it; what a test there shows is on the console",
    "network.fixed-mac": "Compute Engine makes a network interface's MAC from its address",
    "network.rules.egress-group-peers":
      "A firewall rule of Compute Engine lets out to ranges of addresses only, not to a network tag",
    "network.rules.icmp-types": "A firewall rule of Compute Engine is about all types of ICMP",
    "load-balancing.connections":
      "Google counts the requests of a balancer, not those of an endpoint; it says when an endpoint is drained",
    "metrics.memory":
      "Compute Engine does not see into a guest's memory; Google's Ops Agent does from within, and what it finds can be pushed here",
    "alarms.equal":
      "An alerting policy of Cloud Monitoring compares with more than and less than only; an alert rule of NovaCron's takes eq",
    "alarms.or-equal":
      "An alerting policy of Cloud Monitoring compares with more than and less than only; an alert rule of NovaCron's takes gte and lte",
    "alarms.state":
      "An alerting policy of Cloud Monitoring does not say how it stands; its incidents are in the console and in what its channels tell",
    costs:
      "Google Cloud tells costs by its exports only: name the table of the export to BigQuery as the site's `billing_table`, or import the export",
    "costs.forecast": "Google Cloud has no call that forecasts costs; NovaCron forecasts from what was there",
  },
  azure: {
    "tunnels.connect":
      "NovaCron shows Azure's VPN connections, and does not make them yet; its own ends are those of sites with a `vpn_gateway`",
    "compute.create-stopped": "Azure starts a VM as it makes it",
    "compute.live-migration": "Azure takes no running memory in and gives none out",
    "disks.application-consistent":
      "Azure freezes a guest only for its own backup and by its agent's scripts; a snapshot of a disk is crash-consistent",
    "disks.rpo-seconds":
      "A minute is the smallest RPO from or to here: Azure takes seven incremental snapshots of a disk in five minutes",
    "disks.image-route":
      "A direct upload takes the whole of a fixed VHD and no difference later; a replica is a page blob that only pages are written to which hold something, and is imported",
    "disks.region-copy":
      "Azure tells no hashes of a snapshot that it copies to another region; the pages go by signed addresses there too, so that the copy is proven",
    "disks.peek": "Azure shows a disk's bytes by a snapshot of it only while a VM has it",
    "disks.changes-after-release":
      "Azure compares a disk with a snapshot that is kept: what is released can't be compared with any more",
    "network.isolated-probes":
      "Nobody outside of a virtual network without addresses reaches into it; what a test there shows is on the console",
    "network.fixed-mac": "Azure gives a network interface its MAC",
    "network.rules.group-peers": "A rule of Azure's network security groups names no other group",
    "network.rules.icmp-types": "A rule of Azure's network security groups is about all types of ICMP",
    "dns.in-effect": "Azure DNS does not tell when its name servers have a change of a zone",
    "load-balancing.connections": "Azure counts no connections of a single target",
    "load-balancing.drained":
      "Azure does not tell when a draining target's last connection has ended: it drains for as long as it is given (an endpoint of Traffic Manager for the profile's TTL)",
  },
  digitalocean: {
    "compute.create-stopped": "DigitalOcean starts a droplet as it makes it",
    "compute.uefi": "Droplets start by BIOS",
    "compute.console-output": "DigitalOcean shows a droplet's console in its control panel only",
    "compute.live-migration": "DigitalOcean takes no running memory in and gives none out",
    "compute.spot": "DigitalOcean sells no droplets that it may take back",
    "disks.own-disk":
      "DigitalOcean attaches the disk that comes with a droplet to no other one and gives its bytes to nobody; volumes can be moved",
    "disks.application-consistent":
      "DigitalOcean snapshots a volume crash-consistent; it does not freeze the guest for that",
    "disks.rpo-seconds":
      "Some minutes are the smallest RPO from or to here: for each round a helper droplet starts and reads the whole volume",
    "disks.image-route":
      "An image is of the disk that comes with a droplet, and is fetched from a URL that everybody can read; a helper droplet moves volumes",
    "disks.region-copy": "DigitalOcean's snapshots of volumes stay in their region",
    "disks.changed-blocks":
      "DigitalOcean tells nobody which blocks of a volume changed; a helper droplet compares hashes beside the volume",
    "disks.peek": "DigitalOcean shows a volume to the droplet only that it is attached to",
    "disks.changes-after-release": "DigitalOcean keeps nothing of a snapshot that was deleted",
    "disks.customer-key": "DigitalOcean encrypts volumes with keys of its own only",
    "network.subnets": "A VPC of DigitalOcean is one network and has no parts",
    "network.isolated-probes":
      "Nobody outside of a VPC reaches into it where its droplets have no public address; nothing shows what a test there does",
    "network.fixed-mac": "DigitalOcean gives a network interface its MAC",
    "network.fixed-address": "DigitalOcean gives a droplet its address in its VPC",
    "network.rules.group-peers":
      "A rule of DigitalOcean's firewalls names droplets, tags and addresses, but no other firewall",
    "network.rules.egress-group-peers":
      "A rule of DigitalOcean's firewalls names droplets, tags and addresses, but no other firewall",
    "network.rules.icmp-types": "A rule of DigitalOcean's firewalls is about all types of ICMP",
    "network.public-address":
      "A reserved IP carries neither a name nor a tag: one that was made twice by accident could not be told from another's",
    images:
      "DigitalOcean takes images by a URL that it fetches, for the disks that come with droplets; NovaCron's droplets start from volumes",
    objects: "Spaces is signed for with keys of its own, which NovaCron does not ask for yet",
    documents:
      "Volumes, snapshots and tags change by no compare-and-swap, and Spaces is signed for with keys that NovaCron does not ask for yet",
    keys: "DigitalOcean's API makes and retires no tokens of its own",
    "load-balancers": "NovaCron does not look at DigitalOcean's load balancers yet",
    "scaling-groups": "NovaCron does not look at DigitalOcean's autoscale pools yet",
    tunnels: "DigitalOcean ends no IPsec tunnels; a VPN runs in a droplet",
    "tunnels.connect": "DigitalOcean ends no IPsec tunnels; a VPN runs in a droplet",
    events: "DigitalOcean tells nobody of changes as they happen; it is read at its turn",
    prices: "The price lists that NovaCron has are those of other clouds",
    dns: "NovaCron does not keep records in DigitalOcean's DNS yet",
    "load-balancing": "NovaCron does not change the targets of DigitalOcean's load balancers yet",
    metrics: "NovaCron does not read DigitalOcean's Monitoring yet",
    "metrics.memory": "NovaCron does not read DigitalOcean's Monitoring yet",
    alarms:
      "NovaCron does not make DigitalOcean's alert policies yet; its own alert rules judge figures that are pushed",
    "alarms.equal":
      "NovaCron does not make DigitalOcean's alert policies yet; its own alert rules judge figures that are pushed",
    "alarms.or-equal":
      "NovaCron does not make DigitalOcean's alert policies yet; its own alert rules judge figures that are pushed",
    "alarms.state":
      "NovaCron does not make DigitalOcean's alert policies yet; its own alert rules judge figures that are pushed",
    costs: "DigitalOcean tells costs by invoices only: import them as FOCUS",
    "costs.forecast": "DigitalOcean has no call that forecasts costs; NovaCron forecasts from what was there",
  },
  libvirt: {
    "compute.instance-types": "A KVM host gives a VM any number of CPUs and any memory",
    "compute.spot": "A KVM host sells nothing",
    "disks.image-route": "A KVM host has no object storage; disks are read and written as blocks",
    "disks.region-copy": "A KVM host is one place",
    "disks.customer-key": "Disks are files of the host; encrypt the file system they lie in",
    "disks.encrypted": "Disks are files of the host as they are; nobody tells whether the file system below encrypts",
    "network.create": "A host's networks are its administrator's; NovaCron uses the ones that are there",
    "network.subnets": "A host's networks are its administrator's; NovaCron uses the ones that are there",
    "network.fixed-address": "A guest has its address from its network's DHCP server, or sets it itself",
    "network.security-groups": "A KVM host has no security groups; filter on the host or in the guest",
    "network.public-address": "A VM's addresses come from the network it is in",
    images: "A KVM host has no image catalogue; VMs are made from recovery points",
    snapshots: "Points of a VM's disks are recovery points here",
    objects: "A KVM host has no object storage",
    quotas: "A KVM host sets no quotas; `quotas` of the configuration are the ceilings",
    keys: "A KVM host is reached by its connection URI, without keys of ours",
    "load-balancers": "A KVM host spreads no traffic over its VMs",
    "scaling-groups": "A KVM host adds and removes no VMs by itself",
    tunnels: "A KVM host ends no tunnels; where a strongSwan does, name it as the site's `vpn_gateway`",
    "tunnels.connect": "A KVM host ends no tunnels; where a strongSwan does, name it as the site's `vpn_gateway`",
    prices: "A host of your own has no price list",
    dns: "A KVM host serves no DNS zone; where a name server takes updates of one, name it as the site's `name_server`",
    "load-balancing":
      "A KVM host spreads no traffic over its VMs; where a HAProxy does, name its runtime API as the site's `haproxy`",
    alarms:
      "A KVM host watches nothing by itself; alert rules of NovaCron's do, on what is measured of it (novacron alerts rules create)",
    "alarms.equal":
      "A KVM host watches nothing by itself; alert rules of NovaCron's do, on what is measured of it (novacron alerts rules create)",
    "alarms.or-equal":
      "A KVM host watches nothing by itself; alert rules of NovaCron's do, on what is measured of it (novacron alerts rules create)",
    "alarms.state":
      "A KVM host watches nothing by itself; alert rules of NovaCron's do, on what is measured of it (novacron alerts rules create)",
    costs: "Nobody bills a KVM host; what it costs is known where the configuration has a `cost_model` of it",
    "costs.forecast": "Nobody bills a KVM host, so nobody forecasts its costs; NovaCron does from what was there",
  },
  folder: {
    "compute.start": "A folder holds disks and has no hypervisor: its VMs stay off",
    "compute.console-output": "A folder has no hypervisor, so its VMs write no console",
    "compute.live-migration": "Nothing runs in a folder, so there is no memory to move",
    "compute.instance-types": "A folder keeps a VM's CPUs and memory as they are",
    "compute.spot": "A folder sells nothing",
    "disks.source-frozen": "Nothing runs in a folder, so there is nothing to freeze",
    "disks.application-consistent": "Nothing runs in a folder, so there is nothing to freeze",
    "disks.image-route": "A folder has no object storage; disks are read and written as blocks",
    "disks.region-copy": "A folder is one place",
    "disks.customer-key": "Disks are files; encrypt the file system they lie in",
    "disks.encrypted": "Disks are files as they are; nobody tells whether the file system below encrypts",
    "network.create": "A folder has no networks",
    "network.subnets": "A folder has no networks",
    "network.isolated": "A folder has no networks",
    "network.isolated-probes": "A folder has no networks",
    "network.fixed-address": "A folder has no networks",
    "network.security-groups": "A folder has no networks",
    "network.firewall": "A folder has no networks",
    "network.public-address": "A folder has no networks",
    images: "A folder has no image catalogue; VMs are made from recovery points",
    snapshots: "Points of a VM's disks are recovery points here",
    objects: "A folder has no object storage",
    quotas: "A folder sets no quotas; `quotas` of the configuration are the ceilings",
    keys: "A folder is reached as files",
    "load-balancers": "A folder has no networks",
    "scaling-groups": "A folder adds and removes no VMs by itself",
    tunnels: "A folder ends no tunnels; where a strongSwan beside it does, name it as the site's `vpn_gateway`",
    "tunnels.connect":
      "A folder ends no tunnels; where a strongSwan beside it does, name it as the site's `vpn_gateway`",
    events: "A folder tells nobody what changes in it; it is read at its turn",
    prices: "A folder of your own has no price list",
    dns: "A folder serves no DNS zone; where a name server takes updates of one, name it as the site's `name_server`",
    "load-balancing": "A folder has no networks",
    metrics: "Nothing runs in a folder, so there is nothing to measure",
    "metrics.memory": "Nothing runs in a folder, so there is nothing to measure",
    alarms: "Nothing runs in a folder, so there is nothing to watch",
    "alarms.equal": "Nothing runs in a folder, so there is nothing to watch",
    "alarms.or-equal": "Nothing runs in a folder, so there is nothing to watch",
    "alarms.state": "Nothing runs in a folder, so there is nothing to watch",
    costs: "Nobody bills a folder; import what its disks cost as FOCUS",
    "costs.forecast": "Nobody bills a folder, so nobody forecasts its costs; NovaCron does from what was there",
  },
} as const satisfies Readonly<Record<string, Capabilities>>;

/** What a site cannot do that has a name server: it takes the place of the gap `dns`. */
export const nameServerGaps = {
  "dns.in-effect": "A name server tells what it has itself, not when its secondaries have it",
} as const satisfies Capabilities;
