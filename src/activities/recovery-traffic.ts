import { Context } from "@temporalio/activity";
import { ProviderError } from "../domain/errors.ts";
import type { RecordShiftParameters } from "../domain/recovery-actions.ts";
import type { RecoveryPool } from "../domain/recovery-plan.ts";
import type { RecordState } from "../domain/traffic.ts";
import { parseAddress } from "../domain/traffic-proxy.ts";
import type { absentRecord, DnsFacet, fullWeight, LoadBalancingFacet } from "../providers/traffic-facets.ts";
import type { ActivityDeps } from "./deps.ts";

/** Checks of a balancer come every few seconds, and it wants some in a row. */
const healthyWithinMs = 180_000;

const absent = "absent" satisfies typeof absentRecord;
const everything = 100 satisfies typeof fullWeight;

/** Records and pools of a recovery plan. Whoever is in need takes them as they are, whatever the plan saw. */
export function recoveryTrafficActivities({ registry }: Pick<ActivityDeps, "registry">) {
  return {
    /** As it is; undefined where there is none. */
    async recoveryRecord(input: { record: RecordShiftParameters }): Promise<{ before?: RecordState }> {
      const seen = await (await dnsAt(input.record.site)).getRecord(input.record, signalOf());
      return seen ? { before: { ttlSeconds: seen.ttlSeconds, values: seen.values } } : {};
    },

    /** Makes it that, whatever it is; nothing makes it absent. */
    async setRecoveryRecord(input: { record: RecordShiftParameters; to: RecordState | undefined }): Promise<void> {
      const { record, to } = input;
      const { zoneId, name, type, site } = record;
      const dns = await dnsAt(site);
      const seen = await dns.getRecord(record, signalOf());
      if (!to) {
        if (seen) await dns.deleteRecord({ zoneId, name, type, version: seen.version }, signalOf());
        return;
      }
      const wanted = { name, type, ttlSeconds: to.ttlSeconds, values: to.values };
      const change = await dns.putRecord({ zoneId, record: wanted, version: seen?.version ?? absent }, signalOf());
      await dns.waitForChange({ zoneId, change }, signalOf());
    },

    /** Puts the VM in, and gives it everything once it is healthy. */
    async joinRecoveryPool(input: {
      pool: RecoveryPool;
      vmId: string;
      /** Where its port is reached. */
      at: string;
    }): Promise<void> {
      const { pool, vmId, at } = input;
      const { poolId, shareId } = pool;
      const signal = signalOf();
      const balancing = await balancingAt(pool.site);
      const seen = await balancing.getPool(poolId, signal);
      const share = shareId === undefined ? {} : { shareId };
      const target = await balancing.addTarget({ poolId, ...share, ...memberOf(seen, pool, vmId, at) }, signal);
      const { targetId } = target;
      const healthy = await balancing.waitUntilHealthy({ poolId, targetId, withinMs: healthyWithinMs }, signal);
      // A share without a weight yet is not used, and its targets are not checked.
      if (!healthy || !["healthy", "unknown", "unused"].includes(healthy.state)) {
        throw new ProviderError("Conflict", {
          operation: "put the VM into the pool",
          resource: `${pool.site}/pool/${poolId}`,
          reason: `its target ${targetId} is ${healthy?.state ?? "not listed"}${healthy?.reason ? ` (${healthy.reason})` : ""}`,
          action: "See what the pool's health checks ask, and from where.",
        });
      }
      if (balancing.setWeights) {
        const now = await balancing.getPool(poolId, signal);
        const others = now.shares.filter(({ shareId: id, weight }) => id !== target.shareId && weight !== undefined);
        const weights = Object.fromEntries(others.map(({ shareId: id }) => [id, 0]));
        await balancing.setWeights({ poolId, weights: { ...weights, [target.shareId]: everything } }, signal);
      }
    },
  };

  async function dnsAt(site: string): Promise<DnsFacet> {
    const { dns, capabilities } = await registry.provider(site);
    if (dns) return dns;
    throw lacking(
      "change a record",
      site,
      capabilities.dns ?? "it keeps no records",
      "Name the site that keeps the zone.",
    );
  }

  async function balancingAt(site: string): Promise<LoadBalancingFacet> {
    const { loadBalancing, capabilities } = await registry.provider(site);
    if (loadBalancing) return loadBalancing;
    const gap = capabilities["load-balancing"] ?? "it balances no load";
    throw lacking("change a pool", site, gap, "Name the site that has the pool.");
  }
}

type Seen = Awaited<ReturnType<LoadBalancingFacet["getPool"]>>;

/** As what it goes into the pool: the VM itself where the pool takes such, else where its port is reached. */
function memberOf(
  { shares }: Seen,
  { shareId, port }: RecoveryPool,
  vmId: string,
  at: string,
): { readonly vmId: string; readonly port: number } | { readonly address: string; readonly port: number } {
  const share = shareId === undefined ? shares[0] : shares.find((each) => each.shareId === shareId);
  if (share?.accepts === "vm") return { vmId, port };
  const address = parseAddress(at);
  return { address: address?.host ?? at, port: address?.port ?? port };
}

function lacking(operation: string, site: string, reason: string, action: string): ProviderError {
  return new ProviderError("UnsupportedCapability", { operation, resource: `site/${site}`, reason, action });
}

function signalOf(): AbortSignal {
  return Context.current().cancellationSignal;
}
