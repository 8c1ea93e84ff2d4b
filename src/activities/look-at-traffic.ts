import { isProviderError } from "../domain/errors.ts";
import type { DnsShift, PoolShift, ProxyShift, TrafficObservation, TrafficOptions } from "../domain/traffic.ts";
import type { Vm } from "../domain/vm.ts";
import type { Provider } from "../providers/provider.ts";
import type { ActivityDeps } from "./deps.ts";

type Deps = Pick<ActivityDeps, "registry" | "proxy">;

/** Where traffic goes now, in the words of each record, pool and listener that is to be shifted. */
export async function lookAtTraffic(
  deps: Deps,
  wanted: TrafficOptions | undefined,
  vm: Vm,
  signal: AbortSignal,
): Promise<TrafficObservation | undefined> {
  if (!wanted) return undefined;
  const [dns, pools, proxies] = await Promise.all([
    Promise.all((wanted.dns ?? []).map((shift) => lookAtRecord(deps, shift, signal))),
    Promise.all((wanted.pools ?? []).map((shift) => lookAtPool(deps, shift, signal))),
    Promise.all((wanted.proxies ?? []).map((shift) => lookAtListener(deps, shift, signal))),
  ]);
  return { dns, pools, proxies, endpoints: vm.endpoints };
}

async function lookAtRecord(
  { registry }: Deps,
  shift: DnsShift,
  signal: AbortSignal,
): Promise<TrafficObservation["dns"][number]> {
  return orGap(shift, async () => {
    const { dns, capabilities } = await registry.provider(shift.site);
    if (!dns) return { shift, gap: capabilities.dns ?? `${shift.site} keeps no records` };
    const record = await dns.getRecord(shift, signal);
    if (!record) return { shift, gap: `there is no ${shift.type} record ${shift.name} in the zone ${shift.zoneId}` };
    const { ttlSeconds, values, version } = record;
    return { shift, record: { ttlSeconds, values, version } };
  });
}

async function lookAtPool(
  { registry }: Deps,
  shift: PoolShift,
  signal: AbortSignal,
): Promise<TrafficObservation["pools"][number]> {
  return orGap(shift, async () => {
    const provider = await registry.provider(shift.site);
    const { loadBalancing, capabilities } = provider;
    if (!loadBalancing) return { shift, gap: capabilities["load-balancing"] ?? `${shift.site} balances no load` };
    const seen = await readPool(provider, shift.poolId, signal);
    return { shift, ...seen, weighs: loadBalancing.setWeights !== undefined };
  });
}

/** A pool with what is in it, and a text that changes when any of that does; health does not count. */
export async function readPool({ loadBalancing, site }: Provider, poolId: string, signal: AbortSignal) {
  if (!loadBalancing) throw new Error(`${site} balances no load`);
  const [pool, targets] = await Promise.all([
    loadBalancing.getPool(poolId, signal),
    Array.fromAsync(loadBalancing.listTargets(poolId, signal)),
  ]);
  const members = targets
    .map(({ targetId, shareId, vmId, address, port }) => {
      return {
        targetId,
        shareId,
        port,
        ...(vmId === undefined ? {} : { vmId }),
        ...(address === undefined ? {} : { address }),
      };
    })
    .sort((one, other) => (one.targetId < other.targetId ? -1 : 1));
  const shares = pool.shares
    .map(({ shareId, weight, accepts }) => ({ shareId, accepts, ...(weight === undefined ? {} : { weight }) }))
    .sort((one, other) => (one.shareId < other.shareId ? -1 : 1));
  const version = JSON.stringify([
    members.map(({ targetId, shareId, port }) => [targetId, shareId, port]),
    shares.map(({ shareId, weight }) => [shareId, weight]),
  ]);
  const { leastWeight } = pool;
  return { members, shares, version, ...(leastWeight === undefined ? {} : { leastWeight }) };
}

async function lookAtListener(
  { proxy }: Deps,
  shift: ProxyShift,
  signal: AbortSignal,
): Promise<TrafficObservation["proxies"][number]> {
  return orGap(shift, async () => {
    const { backend, state, protocol } = await proxy(shift.proxy).listener(shift.listener, signal);
    return { shift, listener: { backend, state, protocol } };
  });
}

/** What can't be had is a check of the plan that fails, with its reason. */
async function orGap<S, T extends { readonly shift: S }>(
  shift: S,
  look: () => Promise<T>,
): Promise<T | { readonly shift: S; readonly gap: string }> {
  try {
    return await look();
  } catch (error) {
    if (
      isProviderError(error, "InvalidInput", "NotFound", "Conflict", "UnsupportedCapability", "CloudPermissionDenied")
    ) {
      return { shift, gap: error.details.reason };
    }
    throw error;
  }
}
