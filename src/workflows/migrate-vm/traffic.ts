// Long because it is one story: each step beside what undoes it.
import { patched, proxyActivities, proxyLocalActivities, sleep } from "@temporalio/workflow";
import type { Activities } from "../../activities/index.ts";
import type { NewMember } from "../../activities/traffic-pools.ts";
import type {
  GapReport,
  HeldTraffic,
  PoolShiftParameters,
  ProxyShiftParameters,
  RecordState,
  TrafficState,
} from "../../domain/traffic.ts";
import { bulkCall, recordCall, siteCall, undoCall } from "../lib/activity-options.ts";
import { describeFailure } from "../lib/failure.ts";
import type { Saga } from "../lib/saga.ts";
import { GapMeasuring } from "./gap-measuring.ts";
import { memberOf, movedHome, nameOf, nameOfListener, nameOfPool, type PlannedTraffic } from "./planned-traffic.ts";
import type { Tracker } from "./tracker.ts";

const act = proxyActivities<Activities>(siteCall);
const long = proxyActivities<Activities>(bulkCall);
const undo = proxyActivities<Activities>(undoCall);
/** A certificate can do without the answer, and nothing waits long for it. */
const soon = proxyActivities<Activities>({ ...siteCall, scheduleToCloseTimeout: "10 seconds" });
const { recordTraffic } = proxyLocalActivities<Activities>(recordCall);

interface Place {
  readonly migrationId: string;
  readonly from: string;
  readonly to: string;
  /** Whether it brings a VM home. */
  readonly homeward: boolean;
}

/**
 * The way of users to the VM, moved with it. Records are announced ahead by a low TTL; proxies hold from before the stop;
 * after the target was verified everything points there. What undoes each step puts back exactly what the plan saw.
 */
export class TrafficShift {
  readonly #planned: PlannedTraffic;
  readonly #place: Place;
  readonly #tracker: Tracker;
  readonly #saga: Saga;
  /** Earliest time of a cutover: before it resolvers may still keep a record for its former TTL. */
  #notBefore: string | undefined;
  readonly #measuring = new GapMeasuring();
  #gap: GapReport | undefined;
  #held: readonly HeldTraffic[] = [];
  #targets: readonly string[] = [];
  /** What each record was made by a cutover, in the order of the plan. */
  readonly #shifted: RecordState[][];
  readonly #backends: string[][];
  /** Where a listener's traffic goes, and what a pool's target is, since the source was started again. */
  readonly #home: { readonly proxies: ProxyShiftParameters[]; readonly pools: PoolShiftParameters[] };
  /** What was put into each pool, or is being; only such a pool is put back. */
  readonly #members: (NewMember | undefined)[] = [];
  /** What could not be put back so far. */
  readonly #stuck = new Set<string>();
  /** What was not there any more when a VM came home. */
  readonly #gone = new Set<string>();

  constructor(planned: PlannedTraffic, place: Place, tracker: Tracker, saga: Saga) {
    this.#planned = planned;
    this.#place = place;
    this.#tracker = tracker;
    this.#saga = saga;
    this.#shifted = planned.records.map(() => []);
    this.#backends = planned.proxies.map(() => []);
    this.#home = { proxies: [...planned.proxies], pools: [...planned.pools] };
  }

  get notBefore(): string | undefined {
    return this.#notBefore;
  }

