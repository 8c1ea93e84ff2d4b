import type { Provider } from "../../../../../src/providers/provider.ts";
import type {
  DnsFacet,
  DnsRecord,
  LoadBalancingFacet,
  NewTarget,
} from "../../../../../src/providers/traffic-facets.ts";
import type { FaultSite } from "../fault-site.ts";
import { noCapacity, type Prepared, type Row } from "../table.ts";

const dns = ({ dns: facet }: Provider): DnsFacet => facet as DnsFacet;
const balancing = ({ loadBalancing: facet }: Provider): LoadBalancingFacet => facet as LoadBalancingFacet;
/** What is gone, or in a group that is gone, is as it should be. */
const goneIsFine = { lasting: { ...noCapacity, "not-found": "ok" }, passing: { "not-found": "ok" } } as const;
const withinMs = 20_000;

function recordIn(site: FaultSite): { zoneId: string; record: DnsRecord } {
  const { zoneId, name } = site.traffic.zone;
  const record = { name: `${site.key("www")}.${name}`, type: "A", ttlSeconds: 60, values: ["192.0.2.1"] } as const;
  return { zoneId, record };
}

/** The suite's target, for its pool. */
function wanted({ traffic }: FaultSite): NewTarget {
  const { poolId, shares, target } = traffic.pool;
  return { poolId, ...target, ...(shares ? { shareId: shares[0] } : { weight: 10 }) };
}

/** With a target in the pool, which goes afterwards. */
async function withTarget(
  site: FaultSite,
  prepare: (place: { poolId: string; targetId: string }) => Prepared,
): Promise<Prepared> {
  const { poolId } = site.traffic.pool;
  const { targetId } = await balancing(site.provider).addTarget(wanted(site), site.signal());
  return { ...prepare({ poolId, targetId }), undo: () => removed(site, poolId, targetId) };
}

async function removed(site: FaultSite, poolId: string, targetId: string): Promise<void> {
  await balancing(site.provider).removeTarget({ poolId, targetId }, site.signal());
  await balancing(site.provider).waitUntilDrained({ poolId, targetId, withinMs }, site.signal());
}

const dnsRows: readonly Row[] = [
  {
    call: "dns.listZones",
    at: "route53:ListHostedZones",
    lasting: noCapacity,
    prepare: async () => ({ call: (provider, signal) => Array.fromAsync(dns(provider).listZones(signal)) }),
  },
  {
    call: "dns.listRecords",
    at: "route53:ListResourceRecordSets",
    lasting: noCapacity,
    prepare: async ({ traffic }) => ({
      call: (provider, signal) => Array.fromAsync(dns(provider).listRecords(traffic.zone.zoneId, signal)),
    }),
  },
  {
    call: "dns.getRecord",
    at: "route53:ListResourceRecordSets",
    lasting: noCapacity,
    async prepare({ traffic }) {
      const { zoneId, name } = traffic.zone;
      return { call: (provider, signal) => dns(provider).getRecord({ zoneId, name, type: "A" }, signal) };
    },
  },
  {
    call: "dns.putRecord",
    at: "route53:ChangeResourceRecordSets",
    lasting: noCapacity,
    async prepare(site) {
      const { zoneId, record } = recordIn(site);
      return {
        call: (provider, signal) => dns(provider).putRecord({ zoneId, record }, signal),
        async undo() {
          await dns(site.provider).deleteRecord({ zoneId, name: record.name, type: "A" }, site.signal());
        },
      };
    },
  },
  {
    call: "dns.deleteRecord",
    at: "route53:ChangeResourceRecordSets",
    lasting: noCapacity,
    async prepare(site) {
      const { zoneId, record } = recordIn(site);
      await dns(site.provider).putRecord({ zoneId, record }, site.signal());
      const gone = { zoneId, name: record.name, type: "A" } as const;
      return { call: (provider, signal) => dns(provider).deleteRecord(gone, signal) };
    },
  },
  {
    call: "dns.waitForChange",
    at: "route53:GetChange",
    lasting: noCapacity,
    async prepare(site) {
      const { zoneId, record } = recordIn(site);
      const change = await dns(site.provider).putRecord({ zoneId, record }, site.signal());
      return {
        call: (provider, signal) => dns(provider).waitForChange({ zoneId, change }, signal),
        async undo() {
          await dns(site.provider).deleteRecord({ zoneId, name: record.name, type: "A" }, site.signal());
        },
      };
    },
  },
];

