import assert from "node:assert/strict";
import { quickClouds } from "../../bench/lib/quick-clouds.ts";
import type { Site } from "../../bench/lib/stack-lab.ts";
import { continues, type JournalEntry } from "../../src/cli/demo/journal.ts";
import type { MigrationRequest } from "../../src/domain/migration.ts";
import { loadHostTools } from "../../src/host/host-tools.ts";
import { toolsManifestPath } from "../../src/host/paths.ts";
import { whyNoUefi } from "../../src/sandbox/guest/boot-loader.ts";
import { type Lab, startLab } from "../support/lab.ts";
import { after, before, describe, test, whyNoQemu } from "../support/needs-qemu.ts";
import { addressOf, arrives, census, clouds, finalizeAll, journal } from "./support/clouds.ts";

const home = "onprem-a";
const stops = [...clouds, home] as const;
const verify = { httpProbes: [{ port: 8080, path: "/cgi-bin/state" }] };
const warm = { cutover: "when-ready", targetDowntimeSeconds: 3600, roundPauseSeconds: 0.2 } as const;

let lab: Lab;
let untouched: string[][];

before(async () => {
  lab = await startLab();
  await quickClouds(lab, 20);
  untouched = await censuses();
  await lab.startWorker();
});
after(() => lab?.close());

function censuses(): Promise<string[][]> {
  return Promise.all(clouds.map((cloud) => census(lab, cloud)));
}

async function firmwareOf(site: Site, vmId: string): Promise<string> {
  const { compute } = await lab.deps.registry.provider(site);
  return (await compute.getVm(vmId, AbortSignal.timeout(60_000))).firmware;
}

/** From cloud to cloud and home, booted on each one's own disk controller; what it wrote before goes along each time. */
async function travels(
  vmId: string,
  firmware: "bios" | "uefi",
  how: (to: Site) => Partial<MigrationRequest>,
): Promise<void> {
  const moves: string[] = [];
  let at: { site: Site; vmId: string } = { site: home, vmId };
  let lines: JournalEntry[] = [];
  for (const to of stops) {
    // Azure's networks give no address that anybody outside could ask the application at.
    const address = to === home ? {} : { publicAddress: true };
    const id = await lab.migrate({ vm: at.vmId, from: at.site, to, verify, ...address, ...how(to) });
    moves.push(id);
    const { vm, bootProof } = await arrives(lab, id);
    assert.equal(bootProof, "proven");
    at = { site: to, vmId: vm.targetVmId ?? "" };
    assert.equal(await firmwareOf(to, at.vmId), firmware);
    const arrived = await journal(lab, to, at.vmId);
    assert.ok(continues(lines, arrived), `the journal does not go on at ${to}`);
    await (await fetch(`${await addressOf(lab, to, at.vmId)}/cgi-bin/dirty?1`)).text();
    lines = await journal(lab, to, at.vmId);
  }
  await finalizeAll(lab, moves);
  const { compute } = await lab.deps.registry.provider(home);
  await compute.deleteVm(at.vmId, AbortSignal.timeout(60_000));
}

// At the same time: much of it is waiting.
describe("a running application", { concurrency: true }, () => {
  test("goes warm AWS → Azure → GCP → OCI → home, its journal unbroken, each copy identical", async () => {
    const made = { site: home, name: "traveller" };
    const { vmId } = await lab.sandbox<{ vmId: string }>("POST", "/guests", made);
    await journal(lab, home, vmId);
    await travels(vmId, "bios", () => ({ mode: "warm", warm }));
  });

  const skip = whyNoQemu() ?? whyNoUefi(loadHostTools(toolsManifestPath()));
  test("that starts by UEFI boots at each of them", { skip: skip ?? false }, async () => {
    const made = { site: home, name: "efi", firmware: "uefi" };
    const { vmId } = await lab.sandbox<{ vmId: string }>("POST", "/guests", made);
    // It need not have booted at home: it is turned off as it is.
    await travels(vmId, "uefi", (to) => (to === stops[0] ? { stopGraceMs: 0 } : {}));
  });
});

test("nothing of it is left at any of them", async () => {
  assert.deepEqual(await censuses(), untouched);
});
