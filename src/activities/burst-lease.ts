import { setTimeout as sleep } from "node:timers/promises";
import { Context } from "@temporalio/activity";
import { type BurstBalancer, isLeaseOpen, leaseCostMicros } from "../domain/burst.ts";
import { type BurstOffer, backOffAfter } from "../domain/burst-offers.ts";
import { isProviderError, ProviderError } from "../domain/errors.ts";
import type { Vm } from "../domain/vm.ts";
import type { LoadBalancingFacet, NewTarget } from "../providers/traffic-facets.ts";
import type { BurstLeasePatch, KeptLease } from "../store/index.ts";
import { poolsAt, untilHealthy } from "./balancing.ts";
import type { ActivityDeps } from "./deps.ts";
import { goneIsFine } from "./gone.ts";
import { whyNoConnection } from "./tcp-probe.ts";

/** As much as a target can have: the VM takes as much as the largest of the site's own. */
const fullWeight = 100;
const pollMs = 500;
const answerWithinMs = 2_000;
/** A guest boots, and its application loads. */
const answersWithinMs = 240_000;
/** What is under way may end; afterwards it is cut. */
const drainedWithinMs = 120_000;
/** How often the store is asked whether a VM is to go, and its site whether it is still there. */
const askStoreMs = 1_000;
const askSiteMs = 20_000;

/** Why a lease's VM is to go. */
export interface LeaseEnd {
  readonly reason: string;
  /** It is not there any more: the site took it back, or somebody removed it. */
  readonly gone: boolean;
}

export function burstLeaseActivities({ registry, store }: ActivityDeps) {
  return {
    /** Undefined for a lease that has ended, or that another run has. */
    async beginLease(input: {
      leaseId: string;
      runId: string;
    }): Promise<{ lease: KeptLease; balancer?: BurstBalancer; port?: number; userData?: string } | undefined> {
      const lease = await store.burstLeases.get(input.leaseId);
      const pool = lease && (await store.burstPools.get(lease.poolId));
      if (!pool || !isLeaseOpen(lease)) return undefined;
      await store.burstLeases.update(input.leaseId, { runId: input.runId });
      const { balancer, template } = pool;
      return {
        lease,
        ...(balancer ? { balancer } : {}),
        ...(template.port === undefined ? {} : { port: template.port }),
        ...(template.userData === undefined ? {} : { userData: template.userData }),
      };
    },

    async noteLease(input: { leaseId: string; patch: BurstLeasePatch }): Promise<void> {
      await store.burstLeases.update(input.leaseId, input.patch);
    },

    /** Remembers that an offer failed, for every pool; or that it came, which ends what was remembered. */
    async noteOffer(input: {
      offer: Pick<BurstOffer, "site" | "instanceType" | "capacityType">;
      failed?: { code: string };
    }): Promise<void> {
      const { offer, failed } = input;
      if (!failed) return store.burstLeases.forgetBackOff(offer);
      const fresh = backOffAfter(offer, failed, 0, Date.now());
      const before = (await store.burstLeases.backOffs()).find(
        ({ site, instanceType, capacityType }) =>
          site === fresh.site && instanceType === fresh.instanceType && capacityType === fresh.capacityType,
      );
      await store.burstLeases.backOff(backOffAfter(offer, failed, before?.failures ?? 0, Date.now()));
    },

    /** Waits until the VM's port answers, puts it into the pool's balancer, and waits until that finds it healthy. Where no
     *  balancer takes it, an answer of its port is all; without a port, nothing is waited for. */
    async joinBurst(input: {
      site: string;
      vmId: string;
      port?: number;
      balancer?: BurstBalancer;
    }): Promise<{ targetId?: string }> {
      const signal = Context.current().cancellationSignal;
      const { site, vmId, port, balancer } = input;
      if (port === undefined) return {};
      const vm = await reachable(await registry.provider(site), vmId, port, signal);
      if (!balancer) return {};
      const pools = await poolsAt(registry, balancer.site);
      const { poolId, shareId } = balancer;
      const { shares } = await pools.getPool(poolId, signal);
      const share = shareId === undefined ? shares[0] : shares.find((each) => each.shareId === shareId);
      const member = memberOf(vm, port, { takesVms: share?.accepts === "vm", balancer });
      const target = await pools.addTarget(
        { poolId, ...(shareId === undefined ? {} : { shareId }), ...member, weight: fullWeight },
        signal,
      );
      const { targetId } = target;
      const operation = "put the VM into the pool";
      try {
        await untilHealthy(pools, { site: balancer.site, poolId, targetId, operation }, signal);
      } catch (error) {
        if (isProviderError(error, "Conflict")) await pools.removeTarget({ poolId, targetId }, signal);
        throw error;
      }
      return { targetId };
    },

    /** Sends it nothing new, lets what is under way end, and takes it off. Repeatable. */
    async leaveBurst(input: {
      balancer: BurstBalancer;
      targetId?: string;
      vm: { site: string; vmId: string; port: number };
      drain: boolean;
    }): Promise<void> {
      const signal = Context.current().cancellationSignal;
      const { balancer, vm, drain } = input;
      const { poolId } = balancer;
      const pools = await poolsAt(registry, balancer.site);
      const targetId = input.targetId ?? (await targetOf(pools, poolId, vm, signal));
      if (targetId === undefined) return;
      if (drain) {
        await goneIsFine(pools.drainTarget({ poolId, targetId }, signal));
        await goneIsFine(pools.waitUntilDrained({ poolId, targetId, withinMs: drainedWithinMs }, signal));
      }
      await goneIsFine(pools.removeTarget({ poolId, targetId }, signal));
    },

    /** Resolves when the VM is to go: its pool doesn't need it, its time or its budget is over, or it is not there. */
    async watchLease(input: { leaseId: string; site: string; vmId: string }): Promise<LeaseEnd> {
      const signal = Context.current().cancellationSignal;
      const { leaseId, site, vmId } = input;
      let askedSiteAt = 0;
      for (;;) {
        const lease = await store.burstLeases.get(leaseId);
        if (!lease) return { reason: "its lease is not known any more", gone: false };
        const now = Date.now();
        if (lease.leaveReason !== undefined) return { reason: lease.leaveReason, gone: false };
        if (Date.parse(lease.deadline) <= now) return { reason: "its deadline has come", gone: false };
        if (lease.budget && leaseCostMicros(lease, now) >= lease.budget.micros) {
          return { reason: "its budget is spent", gone: false };
        }
        if (now - askedSiteAt >= askSiteMs) {
          askedSiteAt = now;
          const lost = await whyLost(site, vmId, signal);
          if (lost) return lost;
        }
        await sleep(askStoreMs, undefined, { signal });
      }
    },
  };

  /** A site that can't be asked now says nothing. */
  async function whyLost(site: string, vmId: string, signal: AbortSignal): Promise<LeaseEnd | undefined> {
    try {
      const { state } = await (await registry.provider(site)).compute.getVm(vmId, signal);
      if (state === "stopped" || state === "crashed") return { reason: `it is ${state} at its site`, gone: false };
      return undefined;
    } catch (error) {
      if (isProviderError(error, "NotFound")) return { reason: "its site does not have it any more", gone: true };
      if (isProviderError(error) && !signal.aborted) return undefined;
      throw error;
    }
  }

  /** Of one that was put in by a try that could not say so any more. */
  async function targetOf(
    pools: LoadBalancingFacet,
    poolId: string,
    { site, vmId, port }: { site: string; vmId: string; port: number },
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const vm = await goneIsFine((await registry.provider(site)).compute.getVm(vmId, signal));
    const endpoint = vm?.endpoints.find(({ guestPort }) => guestPort === port);
    for await (const target of pools.listTargets(poolId, signal)) {
      const there = endpoint !== undefined && target.address === endpoint.host && target.port === endpoint.port;
      if (there || (target.vmId !== undefined && target.vmId === vmId)) return target.targetId;
    }
    return undefined;
  }
}

