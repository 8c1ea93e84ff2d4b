import { setTimeout as sleep } from "node:timers/promises";
import { tunnelName } from "../src/domain/connection.ts";
import { agreeIpsec } from "../src/domain/ipsec.ts";
import { StrongSwan } from "../src/integrations/ipsec/strong-swan.ts";
import { tunnelKey } from "../src/integrations/ipsec/tunnel-key.ts";
import { type Gateway, GatewayLab } from "./lib/gateway-lab.ts";
import type { Bench, BenchContext, Figure } from "./lib/report.ts";
import { figure } from "./lib/report.ts";

const defaultRuns = 5;
const goalSeconds = 2;
const everyMs = 20;
/** Longer than any failover, so that a silence has an end. */
const watchedMs = 6_000;
const links = [1, 2] as const;

export const tunnelFailoverBench: Bench = {
  name: "tunnel-failover",
  summary:
    "two real strongSwan gateways in network namespaces, joined by two tunnels over two links: seconds without traffic when a link is cut, when one falls silent, and when a gateway is killed, started anew and told of its tunnels again",
  run,
};

async function run({ note, runs = defaultRuns }: BenchContext): Promise<Figure[]> {
  const lab = await GatewayLab.start();
  if (typeof lab === "string") throw new Error(`there can be no gateways here: ${lab}`);
  process.env.PATH = lab.path;
  const signal = AbortSignal.timeout(runs * 120_000);
  const pair = new Pair(lab, signal);
  try {
    await pair.build();
    const failures: readonly (readonly [string, (link: 1 | 2) => Promise<void>])[] = [
      ["a link is cut", async (link) => lab.cut(link)],
      ["a link falls silent", async (link) => lab.silence(link)],
      [
        "a gateway is killed",
        async () => {
          await lab.restart(lab.far);
          // The near end gives up what is gone before it can begin anew.
          await pair.untilDown();
          await pair.build();
        },
      ],
    ];
    const figures: Figure[] = [];
    for (const [name, fail] of failures) {
      const gaps: number[] = [];
      for (let round = 0; round < runs; round++) {
        const seconds = (await pair.gapMs(fail)) / 1_000;
        gaps.push(seconds);
        note(`${name}: ${seconds.toFixed(2)} s without traffic`);
      }
      const sorted = gaps.toSorted((a, b) => a - b);
      const median = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
      figures.push(figure({ name: `${name}: median`, value: median, unit: "s", goal: goalSeconds, better: "lower" }));
      figures.push(
        figure({ name: `${name}: longest of ${runs}`, value: sorted.at(-1) ?? Number.NaN, unit: "s", better: "lower" }),
      );
    }
    return figures;
  } finally {
    await lab.stop();
  }
}

class Pair {
  readonly #lab: GatewayLab;
  readonly #signal: AbortSignal;
  readonly #near: StrongSwan;
  readonly #far: StrongSwan;
  readonly #names = links.map((link) => tunnelName("bench", link - 1, 1));

  constructor(lab: GatewayLab, signal: AbortSignal) {
    this.#lab = lab;
    this.#signal = signal;
    this.#near = gatewayOf(lab.near);
    this.#far = gatewayOf(lab.far);
  }

  async build(): Promise<void> {
    const parameters = agreeIpsec("strongswan", "strongswan", "aes256");
    if (!parameters) throw new Error("two of a kind agree on nothing");
    const { near, far } = this.#lab;
    for (const [index, name] of this.#names.entries()) {
      const key = tunnelKey("only for a bench, of more than 32 characters", name);
      const end = (own: Gateway, other: Gateway) => ({
        ...{ name, parameters, begins: own === near, networks: [own.network], peerNetworks: [other.network] },
        address: own.addresses[index] ?? "",
        peerAddress: other.addresses[index] ?? "",
      });
      await this.#far.putTunnel(end(far, near), key, this.#signal);
      await this.#near.putTunnel(end(near, far), key, this.#signal);
      await this.#near.bringUp(name, this.#signal);
    }
  }

  async untilDown(): Promise<void> {
    await this.#until((up) => !up.some(Boolean));
  }

  /** How long nothing came at most, with both tunnels up before, when the link that carries the traffic fails. */
  async gapMs(fail: (link: 1 | 2) => Promise<void>): Promise<number> {
    for (const link of links) this.#lab.mend(link);
    await this.#until((up) => up.every(Boolean));
    const end = this.#lab.ping(everyMs);
    await fail(await this.#lab.carrying());
    await sleep(watchedMs);
    return (await end()).longestGapMs;
  }

  async #until(wanted: (up: readonly boolean[]) => boolean): Promise<void> {
    while (!wanted(await this.#near.tunnelsUp(this.#names, this.#signal))) await sleep(100);
  }
}

function gatewayOf({ vici, addresses, network, namespace, name }: Gateway): StrongSwan {
  const budget = { take: async () => undefined };
  return new StrongSwan({ site: name, vici, addresses, networks: [network], namespace, budget });
}
