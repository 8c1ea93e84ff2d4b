import type { Plan } from "./plan.ts";
import {
  type DnsShiftParameters,
  type PoolShiftParameters,
  type ProbeParameters,
  type ProxyShiftParameters,
  type TrafficOptions,
  trafficActions,
} from "./traffic.ts";

/** What the way home of a move does with its traffic: the same records, pools and listeners, back to where they were. */
export function trafficHome({ actions }: Pick<Plan, "actions">): TrafficOptions | undefined {
  const of = <T>(name: string) =>
    actions.filter(({ action }) => action === name).map(({ parameters }) => parameters as unknown as T);
  const dns = of<DnsShiftParameters>(trafficActions.dns).map(({ before, values, source, ...record }) => {
    if (values === undefined) return record;
    // Its new VM there may have another address.
    return source && record.type !== "CNAME" && before.values.length === 1
      ? { ...record, port: source.guestPort }
      : { ...record, values: before.values };
  });
  const pools = of<PoolShiftParameters>(trafficActions.pool).map(({ site, poolId, port, shareId, replaces }) => {
    return { site, poolId, port, ...(shareId === undefined ? {} : { shareId: replaces.shareId }) };
  });
  const proxies = of<ProxyShiftParameters>(trafficActions.proxy).map((parameters) => {
    const { backend: _, source: __, ...shift } = parameters;
    return shift;
  });
  const [probe] = of<ProbeParameters>(trafficActions.probe);
  if (dns.length + pools.length + proxies.length === 0 && !probe) return undefined;
  return { dns, pools, proxies, ...(probe ? { probe } : {}) };
}
