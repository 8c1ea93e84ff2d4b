import { setTimeout as sleep } from "node:timers/promises";
import { Context } from "@temporalio/activity";
import { isProviderError, ProviderError } from "../domain/errors.ts";
import type {
  DnsShiftParameters,
  HeldTraffic,
  ProxyShiftParameters,
  RecordState,
  SourcePort,
  TrafficView,
} from "../domain/traffic.ts";
import { recordId } from "../domain/traffic-plan.ts";
import { type Address, formatAddress, type ListenerView } from "../domain/traffic-proxy.ts";
import type { DnsFacet } from "../providers/traffic-facets.ts";
import type { ActivityDeps } from "./deps.ts";
import { goneIsFine } from "./gone.ts";

/** Where that port is reached since the VM was started again; undefined where nothing tells. */
export async function sourceAddress(
  registry: ActivityDeps["registry"],
  source: SourcePort | undefined,
  signal: AbortSignal,
): Promise<Address | undefined> {
  if (!source) return undefined;
  const { compute } = await registry.provider(source.site);
  const vm = await goneIsFine(compute.getVm(source.vmId, signal));
  return vm?.endpoints.find(({ guestPort }) => guestPort === source.guestPort);
}

const pollMs = 200;
/** An application that has booted may still be loading. */
const answersWithinMs = 120_000;

/** A guest port of the new VM, and where it is reached. */
export interface TrafficAddress {
  readonly port: number;
  readonly host: string;
  readonly at: string;
}