const balancingRows: readonly Row[] = [
  {
    call: "loadBalancing.listPools",
    at: "elasticloadbalancing:DescribeListeners",
    lasting: noCapacity,
    prepare: async () => ({ call: (provider, signal) => Array.fromAsync(balancing(provider).listPools(signal)) }),
  },
  {
    call: "loadBalancing.getPool",
    at: "elasticloadbalancing:DescribeListeners",
    lasting: noCapacity,
    prepare: async ({ traffic }) => ({
      call: (provider, signal) => balancing(provider).getPool(traffic.pool.poolId, signal),
    }),
  },
  {
    call: "loadBalancing.listTargets",
    at: "elasticloadbalancing:DescribeTargetHealth",
    lasting: noCapacity,
    prepare: async ({ traffic }) => ({
      call: (provider, signal) => Array.fromAsync(balancing(provider).listTargets(traffic.pool.poolId, signal)),
    }),
  },
  {
    call: "loadBalancing.addTarget",
    at: "elasticloadbalancing:RegisterTargets",
    lasting: noCapacity,
    async prepare(site) {
      const input = wanted(site);
      return {
        call: (provider, signal) => balancing(provider).addTarget(input, signal),
        async undo() {
          const { targetId } = await balancing(site.provider).addTarget(input, site.signal());
          await removed(site, input.poolId, targetId);
        },
      };
    },
  },
  {
    call: "loadBalancing.drainTarget",
    at: "elasticloadbalancing:DeregisterTargets",
    ...goneIsFine,
    prepare: (site) =>
      withTarget(site, (place) => ({ call: (provider, signal) => balancing(provider).drainTarget(place, signal) })),
  },
  {
    call: "loadBalancing.removeTarget",
    at: "elasticloadbalancing:DeregisterTargets",
    ...goneIsFine,
    prepare: (site) =>
      withTarget(site, (place) => ({ call: (provider, signal) => balancing(provider).removeTarget(place, signal) })),
  },
  {
    call: "loadBalancing.setWeights",
    at: "elasticloadbalancing:ModifyListener",
    lasting: noCapacity,
    async prepare(site) {
      const { poolId, shares } = site.traffic.pool;
      const { targetId } = await balancing(site.provider).addTarget(wanted(site), site.signal());
      const [shareId] = shares ?? [targetId];
      const set = async (provider: Provider, weight: number, signal: AbortSignal) =>
        balancing(provider).setWeights?.({ poolId, weights: { [shareId]: weight } }, signal);
      // What is set already would be no change.
      await set(site.provider, 50, site.signal());
      return {
        call: (provider, signal) => set(provider, 30, signal),
        undo: () => removed(site, poolId, targetId),
      };
    },
  },
  {
    call: "loadBalancing.waitUntilHealthy",
    at: "elasticloadbalancing:DescribeTargetHealth",
    lasting: noCapacity,
    prepare: (site) =>
      withTarget(site, (place) => ({
        call: (provider, signal) => balancing(provider).waitUntilHealthy({ ...place, withinMs }, signal),
      })),
  },
  {
    call: "loadBalancing.waitUntilDrained",
    at: "elasticloadbalancing:DescribeTargetHealth",
    lasting: noCapacity,
    async prepare(site) {
      const { poolId } = site.traffic.pool;
      const { targetId } = await balancing(site.provider).addTarget(wanted(site), site.signal());
      await removed(site, poolId, targetId);
      return {
        call: (provider, signal) => balancing(provider).waitUntilDrained({ poolId, targetId, withinMs }, signal),
      };
    },
  },
];

export const trafficRows: readonly Row[] = [...dnsRows, ...balancingRows];
