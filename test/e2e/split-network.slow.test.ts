import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { GroupLeases } from "../../src/activities/group-leases.ts";
import { takeExpired } from "../../src/activities/take-expired.ts";
import { isProviderError } from "../../src/domain/errors.ts";
import type { Lease } from "../../src/domain/lease.ts";
import { tagKeys } from "../../src/domain/vm.ts";
import { identify, signalProcess } from "../../src/host/process-identity.ts";
import { createFolderProvider } from "../../src/providers/folder/index.ts";
import type { Provider } from "../../src/providers/provider.ts";
import { WatchdogRecords } from "../../src/worker/watchdog/records.ts";
import { connectAws } from "../providers/support/aws.ts";
import { type AwsLab, startAwsLab, whyNoGuests } from "../sandbox/aws/support.ts";
import { Link, type Loss } from "../support/link.ts";
import { inNamespace, whyNoNamespaces } from "../support/namespaces.ts";
import { oneByOne } from "../support/one-by-one.ts";
import { temporaryDir } from "../support/servers.ts";
import type { WatchdogProcess } from "../support/watchdog-process.ts";

const program = fileURLToPath(new URL("../support/watchdog-process.ts", import.meta.url));
/** The margin is what a loaded machine may take to turn VMs off. */
const terms = { durationMs: 15_000, marginMs: 20_000 };
const vmIds = ["orders", "ledger"];
const stuckMs = 120_000;
const inside = 7_070;

/** Watchdogs that all start at once keep each other from renewing in time. */
const opening = oneByOne();

let lab: AwsLab;
const sites = new Set<SplitSite>();
process.once("exit", () => {
  for (const site of sites) site.kill();
});

/** A primary site in a network of its own, with two VMs and a watchdog: its only way out is a link to the recovery site, where
 *  the lease lies in object storage. Whoever would take over reaches that by a link, too. */
class SplitSite {
  readonly groupId: string;
  readonly primary: Provider;
  readonly #records: WatchdogRecords;
  readonly #worker: ChildProcess;
  readonly #ways: Readonly<Record<"primary" | "taker", Link>>;
  readonly #taker: Provider;
  /** Sees everything: the judge. */
  readonly #judge: Provider;
  #judging = true;
  #twoServed = 0;
  #looks = 0;
  readonly #judged: Promise<void>;

