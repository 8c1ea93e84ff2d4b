/** What of DigitalOcean's objects is read here, as its API v2 shows them. */

export interface Action {
  readonly id: number;
  readonly status: "in-progress" | "completed" | "errored";
  readonly type: string;
}

export interface Droplet {
  readonly id: number;
  readonly name: string;
  /** MiB. */
  readonly memory: number;
  readonly vcpus: number;
  /** GiB of the disk that comes with it. */
  readonly disk: number;
  readonly status: "new" | "active" | "off" | "archive";
  readonly created_at: string;
  readonly volume_ids: readonly string[];
  readonly size_slug: string;
  readonly networks: { readonly v4?: readonly { readonly ip_address: string; readonly type: string }[] };
  readonly region: { readonly slug: string };
  readonly tags: readonly string[];
  readonly vpc_uuid?: string;
}

export interface WireVolume {
  readonly id: string;
  readonly name: string;
  readonly description?: string | null;
  readonly size_gigabytes: number;
  readonly droplet_ids: readonly number[] | null;
  readonly created_at: string;
  readonly region: { readonly slug: string };
  readonly tags: readonly string[] | null;
}

export interface WireSnapshot {
  readonly id: string;
  readonly name: string;
  readonly created_at: string;
  readonly regions: readonly string[];
  readonly min_disk_size: number;
  readonly resource_id: string;
  readonly resource_type: string;
  readonly tags: readonly string[] | null;
}

export interface WireSize {
  readonly slug: string;
  /** MiB. */
  readonly memory: number;
  readonly vcpus: number;
  readonly disk: number;
  readonly regions: readonly string[];
  readonly available: boolean;
  readonly gpu_info?: { readonly count?: number } | null;
}

export interface WireVpc {
  readonly id: string;
  readonly name: string;
  readonly description?: string;
  readonly region: string;
  readonly ip_range: string;
  readonly default: boolean;
}

export interface WireImage {
  readonly id: number;
  readonly name: string;
  readonly status?: string;
  readonly regions: readonly string[];
}

export interface RuleEnd {
  readonly addresses?: readonly string[];
  readonly tags?: readonly string[];
  readonly droplet_ids?: readonly number[];
  readonly load_balancer_uids?: readonly string[];
  readonly kubernetes_ids?: readonly string[];
}

export interface WireRule {
  readonly protocol: "tcp" | "udp" | "icmp";
  /** `80`, `8000-9000`, `0` or `all` for all of them. */
  readonly ports: string;
  readonly sources?: RuleEnd;
  readonly destinations?: RuleEnd;
}

export interface WireFirewall {
  readonly id: string;
  readonly name: string;
  readonly inbound_rules: readonly WireRule[] | null;
  readonly outbound_rules: readonly WireRule[] | null;
  readonly droplet_ids: readonly number[] | null;
  readonly tags: readonly string[] | null;
}

export interface WireReservedIp {
  readonly ip: string;
  readonly region: { readonly slug: string };
  readonly droplet: { readonly id: number } | null;
}

export interface Account {
  readonly droplet_limit: number;
  readonly floating_ip_limit: number;
  readonly status: string;
  readonly status_message: string;
}
