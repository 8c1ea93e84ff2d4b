import type { CallRate } from "../provider.ts";

/**
 * "Request limits and throttling" of Azure Resource Manager: buckets of a subscription and a service principal in each region.
 * "Scalability and performance targets for standard storage accounts": requests of one account.
 */
const rates: Readonly<Record<string, CallRate>> = {
  "arm:read": { perSecond: 25, burst: 250 },
  "arm:write": { perSecond: 10, burst: 200 },
  "arm:delete": { perSecond: 10, burst: 200 },
  /** "Cost Management API rate limits" of a tenant, in units of a month of data: 12 in ten seconds, 60 a minute, 600 an hour. The
   *  last one is what counts for long; half of it is left to others. */
  costs: { perSecond: 600 / 3_600 / 2, burst: 6 },
  blob: { perSecond: 20_000, burst: 20_000 },
  /** Of managed disks by signed addresses: not published; what a disk's own pages a second come to. */
  disk: { perSecond: 500, burst: 500 },
  /** Not published, and asked a few times an hour. */
  login: { perSecond: 10, burst: 20 },
  /** "Scalability and performance targets for Queue Storage": 2,000 messages of one queue. */
  queue: { perSecond: 500, burst: 500 },
  /** "Microsoft Graph service-specific throttling limits": thousands a minute; a rotation asks a few times a month. */
  graph: { perSecond: 5, burst: 10 },
};

export const managementHost = "management.azure.com";
export const graphHost = "graph.microsoft.com";
export const queueSuffix = ".queue.core.windows.net";
export const blobSuffix = ".blob.core.windows.net";

/** The budget that a request counts against, and the name that it goes by in logs and metrics. */
export function familyOf(method: string, url: URL): { budget: string; rate: CallRate; call: string; isBlock: boolean } {
  const { hostname } = url;
  const named = (budget: string, call: string, isBlock = false) => {
    return { budget, rate: rates[budget] as CallRate, call, isBlock };
  };
  if (hostname === managementHost) {
    if (/\/providers\/Microsoft\.CostManagement\//i.test(url.pathname)) {
      return named("costs", `${method} ${resourceOf(url.pathname)}`);
    }
    const kind = method === "GET" || method === "HEAD" ? "read" : method === "DELETE" ? "delete" : "write";
    return named(`arm:${kind}`, `${method} ${resourceOf(url.pathname)}`);
  }
  if (hostname.endsWith(queueSuffix)) return named("queue", `${method} queue:messages`);
  if (hostname === graphHost) return named("graph", `${method} graph:${url.pathname.split("/").at(-1) ?? ""}`);
  const comp = url.searchParams.get("comp") ?? url.searchParams.get("restype") ?? "blob";
  const isBlock = comp === "page" || (comp === "blob" && method === "GET");
  if (hostname.endsWith(blobSuffix) && !hostname.startsWith("md-"))
    return named("blob", `${method} blob:${comp}`, isBlock);
  if (hostname.startsWith("md-") || hostname.endsWith(".blob.storage.azure.net")) {
    return named("disk", `${method} disk:${comp}`, isBlock);
  }
  return named("login", `${method} token`);
}

/** `/subscriptions/…/providers/Microsoft.Compute/disks/a/beginGetAccess` → `Compute/disks/beginGetAccess`. */
function resourceOf(path: string): string {
  const parts = path.split("/").slice(1);
  const at = parts.lastIndexOf("providers");
  if (at < 0) return parts[parts.length % 2 === 0 ? parts.length - 2 : parts.length - 1] ?? "";
  const [namespace = "", ...rest] = parts.slice(at + 1);
  const types = rest.filter((_, index) => index % 2 === 0);
  return [namespace.replace(/^Microsoft\./i, ""), ...types].join("/");
}
