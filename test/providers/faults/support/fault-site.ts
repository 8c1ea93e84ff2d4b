import assert from "node:assert/strict";
import type { AwsPatience } from "../../../../src/providers/aws/settings.ts";
import type { Provider } from "../../../../src/providers/provider.ts";
import type { FaultOrder } from "../../../../src/sandbox/cloud/faults.ts";
import { type AwsLab, startAwsLab } from "../../../sandbox/aws/support.ts";
import { connectAws } from "../../support/aws.ts";

/** Without an answer for so long a call counts as lost, where the test lets one be lost. */
const hastyMs = 400;
/** What the adapter does in a few seconds at AWS it does here in a few milliseconds. */
const quick: Partial<AwsPatience> = {
  pollMs: { first: 2, most: 20 },
  firstRetryMs: 2,
  attempts: 3,
  blockAttempts: 3,
  consistencyMs: 150,
};

/** How many of each kind there are. */
export type Count = Readonly<Record<string, number>>;

/** A simulated AWS of the test's own, and the adapter at it. */
export class FaultSite {
  readonly lab: AwsLab;
  /** For all that is not to fail. */
  readonly provider: Provider;
  readonly #hasty: Provider;
  readonly #single: Provider;
  #keys = 0;

  private constructor(lab: AwsLab) {
    this.lab = lab;
    const { endpoint, cloud } = lab.aws;
    const address = { region: "us-east-1", endpoint, keys: cloud.identity.administratorKeys };
    this.provider = connectAws(address, { ...quick, consistencyMs: 2_000 });
    this.#hasty = connectAws(address, { ...quick, requestTimeoutMs: hastyMs });
    this.#single = connectAws(address, { ...quick, requestTimeoutMs: hastyMs, attempts: 1, blockAttempts: 1 });
  }

  static async open(): Promise<FaultSite> {
    const lab = await startAwsLab({ stopGraceMs: 0, terminatedVisibleMs: 0, guestMemoryMib: 64 });
    return new FaultSite(lab);
  }

  /** The adapter that is put to the test: it loses calls quickly; `single` never repeats one by itself. */
  under(repeats: "repeating" | "single"): Provider {
    return repeats === "repeating" ? this.#hasty : this.#single;
  }

  key(what: string): string {
    return `${what}-${++this.#keys}`;
  }

  signal(): AbortSignal {
    return AbortSignal.timeout(20_000);
  }

  order(order: FaultOrder): void {
    // A lost answer stays out until the client has given up.
    this.lab.aws.cloud.faults.add({ delayMs: order.fault.startsWith("timeout") ? hastyMs * 4 : undefined, ...order });
  }

  /** How often the orders that stand have struck. */
  hits(): number {
    const standing = this.lab.aws.cloud.faults.list() as readonly { hits: number }[];
    return standing.reduce((sum, { hits }) => sum + hits, 0);
  }

  isUp(up: boolean): void {
    this.lab.aws.front.change({ up });
  }

  calm(): void {
    this.lab.aws.cloud.faults.clear();
    this.isUp(true);
  }

  /** Everything in the account that somebody made, as the sandbox itself counts it. */
  census(): Count {
    const count: Record<string, number> = {};
    for (const { kind, state, builtIn } of this.lab.aws.admin.census()) {
      if (!builtIn && state !== "terminated") count[kind] = (count[kind] ?? 0) + 1;
    }
    return count;
  }

  async close(): Promise<void> {
    this.calm();
    for (const provider of [this.provider, this.#hasty, this.#single]) await provider.close();
    await this.lab.close();
    assert.deepEqual(this.lab.complaints, []);
  }
}

/** What there is more of than before; less is negative. */
export function difference(before: Count, after: Count): Count {
  const kinds = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  const changed = kinds.map((kind): [string, number] => [kind, (after[kind] ?? 0) - (before[kind] ?? 0)]);
  return Object.fromEntries(changed.filter(([, more]) => more !== 0));
}
