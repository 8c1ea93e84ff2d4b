import assert from "node:assert/strict";
import { statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { continues, type JournalEntry, readJournal } from "../../src/cli/demo/journal.ts";
import type { MigrationView } from "../../src/domain/migration.ts";
import { type Lab, startLab } from "../support/lab.ts";
import { after, before, describe, test } from "../support/needs-qemu.ts";

const MiB = 2 ** 20;
const home = "onprem-a";
const clouds = ["azure-eastus", "gcp-us-central1", "oci-us-ashburn-1"] as const;
/** Oracle's least volume, of which nobody can say what is in it: as much has to be free at home for the way back. */
const oracleGib = 50;
type Cloud = (typeof clouds)[number];
type Place = typeof home | Cloud;
const signal = () => AbortSignal.timeout(60_000);

let lab: Lab;
let endWorker: () => Promise<void>;

before(async () => {
  lab = await startLab();
  endWorker = await lab.startWorker();
});
after(async () => {
  await endWorker?.();
  await lab?.close();
});

/** Why so many disks can't come back from there to this machine. */
function noRoom(cloud: Place, disks: number): string | false {
  const { bavail, bsize } = statfsSync(tmpdir());
  const needed = cloud === "oci-us-ashburn-1" ? disks * oracleGib + 5 : 1;
  return (bavail * bsize) / 2 ** 30 > needed ? false : `less than ${needed} GiB are free`;
}

/** Its disks are proven, each of them. */
async function arrives(id: string): Promise<MigrationView> {
  const view = await lab.until(id, "awaiting-finalize");
  const certificate = await lab.store.certificates.get(view.certificateId ?? "");
  assert.equal(certificate?.identical, true);
  return view;
}

/** What is there because of us, but for the empty backup that every disk at Oracle Cloud is made of: it stays. */
async function census(site: Place): Promise<string[]> {
  const entries = await Array.fromAsync((await lab.deps.registry.provider(site)).census(signal()));
  const counted = entries.filter((entry) => !JSON.stringify(entry).includes("blank"));
  return counted.map(({ kind, id }) => `${kind} ${id}`).sort();
}

async function addressOf(site: Place, vmId: string): Promise<string> {
  const { compute } = await lab.deps.registry.provider(site);
  const [endpoint] = (await compute.getVm(vmId, signal())).endpoints;
  assert.ok(endpoint, `${vmId} at ${site} publishes a port`);
  return `http://${endpoint.host}:${endpoint.port}`;
}

async function journal(site: Place, vmId: string): Promise<JournalEntry[]> {
  for (const deadline = Date.now() + 120_000; ; await sleep(200)) {
    try {
      const url = `${await addressOf(site, vmId)}/cgi-bin/journal`;
      const entries = readJournal(await (await fetch(url, { signal: AbortSignal.timeout(5_000) })).text());
      if (entries.length > 0) return entries;
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
  }
}

/** Each cloud's one after the other, the clouds' beside each other: much of it is waiting. */
describe("VMs of a KVM host and each cloud", { concurrency: true }, () => {
  for (const cloud of clouds) {
    describe(cloud, { concurrency: 1 }, () => {
      test("two disks go there and back, identical at every end, and leave nothing", { skip: noRoom(cloud, 2) }, () =>
        disksGoAndReturn(cloud),
      );
      // Azure's is in the chain of all clouds.
      if (cloud === "azure-eastus") return;
      test("a guest goes there and by what differs back, its journal unbroken", { skip: noRoom(cloud, 1) }, () =>
        guestGoesAndReturns(cloud),
      );
    });
  }
});

async function disksGoAndReturn(cloud: Cloud): Promise<void> {
  const before = await census(cloud);
  const disks = [
    { sizeBytes: 16 * MiB, dataBytes: 3 * MiB },
    { sizeBytes: 32 * MiB, dataBytes: 2 * MiB },
  ];
  const made = { site: home, name: `data-${cloud}`, disks };
  const { vmId } = await lab.sandbox<{ vmId: string }>("POST", "/data-vms", made);
  const there = await lab.migrate({ vm: vmId, from: home, to: cloud, verify: { bootProof: false } });
  const arrived = await arrives(there);
  assert.equal(arrived.disks.length, 2);
  assert.ok(arrived.bytesCopied >= 5 * MiB, `${arrived.bytesCopied} bytes went there`);
  const instance = arrived.vm.targetVmId ?? "";
  const back = await lab.migrate({ vm: instance, from: cloud, to: home, verify: { bootProof: false } });
  const returned = await arrives(back);
  assert.ok(returned.bytesCopied < 3 * MiB, `${returned.bytesCopied} bytes came back of what had not changed`);
  await lab.finalize(back);
  await lab.finalize(there);
  assert.deepEqual(await census(cloud), before);
}

async function guestGoesAndReturns(cloud: Cloud): Promise<void> {
  const verify = { httpProbes: [{ port: 8080, path: "/cgi-bin/state" }] };
  const made = { site: home, name: `guest-${cloud}` };
  const { vmId } = await lab.sandbox<{ vmId: string }>("POST", "/guests", made);
  const atHome = await journal(home, vmId);
  const there = await lab.migrate({ vm: vmId, from: home, to: cloud, verify });
  const arrived = await arrives(there);
  assert.equal(arrived.bootProof, "proven");
  const instance = arrived.vm.targetVmId ?? "";
  const inCloud = await journal(cloud, instance);
  assert.ok(continues(atHome, inCloud), "the journal goes on unbroken");

  await (await fetch(`${await addressOf(cloud, instance)}/cgi-bin/dirty?6`)).text();
  const changed = await journal(cloud, instance);
  const back = await lab.migrate({ vm: instance, from: cloud, to: home, verify });
  const returned = await arrives(back);
  assert.ok(continues(changed, await journal(home, returned.vm.targetVmId ?? "")), "it goes on at home, too");
  assert.equal(returned.disks[0]?.tracking, "hash-compare");
  assert.ok(returned.bytesCopied >= 6 * MiB, `${returned.bytesCopied} bytes came back`);
  assert.ok(returned.bytesCopied < 24 * MiB, `${returned.bytesCopied} bytes came back`);
  await lab.finalize(back);
  await lab.finalize(there);
}