/** The VM, once somebody answers at its port. */
async function reachable(
  { compute, site }: Awaited<ReturnType<ActivityDeps["registry"]["provider"]>>,
  vmId: string,
  port: number,
  signal: AbortSignal,
): Promise<Vm> {
  const until = Date.now() + answersWithinMs;
  for (;;) {
    const vm = await compute.getVm(vmId, signal);
    const endpoint = vm.endpoints.find(({ guestPort }) => guestPort === port);
    if (endpoint && (await whyNoConnection(endpoint, answerWithinMs)) === undefined) return vm;
    if (Date.now() > until) {
      throw new ProviderError("Timeout", {
        operation: "wait for the VM",
        resource: `${site}/vm/${vmId}`,
        reason: endpoint
          ? `nobody answered at ${endpoint.host}:${endpoint.port} within ${answersWithinMs / 1000} s`
          : `its port ${port} is reached nowhere`,
        action: "See what its image starts, and which security groups let its port through.",
      });
    }
    await sleep(pollMs, undefined, { signal });
  }
}

function memberOf(
  vm: Vm,
  port: number,
  { takesVms, balancer }: { takesVms: boolean; balancer: BurstBalancer },
): Pick<NewTarget, "vmId" | "address" | "port"> {
  if (takesVms && vm.site === balancer.site) return { vmId: vm.vmId, port };
  if (takesVms) {
    throw new ProviderError("UnsupportedCapability", {
      operation: "put the VM into the pool",
      resource: `${balancer.site}/pool/${balancer.poolId}`,
      reason: `it takes VMs of ${balancer.site} only, and this one is at ${vm.site}`,
      action: "Name a pool that takes addresses, or only sites that it takes VMs of.",
    });
  }
  const endpoint = vm.endpoints.find(({ guestPort }) => guestPort === port);
  return { address: endpoint?.host ?? "", port: endpoint?.port ?? port };
}
