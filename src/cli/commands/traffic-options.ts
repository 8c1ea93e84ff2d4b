import type { Schemas } from "../client.ts";
import { usageError } from "../failure.ts";
import { readPort, readSeconds } from "../units.ts";

type Request = Schemas["MigrationRequest"];
type Traffic = NonNullable<Request["traffic"]>;
type Dns = NonNullable<Traffic["dns"]>[number];

export interface TrafficFlags {
  readonly proxy?: readonly string[];
  readonly dns?: readonly string[];
  readonly pool?: readonly string[];
  readonly lowTtl?: string;
  readonly holdAtMost?: string;
  readonly probeUrl?: string;
}

/** What moves with the VM's traffic. */
export function readTraffic(options: TrafficFlags): Pick<Request, "traffic"> {
  const { proxy = [], dns = [], pool = [], lowTtl, holdAtMost, probeUrl } = options;
  if (lowTtl !== undefined && dns.length === 0)
    throw usageError("--low-ttl is of records", "Add --dns, or leave it out.");
  if (holdAtMost !== undefined && proxy.length === 0) {
    throw usageError("--hold-at-most is of proxies", "Add --proxy, or leave it out.");
  }
  if (proxy.length + dns.length + pool.length === 0 && probeUrl === undefined) return {};
  const ttl = lowTtl === undefined ? {} : { low_ttl_seconds: readSeconds(lowTtl) };
  const hold = holdAtMost === undefined ? {} : { hold_seconds: readSeconds(holdAtMost) };
  return {
    traffic: {
      ...(proxy.length > 0 ? { proxies: proxy.map((text) => ({ ...readListener(text), ...hold })) } : {}),
      ...(dns.length > 0 ? { dns: dns.map((text) => ({ ...readRecord(text), ...ttl })) } : {}),
      ...(pool.length > 0 ? { pools: pool.map(readPool) } : {}),
      ...(probeUrl === undefined ? {} : { probe: { url: probeUrl } }),
    },
  };
}

/** `edge/shop:8080`. */
function readListener(text: string) {
  const [, proxy, listener, port] = /^([^/]+)\/([^/:]+):(\d+)$/.exec(text) ?? [];
  if (proxy && listener && port) return { proxy, listener, port: readPort(port) };
  throw usageError(`${text} is no listener of a proxy`, "Write PROXY/LISTENER:PORT, with the guest's port.");
}

/** `aws-us-east-1/Z123/A/shop.example.com=:8080`, or `=203.0.113.7`. */
function readRecord(text: string): Dns {
  const [, site, zone, type, name, value = ""] = /^([^/]+)\/(.+)\/(A|AAAA|CNAME)\/([^/=]+)=(.+)$/.exec(text) ?? [];
  if (!site || !zone || !type || !name) {
    throw usageError(
      `${text} is no record`,
      "Write SITE/ZONE/TYPE/NAME=ADDRESS, or =:PORT for the host of the guest's port.",
    );
  }
  const record = { site, zone_id: zone, type: type as Dns["type"], name };
  return value.startsWith(":")
    ? { ...record, port: readPort(value.slice(1)) }
    : { ...record, values: value.split(",") };
}

/** `aws-us-east-1/POOL:8080`; a pool's id may have slashes and colons of its own. */
function readPool(text: string) {
  const [, site, pool, port] = /^([^/]+)\/(.+):(\d+)$/.exec(text) ?? [];
  if (site && pool && port) return { site, pool_id: pool, port: readPort(port) };
  throw usageError(`${text} is no pool`, "Write SITE/POOL:PORT, with the guest's port.");
}
