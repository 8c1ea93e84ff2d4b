// Long because it is one list of every key, to be read whole.
import { accessKeys } from "./access-keys.ts";
import { alertingKeys } from "./alerting-keys.ts";
import { controlPlaneKeys } from "./control-plane-keys.ts";
import { cloudCostKeys, costModelKeys } from "./cost-keys.ts";
import { burstingKeys, costKeys } from "./later-keys.ts";
import { migrationKeys } from "./migration-keys.ts";
import { networkKeys, vpnGatewayKeys } from "./network-keys.ts";
import { recoveryKeys } from "./recovery-keys.ts";
import { savingsKeys } from "./savings-keys.ts";
import { credentialTypes } from "./schema.ts";
import { telemetryKeys } from "./telemetry-keys.ts";
import { trafficKeys } from "./traffic-keys.ts";

/** What a key does now: where and how it takes effect, or the part of the product that will give it one. */
export type KeyEffect = { readonly now: string } | { readonly later: string };

export interface ConfigKey {
  readonly description: string;
  /** As written in the file; a unit that is part of the value is named here too. */
  readonly unit?: string;
  /** As it would be written in the file. */
  readonly default?: string | number | boolean;
  /** A value that could be written. */
  readonly example: string | number | boolean;
  readonly effect: KeyEffect;
  /** The name of the test that shows the effect, or that the key is reported as not yet in effect. */
  readonly test: string;
  /** Other paths that mean the same. */
  readonly aliases?: readonly string[];
}

const nameServer = "a site of ours may have a name server";

const credential = (description: string, effect: KeyEffect): ConfigKey => ({
  description: `${description}. Kept secret: never logged, shown or stored.`,
  example: "${A_VARIABLE}",
  effect,
  test: "keeps every credential secret",
});

const signsForOracle: KeyEffect = {
  now: "signs the requests of Oracle Cloud sites; without credentials the instance principal of the worker's machine does",
};

const signsForGoogle: KeyEffect = {
  now: "signs the requests of Google Cloud's sites; without credentials what the machine offers does",
};
const signsForDigitalOcean: KeyEffect = { now: "goes with each request to DigitalOcean's sites" };
const signsForAws: KeyEffect = { now: "signs the requests of AWS sites; without credentials the SDK's own chain does" };

const signsInAtAzure: KeyEffect = {
  now: "signs in at Azure sites; without credentials the SDK finds what the machine offers",
};

/**
 * Every key of the configuration, by its path (`[]`: each entry of a list). The defaults, the reference page, the JSON
 * schema's texts and the report at start come from here; a test holds the schema that validates to the same set.
 */
