import type { Binding } from "../domain/access.ts";
import type { ApprovalRule } from "../domain/approval.ts";
import type { CostModel } from "../domain/cost-model.ts";
import type { LeaseTerms } from "../domain/lease.ts";
import type { MigrationDefaults } from "../domain/migration-parts.ts";
import type { ProtectionDefaults } from "../domain/protection-policy.ts";
import type { RotatedSecret } from "../domain/rotation.ts";
import type { SavingsSettings } from "../domain/savings/settings.ts";
import type { ProxyListener } from "../domain/traffic-proxy.ts";
import type { logLevels, providerTypes } from "./schema.ts";
import type { Secret } from "./secret.ts";

export type ProviderType = (typeof providerTypes)[number];
export type LogLevel = (typeof logLevels)[number];

/** Our own ceilings for a site; undefined is no ceiling. */
export interface SiteQuotas {
  readonly maxVms?: number;
  readonly maxCpus?: number;
  readonly maxMemoryBytes?: number;
  readonly maxDiskBytes?: number;
}

/** A provider entry: one site. */
export interface SiteConfig {
  /** The site's id everywhere: the name, or `<name>-<region>` where the name is a cloud's. */
  readonly site: string;
  readonly name: string;
  readonly type: ProviderType;
  /** False when the file says so, or while there is no adapter for the type. */
  readonly enabled: boolean;
  /** Why an entry that the file enables is disabled all the same. */
  readonly disabledBecause?: string;
  readonly region?: string;
  /** Present where `type` is `libvirt`; `storagePath` also where it is `folder`. */
  readonly uri?: string;
  readonly storagePath?: string;
  /** Nobody but workers of its own reaches it. */
  readonly ownWorkersOnly?: boolean;
  /** Of a libvirt site: where the runtime API of its HAProxy listens, a socket's path or `host:port`. */
  readonly haproxy?: string;
  /** Of a libvirt site: what its host costs. */
  readonly costModel?: CostModel;
  readonly costTag?: string;
  readonly billingTable?: string;
  /** Of a libvirt or folder site: the primary of zones, which takes updates that are signed with the key. */
  readonly nameServer?: {
    readonly address: string;
    readonly zones: readonly string[];
    readonly keyName: string;
    readonly key: Secret;
    readonly algorithm: "hmac-sha256" | "hmac-sha384" | "hmac-sha512";
  };
  /** Of a libvirt or folder site: the strongSwan beside it. */
  readonly vpnGateway?: {
    readonly vici: string;
    readonly addresses: readonly string[];
    readonly networks: readonly string[];
    readonly probeAddress?: string;
    readonly namespace?: string;
  };
  readonly sandbox: boolean;
  /** Calls go here instead of to the vendor's own hosts. */
  readonly endpoint?: string;
  readonly securityGroups?: readonly string[];
  readonly encryptionKey?: string;
  /** Of an `oci` site: the compartment's OCID. */
  readonly compartment?: string;
  /** Of Google Cloud. */
  readonly projectId?: string;
  readonly zone?: string;
  /** What helper instances are launched from, and their network. */
  readonly helperImage?: string;
  readonly helperNetwork?: string;
  /** Where in Azure the site is, and the storage account that its replicas lie in. */
  readonly subscriptionId?: string;
  readonly resourceGroup?: string;
  readonly storageAccount?: string;
  /** Places (`eu`, `de`) where what is kept there stays. */
  readonly residency?: readonly string[];
  /** What fails together with it; default its own name. */
  readonly failureDomain: string;
  /** What others look at to see whether it is there. */
  readonly healthProbes: readonly string[];
  readonly credentials?: {
    readonly type?: string;
    /** A place whose values are taken together. */
    readonly from?: Secret;
    readonly values: Readonly<Record<string, Secret>>;
  };
  readonly quotas: SiteQuotas;
}

/** The whole configuration, with defaults, units read (milliseconds, bytes, bytes per second) and the environment's
 *  process settings in place. */
