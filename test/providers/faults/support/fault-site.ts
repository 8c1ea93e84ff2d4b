import assert from "node:assert/strict";
import type { AwsPatience } from "../../../../src/providers/aws/settings.ts";
import type { Provider } from "../../../../src/providers/provider.ts";
import type { FaultOrder } from "../../../../src/sandbox/cloud/faults.ts";
import { type AwsLab, startAwsLab } from "../../../sandbox/aws/support.ts";
import { type AwsAddress, connectAws } from "../../support/aws.ts";
import { type AwsTraffic, makeAwsTraffic } from "../../support/aws-traffic.ts";
import { makeVm } from "./make.ts";

/** Without an answer for so long a call counts as lost, where the test lets one be lost. */
const hastyMs = 250;
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
  readonly #address: AwsAddress;
  #keys = 0;
  #vm: { readonly vmId: string } | undefined;
  #traffic: AwsTraffic | undefined;

  private constructor(lab: AwsLab) {
    this.lab = lab;
    const { endpoint, cloud } = lab.aws;
    this.#address = { region: "us-east-1", endpoint, keys: cloud.identity.administratorKeys };
    this.provider = connectAws(this.#address, { ...quick, consistencyMs: 2_000 });
  }

  static async open(): Promise<FaultSite> {
    const lab = await startAwsLab({ stopGraceMs: 0, terminatedVisibleMs: 0, guestMemoryMib: 64, targetHealthMs: 20 });
    return new FaultSite(lab);
  }

  /** The suite's own zone and pool, where it asks for them before its first row. */
  async makeTraffic(): Promise<void> {
    this.#traffic = await makeAwsTraffic(this.#address);
  }

  get traffic(): AwsTraffic {
    if (!this.#traffic) throw new Error("the suite made no zone and no pool");
    return this.#traffic;
  }

  /** The adapter that is put to the test, with nothing remembered. `hasty`: it gives a call up soon; `single`: it never
   *  repeats a request by itself. */
  under({
    hasty = false,
    single = false,
    withinMs = hastyMs,
    slowestBytesPerSecond = Number.POSITIVE_INFINITY,
  }): Provider {
    const once = single ? { attempts: 1, blockAttempts: 1 } : {};
    return connectAws(this.#address, {
      ...quick,
      ...(hasty ? { requestTimeoutMs: withinMs, slowestBytesPerSecond } : {}),
      ...once,
    });
  }

  /** The adapter, and what it asks AWS for as it is used. */
  recording(): { provider: Provider; operations: Set<string> } {
    const operations = new Set<string>();
    const note = (name: string) => operations.add(name.replace(/^quotas:/, "servicequotas:"));
    return { provider: connectAws(this.#address, quick, note), operations };
  }

  /** The suite's own VM, in that state. It is made with the first call. */
  async vmIn(state: "running" | "stopped"): Promise<string> {
    const { compute } = this.provider;
    this.#vm ??= await makeVm(this);
    const { vmId } = this.#vm;
    if (state === "running") await compute.startVm(vmId, this.signal());
    else await compute.stopVm(vmId, { graceMs: 0 }, this.signal());
    return vmId;
  }

  key(what: string): string {
    return `${what}-${++this.#keys}`;
  }

  signal(): AbortSignal {
    return AbortSignal.timeout(20_000);
  }

  /** A fault at `service:Operation`; `timeout` is a call that AWS carries out and whose answer is lost. */
  orderAt(at: string, fault: string, times?: number): void {
    const [service, operation] = at.split(":");
    if (fault === "timeout") this.order({ fault: "timeout-after-act", service, operation, times });
    else this.order({ fault: fault as FaultOrder["fault"], service, operation, times });
  }

  order(order: FaultOrder): void {
    const { faults } = this.lab.aws.cloud;
    // A lost answer stays out until the client has given up.
    if (order.fault === "timeout-after-act") faults.add({ delayMs: hastyMs * 4, ...order });
    else faults.add(order.fault === "slow" ? { delayMs: 50, ...order } : order);
  }

  /** How often the orders that stand have struck. */
  hits(): number {
    const standing = this.lab.aws.cloud.faults.list() as readonly { hits: number }[];
    return standing.reduce((sum, { hits }) => sum + hits, 0);
  }

  isUp(up: boolean): void {
    this.lab.aws.front.change({ up });
  }

  slowLink(bytesPerSecond: number | undefined): void {
    this.lab.aws.front.change({ bytesPerSecond });
  }

  calm(): void {
    this.lab.aws.cloud.faults.clear();
    this.isUp(true);
  }

  /** Of the key that the adapter signs with. */
  get keyId(): string {
    return this.#address.keys?.id ?? "";
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
    await this.#traffic?.close();
    await this.provider.close();
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