export const configKeys: Readonly<Record<string, ConfigKey>> = {
  "providers[].name": {
    description:
      "Name of the site. Where it is the name of a cloud and a region is given, the site is called `<name>-<region>`.",
    example: "onprem-a",
    effect: { now: "names the site in every command, answer and workflow" },
    test: "a provider becomes a site",
  },
  "providers[].type": {
    description:
      "Kind of the provider: `libvirt`, `folder`, `aws`, `gcp`, `azure`, `oci` or `digitalocean`; default the name, or `libvirt` with a libvirt `uri`.",
    example: "libvirt",
    effect: { now: "selects the adapter" },
    test: "every kind of provider has its adapter, and one that is not enabled is disabled",
  },
  "providers[].enabled": {
    description: "Whether the site takes part at all.",
    default: true,
    example: false,
    effect: { now: "a disabled site is listed and never called" },
    test: "a provider becomes a site",
  },
  "providers[].region": {
    description: "Region of the site.",
    example: "us-east-1",
    effect: { now: "part of a cloud site's name, and shown with the site" },
    test: "a provider becomes a site",
  },
  "providers[].uri": {
    description: "Connection URI of the libvirt host.",
    example: "qemu:///system",
    effect: { now: "the host that a libvirt site talks to; needed there" },
    test: "a libvirt provider needs its uri and storage_path",
  },
  "providers[].storage_path": {
    description: "Folder on the host for replicas, recovery points and volumes; of a `folder` site it must exist.",
    example: "/var/lib/novacron/storage",
    effect: { now: "where a libvirt or folder site keeps what is moved to it; needed there" },
    test: "a libvirt provider needs its uri and storage_path",
  },
  "providers[].served_by": {
    description:
      "Who reaches a `libvirt` or `folder` site: `everyone`, or only its `own_workers`, machines that joined as workers of it.",
    default: "everyone",
    example: "own_workers",
    effect: { now: "what needs such a site is done by its own workers, and waits while there are none" },
    test: "a site of libvirt or a folder may be served by its own workers only",
  },
  "providers[].haproxy": {
    description:
      "Runtime API of the HAProxy before a `libvirt` site's VMs: the path of its stats socket, or `host:port`; it needs `level admin`.",
    example: "/run/haproxy/admin.sock",
    effect: { now: "the load balancer whose servers are added, weighed, drained and removed" },
    test: "a libvirt site may have a HAProxy",
  },
  "providers[].name_server.address": {
    description:
      "Primary name server, as `host:port`, of zones whose records a `libvirt` or `folder` site keeps; it takes dynamic updates (RFC 2136) and transfers.",
    example: "10.0.0.53:53",
    effect: { now: "where records are read and changed, by TCP" },
    test: nameServer,
  },
  "providers[].name_server.zones[]": {
    description: "Zones there whose records may be changed.",
    example: "example.com",
    effect: { now: "the zones that the site shows" },
    test: nameServer,
  },
  "providers[].name_server.key_name": {
    description: "Name of the key (TSIG, RFC 8945) that we and the name server sign with.",
    example: "novacron",
    effect: { now: "signs what is asked, and what is answered is believed only with it" },
    test: nameServer,
  },
  "providers[].name_server.key": {
    description: "The key in base64, as the name server has it. Kept secret: never logged, shown or stored.",
    example: "${A_VARIABLE}",
    effect: { now: "signs what is asked, and what is answered is believed only with it" },
    test: nameServer,
  },
  "providers[].name_server.algorithm": {
    description: "What the key signs with: `hmac-sha256` (default), `hmac-sha384` or `hmac-sha512`.",
    example: "hmac-sha512",
    effect: { now: "signs what is asked, and what is answered is believed only with it" },
    test: nameServer,
  },
  ...vpnGatewayKeys,
  "providers[].sandbox": {
    description: "Whether the site belongs to the sandbox.",
    default: false,
    example: true,
    effect: { now: "a simulated cloud is labelled so wherever it is shown" },
    test: "a provider becomes a site",
  },
  "providers[].endpoint": {
    description: "Where all calls of the site go instead of to the vendor's own hosts.",
    example: "http://127.0.0.1:4566",
    effect: { now: "the address that the cloud's adapter calls" },
    test: "a provider becomes a site",
  },
  "providers[].security_groups[]": {
    description: "Security groups of new VMs at a cloud's site, by name or id; default the network's own default one.",
    example: "web",
    effect: { now: "the groups that a plan gives a new VM there" },
    test: "a provider becomes a site",
  },
  "providers[].encryption_key": {
    description: "Key of yours at the cloud that disks are encrypted with; default the cloud's own key.",
    example: "alias/novacron",
    effect: { now: "the key of replicas and volumes made at the site" },
    test: "a provider becomes a site",
  },
  "providers[].compartment": {
    description: "OCID of an `oci` site's compartment; default the tenancy itself.",
    example: "ocid1.compartment.oc1..aaaaexample",
    effect: { now: "the compartment in which everything of the site is looked for and made" },
    test: "a provider becomes a site",
  },
  "providers[].helper_image": {
    description:
      "Image of helper instances, by name or id, at clouds whose disks can be read and written only beside them: it has Node and NovaCron's block service.",
    example: "novacron-helper",
    effect: { now: "what helper instances are launched from" },
    test: "a provider becomes a site",
  },
  "providers[].helper_network": {
    description: "Network (subnet) of helper instances, where workers reach them; default the site's usual one.",
    example: "ocid1.subnet.oc1.iad.aaaaexample",
    effect: { now: "where helper instances are put" },
    test: "a provider becomes a site",
  },
  "providers[].project_id": {
    description: "Project of a site of Google Cloud; default that of the service account's key.",
    example: "my-project",
    effect: { now: "the project that the adapter works in" },
    test: "a site of Google Cloud is a zone of a project",
  },
  "providers[].zone": {
    description: "Zone of a site of Google Cloud; default the region's first, `<region>-a`.",
    example: "us-central1-a",
    effect: { now: "the zone that the site's VMs and disks are in" },
    test: "a site of Google Cloud is a zone of a project",
  },
  "providers[].subscription_id": {
    description: "Subscription of an `azure` site.",
    example: "00000000-0000-0000-0000-000000000000",
    effect: { now: "the subscription that an Azure site calls; needed there" },
    test: "a provider becomes a site",
  },
  "providers[].resource_group": {
    description: "Resource group of an `azure` site, in which everything is looked for and made.",
    example: "novacron",
    effect: { now: "the resource group of an Azure site; needed there" },
    test: "a provider becomes a site",
  },
  "providers[].storage_account": {
    description: "Storage account of an `azure` site, for replicas and objects, in its resource group.",
    example: "novacronreplicas",
    effect: { now: "where an Azure site keeps what is moved to it; needed there" },
    test: "a provider becomes a site",
  },
  "providers[].residency[]": {
    description: "A place where what is kept at the site stays, in words of your own: `eu`, `de`.",
    example: "eu",
    effect: { now: "a new VM that is to stay in a place is made only at sites that name it" },
    test: "a provider becomes a site",
  },
  "providers[].failure_domain": {
    description:
      "What fails together with the site, in words of your own; default the site's name. Sites in one building, or behind one line, name the same.",
    example: "building-1",
    effect: { now: "a site's health is judged from other failure domains, and each of them counts once" },
    test: "a provider becomes a site",
  },
  "providers[].health_probes[]": {
    description:
      "What others look at to see whether the site is there, besides its API: `tcp://HOST:PORT`, or an http or https URL.",
    example: "tcp://kvm-a.example.com:22",
    effect: { now: "looked at from each vantage point in every round" },
    test: "a provider becomes a site",
  },
  "providers[].credentials.type": {
    ...credential("Kind of the credentials", signsForAws),
    description: `Kind of the credentials: ${credentialTypes.map((type) => `\`${type}\``).join(", ")}.`,
    example: "access_key",
  },
  "providers[].credentials.from": {
    ...credential("Where several of them are fetched together", signsForAws),
    description:
      "Where several of them are fetched together, such as `${secret:vault:aws/creds/novacron}`; what is written out beside it wins.",
    example: "${secret:file:/run/secrets/aws.json}",
    test: "secrets are fetched from where references say",
  },
  "providers[].credentials.access_key": credential("Access key id", signsForAws),
  "providers[].credentials.secret_key": credential("Secret access key", signsForAws),
  "providers[].credentials.session_token": credential("Session token of temporary access keys", signsForAws),
  "providers[].credentials.role_arn": credential("Role to assume", signsForAws),
  "providers[].credentials.external_id": credential("External id that the role asks for", signsForAws),
  "providers[].credentials.token_file": credential(
    "Path of the file with a web identity token, or with a workload identity's",
    signsForAws,
  ),
  "providers[].credentials.service_account": credential(
    "A service account's key, or a workload identity's configuration, as the JSON that Google made",
    signsForGoogle,
  ),
  "providers[].credentials.key_file": credential("Path of the file with that JSON", signsForGoogle),
  "providers[].credentials.tenancy": credential("OCID of the tenancy", signsForOracle),
  "providers[].credentials.user": credential("OCID of the user that an API key belongs to", signsForOracle),
  "providers[].credentials.fingerprint": credential("Fingerprint of the API key", signsForOracle),
  "providers[].credentials.private_key": credential("Private half of the API key, in PEM format", signsForOracle),
  "providers[].credentials.passphrase": credential("Passphrase of the private key", signsForOracle),
  "providers[].credentials.token": credential("API token of a DigitalOcean team", signsForDigitalOcean),
  "providers[].credentials.tenant_id": credential("Azure tenant", signsInAtAzure),
  "providers[].credentials.client_id": credential("Client id of the identity", signsInAtAzure),
  "providers[].credentials.client_secret": credential("Secret of the client", signsInAtAzure),
  "providers[].credentials.certificate_file": credential(
    "Path of a PEM file with the client's certificate and its private key",
    signsInAtAzure,
  ),
  "providers[].quotas.max_vms": {
    description: "Ceiling of ours on VMs at the site, beside the site's own.",
    unit: "VMs",
    example: 100,
    effect: { now: "a plan that would exceed it fails its check" },
    test: "quotas become ceilings of the site",
  },
  "providers[].quotas.max_cpus": {
    description: "Ceiling of ours on virtual CPUs at the site.",
    unit: "CPUs",
    example: 500,
    effect: { now: "a plan that would exceed it fails its check" },
    test: "quotas become ceilings of the site",
  },
  "providers[].quotas.max_memory": {
    description: "Ceiling of ours on the memory of all VMs at the site.",
    unit: "size",
    example: "512GiB",
    effect: { now: "a plan that would exceed it fails its check" },
    test: "quotas become ceilings of the site",
  },
  "providers[].quotas.max_disk": {
    description: "Ceiling of ours on the nominal size of all disks at the site.",
    unit: "size",
    example: "20TiB",
    effect: { now: "a plan that would exceed it fails its check" },
    test: "quotas become ceilings of the site",
  },
  ...costKeys,
  ...cloudCostKeys,
  ...costModelKeys,
  ...savingsKeys,
  ...migrationKeys,
  ...networkKeys,
  ...burstingKeys,
  failure_domain: {
    description:
      "What fails together with the control plane: the `failure_domain` of the site that it runs at, or a name of its own.",
    example: "building-1",
    effect: {
      now: "the control plane looks at sites from there; without it, or inside of a group's primary site, no failover is automatic",
    },
    test: "the control plane is in a failure domain",
  },
  "group_leases.duration": {
    description:
      "After so long without a renewal of its lease a watchdog turns its group's VMs off. Longer than the control plane is ever away.",
    unit: "duration",
    default: "60s",
    example: "2m",
    effect: { now: "of each lease that is taken from then on" },
    test: "the control plane is in a failure domain",
  },
  "group_leases.margin": {
    description:
      "So much longer waits whoever takes a lease over: what clocks drift apart in that time, and what turning VMs off takes.",
    unit: "duration",
    default: "15s",
    example: "30s",
    effect: { now: "of each lease that is taken from then on" },
    test: "the control plane is in a failure domain",
  },
  ...recoveryKeys,
  ...controlPlaneKeys,
  "api.host": {
    description: "Address that the API listens on. `NOVACRON_API_HOST` wins.",
    default: "127.0.0.1",
    example: "127.0.0.1",
    effect: { now: "the API process" },
    test: "the environment wins over the file's process settings",
  },
  "api.port": {
    description:
      "Port that the API listens on; 0 is any free one. `NOVACRON_API_PORT` wins; under `novacron up` the default is a free port that the instance keeps.",
    default: 8787,
    example: 8787,
    effect: { now: "the API process" },
    test: "the environment wins over the file's process settings",
  },
  ...accessKeys,
  "inventory.interval": {
    description: "How often each site's VMs are read into the inventory.",
    unit: "duration",
    default: "30s",
    example: "1m",
    effect: { now: "the worker's inventory workflows" },
    test: "reads the inventory's intervals",
  },
  "inventory.full_interval": {
    description: "How often everything else of each site is read into the inventory.",
    unit: "duration",
    default: "5m",
    example: "15m",
    effect: { now: "the worker's inventory workflows" },
    test: "reads the inventory's intervals",
  },
  "inventory.history": {
    description: "How long it is kept what resources were before they changed or went.",
    unit: "duration",
    default: "400d",
    example: "90d",
    effect: { now: "the worker removes what is older, once a day" },
    test: "reads the inventory's intervals",
  },
  "metrics.interval": {
    description:
      "How often what each site measures of its VMs is read. A cloud that measures less often is read less often: EC2 every five minutes.",
    unit: "duration",
    default: "1m",
    example: "30s",
    effect: { now: "the worker's collectors" },
    test: "reads how often figures are read",
  },
  "policies.scan_interval": {
    description: "How often everything that the inventory has is held against the policies.",
    unit: "duration",
    default: "15m",
    example: "1h",
    effect: { now: "the worker's schedule of policy scans" },
    test: "reads how often policies are scanned",
  },
  "policies.notify": {
    description:
      "Whom findings of policies with the action `notify` are told: `email:ADDRESS`, `pagerduty:CHANNEL`, `slack:CHANNEL`, `webhook:CHANNEL` of `alerting`.",
    example: "[email:ops@example.com]",
    effect: { now: "the worker's scans make notifications for them" },
    test: "reads whom findings of policies are told",
  },
  "temporal.address": {
    description: "Address of the Temporal server. `TEMPORAL_ADDRESS` wins.",
    default: "127.0.0.1:7233",
    example: "temporal.internal:7233",
    effect: { now: "API and worker connect there" },
    test: "the environment wins over the file's process settings",
  },
  "temporal.namespace": {
    description: "Temporal namespace. `TEMPORAL_NAMESPACE` wins.",
    default: "default",
    example: "novacron",
    effect: { now: "API and worker use it" },
    test: "the environment wins over the file's process settings",
  },
  ...alertingKeys,
  ...telemetryKeys,
  ...trafficKeys,
};
