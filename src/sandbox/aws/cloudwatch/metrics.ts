import type { GuestUsage } from "../../cloud/guests/usage.ts";
import type { AwsCloud } from "../cloud.ts";

/** A day of minutes. */
const samplesAtMost = 1440;
const tickMs = 200;

export interface Sample {
  readonly at: number;
  readonly value: number;
}

/** https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/viewing_metrics_with_cloudwatch.html */
export const metricNames = ["CPUUtilization", "EBSReadBytes", "EBSWriteBytes", "EBSReadOps", "EBSWriteOps"] as const;
export type MetricName = (typeof metricNames)[number];

/** Measures the running guests at intervals. What was measured before the sandbox's last start is gone. */
export class GuestMetrics {
  readonly #cloud: AwsCloud;
  readonly #last = new Map<string, GuestUsage>();
  readonly #samples = new Map<string, Sample[]>();
  #timer: NodeJS.Timeout | undefined;
  #measuring = false;
  #measuredAt = Date.now();

  constructor(cloud: AwsCloud) {
    this.#cloud = cloud;
  }

  start(): void {
    // The period may be changed at any time, so it is asked for at every tick.
    this.#timer = setInterval(() => {
      const now = Date.now();
      if (this.#measuring || now - this.#measuredAt < this.#cloud.settings.metricPeriodMs) return;
      this.#measuredAt = now;
      this.#measuring = true;
      void this.#measure().finally(() => {
        this.#measuring = false;
      });
    }, tickMs);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  samples(instanceId: string, name: MetricName): readonly Sample[] {
    return this.#samples.get(`${instanceId}/${name}`) ?? [];
  }

  async #measure(): Promise<void> {
    for (const instanceId of this.#cloud.guests.running()) {
      // One that ends just now has no more to say.
      const now = await this.#cloud.guests.usage(instanceId).catch(() => undefined);
      const before = this.#last.get(instanceId);
      if (!now) continue;
      this.#last.set(instanceId, now);
      // Counters that went back belong to a guest that was started anew.
      if (!before || now.cpuSeconds < before.cpuSeconds) continue;
      const cpus = this.#cloud.guests.spec(instanceId)?.cpus ?? 1;
      const busy = (now.cpuSeconds - before.cpuSeconds) / ((now.at - before.at) / 1000) / cpus;
      this.#add(instanceId, "CPUUtilization", now.at, Math.min(100, busy * 100));
      this.#add(instanceId, "EBSReadBytes", now.at, now.readBytes - before.readBytes);
      this.#add(instanceId, "EBSWriteBytes", now.at, now.writtenBytes - before.writtenBytes);
      this.#add(instanceId, "EBSReadOps", now.at, now.readOperations - before.readOperations);
      this.#add(instanceId, "EBSWriteOps", now.at, now.writeOperations - before.writeOperations);
    }
  }

  #add(instanceId: string, name: MetricName, at: number, value: number): void {
    const key = `${instanceId}/${name}`;
    const samples = this.#samples.get(key) ?? [];
    this.#samples.set(key, samples);
    samples.push({ at, value });
    if (samples.length > samplesAtMost) samples.shift();
  }
}
