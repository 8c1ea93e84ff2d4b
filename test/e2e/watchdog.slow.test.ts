import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { GroupLeases } from "../../src/activities/group-leases.ts";
import { takeExpired } from "../../src/activities/take-expired.ts";
import { isProviderError } from "../../src/domain/errors.ts";
import { tagKeys } from "../../src/domain/vm.ts";
import { identify, signalProcess } from "../../src/host/process-identity.ts";
import { createFolderProvider } from "../../src/providers/folder/index.ts";
import type { Provider } from "../../src/providers/provider.ts";
import { WatchdogRecords } from "../../src/worker/watchdog/records.ts";
import { oneByOne } from "../support/one-by-one.ts";
import { temporaryDir } from "../support/servers.ts";
import type { WatchdogProcess } from "../support/watchdog-process.ts";

const program = fileURLToPath(new URL("../support/watchdog-process.ts", import.meta.url));
/** The margin is what a loaded machine may take to turn VMs off. */
const terms = { durationMs: 10_000, marginMs: 15_000 };
const groupId = "g1";
const stuckMs = 60_000;

/** Watchdogs that all start at once keep each other from renewing in time. */
const opening = oneByOne();

const cases = new Set<Case>();
process.once("exit", () => {
  for (const each of cases) each.kill();
});

/** A primary site with two VMs, a recovery site, and the primary's watchdog, which reaches the recovery site by a way that can
 *  be cut. */
class Case {
  readonly primary: Provider;
  readonly recovery: Provider;
  readonly worker: ChildProcess;
  readonly #dir: string;
  readonly #way: string;
  readonly #records: WatchdogRecords;

  private constructor(name: string) {
    const dir = join(temporaryDir(), name);
    const [primaryPath, recoveryPath] = [join(dir, "primary"), join(dir, "recovery")];
    const own = join(dir, "watchdog");
    for (const each of [join(primaryPath, "vms"), recoveryPath, own]) mkdirSync(each, { recursive: true });
    for (const vmId of vmIds) writeFileSync(join(primaryPath, "vms", `${vmId}.json`), JSON.stringify(vmOf(vmId)));
    this.#dir = own;
    this.#way = join(dir, "way");
    cases.add(this);
    symlinkSync(recoveryPath, this.#way);
    this.#records = new WatchdogRecords(own);
    const context = (site: string) => ({ site, log: () => undefined, budget: () => ({ take: async () => undefined }) });
    this.primary = createFolderProvider({ storagePath: primaryPath, context: context("primary") });
    this.recovery = createFolderProvider({ storagePath: recoveryPath, context: context("recovery") });
    const recovery = { path: this.#way };
    const order: WatchdogProcess = { dir: own, primaryPath, recovery, groupId, vmIds, terms };
    const log = openSync(join(dir, "worker.log"), "a");
    this.worker = spawn(process.execPath, [program, JSON.stringify(order)], { stdio: ["ignore", log, log] });
    closeSync(log);
  }

  static begin(name: string): Promise<Case> {
    return opening(async () => {
      const begun = new Case(name);
      after(() => begun.end());
      await begun.#begun();
      return begun;
    });
  }

  /** As soon as a watchdog stands behind the lease, and its guardian is there. */
  async #begun(): Promise<void> {
    const leases = new GroupLeases({ registry: { provider: async () => this.recovery } });
    await until(async () => {
      const renewals = (await leases.look("recovery", groupId, AbortSignal.timeout(stuckMs)))?.lease.renewals ?? 0;
      // The first may be from before the guardian was there.
      return renewals > 1 && (await this.guardian()) !== undefined;
    });
  }

  async guardian(): Promise<number | undefined> {
    const pid = (await this.#records.lastBeat())?.pid;
    return pid !== undefined && identify(pid) ? pid : undefined;
  }

  async signalGuardian(signal: NodeJS.Signals): Promise<void> {
    const target = identify((await this.guardian()) ?? 0);
    assert.ok(target && readFileSync(`/proc/${target.pid}/cmdline`, "utf8").includes("guardian-main"));
    signalProcess(target, signal);
  }

  cutWay(): void {
    unlinkSync(this.#way);
  }

  /** Takes the lease for the recovery site as a failover does. */
  take(): Promise<string> {
    const leases = new GroupLeases({ registry: { provider: async () => this.recovery } });
    const input = { groupId, at: "recovery", from: "primary", to: "recovery", epoch: 0, key: "take", lookEveryMs: 200 };
    return takeExpired(leases, input, AbortSignal.timeout(stuckMs)).then(
      (lease) => lease?.holder ?? "unwatched",
      (error: unknown) => (isProviderError(error) ? error.code : String(error)),
    );
  }

  /** How each of the primary's VMs is held. */
  async held(): Promise<readonly (string | undefined)[]> {
    const signal = AbortSignal.timeout(stuckMs);
    const vms = await Promise.all(vmIds.map((vmId) => this.primary.compute.getVm(vmId, signal)));
    return vms.map(({ tags }) => tags[tagKeys.fencedBy]);
  }

  /** Also as this process ends: a guardian outlives everything else. */
  kill(): void {
    this.worker.kill("SIGKILL");
    const beat = readFileSync(join(this.#dir, "guardian.beat"), "utf8");
    const guardian = identify((JSON.parse(beat) as { pid: number }).pid);
    if (guardian) signalProcess(guardian, "SIGKILL");
  }

  async end(): Promise<void> {
    this.kill();
    cases.delete(this);
    await this.primary.close();
    await this.recovery.close();
  }
}

const vmIds = ["orders", "ledger"];

function vmOf(vmId: string): object {
  return { format: 1, name: vmId, disks: [], nics: [] };
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (const deadline = performance.now() + stuckMs; !(await holds().catch(() => false)); await sleep(50)) {
    if (performance.now() > deadline) throw new Error("it never came to that");
  }
}

const cutOff = vmIds.map(() => `group/${groupId}/0`);

describe("whoever takes an expired lease, the holder has been cut off before", { concurrency: true }, () => {
  const happenings: Readonly<Record<string, (at: Case) => Promise<void> | void>> = {
    "when its way to the recovery site is cut": (at) => at.cutWay(),
    "when its worker stands still": (at) => void at.worker.kill("SIGSTOP"),
    "when its guardian stands still": (at) => at.signalGuardian("SIGSTOP"),
    "when its worker is killed": (at) => void at.worker.kill("SIGKILL"),
    "when its guardian stands still and the way is cut": async (at) => {
      await at.signalGuardian("SIGSTOP");
      at.cutWay();
    },
  };
  for (const [name, happens] of Object.entries(happenings)) {
    test(name, async () => {
      const at = await Case.begin(name.replaceAll(" ", "-"));
      assert.deepEqual(await at.held(), [undefined, undefined]);
      await happens(at);
      // What was under way may still have renewed it once: then it lives, and is watched anew.
      let taken = await at.take();
      for (let tries = 0; taken === "Conflict" && tries < 5; tries++) taken = await at.take();
      assert.equal(taken, "recovery");
      assert.deepEqual(await at.held(), cutOff, "two sites served");
      // It comes back: whatever it does, it stays cut off.
      at.worker.kill("SIGCONT");
      await sleep(500);
      assert.deepEqual(await at.held(), cutOff);
    });
  }

  test("and one that is renewed is not taken", async () => {
    const at = await Case.begin("alive");
    assert.equal(await at.take(), "Conflict");
    assert.deepEqual(await at.held(), [undefined, undefined]);
  });
});
