import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import { planPreparation } from "../../src/domain/guest-preparation.ts";
import type { IdentityChoice } from "../../src/domain/preparation.ts";
import { debianRoot, GuestDisks, inspectFile } from "./lib/guest-disk.ts";
import { prepareFile } from "./lib/prepare-file.ts";

const programs = await GuestDisks.open();
const skip = typeof programs === "string" ? programs : false;
const machineId = "0123456789abcdef0123456789abcdef\n";

describe("a guest with cloud-init whose identity somebody chose about", { skip }, () => {
  let disks: GuestDisks;
  let image: string;
  before(async () => {
    disks = programs as GuestDisks;
    image = await disks.ext(
      {
        ...debianRoot(gzipSync("empty")),
        "etc/machine-id": machineId,
        "var/lib/dbus/machine-id": machineId,
        "etc/ssh/ssh_host_rsa_key": "secret",
        "etc/ssh/ssh_host_rsa_key.pub": "public",
        "etc/ssh/sshd_config": "Port 22\n",
        "usr/lib/systemd/system/sshd-keygen.target": "x",
        "etc/cloud/cloud.cfg": "x",
        "etc/cloud/cloud.cfg.d/05_logging.cfg": "x",
      },
      16,
    );
  });
  after(() => disks.close());

  /** As a move would: looked at, planned, written; e2fsck finds nothing to mend. */
  async function chosen(identity: IdentityChoice): Promise<string> {
    const hardware = { firmware: "bios", diskBus: "virtio-blk" } as const;
    const guest = await inspectFile(image);
    const wish = { source: hardware, target: hardware, readsConsole: false, isFirstDisk: true, nics: 0, identity };
    const prepared = await prepareFile(image, planPreparation(guest, wish).changes);
    await disks.programs.run("e2fsck", ["-fn", prepared]);
    return prepared;
  }
  async function content(of: string, path: string): Promise<string> {
    return (await disks.programs.run("debugfs", ["-R", `cat ${path}`, of])).toString();
  }
  /** Names in a folder, but for itself and the one above. */
  async function names(of: string, folder: string): Promise<string[]> {
    const listed = (await disks.programs.run("debugfs", ["-R", `ls -p ${folder}`, of])).toString();
    const all = listed.split("\n").flatMap((line) => line.split("/")[5] ?? []);
    return all.filter((name) => name !== "" && !name.startsWith(".")).sort();
  }

  test("keeps its id and its host keys, and cloud-init's next run is told to", async () => {
    const kept = await chosen("keep");
    assert.equal(await content(kept, "etc/machine-id"), machineId);
    assert.equal(await content(kept, "var/lib/dbus/machine-id"), machineId);
    assert.equal(await content(kept, "etc/ssh/ssh_host_rsa_key"), "secret");
    const told = await content(kept, "etc/cloud/cloud.cfg.d/99-novacron.cfg");
    assert.match(told, /^ssh_deletekeys: false$/m);
    assert.match(told, /^preserve_hostname: true$/m);
  });

  test("gets a new id and new host keys at its start, as it has neither", async () => {
    const renewed = await chosen("renew");
    assert.equal(await content(renewed, "etc/machine-id"), "");
    assert.deepEqual(await names(renewed, "/var/lib/dbus"), []);
    assert.deepEqual(await names(renewed, "/etc/ssh"), ["sshd_config"]);
    assert.deepEqual(await names(renewed, "/etc/cloud/cloud.cfg.d"), ["05_logging.cfg"]);
    assert.deepEqual((await inspectFile(renewed)).identity?.hostKeys, []);
  });
});
