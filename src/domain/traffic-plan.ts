import { CheckList } from "./check-list.ts";
import type { MigrationObservations } from "./migration-parts.ts";
import type { ObservedResource, PlanAction, PlanCheck, PlanChoice } from "./plan.ts";
import {
  type DnsShiftParameters,
  type PoolMember,
  type PoolShiftParameters,
  type ProbeParameters,
  type ProxyShiftParameters,
  type SourcePort,
  type TrafficObservation,
  trafficActions,
} from "./traffic.ts";
import { formatAddress } from "./traffic-proxy.ts";

const defaults = {
  lowTtlSeconds: 30,
  holdSeconds: 120,
  drainSeconds: 5,
  intervalMs: 250,
  expectStatus: 200,
  steps: [100],
  stepSeconds: 10,
} as const;

export interface PlannedTraffic {
  readonly actions: readonly PlanAction[];
  readonly choices: readonly PlanChoice[];
  readonly checks: readonly PlanCheck[];
  readonly observed: readonly ObservedResource[];
}

const nothing: PlannedTraffic = { actions: [], choices: [], checks: [], observed: [] };

/** How the plan names a record among what it saw. */
export function recordId({ zoneId, type, name }: { zoneId: string; type: string; name: string }): string {
  return `${zoneId}/${type}/${name}`;
}

/** What moves with the VM's traffic: every record, pool and listener as it was found, with what is done to it. `live` is
 *  whether the guest moves while it runs. */
export function planTraffic(seen: MigrationObservations, live: boolean): PlannedTraffic {
  const { request, traffic, vm } = seen;
  const { probe } = request.traffic ?? {};
  if (!request.traffic) return nothing;
  const list = new CheckList();
  list.say(
    "traffic-cutover",
    live
      ? "a guest that moves while it runs has no gap to hold requests in"
      : request.point === "freeze"
        ? "the source goes on, and its traffic with it"
        : undefined,
    "the target takes over",
    live ? "Leave the traffic out, or move it with --mode warm." : "Leave the traffic out, or --point freeze.",
  );
  list.say(
    "traffic-starts",
    vm.state === "running" ? undefined : `${vm.name} is ${vm.state}, and so nothing serves at the target`,
    `${vm.name} serves`,
    "Leave the traffic out.",
  );
  const parts = [
    ...(traffic?.dns ?? []).map((each) => planRecord(each, list)),
    ...(traffic?.proxies ?? []).map((each) => planListener(seen, each, list)),
    ...(traffic?.pools ?? []).map((each) => planPool(seen, each, list)),
  ];
  return {
    actions: [...parts.flatMap(({ action }) => action ?? []), ...(probe ? [planProbe(request.to, probe)] : [])],
    choices: parts.flatMap(({ choice }) => choice ?? []),
    checks: list.checks,
    observed: parts.flatMap(({ observed }) => observed ?? []),
  };
}

interface Part {
  readonly action?: PlanAction;
  readonly choice?: PlanChoice;
  readonly observed?: ObservedResource;
}

