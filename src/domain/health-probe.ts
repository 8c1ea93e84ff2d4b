import type { ProbeKind } from "./site-health.ts";

/** Something that is looked at to see whether a site is there. */
export interface HealthTarget {
  readonly kind: ProbeKind;
  /** As it was written. */
  readonly target: string;
  readonly host: string;
  readonly port: number;
  /** Whether it is to answer HTTP, beside taking a connection. */
  readonly http: boolean;
}

/** `tcp://HOST:PORT`, or an http or https URL; undefined for anything else. */
export function parseHealthProbe(written: string): HealthTarget | undefined {
  const [, scheme = "", host = "", given] =
    /^(tcp|http|https):\/\/([\w.-]+|\[[\da-f:.]+\])(?::(\d{1,5}))?(?:\/\S*)?$/i.exec(written) ?? [];
  const http = scheme.toLowerCase() !== "tcp";
  const port = given === undefined ? (http ? (scheme.toLowerCase() === "https" ? 443 : 80) : 0) : Number(given);
  if (host === "" || port < 1 || port > 65_535) return undefined;
  return { kind: http ? "application" : "network", target: written, host: host.replace(/^\[|\]$/g, ""), port, http };
}

/** Where a site's API takes connections, where that is one place in its own region; undefined where it has none. */
export function apiTarget(site: { type: string; region?: string; endpoint?: string }): HealthTarget | undefined {
  const { type, region, endpoint } = site;
  const known: Readonly<Record<string, string | undefined>> = {
    aws: region === undefined ? undefined : `ec2.${region}.amazonaws.com`,
    oci: region === undefined ? undefined : `iaas.${region}.oraclecloud.com`,
    gcp: "compute.googleapis.com",
    azure: "management.azure.com",
  };
  const host = known[type];
  const url = endpoint ?? (host === undefined ? undefined : `https://${host}`);
  const parsed = url === undefined ? undefined : parseHealthProbe(url);
  return parsed && { ...parsed, kind: "network", target: `tcp://${parsed.host}:${parsed.port}`, http: false };
}
