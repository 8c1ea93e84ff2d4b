import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Guest, type GuestKernel, known } from "../../src/domain/guest.ts";
import { type GuestHardware, guestChecks } from "../../src/domain/guest-checks.ts";
import { type PreparationWish, planPreparation } from "../../src/domain/guest-preparation.ts";
import type { MigrationRequest } from "../../src/domain/migration.ts";
import { planMigration } from "../../src/domain/migration-plan.ts";
import type { PreparationChange } from "../../src/domain/preparation.ts";
import { observed } from "./support/observations.ts";

const kvm: GuestHardware = { diskBus: "virtio-blk", nic: "virtio-net", firmware: "bios" };
const aws: GuestHardware = { diskBus: "nvme", nic: "ena", firmware: "bios" };
const wish: PreparationWish = { source: kvm, target: aws, readsConsole: true, isFirstDisk: true, nics: 1 };
const menu = "boot/grub/grub.cfg";

function kernel(more: Partial<GuestKernel> = {}): GuestKernel {
  return {
    release: "6.1.0-1",
    path: "boot/vmlinuz-6.1.0-1",
    isDefault: true,
    commandLine: known("root=UUID=1 console=ttyS0"),
    menu,
    initramfs: known({ path: "/boot/initrd", compression: ["gzip"], drivers: ["virtio_blk"], takesMore: true }),
    builtIn: known(["virtio_pci"]),
    installed: known(["ena", "nvme"]),
    disabledBuiltIn: [],
    disabledModules: [],
    ...more,
  };
}

function guest(more: Partial<Guest> = {}): Guest {
  const volume = {
    name: "partition 1",
    offsetBytes: 2 ** 20,
    sizeBytes: 2 ** 30,
    content: "ext4",
    uuid: "0f3c",
  } as const;
  return {
    partitionTable: known("mbr"),
    volumes: [volume],
    os: known({ family: "linux", id: "debian", name: "Debian" }),
    firmware: known(["bios"]),
    efiLoaders: known([]),
    kernels: known([kernel()]),
    namedDevices: known([]),
    network: known({ styles: ["ifupdown"], interfaces: [] }),
    cloudInit: known(false),
    guestAgent: known(false),
    places: { root: "partition 1", boot: "partition 1" },
    identity: { hasMachineId: true, hostKeys: [], takesCloudSettings: false },
    notes: [],
    bytesRead: 0,
    ...more,
  };
}

function changesOf(of: Guest, more: Partial<PreparationWish> = {}): readonly PreparationChange[] {
  return planPreparation(of, { ...wish, ...more }).changes;
}

function left(of: Guest): string[] {
  const rows = guestChecks(planPreparation(of, wish).guest, aws, kvm);
  return rows.filter(({ result }) => result !== "pass").map(({ check }) => check);
}

describe("what a guest lacks for its target", () => {
  test("is put into its initramfs, where the kernel has the module and a shell could load it", () => {
    const [change, ...others] = changesOf(guest());
    assert.deepEqual(others, []);
    assert.ok(change?.change === "initramfs-drivers");
    assert.deepEqual([change.path, change.drivers, change.release], ["boot/initrd", ["nvme"], "6.1.0-1"]);
    assert.deepEqual(left(guest()), []);
  });

  for (const [why, more] of [
    ["whose kernel has no such module", { kernels: known([kernel({ installed: known(["ena"]) })]) }],
    [
      "whose initramfs could load nothing more",
      { kernels: known([kernel({ initramfs: known({ path: "/boot/initrd", compression: [], drivers: [] }) })]) },
    ],
    [
      "whose file system is not written here",
      { volumes: [{ name: "partition 1", offsetBytes: 0, sizeBytes: 2 ** 30, content: "xfs" as const }] },
    ],
    ["of which nobody knows where its files are", { places: undefined }],
  ] as const) {
    test(`stays a reason to refuse for one ${why}`, () => {
      assert.deepEqual(changesOf(guest(more)), []);
      assert.deepEqual(left(guest(more)), ["guest-disk-driver"]);
    });
  }

  test("is taken off the lists of its kernel's command line", () => {
    const inside = kernel({ builtIn: known(["virtio_pci", "nvme"]), disabledBuiltIn: ["nvme"] });
    const [change] = changesOf(guest({ kernels: known([inside]) }));
    assert.ok(change?.change === "kernel-command-line");
    assert.deepEqual([change.path, change.enable], [menu, ["nvme"]]);
    assert.deepEqual(left(guest({ kernels: known([inside]) })), []);
  });

  test("are names that don't follow the controller", () => {
    const carries = known({ path: "/boot/initrd", compression: ["gzip"], drivers: ["nvme"], takesMore: true });
    const named = guest({
      kernels: known([kernel({ initramfs: carries, commandLine: known("root=/dev/vda1 console=ttyS0") })]),
      namedDevices: known([
        { device: "/dev/vda1", mountPoint: "/", required: true },
        { device: "/dev/vdb1", mountPoint: "/srv", required: false },
      ]),
    });
    const rename = [{ from: "/dev/vda1", to: "UUID=0f3c" }];
    assert.deepEqual(
      changesOf(named).map((change) => [change.path, "rename" in change ? change.rename : undefined]),
      [
        ["etc/fstab", rename],
        [menu, rename],
      ],
    );
    // Of another disk nothing is known here.
    assert.deepEqual(left(named), ["guest-device-names"]);
  });

  test("is a word on the serial console, and a name for its one interface", () => {
    const carries = known({ path: "/boot/initrd", compression: ["gzip"], drivers: ["nvme"], takesMore: true });
    const silent = guest({
      kernels: known([kernel({ initramfs: carries, commandLine: known("root=UUID=1 quiet") })]),
      network: known({ styles: ["ifupdown"], interfaces: ["ens3"], takesLinkFiles: true }),
    });
    const [link, console] = changesOf(silent);
    assert.ok(link?.change === "write-file" && /^Name=ens3$/m.test(link.text));
    assert.ok(console?.change === "kernel-command-line");
    assert.deepEqual(console.add, ["console=tty0", "console=ttyS0"]);
    assert.equal(changesOf(silent, { nics: 2, readsConsole: false }).length, 0);
  });
});