  /** For the certificate. */
  get report(): { readonly held: readonly HeldTraffic[]; readonly gap?: GapReport } {
    return { held: this.#held, ...(this.#gap ? { gap: this.#gap } : {}) };
  }

  /** Lowers the TTLs, so that resolvers ask again soon when the cutover comes. */
  async announce(): Promise<void> {
    const { records } = this.#planned;
    // Undone after all else: by then everything is back, or it is not.
    this.#saga.add({
      resource: "the migration's view of its traffic",
      remove: this.#rollback,
      undo: () => this.#tellBack(),
    });
    if (records.length === 0) return;
    await this.#tracker.run("announce", "lower the TTLs of the records", async () => {
      for (const [index, shift] of records.entries()) {
        this.#onWayBack(nameOf(shift), () => this.#restore(index, shift.before));
        const summary = `lower the TTL of ${shift.name}`;
        await this.#unlessGone(nameOf(shift), async () => {
          const { notBefore } = await act.lowerTtl.executeWithOptions({ summary }, [{ shift }]);
          if (this.#notBefore === undefined || notBefore > this.#notBefore) this.#notBefore = notBefore;
        });
      }
    });
    await this.#record("waiting");
  }

  /** From here on nothing new reaches the source. `suffix` tells cutovers of one run apart. */
  async hold(suffix: string): Promise<void> {
    const { records } = this.#planned;
    const { proxies, pools } = this.#home;
    await this.#tracker.run("hold", "hold what comes for it", async () => {
      await this.#tracker.interruptible(() => this.#untilAllowed());
      this.#onWayBack("the measuring of the gap", () => this.#measuring.end());
      this.#measuring.begin(this.#planned.probe);
      for (const [index, shift] of records.entries()) {
        const to = { ...shift.before, ttlSeconds: shift.lowTtlSeconds };
        this.#onWayBack(nameOf(shift), () => this.#restore(index, to));
      }
      for (const [index, shift] of pools.entries()) {
        const resource = nameOfPool(shift);
        this.#onWayBack(resource, async () => {
          if (!this.#members[index]) return;
          pools[index] = movedHome(shift, await undo.restorePool({ shift }));
          this.#members[index] = undefined;
        });
        // Registered here, so that the source starts first, whatever a balancer's interface does.
        this.#onWayBack(resource, async () => {
          const member = this.#members[index];
          if (member) await undo.leavePool({ shift, member });
        });
      }
      for (const [index, shift] of proxies.entries()) {
        const { migrationId } = this.#place;
        const resource = nameOfListener(shift);
        this.#onWayBack(resource, async () => {
          const ours = this.#backends[index] ?? [];
          proxies[index] = { ...shift, ...(await undo.releaseTraffic({ shift, migrationId, ours })) };
        });
        await this.#unlessGone(resource, () =>
          act.holdTraffic.executeWithOptions({ summary: `hold ${shift.proxy}/${shift.listener}` }, [
            { shift, holdId: this.#holdId(suffix) },
          ]),
        );
      }
    });
    await this.#record("held");
  }

  /** Points everything to the VM, proxies first: what they hold waits for it. */
  async shift(vmId: string, suffix: string): Promise<void> {
    await this.#tracker.run("shift", `send its traffic to ${this.#place.to}`, async () => {
      const { records } = this.#planned;
      const { pools, proxies } = this.#home;
      const { to: site } = this.#place;
      const ports = [...records, ...pools, ...proxies].flatMap(({ port }) => port ?? []);
      const addresses =
        ports.length > 0
          ? await act.trafficAddresses.executeWithOptions({ summary: `where ${vmId} is reached` }, [
              { site, vmId, ports: [...new Set(ports)] },
            ])
          : [];
      const addressOf = (port: number | undefined) => addresses.find((each) => each.port === port);
      for (const [index, shift] of proxies.entries()) {
        const resource = nameOfListener(shift);
        if (this.#gone.has(resource)) continue;
        const backend = addressOf(shift.port)?.at ?? "";
        this.#backends[index]?.push(backend);
        const holdId = this.#holdId(suffix);
        // The way back begins with another hold: what comes then waits until the source serves again.
        this.#onWayBack(resource, () => undo.holdTraffic({ shift, holdId: `${holdId}-back`, again: true }));
        const summary = `send ${shift.proxy}/${shift.listener} to ${backend}`;
        await this.#unlessGone(resource, () =>
          act.directTraffic.executeWithOptions({ summary }, [{ shift, backend, holdId }]),
        );
      }
      for (const [index, shift] of records.entries()) {
        const values = shift.values ?? [addressOf(shift.port)?.host ?? ""];
        const to = { ttlSeconds: shift.lowTtlSeconds, values };
        // What undoes it was registered with the hold, so that it comes after the source has started.
        this.#shifted[index]?.push(to);
        const summary = `point ${shift.name} to ${values.join(", ")}`;
        await this.#unlessGone(nameOf(shift), () =>
          act.shiftRecord.executeWithOptions({ summary }, [{ shift, to, ours: this.#ours(index) }]),
        );
      }
      for (const [index, shift] of pools.entries()) {
        const member = memberOf(shift, vmId, addressOf(shift.port)?.at ?? "");
        this.#members[index] = member;
        const summary = `put ${vmId} into ${shift.poolId}`;
        await this.#unlessGone(nameOfPool(shift), () =>
          long.shiftPool.executeWithOptions({ summary }, [{ shift, member }]),
        );
      }
      const line = (resource: string, text: string) => (this.#gone.has(resource) ? [] : [text]);
      this.#targets = [
        ...proxies.flatMap((shift, index) =>
          line(nameOfListener(shift), `${shift.proxy}/${shift.listener} → ${this.#backends[index]?.at(-1)}`),
        ),
        ...records.flatMap((shift, index) =>
          line(nameOf(shift), `${shift.name} → ${this.#shifted[index]?.at(-1)?.values.join(", ")}`),
        ),
        ...pools.flatMap((shift) => line(nameOfPool(shift), `${shift.poolId} → ${vmId}`)),
      ];
    });
    this.#gap = await this.#measuring.end();
    const holdId = this.#holdId(suffix);
    // What can't be told of it any more takes no traffic back.
    const there = this.#planned.proxies.filter((shift) => !this.#gone.has(nameOfListener(shift)));
    const held = there.map((shift) => soon.heldTraffic({ shift, holdId }).catch(() => []));
    this.#held = (await Promise.all(held)).flat();
    await this.#record("shifted");
  }

  /** The cutover came to nothing and was undone; the next one is as this one was to be. */
  async becomeReady(): Promise<void> {
    await this.#record("ready");
  }

  /** After the finalize nobody goes back any more: TTLs become what they are to be. */
  async settle(): Promise<void> {
    for (const [index, shift] of this.#planned.records.entries()) {
      if (this.#gone.has(nameOf(shift))) continue;
      const values = this.#shifted[index]?.at(-1)?.values ?? shift.before.values;
      const to = { values, ttlSeconds: shift.ttlAfterSeconds };
      const summary = `set the TTL of ${shift.name} to ${to.ttlSeconds} s`;
      try {
        await act.shiftRecord.executeWithOptions({ summary }, [{ shift, to, ours: this.#ours(index) }]);
      } catch (error) {
        // The VM is moved for good: what somebody made of a record since is theirs to decide.
        await this.#tracker.note(`${nameOf(shift)} keeps its TTL: ${describeFailure(error).message}`);
      }
    }
    await this.#record("settled");
  }

  /** What is gone keeps no VM from coming home: it is told, and left out from then on. */
  async #unlessGone(resource: string, work: () => Promise<unknown>): Promise<void> {
    if (this.#gone.has(resource)) return;
    try {
      await work();
    } catch (error) {
      const { code, message } = describeFailure(error);
      if (!this.#place.homeward || code !== "NotFound" || !patched("home-without-traffic")) throw error;
      this.#gone.add(resource);
      await this.#tracker.note(`It comes home without ${resource}: ${message}`);
    }
  }

  async #tellBack(): Promise<void> {
    if (this.#stuck.size > 0) return;
    this.#targets = [];
    await this.#record("back");
  }

  #onWayBack(resource: string, work: () => Promise<unknown>): void {
    const key = `${resource} ${this.#saga.pending.length}`;
    this.#saga.add({
      resource,
      remove: this.#rollback,
      undo: async () => {
        if (this.#gone.has(resource)) return;
        this.#stuck.add(key);
        await work();
        this.#stuck.delete(key);
      },
    });
  }

  /** Where the source's address changed with its start, a later cutover finds the record so, and not as the plan saw it. */
  async #restore(index: number, to: RecordState): Promise<void> {
    const shift = this.#planned.records[index];
    if (!shift) return;
    const made = await undo.restoreRecord({ shift, to, ours: this.#ours(index) });
    // An earlier worker did not tell as what.
    if (made) this.#shifted[index]?.push(made);
  }

  /** All states of a record that are of our making, and the one before. */
  #ours(index: number): RecordState[] {
    const shift = this.#planned.records[index];
    if (!shift) return [];
    return [shift.before, { ...shift.before, ttlSeconds: shift.lowTtlSeconds }, ...(this.#shifted[index] ?? [])];
  }

  async #untilAllowed(): Promise<void> {
    const left = this.#notBefore === undefined ? 0 : Date.parse(this.#notBefore) - Date.now();
    if (left > 0) await sleep(left, { summary: `until resolvers have let go of the records, at ${this.#notBefore}` });
  }

  #holdId(suffix: string): string {
    return `${this.#place.migrationId}/hold${suffix}`;
  }

  get #rollback(): string {
    return `novacron migrations rollback ${this.#place.migrationId}`;
  }

  async #record(state: TrafficState): Promise<void> {
    const { migrationId } = this.#place;
    await recordTraffic({
      migrationId,
      traffic: {
        state,
        ...(this.#notBefore === undefined ? {} : { cutoverNotBefore: this.#notBefore }),
        ...(this.#targets.length > 0 ? { targets: this.#targets } : {}),
        ...(this.#held.length > 0 ? { held: this.#held } : {}),
        ...(this.#gap ? { gap: this.#gap } : {}),
      },
    });
  }
}
