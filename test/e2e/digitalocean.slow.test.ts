import assert from "node:assert/strict";
import { continues } from "../../src/cli/demo/journal.ts";
import { type Lab, startLab } from "../support/lab.ts";
import { after, before, test } from "../support/needs-qemu.ts";
import { addressOf, arrives, census, finalizeAll, journal } from "./support/clouds.ts";

const home = "onprem-a";
const cloud = "digitalocean-nyc3";
const MiB = 2 ** 20;

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

test("a guest goes to DigitalOcean, starts there from its volume, and comes back by what differs", async () => {
  const there0 = await census(lab, cloud);
  // The console is seen in the control panel only: what proves the boot is its application.
  const verify = { bootProof: false, httpProbes: [{ port: 8080, path: "/cgi-bin/state" }] };
  const { vmId } = await lab.sandbox<{ vmId: string }>("POST", "/guests", { site: home, name: "guest-digitalocean" });
  const atHome = await journal(lab, home, vmId);
  const there = await lab.migrate({ vm: vmId, from: home, to: cloud, verify });
  const arrived = await arrives(lab, there);
  const droplet = arrived.vm.targetVmId ?? "";
  const inCloud = await journal(lab, cloud, droplet);
  assert.ok(continues(atHome, inCloud), "the journal goes on unbroken");

  await (await fetch(`${await addressOf(lab, cloud, droplet)}/cgi-bin/dirty?6`)).text();
  const changed = await journal(lab, cloud, droplet);
  const back = await lab.migrate({ vm: droplet, from: cloud, to: home, verify });
  const returned = await arrives(lab, back);
  assert.ok(continues(changed, await journal(lab, home, returned.vm.targetVmId ?? "")), "it goes on at home, too");
  assert.equal(returned.disks[0]?.tracking, "hash-compare");
  assert.ok(returned.bytesCopied >= 6 * MiB, `${returned.bytesCopied} bytes came back`);
  assert.ok(returned.bytesCopied < 24 * MiB, `${returned.bytesCopied} bytes came back`);
  await finalizeAll(lab, [there, back]);
  assert.deepEqual(await census(lab, cloud), there0);
});