describe("what tells a guest from others", () => {
  const asItIs = { target: kvm, source: kvm };
  const keys = ["etc/ssh/ssh_host_rsa_key", "etc/ssh/ssh_host_rsa_key.pub"];
  const identity = { hasMachineId: true, hostKeys: keys, takesCloudSettings: true };

  test("is left alone unless somebody chose", () => {
    assert.deepEqual(changesOf(guest({ identity, cloudInit: known(true) }), asItIs), []);
  });

  test("is kept from cloud-init's second run", () => {
    const [change] = changesOf(guest({ identity, cloudInit: known(true) }), { ...asItIs, identity: "keep" });
    assert.ok(change?.change === "write-file" && /^ssh_deletekeys: false$/m.test(change.text));
    assert.deepEqual(changesOf(guest({ identity }), { ...asItIs, identity: "keep" }), []);
  });

  test("is renewed, its host keys only where something makes new ones", () => {
    const renewed = changesOf(guest({ identity: { ...identity, makesHostKeys: "sshd-keygen.target" } }), {
      ...asItIs,
      identity: "renew",
    });
    assert.deepEqual(
      renewed.map(({ change, path }) => [change, path]),
      [["empty-file", "etc/machine-id"], ...keys.map((path) => ["remove-file", path])],
    );
    const kept = planPreparation(guest({ identity }), { ...wish, ...asItIs, identity: "renew" });
    assert.deepEqual(
      kept.changes.map(({ path }) => path),
      ["etc/machine-id"],
    );
    assert.ok(kept.checks.some(({ check, result }) => check === "guest-identity" && result === "warn"));
    const byCloud = planPreparation(guest({ identity, cloudInit: known(true) }), {
      ...wish,
      ...asItIs,
      identity: "renew",
    });
    assert.equal(byCloud.changes.length, 1);
    assert.match(byCloud.checks.find(({ check }) => check === "guest-identity")?.detail ?? "", /metadata service/);
  });

  test("is renewed with the copy of its id that D-Bus keeps", () => {
    const copied = changesOf(guest({ identity: { ...identity, hostKeys: [], hasBusId: true } }), {
      ...asItIs,
      identity: "renew",
    });
    assert.deepEqual(
      copied.map(({ change, path }) => [change, path]),
      [
        ["empty-file", "etc/machine-id"],
        ["remove-file", "var/lib/dbus/machine-id"],
      ],
    );
  });
});

describe("the plan of a guest that lacks its target's driver", () => {
  const plan = (request: Partial<MigrationRequest> = {}) => {
    const seen = observed();
    return planMigration({ ...seen, request: { ...seen.request, ...request }, guest: known(guest()) });
  };

  test("says what is changed and why, and can be executed", () => {
    const prepared = plan();
    const action = prepared.actions.find(({ action: name }) => name === "prepare-disk");
    assert.match(action?.detail ?? "", /put nvme of kernel 6.1.0-1 into boot\/initrd .* \(Its initramfs has no driver/);
    assert.ok(prepared.executable);
  });

  test("is refused where the changes can't be made", () => {
    const seen = { ...observed(), guest: known(guest()), preparationRefused: "a folder is too full" };
    const { checks, executable } = planMigration(seen);
    const rows = checks.filter(({ check }) => check === "guest-preparation");
    assert.deepEqual([rows.map(({ result }) => result), executable], [["fail"], false]);
    assert.match(rows[0]?.detail ?? "", /a folder is too full/);
  });

  test("changes nothing where preparation is off, and is refused as it was", () => {
    const off = plan({ prepare: { mode: "off" } });
    assert.ok(!off.executable && !off.actions.some(({ action }) => action === "prepare-disk"));
  });

  test("says of Windows that it is looked at only", () => {
    const seen = observed();
    const windows = guest({
      os: known({ family: "windows", name: "Windows" }),
      kernels: { known: false, reason: "it is Windows" },
      places: undefined,
    });
    const { checks } = planMigration({ ...seen, guest: known(windows) });
    assert.match(checks.find(({ check }) => check === "guest-preparation")?.detail ?? "", /Windows is looked at/);
  });
});
