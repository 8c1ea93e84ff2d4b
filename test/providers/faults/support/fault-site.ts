import assert from "node:assert/strict";
import type { DiskBus } from "../../../../src/domain/vm.ts";
import type { Provider } from "../../../../src/providers/provider.ts";
import type { CloudAdmin } from "../../../../src/sandbox/cloud/admin.ts";
import type { FaultOrder } from "../../../../src/sandbox/cloud/faults.ts";
import type { TrafficSite } from "../../harness.ts";
import { makePoint, makeVm } from "./make.ts";

/** How much an adapter takes before it gives a call up. Each has what it knows of it. */
export interface Endurance {
  readonly attempts?: number;
  readonly blockAttempts?: number;
  /** Without an answer for so long a call counts as lost. */
  readonly requestTimeoutMs?: number;
  readonly slowestBytesPerSecond?: number;
  /** How long what is new is waited for, where a cloud shows it late. */
  readonly consistencyMs?: number;
}

/** A simulated cloud of the test's own. */
export interface FaultCloud {
  readonly admin: CloudAdmin;
  /** What went wrong in the background, or did not fit the vendor's models. */
  readonly complaints: readonly string[];
  readonly bus: DiskBus;
  /** States that the census still shows things in that are gone; an instance of Google's is off when it is TERMINATED. */
  readonly gone?: RegExp;
  /** Once what goes on behind the answers has ended. */
  settled(): Promise<void>;
  /** The adapter at it, with nothing remembered. */
  connect(endurance: Endurance): Provider;
  makeTraffic(): Promise<FaultTraffic>;
  /** What samples of things that are only listed lie in. */
  readonly listed: readonly SampleTable[];
  readonly keys: FaultKeys;
  /** The adapter's own bucket for documents: made with the first one. */
  readonly documentsBucket: string;
  close(): Promise<void>;
}

interface SampleTable {
  values(): Iterable<{ readonly id: string }>;
  delete(id: string): void;
}

/** Of who the adapter is. */
export interface FaultKeys {
  /** The key that it signs with, as its credentials have it. */
  readonly values: Readonly<Record<string, string>>;
  /** Takes away what an administrator would: keys whose secret nobody was told. */
  forgetOthers(): void;
}

/** All but one of a table's. */
export function forgetAllBut(table: SampleTable, keptId: string): void {
  for (const { id } of [...table.values()]) if (id !== keptId) table.delete(id);
}

export type FaultTraffic = TrafficSite & Required<Pick<TrafficSite, "zone" | "pool">>;

/** How many of each kind there are. */
export type Count = Readonly<Record<string, number>>;

/** Without an answer for so long a call counts as lost, where the test lets one be lost. */
const hastyMs = 250;

/** A simulated cloud, the adapter at it, and the faults between both. */
export class FaultSite {
  readonly cloud: FaultCloud;
  /** For all that is not to fail. */
  readonly provider: Provider;
  #keys = 0;
  #vm: { readonly vmId: string } | undefined;
  #pointId: string | undefined;
  #traffic: FaultTraffic | undefined;

  constructor(cloud: FaultCloud) {
    this.cloud = cloud;
    this.provider = cloud.connect({ consistencyMs: 2_000 });
  }

  /** The suite's own zone and pool, where it asks for them before its first row. */
  async makeTraffic(): Promise<void> {
    this.#traffic = await this.cloud.makeTraffic();
  }

  get traffic(): FaultTraffic {
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
    return this.cloud.connect({
      ...(hasty && { requestTimeoutMs: withinMs, slowestBytesPerSecond }),
      ...(single && { attempts: 1, blockAttempts: 1 }),
    });
  }

  /** What the cloud is asked for as `work` goes on, each once. */
  async recorded(work: () => Promise<unknown>): Promise<Set<string>> {
    const { faults } = this.cloud.admin;
    const operations = new Set<string>();
    faults.witness = ({ service, operation }) => operations.add(`${service}:${operation}`);
    try {
      await work();
    } finally {
      faults.witness = undefined;
    }
    return operations;
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

  /** The suite's own recovery point, for what reads one. It is made with the first call. */
  async point(): Promise<string> {
    this.#pointId ??= await makePoint(this);
    return this.#pointId;
  }

  /** Makes what rows take for granted, so that none of them counts it as its own. */
  async makeReady(): Promise<void> {
    await this.vmIn("running");
    await this.point();
  }

  /** One thing that NovaCron only lists; the returned function removes it. */
  makeSample(kind: "load-balancer" | "scaling-group" | "tunnel"): () => void {
    const { admin, listed } = this.cloud;
    const before = listed.map((table) => new Set([...table.values()].map(({ id }) => id)));
    admin.makeSample({ kind, name: this.key("listed") });
    return () => {
      for (const [index, table] of listed.entries()) {
        for (const { id } of [...table.values()]) if (!before[index]?.has(id)) table.delete(id);
      }
    };
  }

  key(what: string): string {
    return `${what}-${++this.#keys}`;
  }

  signal(): AbortSignal {
    return AbortSignal.timeout(20_000);
  }

  /** A fault at `service:Operation`; `timeout` is a call that the cloud carries out and whose answer is lost. */
  orderAt(at: string, fault: string, times?: number): void {
    const [service, operation] = at.split(":");
    if (fault === "timeout") this.order({ fault: "timeout-after-act", service, operation, times });
    else this.order({ fault: fault as FaultOrder["fault"], service, operation, times });
  }

  order(order: FaultOrder): void {
    const { faults } = this.cloud.admin;
    // A lost answer stays out until the client has given up.
    if (order.fault === "timeout-after-act") faults.add({ delayMs: hastyMs * 4, ...order });
    else faults.add(order.fault === "slow" ? { delayMs: 50, ...order } : order);
  }

  /** How often the orders that stand have struck. */
  hits(): number {
    const standing = this.cloud.admin.faults.list() as readonly { hits: number }[];
    return standing.reduce((sum, { hits }) => sum + hits, 0);
  }

  isUp(up: boolean): void {
    this.cloud.admin.front.change({ up });
  }

  slowLink(bytesPerSecond: number | undefined): void {
    this.cloud.admin.front.change({ bytesPerSecond });
  }

  calm(): void {
    this.cloud.admin.faults.clear();
    this.isUp(true);
  }

  /** Everything in the account that somebody made, as the sandbox itself counts it. */
  census(): Count {
    const count: Record<string, number> = {};
    for (const { kind, state = "", builtIn } of this.cloud.admin.census()) {
      if (!builtIn && !this.cloud.gone?.test(state)) count[kind] = (count[kind] ?? 0) + 1;
    }
    return count;
  }

  /** The same, once nothing goes on any more. */
  async settledCensus(): Promise<Count> {
    await this.cloud.settled();
    return this.census();
  }

  async close(): Promise<void> {
    this.calm();
    await this.#traffic?.close();
    await this.provider.close();
    await this.cloud.close();
    assert.deepEqual(this.cloud.complaints, []);
  }
}

/** What there is more of than before; less is negative. */
export function difference(before: Count, after: Count): Count {
  const kinds = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  const changed = kinds.map((kind): [string, number] => [kind, (after[kind] ?? 0) - (before[kind] ?? 0)]);
  return Object.fromEntries(changed.filter(([, more]) => more !== 0));
}
