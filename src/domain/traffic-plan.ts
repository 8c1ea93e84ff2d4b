import { CheckList } from "./check-list.ts";
import type { MigrationObservations } from "./migration-parts.ts";
import type { ObservedResource, PlanAction, PlanCheck, PlanChoice } from "./plan.ts";
import {
  type DnsShiftParameters,
  type ProbeParameters,
  type ProxyShiftParameters,
  type TrafficObservation,
  trafficActions,
} from "./traffic.ts";
import { sourcePort, type TrafficPart } from "./traffic-part.ts";
import { planPool } from "./traffic-pool-plan.ts";

const defaults = {
  lowTtlSeconds: 30,
  holdSeconds: 120,
  drainSeconds: 5,
  intervalMs: 250,
  expectStatus: 200,
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
  const { request, traffic, vm, homeward = false } = seen;
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
    homeward ? "Start it there before the undo." : "Leave the traffic out.",
    homeward,
  );
  if (homeward && vm.state !== "running") return { ...nothing, checks: list.checks };
  const twice = namedTwice(traffic);
  list.say(
    "traffic-once",
    twice === undefined ? undefined : `${twice} is named more than once`,
    "Each record, pool and listener is named once",
    "Name it once, with all that it is to be.",
  );
  const parts = [
    ...(traffic?.dns ?? []).map((each) => planRecord(seen, each, list)),
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

/** The first that two parts of the request would both change, as a person reads it. */
function namedTwice({ dns = [], pools = [], proxies = [] }: Partial<TrafficObservation> = {}): string | undefined {
  const names = [
    ...dns.map(
      ({ shift }) => `${shift.type} record ${plainName(shift.name)} of the zone ${shift.zoneId} at ${shift.site}`,
    ),
    ...pools.map(({ shift }) => `port ${shift.port} in the pool ${shift.poolId} at ${shift.site}`),
    ...proxies.map(({ shift }) => `listener ${shift.listener} of the proxy ${shift.proxy}`),
  ];
  return names.find((name, index) => names.indexOf(name) !== index);
}

/** Zones are indifferent to case, and to the dot that ends a whole name. */
function plainName(name: string): string {
  return name.toLowerCase().replace(/\.$/, "");
}

function planRecord(
  seen: MigrationObservations,
  { shift, record, gap }: TrafficObservation["dns"][number],
  list: CheckList,
): TrafficPart {
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
    seen.homeward,
  );
  if (!record || gap !== undefined || unclear !== undefined) return {};
  const lowTtlSeconds = Math.min(record.ttlSeconds, shift.lowTtlSeconds ?? defaults.lowTtlSeconds);
  const parameters: DnsShiftParameters = {
    ...{ site, zoneId, name, type, lowTtlSeconds },
    ...(port === undefined ? {} : { port }),
    ...(values === undefined ? {} : { values }),
    ...sourceHost(seen, record.values),
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
): TrafficPart {
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
    seen.homeward,
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

/** Whether one of the values is the host of a port of the source: that may be another one after its next start. */
function sourceHost(
  { request, vm, traffic }: MigrationObservations,
  values: readonly string[],
): Pick<DnsShiftParameters, "source"> {
  const found = traffic?.endpoints.find(({ host }) => values.includes(host));
  if (!found) return {};
  return { source: { site: request.from, vmId: vm.vmId, guestPort: found.guestPort, host: found.host } };
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
