import { setTimeout as sleep } from "node:timers/promises";
import { type MetricSample, type VmMetric, vmMetricNames } from "../../domain/metric.ts";
import type { MetricsFacet, MetricsQuery } from "../metrics-facet.ts";
import { type DomainCounters, parseDomainStats } from "./domain-stats.ts";
import type { Host } from "./host.ts";

/** Between two readings where there was none before: a guest's moment, not its history. */
const apartMs = 1_000;
/** An earlier reading than this says nothing of now. */
const oldestMs = 15 * 60_000;

interface Reading {
  readonly at: number;
  readonly counters: DomainCounters;
}

/** What libvirt counts of its domains. It keeps nothing: rates are of the time between two readings of ours. */
export class LibvirtMetrics implements MetricsFacet {
  readonly metrics = vmMetricNames;
  readonly stepSeconds = 1;
  readonly delaySeconds = 0;
  readonly keepsHistory = false;
  readonly #host: Pick<Host, "site" | "virsh" | "domains">;
  readonly #last = new Map<string, Reading>();

  constructor(host: Pick<Host, "site" | "virsh" | "domains">) {
    this.#host = host;
  }

  async *read({ vms, metrics }: MetricsQuery, signal: AbortSignal): AsyncGenerator<MetricSample> {
    const wanted = new Set(vms.map(({ vmId }) => vmId));
    const known = (id: string) => Date.now() - (this.#last.get(id)?.at ?? 0) <= oldestMs;
    let now = await this.#readings(signal);
    if ([...now.keys()].some((id) => wanted.has(id) && !known(id))) {
      for (const [id, reading] of now) if (!known(id)) this.#last.set(id, reading);
      await sleep(apartMs, undefined, { signal });
      now = await this.#readings(signal);
    }
    for (const [vmId, reading] of now) {
      const before = this.#last.get(vmId);
      this.#last.set(vmId, reading);
      if (!before || !wanted.has(vmId)) continue;
      const figures = figuresOf(before, reading);
      const at = new Date(reading.at).toISOString();
      for (const metric of metrics) {
        const value = figures[metric];
        if (value !== undefined) yield { site: this.#host.site, resourceId: vmId, metric, at, value };
      }
    }
    for (const id of this.#last.keys()) if (!now.has(id)) this.#last.delete(id);
  }

  async #readings(signal: AbortSignal): Promise<ReadonlyMap<string, Reading>> {
    const subject = { operation: "read statistics of VMs", resource: this.#host.site };
    const what = ["--cpu-total", "--vcpu", "--balloon", "--block", "--interface"];
    // One that a job holds tells what it can at once.
    const text = await this.#host.virsh.run(["domstats", "--list-running", "--nowait", ...what], subject, signal);
    const at = Date.now();
    const byName = parseDomainStats(text);
    const found = new Map<string, Reading>();
    for await (const { name, uuid } of this.#host.domains.list(signal)) {
      const counters = byName.get(name);
      if (counters) found.set(uuid, { at, counters });
    }
    return found;
  }
}

/** Undefined is what can't be said: nobody counts it, or it was started anew in between. */
export function figuresOf(before: Reading, now: Reading): Readonly<Record<VmMetric, number | undefined>> {
  const seconds = (now.at - before.at) / 1_000;
  const rate = (name: "cpuNs" | "readBytes" | "writtenBytes" | "receivedBytes" | "sentBytes"): number | undefined => {
    const [earlier, later] = [before.counters[name], now.counters[name]];
    if (earlier === undefined || later === undefined || later < earlier || seconds <= 0) return undefined;
    return (later - earlier) / seconds;
  };
  const busyNs = rate("cpuNs");
  return {
    "cpu.utilisation": busyNs === undefined ? undefined : Math.min(1, busyNs / 1e9 / now.counters.cpus),
    "memory.used": now.counters.memoryUsed,
    "disk.read": rate("readBytes"),
    "disk.write": rate("writtenBytes"),
    "network.in": rate("receivedBytes"),
    "network.out": rate("sentBytes"),
  };
}
