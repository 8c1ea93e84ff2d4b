import { Agent, get } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

export interface OpenLoop {
  readonly perSecond: number;
  readonly seconds: number;
  /** Arrivals of this first stretch are sent and not counted. */
  readonly warmUpSeconds: number;
  readonly url: () => string;
  readonly headers: Readonly<Record<string, string>>;
  /** 0 to 1; seeded, so that both sides of a comparison see the same arrivals. */
  readonly random: () => number;
}

/**
 * Sends requests at exponentially distributed moments, whether or not earlier ones have been answered, and returns the
 * milliseconds from the moment each was due to the end of its answer: a server that falls behind can't slow its load
 * down and so hide it. Anything but 200 is an error.
 */
export async function openLoop(options: OpenLoop): Promise<number[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 256 });
  const latencies: number[] = [];
  const pending: Promise<void>[] = [];
  const started = performance.now();
  const until = (options.warmUpSeconds + options.seconds) * 1000;
  try {
    for (let due = 0; due < until; due += (-Math.log(1 - options.random()) / options.perSecond) * 1000) {
      const wait = started + due - performance.now();
      if (wait > 1) await sleep(wait);
      const counted = due >= options.warmUpSeconds * 1000;
      const sent = request(options.url(), options.headers, agent).then(() => {
        if (counted) latencies.push(performance.now() - started - due);
      });
      // Awaited below; until then a failure must not end the process.
      sent.catch(() => undefined);
      pending.push(sent);
    }
    await Promise.all(pending);
    return latencies;
  } finally {
    agent.destroy();
  }
}

function request(url: string, headers: Readonly<Record<string, string>>, agent: Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    get(url, { agent, headers }, (response) => {
      response.resume();
      response.on("error", reject);
      response.on("end", () => {
        if (response.statusCode === 200) resolve();
        else reject(new Error(`${url} answered ${response.statusCode}`));
      });
    }).on("error", reject);
  });
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}