function planRecord({ shift, record, gap }: TrafficObservation["dns"][number], list: CheckList): Part {
  const { site, zoneId, name, type, port, values } = shift;
  const what = `${type} record ${name}`;
  const unclear =
    values === undefined && (type === "CNAME" || port === undefined)
      ? type === "CNAME"
        ? "a CNAME needs the name that it is to point to"
        : "neither values nor a port say what it is to point to"
      : undefined;
  list.say(
    "traffic-record",
    gap ?? unclear,
    `${what} at ${site} points to ${record?.values.join(", ")} for ${record?.ttlSeconds} s`,
    gap === undefined
      ? "Give its values, or the guest port whose host it is to point to."
      : "Name a record that is there.",
  );
  if (!record || gap !== undefined || unclear !== undefined) return {};
  const lowTtlSeconds = Math.min(record.ttlSeconds, shift.lowTtlSeconds ?? defaults.lowTtlSeconds);
  const parameters: DnsShiftParameters = {
    ...{ site, zoneId, name, type, lowTtlSeconds },
    ...(port === undefined ? {} : { port }),
    ...(values === undefined ? {} : { values }),
    before: { ttlSeconds: record.ttlSeconds, values: record.values },
    ttlAfterSeconds: shift.ttlAfterSeconds ?? record.ttlSeconds,
  };
  const resource = { site, kind: "dns-record", id: recordId(shift) };
  const to = values?.join(", ") ?? `the host of the new VM's port ${port}`;
  const lowers = lowTtlSeconds < record.ttlSeconds;
  return {
    action: {
      action: trafficActions.dns,
      resource,
      detail: `${lowers ? `Lower the TTL of ${what} from ${record.ttlSeconds} s to ${lowTtlSeconds} s ahead, then point` : `Point`} it from ${record.values.join(", ")} to ${to}; its TTL is ${parameters.ttlAfterSeconds} s again after the finalize`,
      parameters: { ...parameters },
    },
    ...(lowers
      ? {
          choice: {
            what: `the cutover's earliest time for ${what}`,
            chosen: `${record.ttlSeconds} s after its TTL was lowered`,
            why: "until then resolvers may keep it for its former TTL",
          },
        }
      : {}),
    observed: { ...resource, version: record.version },
  };
}

function planListener(
  seen: MigrationObservations,
  { shift, listener, gap }: TrafficObservation["proxies"][number],
  list: CheckList,
): Part {
  const { proxy, listener: name, port } = shift;
  const busy = listener?.state === "holding" ? "it holds requests for somebody else now" : undefined;
  const holdSeconds = shift.holdSeconds ?? defaults.holdSeconds;
  const drainSeconds = shift.drainSeconds ?? defaults.drainSeconds;
  const over =
    drainSeconds < holdSeconds
      ? undefined
      : `its hold of ${holdSeconds} s could be over before what is under way has had its ${drainSeconds} s`;
  list.say(
    "traffic-proxy",
    gap ?? busy ?? over,
    `Listener ${name} of the proxy ${proxy} sends its traffic to ${listener?.backend}`,
    over === undefined
      ? "Name a listener that is there and is open: novacron proxy show."
      : "Give a longer hold_seconds, or a shorter drain_seconds.",
  );
  if (!listener || gap !== undefined || busy !== undefined || over !== undefined) return {};
  const parameters: ProxyShiftParameters = {
    proxy,
    listener: name,
    port,
    backend: listener.backend,
    ...sourcePort(seen, listener.backend),
    ...{ holdSeconds, drainSeconds },
    path: shift.path ?? "/",
  };
  const resource = { site: proxy, kind: "proxy-listener", id: name };
  return {
    action: {
      action: trafficActions.proxy,
      resource,
      detail: `Hold what comes to ${proxy}/${name} from before the stop, for at most ${parameters.holdSeconds} s, and send it to port ${port} of the new VM`,
      parameters: { ...parameters },
    },
    observed: { ...resource, version: listener.backend },
  };
}

/** Whether that is where a port of the source is reached. */
function sourcePort(
  { request, vm, traffic }: MigrationObservations,
  address: string,
): { readonly source?: SourcePort } {
  const found = traffic?.endpoints.find((endpoint) => formatAddress(endpoint) === address);
  return found ? { source: { site: request.from, vmId: vm.vmId, guestPort: found.guestPort } } : {};
}