  private constructor(groupId: string, dir: string, ways: Readonly<Record<"primary" | "taker", Link>>) {
    this.groupId = groupId;
    this.#ways = ways;
    const primaryPath = join(dir, "primary");
    const own = join(dir, "watchdog");
    for (const each of [join(primaryPath, "vms"), own]) mkdirSync(each, { recursive: true });
    for (const vmId of vmIds) {
      writeFileSync(
        join(primaryPath, "vms", `${vmId}.json`),
        JSON.stringify({ format: 1, name: vmId, disks: [], nics: [] }),
      );
    }
    this.#records = new WatchdogRecords(own);
    const context = { site: "primary", log: () => undefined, budget: () => ({ take: async () => undefined }) };
    this.primary = createFolderProvider({ storagePath: primaryPath, context });
    const keys = lab.aws.cloud.identity.administratorKeys;
    const connect = (endpoint: string) =>
      connectAws({ region: "us-east-1", endpoint, keys }, { requestTimeoutMs: 2_000 });
    this.#taker = connect(`http://127.0.0.1:${ways.taker.port}`);
    this.#judge = connect(lab.aws.endpoint);
    const recovery = { endpoint: `http://127.0.0.1:${inside}`, keys };
    const order: WatchdogProcess = { dir: own, primaryPath, recovery, groupId, vmIds, terms };
    const to = { path: join(dir, "way.sock") };
    const [under = "", ...args] = inNamespace([{ listen: { host: "127.0.0.1", port: inside }, to }]);
    const log = openSync(join(dir, "worker.log"), "a");
    this.#worker = spawn(under, [...args, process.execPath, program, JSON.stringify(order)], {
      stdio: ["ignore", log, log],
    });
    closeSync(log);
    sites.add(this);
    this.#judged = this.#judgeOn();
  }

  static open(groupId: string): Promise<SplitSite> {
    return opening(() => SplitSite.#open(groupId));
  }

  static async #open(groupId: string): Promise<SplitSite> {
    const dir = join(temporaryDir(), groupId);
    mkdirSync(dir, { recursive: true });
    const to = { host: "127.0.0.1", port: Number(new URL(lab.aws.endpoint).port) };
    const primary = await Link.open({ path: join(dir, "way.sock") }, to);
    const taker = await Link.open({ host: "127.0.0.1", port: 0 }, to);
    const site = new SplitSite(groupId, dir, { primary, taker });
    try {
      await until("renewals", async () => {
        const { renewals = 0 } = (await site.lease()) ?? {};
        return renewals > 1 && (await site.#guardian()) !== undefined;
      });
    } catch (error) {
      await site.end().catch(() => undefined);
      throw error;
    }
    return site;
  }

  cut(way: "primary" | "taker", how: Loss): void {
    this.#ways[way].cut(how);
  }

  mend(): void {
    for (const link of Object.values(this.#ways)) link.mend();
  }

  async lease(): Promise<Lease | undefined> {
    const leases = new GroupLeases({ registry: { provider: async () => this.#judge } });
    return (await leases.look("recovery", this.groupId, AbortSignal.timeout(stuckMs)))?.lease;
  }

  /** As a failover takes it that can't reach the primary: the new holder, or why not. */
  async take(): Promise<string> {
    const leases = new GroupLeases({ registry: { provider: async () => this.#taker } });
    const group = { groupId: this.groupId, at: "recovery", from: "primary", to: "recovery", epoch: 0 };
    try {
      const lease = await takeExpired(
        leases,
        { ...group, key: "take", lookEveryMs: 200 },
        AbortSignal.timeout(stuckMs),
      );
      return lease?.holder ?? "unwatched";
    } catch (error) {
      return isProviderError(error) ? `${error.code}: ${error.message}` : String(error);
    }
  }

  /** How each of the primary's VMs is held. */
  async held(): Promise<readonly (string | undefined)[]> {
    const vms = await Promise.all(vmIds.map((vmId) => this.primary.compute.getVm(vmId, AbortSignal.timeout(stuckMs))));
    return vms.map(({ tags }) => tags[tagKeys.fencedBy]);
  }

  /** Whoever holds the lease serves; the primary serves as long as it holds none of its VMs. */
  async #judgeOn(): Promise<void> {
    while (this.#judging) {
      const holder = await this.lease().then(
        (lease) => lease?.holder,
        () => undefined,
      );
      // Looked at afterwards: what is held once stays held.
      const held = await this.held();
      if (holder !== undefined) this.#looks += 1;
      if (holder === "recovery" && held.includes(undefined)) this.#twoServed += 1;
      await sleep(50);
    }
  }

  async #guardian(): Promise<number | undefined> {
    const pid = (await this.#records.lastBeat())?.pid;
    return pid !== undefined && identify(pid) ? pid : undefined;
  }

  kill(): void {
    this.#worker.kill("SIGKILL");
  }

  /** Ends it; throws if both sites ever served. */
  async end(): Promise<void> {
    this.#judging = false;
    await this.#judged;
    const guardian = identify((await this.#guardian()) ?? 0);
    this.kill();
    if (guardian) signalProcess(guardian, "SIGKILL");
    sites.delete(this);
    for (const link of Object.values(this.#ways)) link.close();
    await Promise.all([this.primary.close(), this.#taker.close(), this.#judge.close()]);
    assert.ok(this.#looks > 2, "nobody has looked");
    assert.equal(this.#twoServed, 0, "both sites served");
  }
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (const deadline = performance.now() + stuckMs; !(await holds().catch(() => false)); await sleep(50)) {
    if (performance.now() > deadline) throw new Error(`${what} never came`);
  }
}

const skip = whyNoNamespaces() ?? whyNoGuests() ?? false;

describe("a network that splits makes no two primaries", { concurrency: true, skip }, () => {
  before(async () => {
    lab = await startAwsLab();
  });
  after(() => lab?.close());

  const lostToThePrimary: Readonly<Record<string, readonly ["primary", Loss]>> = {
    "when nothing passes between the primary and the recovery site": ["primary", "silent"],
    "when the primary is turned away": ["primary", "refused"],
    "when the primary is heard, and hears nothing": ["primary", "answers"],
  };
  for (const [name, [way, how]] of Object.entries(lostToThePrimary)) {
    test(`${name}: it is cut off, and then the lease is taken`, async () => {
      const site = await SplitSite.open(`group-${how}`);
      try {
        assert.deepEqual(await site.held(), [undefined, undefined]);
        site.cut(way, how);
        // One that is heard still renews for a while what it does not know that it holds.
        let taken = await site.take();
        for (let tries = 0; taken.startsWith("Conflict") && tries < 20; tries++) taken = await site.take();
        assert.equal(taken, "recovery");
        const cutOff = vmIds.map(() => `group/${site.groupId}/0`);
        assert.deepEqual(await site.held(), cutOff);
        site.mend();
        await sleep(1_000);
        assert.deepEqual(await site.held(), cutOff, "it served again when the network was whole");
        assert.equal((await site.lease())?.holder, "recovery");
      } finally {
        await site.end();
      }
    });
  }

  describe("while the primary reaches the recovery site", { concurrency: 1 }, () => {
    let site: SplitSite;
    before(async () => {
      site = await SplitSite.open("group-apart");
    });
    after(() => site?.end());

    test("when only the two sites that would serve don't see each other: it is renewed, and not taken", async () => {
      assert.match(await site.take(), /^Conflict: .*renewed/);
      assert.deepEqual(await site.held(), [undefined, undefined]);
    });

    for (const how of ["silent", "refused"] as const) {
      test(`when whoever would take over is cut off (${how}): nothing is taken, and the primary goes on`, async () => {
        const renewals = (await site.lease())?.renewals ?? 0;
        site.cut("taker", how);
        assert.match(await site.take(), /^(Unavailable|Timeout): /);
        site.mend();
        await until("another renewal", async () => ((await site.lease())?.renewals ?? 0) > renewals);
        assert.deepEqual(await site.held(), [undefined, undefined]);
        assert.equal((await site.lease())?.holder, "primary");
      });
    }
  });
});