export function trafficActivities({ registry, proxy, store }: ActivityDeps) {
  return {
    async recordTraffic(input: { migrationId: string; traffic: TrafficView }): Promise<void> {
      await store.migrations.update(input.migrationId, { traffic: input.traffic });
    },

    /** Where the VM's guest ports are reached now. @throws ProviderError Conflict for one that is not. */
    async trafficAddresses(input: { site: string; vmId: string; ports: readonly number[] }): Promise<TrafficAddress[]> {
      const { site, vmId, ports } = input;
      const { compute } = await registry.provider(site);
      const { endpoints } = await compute.getVm(vmId, Context.current().cancellationSignal);
      return ports.map((port) => {
        const endpoint = endpoints.find(({ guestPort }) => guestPort === port);
        if (endpoint) return { port, host: endpoint.host, at: formatAddress(endpoint) };
        throw new ProviderError("Conflict", {
          operation: "send traffic to the new VM",
          resource: `${site}/vm/${vmId}`,
          reason: `its port ${port} is not reached from outside`,
          action: "Publish the port (tag, security group, address) and plan again.",
        });
      });
    },

    /** Lowers the record's TTL, its values as they are; says when resolvers have let go of it. */
    async lowerTtl(input: { shift: DnsShiftParameters }): Promise<{ notBefore: string }> {
      const { shift } = input;
      const { before, lowTtlSeconds } = shift;
      if (before.ttlSeconds > lowTtlSeconds) await put(shift, { ...before, ttlSeconds: lowTtlSeconds }, [before]);
      const kept = before.ttlSeconds > lowTtlSeconds ? before.ttlSeconds : 0;
      return { notBefore: new Date(Date.now() + kept * 1000).toISOString() };
    },

    /** Makes the record `to`, if it is as we have left it. */
    async shiftRecord(input: {
      shift: DnsShiftParameters;
      to: RecordState;
      ours: readonly RecordState[];
    }): Promise<void> {
      await put(input.shift, input.to, input.ours);
    },

    /** The same on the way back, with the source's address as it is since it was started again. That is the answer. */
    async restoreRecord(input: {
      shift: DnsShiftParameters;
      to: RecordState;
      ours: readonly RecordState[];
    }): Promise<RecordState> {
      const { shift, ours } = input;
      const { source } = shift;
      const reached = await sourceAddress(registry, source, Context.current().cancellationSignal);
      const now = ({ values, ttlSeconds }: RecordState): RecordState => {
        const moved = values.map((value) => (reached && value === source?.host ? reached.host : value));
        return { ttlSeconds, values: [...new Set(moved)] };
      };
      const to = now(input.to);
      await put(shift, to, [input.to, ...ours, ...ours.map(now)]);
      return to;
    },

    /** Holds what comes to the listener from now on, and lets what is under way end first. `again`: of a way back, where a
     *  hold that can't be had delays nothing. */
    async holdTraffic(input: { shift: ProxyShiftParameters; holdId: string; again?: boolean }): Promise<void> {
      const { shift, holdId, again } = input;
      const signal = Context.current().cancellationSignal;
      const { listener: name, holdSeconds: seconds, drainSeconds } = shift;
      try {
        const control = proxy(shift.proxy);
        const { backend } = await control.listener(name, signal);
        if (!again && backend !== shift.backend) {
          throw new ProviderError("Conflict", {
            operation: "hold the traffic",
            resource: `proxy/${shift.proxy}/${name}`,
            reason: `somebody directed it to ${backend} since; the plan saw ${shift.backend}`,
            action: "Direct it to the VM again, or plan again.",
          });
        }
        let view = await control.hold(name, { holdId, seconds }, signal);
        for (const end = Date.now() + drainSeconds * 1000; view.inFlight > 0 && Date.now() < end; ) {
          await sleep(pollMs, undefined, { signal });
          view = await control.listener(name, signal);
        }
      } catch (error) {
        if (!again || !isProviderError(error)) throw error;
      }
    },

    /** Sends the listener's traffic, what is held first, to the backend, once that answers. */
    async directTraffic(input: { shift: ProxyShiftParameters; backend: string; holdId: string }): Promise<void> {
      const { shift, backend, holdId } = input;
      const signal = Context.current().cancellationSignal;
      const { listener: name, path } = shift;
      const control = proxy(shift.proxy);
      const why = await untilAnswers(shift, backend, answersWithinMs, signal);
      if (why !== undefined) {
        throw new ProviderError("Conflict", {
          operation: "send traffic to the new VM",
          resource: `proxy/${shift.proxy}/${name}`,
          reason: `${backend}${path} did not answer within ${answersWithinMs / 1000} s: ${why}`,
          action: "See that the proxy reaches it, and that the path is one that it answers.",
        });
      }
      await control.direct(name, { backend, expected: shift.backend, holdId }, signal);
    },

    /** What became of what was held. */
    async heldTraffic(input: { shift: ProxyShiftParameters; holdId: string }): Promise<HeldTraffic> {
      const { shift, holdId } = input;
      const signal = Context.current().cancellationSignal;
      return heldOf(shift, await proxy(shift.proxy).listener(shift.listener, signal), holdId);
    },

    /** Ends what this migration holds and sends everything to where it went before: the address, or where the source's port is
     *  reached since it runs again. That is the answer; nothing is done where it goes there already. */
    async releaseTraffic(input: {
      shift: ProxyShiftParameters;
      migrationId: string;
      ours: readonly string[];
    }): Promise<{ backend: string }> {
      const { shift, migrationId, ours } = input;
      const signal = Context.current().cancellationSignal;
      const control = proxy(shift.proxy);
      const reached = await sourceAddress(registry, shift.source, signal);
      const home = reached ? formatAddress(reached) : shift.backend;
      const { backend, hold } = await control.listener(shift.listener, signal);
      const holdId = hold?.holdId.startsWith(`${migrationId}/`) ? hold.holdId : undefined;
      if (backend === home && holdId === undefined) return { backend };
      if (![home, shift.backend, ...ours].includes(backend)) {
        // Whoever uses what it was directed to must not wait for us.
        if (holdId !== undefined) await control.direct(shift.listener, { backend, holdId }, signal);
        throw new ProviderError("Conflict", {
          operation: "send traffic back",
          resource: `proxy/${shift.proxy}/${shift.listener}`,
          reason: `somebody directed it to ${backend} since`,
          action: `If it is to go to ${home} again, tell the proxy so.`,
        });
      }
      // The source may be booting; what waits for it waits no longer than its hold anyway.
      const leftMs = holdId === undefined ? 0 : Date.parse(hold?.until ?? "") - Date.now() - pollMs;
      await untilAnswers(shift, home, leftMs, signal);
      await control.direct(shift.listener, { backend: home, ...(holdId === undefined ? {} : { holdId }) }, signal);
      return { backend: home };
    },
  };

  /** Undefined once it answers; else what there was instead. */
  async function untilAnswers(
    { proxy: name, listener, path }: ProxyShiftParameters,
    backend: string,
    withinMs: number,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    for (const end = Date.now() + withinMs; ; ) {
      const why = await proxy(name).probe(listener, { backend, path }, signal);
      if (why === undefined || Date.now() > end) return why;
      await sleep(pollMs, undefined, { signal });
    }
  }

  async function put(shift: DnsShiftParameters, to: RecordState, ours: readonly RecordState[]): Promise<void> {
    const signal = Context.current().cancellationSignal;
    const dns = await dnsAt(shift.site);
    const { zoneId, name, type } = shift;
    const seen = await dns.getRecord({ zoneId, name, type }, signal);
    // What is so already is set again: its name servers may not have it yet, which only a change of one's own tells.
    if (!seen || ![to, ...ours].some((state) => same(state, seen))) {
      throw new ProviderError(seen ? "Conflict" : "NotFound", {
        operation: "change the record",
        resource: `${shift.site}/dns-record/${recordId(shift)}`,
        reason: seen ? `somebody made it ${seen.values.join(", ")} (${seen.ttlSeconds} s) since` : "it is gone",
        action: `It was ${shift.before.values.join(", ")} (${shift.before.ttlSeconds} s) before the migration: decide what it is to be.`,
      });
    }
    const record = { name, type, ttlSeconds: to.ttlSeconds, values: to.values };
    const change = await dns.putRecord({ zoneId, record, version: seen.version }, signal);
    await dns.waitForChange({ zoneId, change }, signal);
  }

  async function dnsAt(site: string): Promise<DnsFacet> {
    const { dns, capabilities } = await registry.provider(site);
    if (dns) return dns;
    throw new ProviderError("UnsupportedCapability", {
      operation: "change a record",
      resource: `site/${site}`,
      reason: capabilities.dns ?? "it keeps no records",
      action: "Name the site that keeps the zone.",
    });
  }
}

function same(one: RecordState, other: RecordState): boolean {
  const values = ({ values }: RecordState) => JSON.stringify([...values].sort());
  return one.ttlSeconds === other.ttlSeconds && values(one) === values(other);
}

function heldOf({ proxy, listener }: ProxyShiftParameters, { lastHold }: ListenerView, holdId: string): HeldTraffic {
  const hold = lastHold?.holdId === holdId ? lastHold : undefined;
  return {
    proxy,
    listener,
    held: hold?.held ?? 0,
    failed: hold?.failed ?? 0,
    longestSeconds: (hold?.longestMs ?? 0) / 1000,
    lapsed: hold?.ended === "lapsed",
  };
}