function planPool(
  seen: MigrationObservations,
  { shift, members = [], shares = [], weighs, leastWeight = 1, version, gap }: TrafficObservation["pools"][number],
  list: CheckList,
): Part {
  const { request, vm, traffic } = seen;
  const { site, poolId, port } = shift;
  const endpoints = traffic?.endpoints ?? [];
  const isSource = ({ vmId, address, port: at }: PoolMember) =>
    vmId === vm.vmId || endpoints.some(({ host, port: open }) => host === address && open === at);
  const replaces = members.find((member) =>
    shift.replaces === undefined ? isSource(member) : member.targetId === shift.replaces,
  );
  const fits = (share: (typeof shares)[number]) =>
    shift.shareId === undefined ? share.shareId === replaces?.shareId : share.shareId === shift.shareId;
  const share = shares.find(fits);
  const steps = shift.steps ?? defaults.steps;
  const own = ownShare(shares, members);
  const full = shares.find(({ shareId }) => shareId === replaces?.shareId)?.weight;
  const tooLight =
    weighs && full !== undefined && share?.shareId !== replaces?.shareId
      ? steps.find((step) => partsOf(full, step).some((part) => part > 0 && part < leastWeight))
      : undefined;
  const wrong =
    gap ??
    (replaces ? undefined : `none of its targets is ${vm.name}`) ??
    (share ? undefined : `it has no share ${shift.shareId}`) ??
    (share?.accepts === "vm" && site !== request.to
      ? `it takes VMs of ${site} only, and the new one is at ${request.to}`
      : undefined) ??
    (steps.length > 1 && !(weighs && (own || share?.shareId !== replaces?.shareId))
      ? "the old target and the new one have one weight together, so traffic can't move in steps"
      : undefined) ??
    (tooLight === undefined
      ? undefined
      : `a step of ${tooLight} would divide its weight of ${full} into ${partsOf(full ?? 0, tooLight).join(" and ")}, and it takes none below ${leastWeight}`) ??
    (steps.length > 1 && replaces && isSource(replaces)
      ? `${vm.name} is stopped before its traffic moves, so the part that a step leaves to it would reach nobody`
      : undefined);
  list.say(
    "traffic-pool",
    wrong,
    `Pool ${poolId} at ${site} has ${vm.name} as its target ${replaces?.targetId}`,
    "Name the target that goes with `replaces`, a share that takes the new one, or other steps, or none.",
  );
  if (wrong !== undefined || !replaces || !share || version === undefined) return {};
  const parameters: PoolShiftParameters = {
    ...{ site, poolId, port, replaces, steps },
    ...(replaces.address === undefined
      ? {}
      : sourcePort(seen, formatAddress({ host: replaces.address, port: replaces.port }))),
    ...(own ? {} : { shareId: share.shareId }),
    accepts: share.accepts,
    before: members.map(({ targetId }) => targetId),
    weights: shares.flatMap(({ shareId, weight }) => (weight === undefined ? [] : [{ shareId, weight }])),
    stepSeconds: shift.stepSeconds ?? defaults.stepSeconds,
  };
  const resource = { site, kind: "target-pool", id: poolId };
  return {
    action: {
      action: trafficActions.pool,
      resource,
      detail: `Put port ${port} of the new VM into pool ${poolId}${steps.length > 1 ? ` with ${steps.join(", ")} of 100` : ""}, and drain ${replaces.targetId}`,
      parameters: { ...parameters },
    },
    observed: { ...resource, version },
  };
}

/** What the new target and the old one get of the old one's weight. */
export function partsOf(full: number, step: number): readonly [number, number] {
  const part = Math.min(full, Math.max(1, Math.round((full * step) / 100)));
  return [part, full - part];
}

/** Whether targets are weighed one by one. */
function ownShare(shares: readonly { readonly shareId: string }[], members: readonly PoolMember[]): boolean {
  return members.length > 0 && members.every(({ targetId, shareId }) => targetId === shareId) && shares.length > 0;
}

function planProbe(site: string, probe: { url: string; intervalMs?: number; expectStatus?: number }): PlanAction {
  const { url, intervalMs = defaults.intervalMs, expectStatus = defaults.expectStatus } = probe;
  const parameters: ProbeParameters = { url, intervalMs, expectStatus };
  return {
    action: trafficActions.probe,
    resource: { site, kind: "url", id: url },
    detail: `Ask ${url} every ${intervalMs} ms from before the cutover until after the switch, and tell the longest gap of its answers`,
    parameters: { ...parameters },
  };
}
