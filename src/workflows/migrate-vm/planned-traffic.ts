import type { NewMember } from "../../activities/traffic-pools.ts";
import type { Plan } from "../../domain/plan.ts";
import {
  type DnsShiftParameters,
  type PoolMember,
  type PoolShiftParameters,
  type ProbeParameters,
  type ProxyShiftParameters,
  trafficActions,
} from "../../domain/traffic.ts";

/** What of a plan is about traffic; undefined where nothing is. */
export interface PlannedTraffic {
  readonly records: readonly DnsShiftParameters[];
  readonly pools: readonly PoolShiftParameters[];
  readonly proxies: readonly ProxyShiftParameters[];
  readonly probe: ProbeParameters | undefined;
}

export function plannedTraffic({ actions }: Plan): PlannedTraffic | undefined {
  const of = <T>(name: string) =>
    actions.filter(({ action }) => action === name).map(({ parameters }) => parameters as unknown as T);
  const planned = {
    records: of<DnsShiftParameters>(trafficActions.dns),
    pools: of<PoolShiftParameters>(trafficActions.pool),
    proxies: of<ProxyShiftParameters>(trafficActions.proxy),
    probe: of<ProbeParameters>(trafficActions.probe)[0],
  };
  const any = planned.records.length + planned.pools.length + planned.proxies.length > 0 || planned.probe !== undefined;
  return any ? planned : undefined;
}

/** What of the new VM goes into the pool; `at` is where its port is reached. */
export function memberOf(shift: PoolShiftParameters, vmId: string, at: string): NewMember {
  const [, host = "", port = ""] = /^\[?(.*?)\]?:(\d+)$/.exec(at) ?? [];
  return shift.accepts === "vm" ? { vmId, port: shift.port } : { address: host, port: Number(port) };
}

/** The shift of a cutover to come, after the source is in the pool again. An earlier worker did not tell as what. */
export function movedHome(shift: PoolShiftParameters, replaces: PoolMember | undefined): PoolShiftParameters {
  if (!replaces) return shift;
  const weights = shift.weights.map((each) =>
    each.shareId === shift.replaces.shareId ? { ...each, shareId: replaces.shareId } : each,
  );
  return { ...shift, replaces, weights };
}

export function nameOf({ site, name, type }: DnsShiftParameters): string {
  return `${site}/dns-record/${name} (${type})`;
}

export function nameOfListener({ proxy, listener }: ProxyShiftParameters): string {
  return `proxy/${proxy}/${listener}`;
}

export function nameOfPool({ site, poolId }: PoolShiftParameters): string {
  return `${site}/pool/${poolId}`;
}