export interface Config {
  readonly sites: readonly SiteConfig[];
  /** Of the control plane. */
  readonly failureDomain?: string;
  /** Backups of the control plane itself. */
  readonly controlPlane: {
    readonly backupTo: readonly string[];
    readonly intervalMs: number;
    readonly keepMs: number;
    readonly keyFile?: string;
  };
  /** What the weekly analysis of costs looks for; not enabled, there is none by schedule. */
  readonly savings: { readonly enabled: boolean; readonly settings: SavingsSettings };
  /** Of protected groups. */
  readonly leaseTerms: LeaseTerms;
  readonly migration: MigrationDefaults & {
    /** Disks that one worker copies at the same time; at least 1. */
    readonly parallelMigrations: number;
    /** Whether links between workers of sites compress. */
    readonly compression: boolean;
  };
  /** Connections between sites. */
  readonly network: {
    readonly vpn: boolean;
    readonly vpnType: "ipsec" | "wireguard";
    readonly encryption: "aes128" | "aes256";
    readonly latencyTargetMs?: number;
    /** Of connections. */
    readonly drillIntervalMs?: number;
    /** What keys of tunnels are made from. */
    readonly tunnelKey?: Secret;
  };
  readonly api: {
    readonly host: string;
    readonly port: number;
    readonly publicUrl?: string;
    /** Absent: plain HTTP. */
    readonly tls?:
      | { readonly kind: "self-made" }
      | { readonly kind: "files"; readonly certFile: string; readonly keyFile: string };
  };
  /** Where workers of sites call; absent where none may join. */
  readonly siteWorkers?: { readonly host: string; readonly port: number; readonly url?: string };
  /** Secrets that we own and exchange by schedule. */
  readonly rotation: {
    readonly secrets: readonly RotatedSecret[];
    readonly intervalMs: number;
    readonly graceMs: number;
  };
  /** Absent without an identity provider. */
  readonly oidc?: {
    readonly issuer: string;
    readonly clientId: string;
    readonly clientSecret?: Secret | undefined;
    readonly scopes: string;
    readonly groupsClaim: string;
    readonly roles: readonly { readonly group: string; readonly binding: Binding }[];
    readonly mfaAmr: readonly string[];
    readonly mfaAcr: readonly string[];
    readonly mfaMaxAgeMs: number;
  };
  /** Where secrets are fetched that the configuration only refers to. */
  readonly secrets: {
    readonly cacheMs: number;
    readonly vault?: {
      readonly address: string;
      readonly namespace?: string | undefined;
      readonly token?: Secret | undefined;
      readonly roleId?: string | undefined;
      readonly secretId?: Secret | undefined;
    };
    readonly aws?: { readonly region: string; readonly endpoint?: string | undefined };
  };
  readonly approvals: readonly ApprovalRule[];
  readonly alarms: { readonly webhook?: string | undefined };
  readonly alerting: {
    readonly intervalMs: number;
    readonly smtp?: {
      readonly url: string;
      readonly from: string;
      readonly user?: string | undefined;
      readonly password?: Secret | undefined;
    };
    readonly channels: readonly ({ readonly name: string } & (
      | { readonly type: "pagerduty"; readonly key: Secret; readonly url?: Secret | undefined }
      | { readonly type: "slack" | "webhook"; readonly url: Secret }
    ))[];
    readonly heartbeatUrl?: Secret | undefined;
    readonly heartbeatMs: number;
  };
  /** What the scripts of recovery plans are called with. */
  readonly webhooks: { readonly key?: Secret | undefined };
  readonly sessions: { readonly idleMs: number; readonly maxMs: number };
  readonly policies: {
    readonly scanIntervalMs: number;
    /** Whom new findings are told, as `alerting` has them. */
    readonly notify: readonly string[];
  };
  readonly inventory: {
    /** Of VMs, and of everything else. */
    readonly intervalMs: number;
    readonly fullIntervalMs: number;
    readonly historyMs: number;
  };
  readonly metrics: { readonly intervalMs: number };
  readonly temporal: {
    readonly address: string;
    readonly namespace: string;
    /** Absent: without TLS. Files in PEM. */
    readonly tls?: {
      readonly caFile?: string | undefined;
      readonly certFile?: string | undefined;
      readonly keyFile?: string | undefined;
      readonly serverName?: string | undefined;
    };
    readonly apiKey?: Secret | undefined;
    readonly payloadKeys?: Secret | undefined;
  };
  readonly logging: {
    readonly level: LogLevel;
    /** In the store; 0 keeps none there. */
    readonly keepMs: number;
  };
  readonly telemetry: {
    /** `host:port` where each worker serves its metrics. */
    readonly workerMetrics?: string | undefined;
    /** Absent: nothing is sent. */
    readonly otlp?: {
      readonly endpoint: string;
      readonly headers?: Secret | undefined;
      readonly metricsEveryMs: number;
    };
  };
  readonly traffic: {
    /** Of the proxy of this machine's own; none where it has no such. */
    readonly listeners: readonly ProxyListener[];
    readonly proxies: readonly {
      readonly name: string;
      readonly control: string;
      readonly token: Secret;
      readonly caFile?: string | undefined;
    }[];
  };
  /** What a protection group's policy is where a request says nothing. */
  readonly recovery: ProtectionDefaults;
  /** Paths of the keys that the files set, as they stand there. */
  readonly given: readonly string[];
}
